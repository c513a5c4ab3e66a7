"""Mutants of the shapes: each lacks one thing, and some section must tell that it is gone.

A mutant lacks a property shape (all it says, and the links to it) or one value of one parameter of
one constraint. What does not depend on the shape gives the same results as before, so a mutant is
compiled and run with the node shapes that do, and a section is judged by their part of its heading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

from service import data_dir
from service.shapes import ShapeSet
from tests.shape_cases import Section, outcome, outcome_of
from tests.shape_parts import JUDGING, REFINING, Parts, local


@dataclass(frozen=True)
class Mutant:
    """Shapes that lack ``lost`` of one shape: a parameter and its value, or all of it."""

    shape: str
    lost: str
    scope: frozenset[str]
    graph: Graph

    @property
    def name(self) -> str:
        """The shape and what it lost, for a message."""
        return f"{self.shape} without {self.lost or 'itself'}"


def mutants(parts: Parts, file: str) -> Iterator[Mutant]:
    """Yield the mutants of the shapes of one file."""
    for shape in parts.shapes:
        if parts.file[shape] != file:
            continue
        tops = parts.bound_to(shape)
        graph = parts.extract(tops)
        scope = frozenset(local(row) for row in graph.subjects() if isinstance(row, URIRef))
        if (shape, SH.path, None) in graph:
            yield Mutant(local(shape), "", scope, _without(graph, shape))
        for parameter in parts.parameters(shape, JUDGING | REFINING):
            for value in sorted(graph.objects(shape, SH[parameter])):
                rest = _copy(graph)
                rest.remove((shape, SH[parameter], value))
                lost = f"{parameter} {local(str(value))}" if parameter == "sparql" else parameter
                yield Mutant(local(shape), lost, scope, rest)


def killer(mutant: Mutant, sections: Sequence[Section], beside: bytes) -> Section | None:
    """Return a section that no longer gives what its heading says, None when there is none.

    Sections that name the shape are tried first. ``beside`` is the small world.
    """
    shapes = ShapeSet(mutant.graph.serialize(format="nt") + _prefixes())
    first = [row for row in sections if any(fault.shape == mutant.shape for fault in row.faults)]
    named = {row.path for row in first}
    near = [row for row in sections if row not in first and row.path in named]
    rest = [row for row in sections if row.path not in named]
    for row in (*first, *near, *rest):
        found = outcome_of(shapes.validate(beside + row.triples))
        if found != {pair for pair in outcome(row) if pair[0] in mutant.scope}:
            return row
    return None


def _prefixes() -> str:
    return (data_dir("ontology") / "prefixes.ttl").read_text("utf-8")


def _without(graph: Graph, shape: Node) -> Graph:
    """Return the graph without a shape, the links to it and its places in lists."""
    rest = _copy(graph)
    for cell in list(rest.subjects(RDF.first, shape)):
        following = rest.value(cell, RDF.rest) or RDF.nil
        for subject, predicate in list(rest.subject_predicates(cell)):
            rest.add((subject, predicate, following))
        rest.remove((None, None, cell))
        rest.remove((cell, None, None))
    rest.remove((shape, None, None))
    rest.remove((None, None, shape))
    return rest


def _copy(graph: Graph) -> Graph:
    copy = Graph()
    copy += graph
    return copy
