"""The prefix table of the project, and IRIs made from it.

``ontology/prefixes.ttl`` is the only place where a namespace is written down (``sh:declare``, SHACL
§6.2.1); this module reads it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from service import data_dir

_IRI = re.compile(r"^(?:https?://[^/?#\s]+|mailto:|urn:[a-z0-9-]+:)[^\x00-\x20<>\"{}|^`\\]*$", re.I)


def _read_prefixes() -> Mapping[str, str]:
    """Read prefix → namespace from the ``sh:declare`` table."""
    found: dict[str, dict[str, str]] = {}
    for triple in parse(path=str(data_dir("ontology") / "prefixes.ttl"), format=RdfFormat.TURTLE):
        if isinstance(triple.subject, NamedNode) and isinstance(triple.object, Literal):
            name = triple.predicate.value.rpartition("#")[2]
            found.setdefault(triple.subject.value, {})[name] = triple.object.value
    return MappingProxyType({row["prefix"]: row["namespace"] for row in found.values()})


PREFIXES: Mapping[str, str] = _read_prefixes()
IMON = PREFIXES["imon"]
CONCEPT = PREFIXES["imc"]
XSD = PREFIXES["xsd"]
_BY_LENGTH = sorted(PREFIXES.items(), key=lambda row: -len(row[1]))


def expand(curie: str) -> str:
    """Return the IRI of ``prefix:local``; a text that already is an IRI is returned as it is.

    Raises:
        ValueError: the prefix is not in the table.
    """
    prefix, _, local = curie.partition(":")
    if prefix in PREFIXES:
        return PREFIXES[prefix] + local
    return iri(curie)


def curie(full: str) -> str:
    """Return the short form of an IRI, or the IRI itself where no prefix fits."""
    for prefix, namespace in _BY_LENGTH:
        if full.startswith(namespace):
            return f"{prefix}:{full[len(namespace) :]}"
    return full


def iri(text: str) -> str:
    """Return ``text`` if it is an absolute http(s), mailto or urn IRI (RFC 3987).

    Other schemes (``javascript:``, ``file:``, ``data:``) are refused: IRIs become links on pages.

    Raises:
        ValueError: it is not such an IRI.
    """
    if not _IRI.match(text):
        raise ValueError(f"not an absolute http(s), mailto or urn IRI: {text[:200]!r}")
    return text


def prefix_lines() -> str:
    """Return the table as SPARQL ``PREFIX`` lines."""
    return "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in PREFIXES.items())
