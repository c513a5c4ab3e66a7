"""The proof of a wave before it is published: full shapes, and check queries that find nothing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pyoxigraph import RdfFormat, Store, parse, serialize

from service.problems import DataRefused, ShapeViolation
from service.queries import Library
from service.shapes import Report, ShapeSet
from service.store.rows import select

_MOST_RESULTS = 100
_WAVE = ("context", "response", "codelists", "cube")
_REFERENCE = (
    "organisations",
    "instrument",
    "scoring",
    "support",
    "evidence",
    "codelists",
    "recommended",
)


@lru_cache(maxsize=1)
def full_shapes() -> ShapeSet:
    """Return every shape, compiled once: for documents of any kind."""
    return ShapeSet.load({*_REFERENCE, *_WAVE})


@lru_cache(maxsize=1)
def wave_shapes() -> ShapeSet:
    """Return the shapes of a wave: its responses in context, its observations, their codes.

    Those of reference data are left out: its graphs were checked when they were accepted.
    """
    return ShapeSet.load(_WAVE)


@lru_cache(maxsize=1)
def local_shapes() -> ShapeSet:
    """Return the shapes of one record by itself (a response, a result), for acceptance."""
    return ShapeSet.load(["response", "cube"])


@lru_cache(maxsize=1)
def reference_shapes() -> ShapeSet:
    """Return the shapes of reference data: organisations, instrument, schemes, code lists."""
    return ShapeSet.load(_REFERENCE)


def validate_wave(triples: bytes) -> None:
    """Validate a wave with its context.

    Args:
        triples: N-Triples of the wave's graphs and of the reference graphs.

    Raises:
        ShapeViolation: with the results as members.
    """
    report = wave_shapes().validate(triples)
    if not report.conforms:
        results = [row.as_dict() for row in report.results[:_MOST_RESULTS]]
        raise ShapeViolation(
            f"{len(report.results)} results of the shapes", members={"report": results}
        )


def validate_document(path: Path, context: bytes = b"") -> Report:
    """Validate an RDF file of any syntax that its name tells, beside context triples.

    Raises:
        DataRefused: the file does not parse, or its syntax is not known.
    """
    try:
        quads = parse(path=str(path), base_iri=path.resolve().as_uri())
        data = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES) or b""
    except (SyntaxError, ValueError) as error:
        raise DataRefused(f"{path}: {error}") from error
    return full_shapes().validate(data + context)


def run_checks(store: Store, library: Library, scope: str, wave: str = "") -> None:
    """Run the check queries of a scope ("wave" or "reference"); each must return no row.

    Raises:
        ShapeViolation: a check found something; its rows are in the members.
    """
    for query in library.area("check"):
        if query.head.get("scope", "wave") != scope:
            continue
        arguments = {"wave": wave} if any(row.name == "wave" for row in query.parameters) else {}
        rows = list(select(store, query.bind(**arguments)))
        if rows:
            raise ShapeViolation(
                f"{query.id}: {query.head['summary']['en']}",
                members={"check": query.id, "rows": rows[:_MOST_RESULTS]},
            )
