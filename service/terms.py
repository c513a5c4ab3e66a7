"""RDF terms as N-Triples text (RDF 1.1 N-Triples §2): the one way in which loaders write RDF.

Terms are IRIs and literals only; blank nodes cannot be written, since they have no identity over
releases (semantics.md "Digests").
"""

from __future__ import annotations

from datetime import date as _date
from decimal import Decimal
from functools import lru_cache

from service.vocab import XSD, expand, iri

_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


@lru_cache(maxsize=65536)
def ref(name: str) -> str:
    """Return an IRI or CURIE as a term.

    Raises:
        ValueError: not an absolute IRI of an allowed scheme.
    """
    return f"<{iri(expand(name))}>"


def plain(value: str) -> str:
    """Return a string literal."""
    return f'"{value.translate(_ESCAPES)}"'


def text(value: str, lang: str) -> str:
    """Return a language-tagged literal."""
    return f"{plain(value)}@{lang}"


def typed(value: str, datatype: str) -> str:
    """Return a literal with a datatype, given as CURIE or IRI."""
    return f"{plain(value)}^^{ref(datatype)}"


def integer(value: int) -> str:
    """Return an xsd:integer."""
    return f'"{value}"^^<{XSD}integer>'


def decimal(value: Decimal | str | int) -> str:
    """Return an xsd:decimal in the form in which stores give it back: "62.5", not "62.50"."""
    return f'"{format(Decimal(value).normalize(), "f")}"^^<{XSD}decimal>'


def boolean(value: bool) -> str:
    """Return an xsd:boolean."""
    return f'"{str(value).lower()}"^^<{XSD}boolean>'


def date(value: str | _date) -> str:
    """Return an xsd:date.

    Raises:
        ValueError: the day does not exist.
    """
    day = value if isinstance(value, _date) else _date.fromisoformat(value)
    return f'"{day.isoformat()}"^^<{XSD}date>'


def year(value: int | str) -> str:
    """Return an xsd:gYear."""
    return f'"{int(value):04d}"^^<{XSD}gYear>'


def triple(subject: str, predicate: str, obj: str) -> str:
    """Return one N-Triples line; ``obj`` is a term made by this module, the others names."""
    return f"{ref(subject)} {ref(predicate)} {obj} .\n"
