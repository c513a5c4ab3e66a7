"""``/reconcile``: the W3C Reconciliation Service API (draft 0.2), for OpenRefine and its kin.

Manifest, batches of queries, suggestions, a preview and data extension. What a request asks is read
here; what it gets is worked out in `service.reconcile`. Answers are JSON; CORS is open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, current_app, request

from service.problems import BadParameter, NotFound
from service.reconcile.entities import BODIES, Entity, entities
from service.reconcile.matching import Candidate, Matcher, Wanted
from service.web.responses import chosen_language, document, page
from service.web.site import site

blueprint = Blueprint("reconcile", __name__)
PATH = "reconcile"
_KEY = "imonitor-reconcile"
_MOST_QUERIES = 200
_MOST_IDS = 1000
_MOST_RESULTS = 50
_FRAMED = "default-src 'none'; style-src 'self'; frame-ancestors *"
_LONGEST = 500  # characters of a name
_TYPES = {
    "bestuur": {"nl": "Bestuur", "en": "Government body"},
    "gemeente": {"nl": "Gemeente", "en": "Municipality"},
    "ocmw": {"nl": "OCMW", "en": "OCMW (public centre for social welfare)"},
    "vraag": {"nl": "Vraag van de I-Monitor", "en": "Question of the I-Monitor"},
    "product": {"nl": "Product of dienst", "en": "Product or service"},
}
_OF_BODIES = {
    "naam": {"nl": "Naam (ook vroegere)", "en": "Name (former ones too)"},
    "kbo": {"nl": "KBO-nummer", "en": "Enterprise number (KBO)"},
    "ovo": {"nl": "OVO-code", "en": "OVO code"},
    "nis": {"nl": "NIS-code", "en": "NIS code"},
    "klasse": {"nl": "Klasse", "en": "Class"},
    "provincie": {"nl": "Provincie", "en": "Province"},
    "bestaat": {"nl": "Bestaat nog", "en": "Still exists"},
    "tot": {"nl": "Bestond tot", "en": "Existed until"},
    "opvolger": {"nl": "Opvolger", "en": "Successor"},
}
_OF_CONCEPTS = {
    "code": {"nl": "Code", "en": "Code"},
    "naam_nl": {"nl": "Naam (Nederlands)", "en": "Name (Dutch)"},
    "naam_en": {"nl": "Naam (Engels)", "en": "Name (English)"},
    "thema": {"nl": "Thema", "en": "Theme"},
}
_PROPERTIES = {**_OF_BODIES, **_OF_CONCEPTS}


@blueprint.route(f"/{PATH}", methods=["GET", "POST"])
def reconcile() -> Response:
    """Answer a batch of queries, or an extension of a table; without either: the manifest.

    Raises:
        BadParameter: the JSON is not what the specification says.
    """
    if "queries" in request.values:
        queries = _object("queries", _MOST_QUERIES)
        return _json({name: _answer(name, query) for name, query in queries.items()})
    if "extend" in request.values:
        return _json(_extended(_object("extend", _MOST_QUERIES)))
    return _json(_manifest())


@blueprint.get(f"/{PATH}/suggest/<what>")
def suggest(what: str) -> Response:
    """Propose entities, types or properties for what somebody begins to write.

    Raises:
        NotFound: there is nothing else to propose.
    """
    prefix = request.args.get("prefix", "")[:_LONGEST]
    lang = chosen_language()
    if what == "entity":
        rows = [_named(row, lang) for row in _matcher().starting(prefix, 20)]
    elif what in ("type", "property"):
        table = _TYPES if what == "type" else _PROPERTIES
        rows = [
            {"id": name, "name": labels[lang]}
            for name, labels in table.items()
            if prefix.casefold() in f"{name} {labels[lang]}".casefold()
        ]
    else:
        raise NotFound(f"suggestions are for entity, type and property, not {what[:100]!r}")
    return _json({"result": rows})


@blueprint.get(f"/{PATH}/properties")
def properties() -> Response:
    """Propose the properties that a column can be extended with."""
    kind = request.args.get("type", "bestuur")
    table = _OF_BODIES if kind in ("bestuur", *BODIES) else _OF_CONCEPTS
    lang = chosen_language()
    rows = [{"id": name, "name": labels[lang]} for name, labels in table.items()]
    return _json({"type": kind, "properties": rows})


@blueprint.get(f"/{PATH}/preview")
def preview() -> Response:
    """Show an entity in the small frame of a client.

    Raises:
        NotFound: it is none of ours.
    """
    entity = _matcher().by_iri.get(request.args.get("id", ""))
    if entity is None:
        raise NotFound("no body, question or product has that IRI")
    lang = chosen_language()
    values = {
        _PROPERTIES[name][lang]: ", ".join(found)
        for name, found in entity.values.items()
        if name in _PROPERTIES
    }
    kind = _TYPES[entity.kind][lang]
    response = page("reconcile-preview.html", entity=entity, kind=kind, values=values)
    # Any client may show it in a frame: it has no form, no script and no private data.
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


def _manifest() -> dict[str, object]:
    """Return what the service is (§4, service manifest)."""
    lang, base = chosen_language(), site().base
    here = f"{base}{PATH}"
    suggestions = {
        what: {"service_url": base.rstrip("/"), "service_path": f"/{PATH}/suggest/{what}"}
        for what in ("entity", "type", "property")
    }
    proposals = {"service_url": base.rstrip("/"), "service_path": f"/{PATH}/properties"}
    return {
        "versions": ["0.1", "0.2"],
        "name": {"nl": "I-Monitor: besturen, vragen en producten",
                 "en": "I-Monitor: bodies, questions and products"}[lang],
        "identifierSpace": f"{base}resource?iri=",
        "schemaSpace": "https://w3id.org/imonitor/ns#",
        "documentation": f"{base}api",
        "defaultTypes": [{"id": name, "name": labels[lang]} for name, labels in _TYPES.items()],
        "view": {"url": f"{base}resource?iri={{{{id}}}}"},
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", "width": 420, "height": 220},
        "suggest": suggestions,
        "extend": {"propose_properties": proposals, "property_settings": []},
        "batchSize": _MOST_QUERIES,
    }  # fmt: skip


def _matcher() -> Matcher:
    """Return what matches, made once a release."""
    number = site().release().number
    known = current_app.extensions.setdefault(_KEY, {})
    if number not in known:
        bodies, concepts = (
            [{name: term.value for name, term in row.items()} for row in site().rows(query)]
            for query in ("reconcile/bodies", "reconcile/concepts")
        )
        current_app.extensions[_KEY] = known = {number: Matcher(entities(bodies, concepts))}
    found: Matcher = known[number]
    return found


def _object(name: str, most: int) -> dict[str, Any]:
    """Return a JSON object that a parameter holds.

    Raises:
        BadParameter: it is none, or has too many members.
    """
    try:
        found = json.loads(request.values[name])
    except (ValueError, RecursionError) as error:
        raise BadParameter(name, "not JSON") from error
    if not isinstance(found, dict):
        raise BadParameter(name, "a JSON object is wanted")
    if len(found) > most:
        raise BadParameter(name, f"{len(found)} of them; at most {most} at once")
    return found


def _answer(name: str, query: object) -> dict[str, object]:
    """Return the result of one query of a batch (§5).

    Raises:
        BadParameter: it has no text, or a member of the wrong type.
    """
    where = f"queries.{name}"
    if not isinstance(query, dict) or not isinstance(query.get("query"), str):
        raise BadParameter(where, 'an object with a text under "query" is wanted')
    limit = query.get("limit", 5)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= _MOST_RESULTS:
        raise BadParameter(f"{where}.limit", f"a number from 1 to {_MOST_RESULTS}")
    wanted = Wanted(
        query["query"][:_LONGEST],
        _types(where, query.get("type")),
        _given(where, query.get("properties")),
        limit,
    )
    lang = chosen_language()
    return {"result": [_candidate(row, lang) for row in _matcher().find(wanted)]}


def _types(where: str, given: object) -> frozenset[str]:
    rows = given if isinstance(given, list) else [given] if given else []
    names = [row.get("id") if isinstance(row, dict) else row for row in rows]
    if not set(map(str, names)) <= set(_TYPES):
        raise BadParameter(f"{where}.type", "not a type of this service", list(_TYPES))
    return frozenset(map(str, names))


def _given(where: str, given: object) -> dict[str, str]:
    """Return the values of a row that help to decide; other properties are left aside."""
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise BadParameter(f"{where}.properties", 'a list of {"pid": …, "v": …} is wanted')
    found = {}
    for row in given:
        value = row.get("v")
        value = value[0] if isinstance(value, list) and value else value
        value = value.get("id") if isinstance(value, dict) else value
        if row.get("pid") in _PROPERTIES and isinstance(value, str | int):
            found[row["pid"]] = str(value)[:_LONGEST]
    return found


def _candidate(row: Candidate, lang: str) -> dict[str, object]:
    return {**_named(row.entity, lang), "score": row.score, "match": row.match}


def _named(entity: Entity, lang: str) -> dict[str, object]:
    kinds = ("bestuur", entity.kind) if entity.is_body else (entity.kind,)
    return {
        "id": entity.iri,
        "name": entity.label,
        "description": entity.description,
        "type": [{"id": kind, "name": _TYPES[kind][lang]} for kind in reversed(kinds)],
    }


def _extended(asked: Mapping[str, object]) -> dict[str, object]:
    """Return values for a table that is matched (§9, data extension).

    Raises:
        BadParameter: ids or properties are no lists, or too long.
    """
    ids, wanted = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or len(ids) > _MOST_IDS:
        raise BadParameter("extend.ids", f"a list of at most {_MOST_IDS} IRIs is wanted")
    if not isinstance(wanted, list) or not all(isinstance(row, dict) for row in wanted):
        raise BadParameter("extend.properties", 'a list of {"id": …} is wanted')
    names = [str(row.get("id")) for row in wanted]
    if any(name not in _PROPERTIES for name in names):
        raise BadParameter("extend.properties", "not a property of this service", list(_PROPERTIES))
    lang, known = chosen_language(), _matcher().by_iri
    rows = {str(iri): _row(known.get(str(iri)), names) for iri in ids}
    return {"meta": [{"id": n, "name": _PROPERTIES[n][lang]} for n in names], "rows": rows}


def _row(entity: Entity | None, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    if entity is None:
        return {name: [] for name in names}
    values = {name: [{"str": value} for value in entity.values.get(name, ())] for name in names}
    links = {
        name: [{"id": iri, "name": label} for iri, label in rows]
        for name, rows in entity.links.items()
        if name in names
    }
    return {**values, **links}


def _json(value: object) -> Response:
    response = document(json.dumps(value, ensure_ascii=False).encode(), "application/json")
    response.vary.add("Accept-Language")
    return response
