"""The gates: which shapes judge what, and the proof of a release before it appears.

Each gate is some files of ``shapes/``, compiled once. What is not in a gate was judged by another:
reference data when they were accepted, one response by itself when it was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pyoxigraph import RdfFormat, Store, parse, serialize

from service.problems import DataRefused, ShapeViolation
from service.queries import Library
from service.shapes import Report, ShapeSet
from service.store.rows import select

_MOST_RESULTS = 100
# The files of shapes that make a gate. Those of reference data are left out of a wave: its graphs
# were judged when they were accepted. Results of "recommended" are warnings, which refuse nothing.
GATES: Mapping[str, tuple[str, ...]] = {
    "reference": (
        "organisations",
        "instrument",
        "scoring",
        "support",
        "tracks",
        "evidence",
        "services",
        "public-services",
        "standards",
        "publications",
        "vocabulary",
        "codelists",
        "recommended",
    ),
    "wave": ("context", "response", "codelists", "cube"),
    "local": ("response", "cube", "services"),
    "catalogue": ("catalogue",),
}


@lru_cache(maxsize=1)
def full_shapes() -> ShapeSet:
    """Return every shape, compiled once: for documents of any kind."""
    return ShapeSet.load(sorted({name for names in GATES.values() for name in names}))


@lru_cache(maxsize=1)
def wave_shapes() -> ShapeSet:
    """Return the shapes of a wave: its responses in context, its observations, their codes."""
    return ShapeSet.load(GATES["wave"])


@lru_cache(maxsize=1)
def local_shapes() -> ShapeSet:
    """Return the shapes of one record by itself (a response, a result), for acceptance."""
    return ShapeSet.load(GATES["local"])


@lru_cache(maxsize=1)
def reference_shapes() -> ShapeSet:
    """Return the shapes of reference data: organisations, instrument, services, vocabulary, …"""
    return ShapeSet.load(GATES["reference"])


@lru_cache(maxsize=1)
def catalogue_shapes() -> ShapeSet:
    """Return the shapes of our own catalogue (DCAT-AP-VL)."""
    return ShapeSet.load(GATES["catalogue"])


def validate_wave(triples: bytes) -> None:
    """Validate a wave with its context.

    Args:
        triples: N-Triples of the wave's graphs and of the reference graphs.

    Raises:
        ShapeViolation: with the results as members.
    """
    _refuse(wave_shapes().validate(triples))


def validate_catalogue(triples: bytes) -> None:
    """Validate the catalogue of a release: of the real and of the synthetic data together.

    Args:
        triples: N-Triples of the graph of the catalogue.

    Raises:
        ShapeViolation: with the results as members.
    """
    _refuse(catalogue_shapes().validate(triples))


def _refuse(report: Report) -> None:
    """Raise ShapeViolation unless the report conforms."""
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
