"""Probes: shapes turned into ones that report whatever they are given to judge."""

from __future__ import annotations

from rdflib import RDF, SH, Graph, Literal, URIRef

from service.shapes import ShapeSet
from tests.shape_parts import JUDGING, REFINING, Parts


class Probes:
    """The shapes of one file that report, each with a single constraint that every value trips.

    A property shape then has a result for each focus node that has a value on its path; a node
    shape, and one that allows no value at all (``sh:maxCount 0``), for each focus node.
    """

    def __init__(self, parts: Parts, file: str) -> None:
        self.shapes = [
            row for row in parts.owners if parts.file[row] == file and parts.parameters(row)
        ]
        tops = set().union(*(parts.owners[row] for row in self.shapes))
        graph = parts.extract(tops)
        wanted = set(self.shapes)
        for shape in parts.shapes:
            if (shape, RDF.type, None) not in graph:
                continue
            for name in JUDGING | REFINING:
                graph.remove((shape, SH[name], None))
            graph.remove((shape, SH.message, None))
            graph.remove((shape, SH.severity, None))
            if shape in wanted:
                _report_always(parts, shape, graph)
        self._set = ShapeSet(graph.serialize(format="turtle")) if self.shapes else None

    def found(self, ntriples: bytes) -> set[tuple[URIRef, str]]:
        """Return (shape, focus node) of what the shapes have to judge in these data."""
        if self._set is None:
            return set()
        rows = self._set.validate(ntriples).results
        return {(URIRef(row.shape), row.focus) for row in rows}


def _report_always(parts: Parts, shape: URIRef, graph: Graph) -> None:
    property_shape = (shape, SH.path, None) in parts.graph
    forbids = (shape, SH.maxCount, Literal(0)) in parts.graph
    if property_shape and forbids:
        graph.add((shape, SH.minCount, Literal(1)))
    elif property_shape:
        graph.add((shape, SH.maxCount, Literal(0)))
    else:
        graph.add((shape, SH["in"], RDF.nil))
