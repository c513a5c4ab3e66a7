"""Cubes by cube.link as a client reads them, and an observation broken in each way there is."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyshacl
from pyoxigraph import NamedNode, RdfFormat, Store, parse
from rdflib import SH, Graph, URIRef
from rdflib.collection import Collection

from service.shapes import ShapeSet
from service.vocab import expand

Observation = dict[str, frozenset[str]]  # property → values as N-Triples terms
Finding = tuple[str, str, str]  # focus node, shape, component

TYPE, OBSERVED_BY = expand("rdf:type"), expand("cube:observedBy")
MEMBER, UNDEFINED = expand("cube:observation"), expand("cube:Undefined")
OTHER_IRI, OTHER_TEXT = "<http://example.org/other>", '"other"'


def grouped(body: bytes) -> dict[str, Observation]:
    """Return the subjects of N-Triples with their properties and values."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in parse(body, RdfFormat.N_TRIPLES):
        found[_name(row.subject)][row.predicate.value].add(str(row.object))
    return {
        subject: {name: frozenset(values) for name, values in row.items()}
        for subject, row in found.items()
    }


def _name(node: object) -> str:
    assert isinstance(node, NamedNode), node
    return node.value


def observations(body: bytes) -> dict[str, Observation]:
    """Return the observations of a view in N-Triples."""
    kind = f"<{expand('cube:Observation')}>"
    return {name: row for name, row in grouped(body).items() if kind in row.get(TYPE, ())}


def of_data_cube(store: Store, dataset: str) -> dict[str, Observation]:
    """Return the observations of a ``qb:DataSet`` without their type and dataset."""
    link = NamedNode(expand("qb:dataSet"))
    found: dict[str, Observation] = {}
    for member in store.quads_for_pattern(None, link, NamedNode(dataset), None):
        values: dict[str, set[str]] = defaultdict(set)
        for row in store.quads_for_pattern(member.subject, None, None, None):
            if row.predicate.value not in (TYPE, link.value):
                values[row.predicate.value].add(str(row.object))
        found[_name(member.subject)] = {name: frozenset(row) for name, row in values.items()}
    return found


def without_view(found: Mapping[str, Observation]) -> dict[str, Observation]:
    """Return observations of a view without what the view adds: type, agent, "undefined"."""
    return {
        name: {
            key: values
            for key, values in row.items()
            if key not in (TYPE, OBSERVED_BY) and not any(UNDEFINED in value for value in values)
        }
        for name, row in found.items()
    }


def lines(name: str, row: Observation) -> str:
    """Return an observation as N-Triples."""
    return "".join(
        f"<{name}> <{key}> {value} .\n" for key, values in row.items() for value in values
    )


@dataclass(frozen=True)
class Shape:
    """A property shape: its IRI, its path, and parameter → values as N-Triples terms."""

    iri: str
    path: str
    parameters: Mapping[str, tuple[str, ...]]


class Constraint:
    """The constraint of a cube, read from the N-Triples of its description."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.graph = Graph().parse(data=body, format="nt")
        (self.iri,) = map(
            str, self.graph.objects(None, URIRef(expand("cube:observationConstraint")))
        )

    @property
    def shapes(self) -> list[Shape]:
        """Its property shapes, by IRI."""
        found = map(str, self.graph.objects(URIRef(self.iri), SH.property))
        return [self._shape(URIRef(node)) for node in sorted(found)]

    def _shape(self, node: URIRef) -> Shape:
        parameters: dict[str, tuple[str, ...]] = {}
        for name in ("minCount", "maxCount", "nodeKind", "datatype", "in", "or"):
            value = self.graph.value(node, SH[name])
            if value is not None and name in ("in", "or"):
                parameters[name] = tuple(row.n3() for row in Collection(self.graph, value))
            elif value is not None:
                parameters[name] = (value.n3(),)
        return Shape(str(node), str(self.graph.value(node, SH.path)), parameters)

    def ignored(self) -> set[str]:
        """Return the properties that it does not look at."""
        head = self.graph.value(URIRef(self.iri), SH.ignoredProperties)
        return set() if head is None else {str(row) for row in Collection(self.graph, head)}

    def found(self, data: str, nodes: Iterable[str] = ()) -> set[Finding]:
        """Return what the engine of the service finds, on ``nodes`` or on every observation."""
        report = ShapeSet(self.body.decode() + self._target(nodes)).validate(data.encode())
        return {(row.focus, row.shape, row.component) for row in report.results}

    def found_by_reference(self, data: str, nodes: Iterable[str] = ()) -> set[Finding]:
        """Return what pySHACL finds."""
        shapes = Graph().parse(data=self.body.decode() + self._target(nodes), format="nt")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pySHACL and rdflib among themselves
            _, report, _ = pyshacl.validate(
                Graph().parse(data=data, format="nt"), shacl_graph=shapes, inplace=True
            )
        return set(_findings(report))

    def _target(self, nodes: Iterable[str]) -> str:
        """Return target triples: cube.link leaves it to who validates what a constraint is for."""
        found = [f"<{SH.targetNode}> <{node}>" for node in nodes]
        found = found or [f"<{SH.targetClass}> <{expand('cube:Observation')}>"]
        return "".join(f"<{self.iri}> {row} .\n" for row in found)


def _findings(report: Graph) -> Iterator[Finding]:
    for row in report.objects(None, SH.result):
        component = str(report.value(row, SH.sourceConstraintComponent)).rpartition("#")[2]
        yield (
            str(report.value(row, SH.focusNode)),
            str(report.value(row, SH.sourceShape)),
            component,
        )


def broken(shape: Shape, row: Observation) -> Iterator[tuple[str, Observation]]:
    """Yield, for each rule of a shape, its component and the observation broken in that way."""
    values, allowed = row[shape.path], shape.parameters.get("in", ())
    literal = shape.parameters["nodeKind"] == (f"<{SH.Literal}>",)
    datatype = shape.parameters.get("datatype", ("",))[0]
    yield "MinCount", {key: value for key, value in row.items() if key != shape.path}
    more = f'"7"^^{datatype}' if literal else next((v for v in allowed if v not in values), "")
    yield "MaxCount", {**row, shape.path: values | {more or OTHER_IRI}}
    other = OTHER_IRI if literal else OTHER_TEXT
    yield "NodeKind", {**row, shape.path: frozenset({other})}
    if datatype:
        yield "Datatype", {**row, shape.path: frozenset({OTHER_TEXT})}
    if allowed:
        yield "In", {**row, shape.path: frozenset({OTHER_IRI})}
