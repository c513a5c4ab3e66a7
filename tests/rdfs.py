"""RDFS entailment on a small graph, and what must not follow from it.

The rules are those of RDF Semantics 1.1 §9.2 that say something of data: rdfs2 (domain), rdfs3
(range), rdfs7 and rdfs5 (subproperties), rdfs9 and rdfs11 (subclasses).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node

Triple = tuple[Node, Node, Node]


def entail(graph: Graph) -> Graph:
    """Add to a graph all that follows from it by the rules, and return it."""
    above = _closed(graph.subject_objects(RDFS.subPropertyOf))
    for subject, predicate, value in list(graph):
        for wider in above[predicate]:
            graph.add((subject, wider, value))
    for triple in [row for rule in (_domains, _ranges) for row in rule(graph)]:
        graph.add(triple)
    wider_classes = _closed(graph.subject_objects(RDFS.subClassOf))
    for subject, kind in list(graph.subject_objects(RDF.type)):
        for wider in wider_classes[kind]:
            graph.add((subject, RDF.type, wider))
    return graph


def _domains(graph: Graph) -> Iterator[Triple]:
    for predicate, kind in graph.subject_objects(RDFS.domain):
        yield from ((subject, RDF.type, kind) for subject in graph.subjects(predicate))


def _ranges(graph: Graph) -> Iterator[Triple]:
    for predicate, kind in graph.subject_objects(RDFS.range):
        for value in graph.objects(None, predicate):
            if not isinstance(value, Literal):
                yield value, RDF.type, kind


def _closed(pairs: Iterable[tuple[Node, Node]]) -> Mapping[Node, set[Node]]:
    """Return what is above each node, however far."""
    above: dict[Node, set[Node]] = defaultdict(set)
    for low, high in pairs:
        above[low].add(high)
    for low in list(above):
        waiting = list(above[low])
        while waiting:
            fresh = above.get(waiting.pop(), set()) - above[low]
            above[low] |= fresh
            waiting += fresh
    return above


def clashes(graph: Graph, apart: Iterable[Iterable[URIRef]]) -> list[str]:
    """Return a line for each thing that is of two classes that are apart.

    Args:
        graph: an entailed graph; its own ``owl:disjointWith`` counts as well.
        apart: sets of classes of which a thing is one at most.
    """
    pairs = {frozenset(pair) for pair in graph.subject_objects(OWL.disjointWith)}
    for group in apart:
        members = list(group)
        pairs |= {frozenset((a, b)) for a in members for b in members if a != b}
    found = []
    for one, other in sorted(sorted(pair) for pair in pairs):
        both = set(graph.subjects(RDF.type, one)) & set(graph.subjects(RDF.type, other))
        found += [f"{thing} is both <{one}> and <{other}>" for thing in sorted(both)]
    return found


def double_terms(graph: Graph) -> list[str]:
    """Return a line for each term that is both a class and a property."""
    classes = {OWL.Class, RDFS.Class}
    properties = {RDF.Property, OWL.ObjectProperty, OWL.DatatypeProperty}
    return sorted(
        f"{term} is both a class and a property"
        for term in set(graph.subjects(RDF.type))
        if (kinds := set(graph.objects(term, RDF.type))) & classes and kinds & properties
    )
