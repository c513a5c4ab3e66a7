"""The shapes taken apart: which of them report, by which parameters, and which shapes they need."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from service import data_dir
from service.vocab import PREFIXES
from tests.shape_cases import Fault

IMSH = PREFIXES["imsh"]
NAMES = sorted(path.stem for path in data_dir("shapes").glob("*.ttl"))
TARGETS = tuple(
    SH[name] for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
)
# Each makes results by a component of its own.
JUDGING = frozenset(
    {"class", "datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive"}
    | {"maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "languageIn"}
    | {"uniqueLang", "equals", "disjoint", "lessThan", "lessThanOrEquals", "not", "and", "or"}
    | {"xone", "node", "qualifiedMinCount", "qualifiedMaxCount", "closed", "hasValue", "in"}
    | {"sparql"}
)
# Each only says more about one of those.
REFINING = frozenset(
    {"flags", "ignoredProperties", "qualifiedValueShape", "qualifiedValueShapesDisjoint"}
)
_WITH_SHAPES = ("property", "node", "not", "qualifiedValueShape")
_WITH_LISTS = ("and", "or", "xone")


class Parts:
    """What is in some shape files, seen as one graph.

    Shapes are named by their IRI; `local` gives the name that headings use.
    """

    def __init__(self, names: list[str]) -> None:
        self.graph = Graph()
        self.file: dict[URIRef, str] = {}
        for name in names:
            one = Graph().parse(data_dir("shapes") / f"{name}.ttl", format="turtle")
            self.graph += one
            for shape in one.subjects(RDF.type, unique=True):
                if isinstance(shape, URIRef):
                    self.file[shape] = name

    @cached_property
    def shapes(self) -> list[URIRef]:
        """Every node shape and property shape, by IRI."""
        kinds = (SH.NodeShape, SH.PropertyShape)
        found = {row for kind in kinds for row in self.graph.subjects(RDF.type, kind)}
        return sorted(row for row in found if isinstance(row, URIRef))

    @cached_property
    def owners(self) -> dict[URIRef, set[URIRef]]:
        """The node shapes with a target below which a shape reports, itself among them.

        A shape that is in none only helps another to judge (below ``sh:or``, ``sh:not``, …): it
        makes no result of its own.
        """
        found: dict[URIRef, set[URIRef]] = {}
        for top in self.shapes:
            if any((top, target, None) in self.graph for target in TARGETS):
                stack = [top]
                while stack:
                    shape = stack.pop()
                    if top not in found.setdefault(shape, set()):
                        found[shape].add(top)
                        stack += self._named(shape, "property")
        return found

    def named(self, name: str) -> URIRef:
        """Return the shape of this local name.

        Raises:
            KeyError: there is none.
        """
        shape = URIRef(IMSH + name)
        if shape not in self.file:
            raise KeyError(name)
        return shape

    def parameters(self, shape: URIRef, among: frozenset[str] = JUDGING) -> list[str]:
        """Return the parameters of constraints that a shape states, by local name."""
        stated = {
            str(row).removeprefix(str(SH)) for row in self.graph.predicates(shape, unique=True)
        }
        closed = (shape, SH.closed, Literal(True)) in self.graph
        return sorted(row for row in stated & among if row != "closed" or closed)

    def faults(self, file: str) -> list[Fault]:
        """Return each constraint of one file that can make a result, as a heading names it."""
        return [
            Fault(local(shape), parameter)
            for shape in self.shapes
            if self.file[shape] == file and shape in self.owners
            for parameter in self.parameters(shape)
        ]

    def severity(self, shape: URIRef) -> str:
        """Return the severity that results of a shape have: Violation where it says none."""
        stated = self.graph.value(shape, SH.severity)
        return str(stated or SH.Violation).removeprefix(str(SH))

    def needed_by(self, shape: URIRef) -> Iterator[URIRef]:
        """Yield the shapes that a shape refers to, one step away."""
        for name in _WITH_SHAPES:
            yield from self._named(shape, name)
        for name in _WITH_LISTS:
            for head in self.graph.objects(shape, SH[name]):
                yield from (row for row in self.graph.items(head) if isinstance(row, URIRef))

    def tops_of(self, shape: URIRef) -> set[URIRef]:
        """Return the node shapes with a target whose outcome depends on a shape."""
        found: set[URIRef] = set()
        stack = [shape]
        while stack:
            row = stack.pop()
            if row not in found:
                found.add(row)
                stack += self._users.get(row, ())
        return {row for row in found if row in self.owners and row in self.owners[row]}

    def bound_to(self, shape: URIRef) -> set[URIRef]:
        """Return node shapes with a target that, together, no change of a shape reaches beyond.

        They are those whose outcome depends on it, and those that share a part with one of them.
        """
        found: set[URIRef] = set()
        more = self.tops_of(shape)
        while more:
            found |= more
            parts = {row for row in self.extract(found).subjects() if row in self.owners}
            more = set().union(*(self.owners[row] for row in parts)) - found
        return found

    def extract(self, tops: set[URIRef]) -> Graph:
        """Return the node shapes ``tops`` with all they need, as a graph by itself."""
        found = Graph()
        stack: list[Node] = list(tops)
        seen: set[Node] = set()
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            for predicate, value in self.graph.predicate_objects(node):
                found.add((node, predicate, value))
                if predicate != RDF.type and (value, None, None) in self.graph:
                    stack.append(value)
        return found

    @cached_property
    def _users(self) -> dict[URIRef, set[URIRef]]:
        found: dict[URIRef, set[URIRef]] = {}
        for shape in self.shapes:
            for needed in self.needed_by(shape):
                found.setdefault(needed, set()).add(shape)
        return found

    def _named(self, shape: URIRef, parameter: str) -> list[URIRef]:
        return [row for row in self.graph.objects(shape, SH[parameter]) if isinstance(row, URIRef)]


def local(shape: str) -> str:
    """Return the local name of a shape."""
    return shape.removeprefix(IMSH)
