"""A small store of the model's examples and of snippets beside them, all of which conform.

For questions whose data come with a later issue: they are asked of records that have the form that
those data will have.
"""

from __future__ import annotations

from functools import lru_cache

from pyoxigraph import RdfFormat, Store, parse, serialize

from service import data_dir
from service.release.lines import canonical_triples
from service.release.validation import full_shapes
from service.shapes import Report
from service.vocab import prefix_lines
from tests.examples import BASE, EXAMPLES, MADE_UP, beside, triples

EXAMPLE = MADE_UP + "voorbeeld/"
#: The gemeente of the examples (Wommelgem), its OCMW, and another gemeente (Ardooie).
GEMEENTE = (
    "http://data.lblod.info/id/bestuurseenheden/"
    "6093f33e8eacb798481b1f826416eaf310552e9568e74804f59c69dada2187e4"
)
OCMW = (
    "http://data.lblod.info/id/bestuurseenheden/"
    "10a0af7dd1ba91a385a6ccfb2dcc48c8b306ba6c51f2935b1cac0ac6fe2016e2"
)
OTHER = (
    "http://data.lblod.info/id/bestuurseenheden/"
    "94433cd9ac2dd4ef0ccda4e07f35217fb6531adbb80d8382915f89f585d00890"
)


def snippet(turtle: str) -> bytes:
    """Return Turtle as canonical N-Triples; every prefix of the table may be used.

    ``$gemeente``, ``$ocmw`` and ``$other`` stand for the three bodies.
    """
    for name, iri in (("gemeente", GEMEENTE), ("ocmw", OCMW), ("other", OTHER)):
        turtle = turtle.replace(f"${name}", f"<{iri}>")
    text = "".join(f"@{line[0].lower()}{line[1:]} .\n" for line in _prefixes()) + turtle
    rows = parse(text.encode(), format=RdfFormat.TURTLE, base_iri=BASE)
    return canonical_triples(serialize(rows, format=RdfFormat.N_TRIPLES) or b"")


def _prefixes() -> list[str]:
    return [line.replace("PREFIX", "Prefix", 1) for line in prefix_lines().splitlines() if line]


@lru_cache(maxsize=1)
def _examples() -> bytes:
    return canonical_triples(b"".join(map(triples, EXAMPLES)))


def report_of(data: bytes) -> Report:
    """Validate made-up records beside what they refer to."""
    return full_shapes().validate(canonical_triples(data + beside(data)))


def example_store(turtle: str = "") -> Store:
    """Return the examples and a snippet, with the reference data that they refer to.

    All of it stands in the default graph. It must conform, so that nothing is asked of records that
    could never be accepted.
    """
    data = _examples() + snippet(turtle)
    report = report_of(data)
    faults = [
        (row.focus, row.shape, row.message_en)
        for row in report.results
        if row.severity == "Violation" and row.focus.startswith(MADE_UP)
    ]
    assert faults == []
    store = Store()
    lists = b"".join(
        serialize(
            parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE),
            format=RdfFormat.N_TRIPLES,
        )
        or b""
        for path in sorted((data_dir("ontology") / "codelists").glob("*.ttl"))
    )
    for part in (data, beside(data), lists):
        store.load(part, format=RdfFormat.N_TRIPLES)
    return store
