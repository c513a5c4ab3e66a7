"""RDF as JSON-LD with the short names of our context, for people who read an example.

What a name says of its values (a type, a map by language) must hold for the value, or else it is
written out under a name that says nothing: no triple changes on the way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from service.context import context
from service.formats import by_extension
from service.store.transcode import transcode
from service.vocab import XSD, curie, expand

_TYPE = expand("rdf:type")
Value = Mapping[str, str]


def as_jsonld(turtle: str, base: str) -> str:
    """Return Turtle as JSON-LD; ``base`` resolves its relative IRIs.

    Raises:
        SyntaxError: the Turtle does not parse.
    """
    plain = transcode(turtle.encode(), by_extension("ttl"), by_extension("jsonld"), base)
    nodes: dict[str, dict[str, list[Value]]] = {}
    for part in json.loads(plain):
        node = nodes.setdefault(part.pop("@id"), {})
        for name, values in part.items():
            node.setdefault(name, []).extend(values)
    written = [{"@id": curie(name), **_node(facts)} for name, facts in nodes.items()]
    head: dict[str, Any] = {"@context": f"{base}ns/context.jsonld"}
    document = {**head, **(written[0] if len(written) == 1 else {"@graph": written})}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _node(facts: Mapping[str, list[Value]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for iri, values in facts.items():
        if iri == _TYPE:
            found["@type"] = _one_or_all([_short(row["@id"]) for row in values])
            continue
        groups: dict[str, list[Value]] = {}
        for value in values:
            groups.setdefault(_key(iri, value), []).append(value)
        for key, rows in groups.items():
            found[key] = _by_language(rows) if _is_map(key) else _one_or_all(_told(key, rows))
    return found


@lru_cache(maxsize=1)
def _terms() -> Mapping[tuple[str, str], str]:
    """Return the names of the context by the IRI and by what they say of values."""
    found: dict[tuple[str, str], str] = {}
    for name, definition in context()["@context"].items():
        if isinstance(definition, str):
            found.setdefault((expand(definition), ""), name)
        elif isinstance(definition, dict):
            says = definition.get("@type") or definition.get("@container", "")
            found.setdefault((expand(definition["@id"]), says), name)
    return found


def _key(iri: str, value: Value) -> str:
    """Return the name for a value of a property."""
    if "@id" in value:
        says = "@id"
    elif "@language" in value:
        says = "@language"
    else:
        says = curie(value.get("@type", ""))
    return _terms().get((iri, says)) or _terms().get((iri, "")) or curie(iri)


def _short(iri: str) -> str:
    return _terms().get((iri, "")) or curie(iri)


def _says(key: str) -> str:
    definition = context()["@context"].get(key, "")
    if isinstance(definition, str):
        return ""
    return str(definition.get("@type") or definition.get("@container", ""))


def _is_map(key: str) -> bool:
    return _says(key) == "@language"


def _by_language(values: list[Value]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for value in values:
        found.setdefault(value["@language"], []).append(value["@value"])
    return {lang: _one_or_all(texts) for lang, texts in found.items()}


def _told(key: str, values: list[Value]) -> list[Any]:
    """Return values as a name allows: bare where it says their type, else written out."""
    bare = _says(key)
    return [_written(bare, value) for value in values]


def _written(bare: str, value: Value) -> Any:
    if "@id" in value:
        name = curie(value["@id"])
        return name if bare == "@id" else {"@id": name}
    kind = curie(value.get("@type", ""))
    if "@language" not in value and (kind == bare or (not bare and kind in ("", XSD + "string"))):
        return value["@value"]
    return {**value, **({"@type": kind} if kind else {})}


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
