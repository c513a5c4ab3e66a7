"""Stored queries as an API: ``/api`` lists them, ``/api/{query}?parameter=value`` answers one.

``/api/{query}/query`` describes one as RDF (`service.web.executables`), ``/api/openapi.json`` all
of them for programs (`service.web.openapi`).
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from service.negotiation import Offer, negotiate
from service.problems import BadParameter, NotFound
from service.queries import Parameter, StoredQuery, is_open, without_head
from service.store.base import Store
from service.web import executables, openapi
from service.web.access import store_for
from service.web.answers import Answer, Asked, answered, asked_with, rows_answer
from service.web.fields import fields
from service.web.forms import JSON_TYPE, SPARQL_TYPE, Form, chosen, forms
from service.web.inputs import inputs, queries_by_tag
from service.web.paging import PAGE, SIZE, Fields, page_links, with_fields
from service.web.query_pages import query_page
from service.web.responses import GRAPHS, chosen_language, document, page
from service.web.site import site
from service.web.workbook import workbook

blueprint = Blueprint("api", __name__)
AREA = "api"
FORMAT, LANG = "format", "lang"
_LIST = "json"
_PAGE = "html"


@blueprint.get("/api")
def overview() -> Response:
    """List the stored queries: as JSON, as RDF, or as a page with a form for each."""
    syntaxes = {row.extension: row for row in GRAPHS}
    offers = [Offer(JSON_TYPE, _LIST), Offer("text/html", _PAGE)]
    offers += [Offer(row.media_type, row.extension) for row in GRAPHS]
    form = negotiate(request.headers.get("Accept"), offers).value
    queries = site().library.area(AREA)
    if form == _PAGE:
        lang = chosen_language()
        shown = {query.name: (inputs(query, lang), forms(query.form)) for query in queries}
        response = page("api.html", groups=queries_by_tag(queries, lang), shown=shown)
    elif form == _LIST:
        response = _json({"queries": [_described(query) for query in queries]})
        response.vary.add("Accept-Language")
    else:
        body = executables.described(site(), queries, syntaxes[form])
        response = document(body, syntaxes[form].content_type)
    response.headers["Link"] = _service_links()
    response.vary.add("Accept")
    return response


@blueprint.get("/api/openapi.json")
def specification() -> Response:
    """Describe the whole service for programs (OpenAPI 3.1)."""
    found = openapi.document(site())
    return document(json.dumps(found, ensure_ascii=False).encode(), JSON_TYPE)


@blueprint.get("/api/<name>/query")
def described(name: str) -> Response:
    """Describe one stored query as RDF, or give its text with the parameters open.

    Raises:
        NotFound: there is no such query.
    """
    query = _query(name)
    offers = [Offer(row.media_type, row.extension) for row in GRAPHS]
    offers.append(Offer(SPARQL_TYPE, "rq"))
    form = negotiate(request.headers.get("Accept"), offers).value
    if form == "rq":
        response = document(query.body.encode(), f"{SPARQL_TYPE}; charset=utf-8")
    else:
        syntax = next(row for row in GRAPHS if row.extension == form)
        body = executables.described(site(), [query], syntax)
        response = document(body, syntax.content_type)
    response.headers["Link"] = _service_links()
    response.vary.add("Accept")
    return response


@blueprint.get("/api/<name>")
def answer(name: str) -> Response:
    """Answer one stored query.

    Raises:
        NotFound: there is no such query.
        BadParameter: a parameter is missing, unknown or has a wrong value.
        Unauthorized: the query is not open, and no key came with the request.
    """
    query, given = _query(name), fields()
    form = _form(query, given)
    asked_for = {key: texts for key, texts in given.items() if key != FORMAT}
    if form.name == _PAGE:
        response = query_page(query, asked_for)
        return _finished(response, query, given)
    store = store_for(site(), query, request.headers.get("Authorization"))
    asked = asked_with(site(), query, asked_for)
    response, more = _answered(store, asked, form, asked_for)
    return _finished(response, query, given, asked, more=more)


def _query(name: str) -> StoredQuery:
    if f"{AREA}/{name}" not in site().library:
        raise NotFound(f"no stored query is called {name!r}; {site().base}api lists them")
    return site().library[f"{AREA}/{name}"]


def _form(query: StoredQuery, given: Fields) -> Form:
    """Return the form that is asked for; a page may also be asked for in a language.

    Raises:
        BadParameter: ``format`` is wrong, or there is a parameter that the query does not have.
    """
    pinned = [text for text in given.get(FORMAT, ()) if text]
    if len(pinned) > 1:
        raise BadParameter(FORMAT, "given more than once")
    accept = request.headers.get("Accept")
    form = chosen(forms(query.form), pinned[0] if pinned else None, accept)
    more = [FORMAT] if query.page_size is None else [PAGE, SIZE, FORMAT]
    query.check_names(given, [*more, *([LANG] if form.name == _PAGE else [])])
    return form


def _answered(store: Store, asked: Asked, form: Form, given: Fields) -> tuple[Response, bool]:
    """Return the response in a form, and whether a page follows."""
    if form.name == "sparql":
        return document(without_head(asked.text).encode(), form.content_type), False
    if form.format and not asked.is_read:
        return document(answered(store, asked, form.format), form.content_type), False
    found = rows_answer(store, asked)
    if form.format:
        body = found.written_as(form.format)
    elif form.name == "xlsx":
        body = _workbook(found, given)
    else:
        return _json(_short(found, given)), found.more
    return document(body, form.content_type), found.more


def _workbook(answer: Answer, given: Fields) -> bytes:
    query = answer.asked.query
    source = executables.executable_iri(site().base, query.name)
    lang = str(answer.asked.values.get(LANG, "nl"))
    return workbook(answer, site().release(), source, _address(query, given), lang)


def _short(answer: Answer, given: Fields) -> dict[str, object]:
    """Return an answer as short JSON: what was asked, and plain rows."""
    asked = answer.asked
    found: dict[str, object] = {"query": asked.query.name, "parameters": asked.written}
    found["synthetic"] = answer.synthetic
    if answer.kind == "boolean":
        return {**found, "answer": answer.boolean}
    if asked.page:
        links = page_links(_address(asked.query), given, asked.page, answer.more)
        found["page"] = {"number": asked.page.number, "size": asked.page.size, **links}
    return {**found, "columns": answer.columns, "rows": answer.plain()}


def _finished(
    response: Response,
    query: StoredQuery,
    given: Fields,
    asked: Asked | None = None,
    *,
    more: bool = False,
) -> Response:
    """Add links to the other forms, the text, the pages beside it and what describes it."""
    address = _address(query)
    plain = {key: texts for key, texts in given.items() if key != FORMAT}
    links = [_service_links(), f'<{address}/query>; rel="describedby"; type="text/turtle"']
    for form in forms(query.form):
        other = with_fields(address, {**plain, FORMAT: [form.name]})
        relation = "describedby" if form.name == "sparql" else "alternate"
        links.append(f'<{other}>; rel="{relation}"; type="{form.media_type}"')
    if asked is not None and asked.page:
        pages = page_links(address, given, asked.page, more)
        links += [f'<{other}>; rel="{relation}"' for relation, other in pages.items()]
    response.headers["Link"] = ", ".join(links)
    if FORMAT not in given:
        response.vary.add("Accept")
    if not is_open(query):  # for the one who asked only
        response.headers["Cache-Control"] = "private, no-store"
        response.vary.add("Authorization")
    return response


def _address(query: StoredQuery, given: Fields | None = None) -> str:
    return with_fields(f"{site().base}api/{query.name}", given or {})


def _described(query: StoredQuery) -> dict[str, object]:
    """Return what the list says of a query."""
    return {
        "name": query.name,
        "url": _address(query),
        "summary": query.head["summary"][chosen_language()],
        "form": query.form,
        "access": query.access,
        "columns": list(query.head.get("columns") or ()),
        "tags": list(query.head.get("tags") or ()),
        "pageSize": query.page_size,
        "parameters": [_parameter(row) for row in query.parameters],
    }


def _parameter(row: Parameter) -> dict[str, object]:
    return {
        "name": row.name,
        "type": row.kind,
        "label": row.label.get(chosen_language(), row.name),
        "required": not row.optional,
        "default": None if row.default is None else str(row.default),
        "example": None if row.example is None else str(row.example),
    }


def _service_links() -> str:
    base = site().base
    return (
        f'<{base}api>; rel="service-doc", '
        f'<{base}api/openapi.json>; rel="service-desc"; type="{JSON_TYPE}"'
    )


def _json(value: object) -> Response:
    return document(json.dumps(value, ensure_ascii=False).encode(), JSON_TYPE)
