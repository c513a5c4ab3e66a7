"""Validation by pySHACL, the reference engine, in the form that `service.shapes` gives."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pyshacl
import rdflib
from rdflib import RDF, SH, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result as Answer
from rdflib.term import BNode, Node

from service import data_dir
from service.shapes import Report
from tests.shape_parts import TARGETS, Parts

Found = tuple[str, str, str, str, str, str]
BLANK = "_:"
_MADE_OF_STEPS = frozenset("<>")  # in a path that is no single IRI; a blank node to pySHACL


class Reference:
    """pySHACL with the shapes of some files; they are read once."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parts = Parts(sorted(names))
        self._prefixes = Graph().parse(data_dir("ontology") / "prefixes.ttl", format="turtle")
        self._whole = self._with_prefixes(self.parts.graph + Graph())
        self._extracts: dict[frozenset[URIRef], Graph] = {}

    def validate(self, ntriples: bytes) -> set[Found]:
        """Return (focus, path, value, component, severity, shape) of each result."""
        return _run(ntriples, self._whole)

    def validate_touched(self, ntriples: bytes, part: bytes) -> set[Found]:
        """Validate all of the data, but only by the node shapes that have a target in ``part``.

        A result that another shape would give is missing here, and so differs from what a full
        run of the other engine finds: what is left out cannot hide a disagreement.
        """
        tops = frozenset(self._touched(Graph().parse(data=part, format="nt")))
        if tops not in self._extracts:
            self._extracts[tops] = self._with_prefixes(self.parts.extract(set(tops)))
        return _run(ntriples, self._extracts[tops])

    def _with_prefixes(self, shapes: Graph) -> Graph:
        """Add the prefixes that the queries use: pySHACL reads all there are for each focus."""
        queries = " ".join(map(str, shapes.objects(None, SH.select)))
        for row, prefix in self._prefixes.subject_objects(SH.prefix):
            if f"{prefix}:" in queries:
                shapes += self._prefixes.triples((row, None, None))
                shapes += self._prefixes.triples((None, SH.declare, row))
        return shapes

    def _touched(self, part: Graph) -> Iterator[URIRef]:
        classes: set[Node] = set(part.objects(None, RDF.type))
        subjects: set[Node] = set(part.subjects())
        properties: set[Node] = set(part.predicates())
        for target, nodes in zip(TARGETS, (classes, subjects, properties, properties), strict=True):
            for shape, value in self.parts.graph.subject_objects(target):
                if value in nodes and isinstance(shape, URIRef):
                    yield shape


def agreed(report: Report) -> set[Found]:
    """Return the results of `service.shapes` in the form of this module."""
    return {
        (
            _nameless(row.focus),
            BLANK if _MADE_OF_STEPS & set(row.path) else row.path,
            BLANK if row.value_term.startswith(BLANK) else row.value,
            row.component,
            row.severity,
            row.shape,
        )
        for row in report.results
    }


class _Data(Graph):
    """A graph that parses the text of a query once: pySHACL asks the same for each focus node."""

    def query(self, query_object: str | Query, *args: Any, **kwargs: Any) -> Answer:
        """Answer a query (`rdflib.Graph.query`)."""
        return super().query(_prepared(str(query_object)), *args, **kwargs)


@cache
def _prepared(query: str) -> Query:
    return prepareQuery(query)


def _run(ntriples: bytes, shapes: Graph) -> set[Found]:
    with _as_written():
        data = _Data(bind_namespaces="none").parse(data=ntriples, format="nt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pySHACL and rdflib among themselves
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inplace=True)
    return set(_results(report))


@contextmanager
def _as_written() -> Iterator[None]:
    """Let rdflib keep the text of literals: a report names a value as it stands in the data."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _results(report: Graph) -> Iterator[Found]:
    for result in report.objects(None, SH.result):
        yield (
            _text(report.value(result, SH.focusNode)),
            _text(report.value(result, SH.resultPath)),
            _text(report.value(result, SH.value)),
            _text(report.value(result, SH.sourceConstraintComponent)).rpartition("#")[2],
            _text(report.value(result, SH.resultSeverity)).rpartition("#")[2],
            _text(report.value(result, SH.sourceShape)),
        )


def _text(node: Node | None) -> str:
    return BLANK if isinstance(node, BNode) else "" if node is None else str(node)


def _nameless(plain: str) -> str:
    """Return a term without the label of a blank node, which each engine makes up."""
    return BLANK if plain.startswith(BLANK) else plain
