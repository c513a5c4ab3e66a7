"""Stored queries as an API: ``/api/{query}?parameter=value``, in JSON, CSV or SPARQL formats."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Blueprint, Response, request

from service.formats import FORMATS, Format
from service.negotiation import Offer, negotiate
from service.problems import BadParameter, NotFound
from service.queries import StoredQuery
from service.store.guard import read
from service.web.responses import chosen_language, document, page
from service.web.site import Row, Term, columns_of, rows_of, site

blueprint = Blueprint("api", __name__)
_AREA = "api"
_RESERVED = ("format",)
_INTEGERS = ("integer", "int", "long", "nonNegativeInteger", "positiveInteger")


@dataclass(frozen=True)
class _Form:
    """A form of the answer: ``plain`` is the short JSON, otherwise the format as it is."""

    name: str
    content_type: str
    format: Format
    plain: bool = False


def _forms(kind: str) -> list[_Form]:
    rows = [
        _Form(row.name, row.content_type, row)
        for row in FORMATS
        if row.kind == kind and row.name not in ("trig", "nquads")
    ]
    if kind == "graph":
        return rows
    sparql_json = _Form("srj", rows[0].content_type, rows[0].format)
    plain = _Form("json", "application/json", rows[0].format, plain=True)
    return [plain, sparql_json, *rows[1:]]


@blueprint.get("/api")
def overview() -> Response:
    """List the stored queries, as a page or as JSON."""
    queries = site().library.area(_AREA)
    offers = [Offer("application/json", "json"), Offer("text/html", "html")]
    if negotiate(request.headers.get("Accept"), offers).value == "html":
        response = page("api.html", queries=queries)
    else:
        rows = [_described(query, chosen_language()) for query in queries]
        response = _json({"queries": rows})
    response.vary.update(("Accept", "Accept-Language"))
    return response


@blueprint.get("/api/<name>")
def answer(name: str) -> Response:
    """Answer one stored query.

    Raises:
        NotFound: there is no such query.
        BadParameter: a parameter is missing, unknown or has a wrong value.
    """
    here = site()
    if f"{_AREA}/{name}" not in here.library:
        raise NotFound(f"no stored query is called {name!r}; {here.base}api lists them")
    query = here.library[f"{_AREA}/{name}"]
    form = _form(query)
    result = here.result(query.id, form.format, **_values(query))
    if form.plain:
        response = _json(_plain(result.kind, result.body))
    else:
        response = document(result.body, form.content_type)
    response.headers["Link"] = f'<{here.base}api>; rel="service-doc"'
    if "format" not in request.args:
        response.vary.add("Accept")
    return response


def _form(query: StoredQuery) -> _Form:
    """Return the form that ``?format=`` or the ``Accept`` header asks for."""
    forms = _forms(read(query.text).kind)
    asked = request.args.get("format")
    if asked is None:
        offers = [Offer(row.content_type.partition(";")[0], row) for row in forms]
        return negotiate(request.headers.get("Accept"), offers).value
    for form in forms:
        extension = form.name if form.plain else form.format.extension
        if asked in (form.name, extension, form.content_type.partition(";")[0]):
            return form
    raise BadParameter("format", f"one of {', '.join(row.name for row in forms)}")


def _values(query: StoredQuery) -> dict[str, str]:
    """Return the parameters of the request; each may be given once."""
    found = {}
    for name, values in request.args.lists():
        if name in _RESERVED:
            continue
        if len(values) > 1:
            raise BadParameter(name, "given more than once")
        if values[0]:  # an empty field of a form is one that was not filled in
            found[name] = values[0]
    return found


def _described(query: StoredQuery, lang: str) -> dict[str, object]:
    return {
        "name": query.name,
        "url": f"{site().base}api/{query.name}",
        "summary": query.head["summary"][lang],
        "parameters": [
            {
                "name": row.name,
                "type": row.kind,
                "required": row.required and row.default is None,
                "default": None if row.default is None else str(row.default),
                "example": None if row.example is None else str(row.example),
            }
            for row in query.parameters
        ],
    }


def _plain(kind: str, body: bytes) -> object:
    """Return rows as plain JSON: numbers as numbers, everything else as text."""
    if kind == "boolean":
        return {"answer": json.loads(body)["boolean"]}
    names = columns_of(body)
    return {"columns": names, "rows": [_plain_row(names, row) for row in rows_of(body)]}


def _plain_row(names: list[str], row: Row) -> dict[str, object]:
    return {name: _plain_value(row[name]) if name in row else None for name in names}


def _plain_value(term: Term) -> object:
    datatype = term.datatype.rpartition("#")[2]
    if datatype in _INTEGERS:
        return int(term.value)
    if datatype in ("decimal", "double", "float"):
        number = float(term.value)
        return number if number == number and abs(number) != float("inf") else term.value
    if datatype == "boolean":
        return term.value in ("true", "1")
    return term.value


def _json(value: object) -> Response:
    return document(json.dumps(value, ensure_ascii=False).encode(), "application/json")
