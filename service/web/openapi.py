"""The OpenAPI 3.1 document: what is fixed stands in ``openapi.yaml``, the rest is made here.

Each stored query becomes a path, its parameters typed by their kind; which concepts, waves and
schemes there are comes from the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from service import __version__
from service.parameters import LANGUAGES, MAX_LENGTH, notations
from service.queries import ACCESS, Parameter, StoredQuery
from service.release.catalogue import dump_contents
from service.web.forms import Form, forms
from service.web.paging import MAX_PAGE, PAGE, SIZE, largest
from service.web.site import Site

_FIXED = Path(__file__).with_name("openapi.yaml")
_PROBLEM = {"$ref": "#/components/responses/problem"}
_VALUE = {"$ref": "#/components/schemas/Value"}
_ONE_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
_BODY = {
    "type": "string",
    "format": "body",
    "description": "KBO number, OVO code, NIS code of a gemeente, or IRI of a body.",
    "pattern": "^([0-9]{10}|OVO[0-9]{6}|[0-9]{5}|https?://[^\\s]+)$",
}
_MOST = 10**18 - 1  # of a whole number
_LARGEST = 10**15  # of a number with decimals
Schema = dict[str, Any]


@cache
def _fixed() -> str:
    return _FIXED.read_text(encoding="utf-8")


def document(site: Site) -> dict[str, Any]:
    """Return the document for the current release."""
    found: dict[str, Any] = yaml.load(_fixed(), Loader=yaml.CSafeLoader)
    found["info"]["version"] = __version__
    found["servers"] = [{"url": site.base.rstrip("/")}]
    paths = found["paths"]
    queries = site.library.area("api")
    _names(paths["/api/{name}/query"], [query.name for query in queries])
    _names(paths["/download/{name}"], sorted(dump_contents(site.release().graphs)))
    for query in queries:
        paths[f"/api/{query.name}"] = {"get": _operation(query, site)}
    return found


def _names(path: Mapping[str, Any], names: list[str]) -> None:
    """Say which names the parameter ``name`` of a path takes."""
    path["get"]["parameters"][0]["schema"]["enum"] = names


def _operation(query: StoredQuery, site: Site) -> Schema:
    summary = query.head["summary"]
    offered = forms(query.form)
    parameters = [_parameter(row, site) for row in query.parameters]
    parameters += [*_paging(query), _format(offered)]
    found: Schema = {
        "operationId": query.name,
        "tags": ["queries"],
        "summary": summary["en"],
        "description": summary["nl"],
        "parameters": parameters,
        "responses": {"200": _answer(query, offered)},
    }
    statuses = ["400", "406", "422", "429", "503", "504"]
    if query.access != ACCESS[0]:
        found["security"] = [{"key": []}]
        statuses.insert(1, "401")
    found["responses"].update(dict.fromkeys([*statuses, "default"], _PROBLEM))
    return found


def _parameter(row: Parameter, site: Site) -> Schema:
    found: Schema = {"name": row.name, "in": "query", "schema": schema_of(row, site)}
    if row.label:
        found["description"] = str(row.label.get("en", row.name))
    if row.optional:
        found["allowEmptyValue"] = True  # a field of a form that was left open
    else:
        found["required"] = True
    if row.kind == "bodies":
        found |= {"style": "form", "explode": False}
    example = row.default if row.default is not None else row.example
    if example is not None:
        found["example"] = _example(row, example)
    return found


def _example(row: Parameter, example: object) -> object:
    if row.kind == "bodies":
        return [part.strip() for part in str(example).split(",")]
    return example if row.kind in ("integer", "decimal") else str(example)


def schema_of(row: Parameter, site: Site) -> Schema:
    """Return the JSON schema of what a caller writes for a parameter."""
    if row.kind in ("wave", "concept", "scheme"):
        return _enumerated(row, sorted(set(notations(row, site.lookup))))
    if row.kind == "lang":
        return _enumerated(row, list(LANGUAGES))
    if row.options:
        return _enumerated(row, list(row.options))
    if row.kind == "bodies":
        return {
            "type": "array",
            "items": _BODY,
            "minItems": row.fewest,
            "maxItems": row.most,
            "uniqueItems": True,
        }
    return _default(row, _plain(row))


def _plain(row: Parameter) -> Schema:
    if row.kind in ("integer", "decimal"):
        whole = row.kind == "integer"
        most = _MOST if whole else _LARGEST
        return {
            "type": "integer" if whole else "number",
            "minimum": -most if row.minimum is None else row.minimum,
            "maximum": most if row.maximum is None else row.maximum,
        }
    if row.kind == "body":
        return dict(_BODY)
    by_kind: dict[str, Schema] = {
        "date": {"format": "date"},
        "iri": {"format": "iri", "pattern": "^https?://[^\\s]+$", "maxLength": MAX_LENGTH},
    }
    text = {"minLength": 1, "maxLength": MAX_LENGTH, "pattern": _ONE_LINE}
    return {"type": "string", **by_kind.get(row.kind, text)}


def _enumerated(row: Parameter, values: list[str]) -> Schema:
    return _default(row, {"type": "string", "enum": values} if values else {"type": "string"})


def _default(row: Parameter, schema: Schema) -> Schema:
    if row.default is None:
        return schema
    plain = row.kind in ("integer", "decimal")
    return {**schema, "default": row.default if plain else str(row.default)}


def _paging(query: StoredQuery) -> Iterator[Schema]:
    """Yield the parameters that choose a page."""
    if query.page_size is None:
        return
    page = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}
    size = {
        "type": "integer",
        "minimum": 1,
        "maximum": largest(query),
        "default": query.page_size,
    }
    both = {"in": "query", "allowEmptyValue": True}
    yield {"name": PAGE, **both, "description": "Page, from 1.", "schema": page}
    yield {"name": SIZE, **both, "description": "Rows on a page.", "schema": size}


def _format(offered: tuple[Form, ...]) -> Schema:
    names = [form.name for form in offered]
    return {
        "name": "format",
        "in": "query",
        "allowEmptyValue": True,
        "description": "The form of the answer; without it, that of the header Accept.",
        "schema": {"type": "string", "enum": names},
    }


def _answer(query: StoredQuery, offered: tuple[Form, ...]) -> Schema:
    content = {form.media_type: {"schema": _body(query, form)} for form in offered}
    return {"description": "The whole answer.", "content": content}


def _body(query: StoredQuery, form: Form) -> Schema:
    if form.name == "json" and form.format is None:
        return _short(query)
    if form.media_type.endswith("json"):
        return {}
    return {} if form.name == "xlsx" else {"type": "string"}


def _short(query: StoredQuery) -> Schema:
    """Return the schema of the short JSON."""
    known: Schema = {"query": {"const": query.name}, "parameters": {"type": "object"}}
    known["synthetic"] = {"type": "boolean", "description": "Whether a figure here is made up."}
    if query.form == "ASK":
        known["answer"] = {"type": "boolean"}
        return {"type": "object", "required": list(known), "properties": known}
    columns = [str(name) for name in query.head.get("columns") or ()]
    row: Schema = {"type": "object"}
    if columns:
        row |= {"required": columns, "properties": dict.fromkeys(columns, _VALUE)}
        row["additionalProperties"] = False
    known["columns"] = {"const": columns} if columns else {"type": "array"}
    known["rows"] = {"type": "array", "items": row}
    required = list(known)
    if query.page_size is not None:
        known["page"] = {"type": "object", "required": ["number", "size", "first"]}
    return {"type": "object", "required": required, "properties": known}
