"""Shapes as they are told on pages: which things they are about and what they ask of them.

SHACL nests lists and paths in blank nodes, so the statements are read as a whole and walked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from service.vocab import PREFIXES, curie, expand
from service.web.site import Row, Term

_SH, _RDF = PREFIXES["sh"], PREFIXES["rdf"]
_SHAPES = PREFIXES["imsh"]
_FIRST, _REST = f"{_RDF}first", f"{_RDF}rest"
_TYPE = f"{_RDF}type"
_TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
# What is not a constraint: told apart, or for machines only.
_ASIDE = (
    *_TARGETS, "path", "message", "severity", "property", "sparql", "order", "name", "description",
    "group", "deactivated",
)  # fmt: skip
_NESTING = ("and", "node", "not", "or", "qualifiedValueShape", "xone")
_MARKS = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}

Statements = Mapping[str, Mapping[str, list[Term]]]


@dataclass(frozen=True)
class Rule:
    """A shape: a property shape when it has a ``path``, else a node shape.

    ``constraints`` are parameter and values, in the order of the parameter's name; a list is given
    member by member. ``queries`` are name and text of SPARQL constraints. ``targets`` are kind
    ("targetClass") and IRI. ``inner`` are the shapes that a constraint names, by IRI.
    """

    iri: str
    file: str
    path: str = ""
    predicate: str = ""
    constraints: tuple[tuple[str, tuple[Term, ...]], ...] = ()
    messages: Mapping[str, str] = field(default_factory=dict)
    severity: str = "Violation"
    queries: tuple[tuple[str, str], ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    properties: tuple[Rule, ...] = ()
    inner: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The local name, which is the anchor on the page."""
        return self.iri.removeprefix(_SHAPES)

    def value(self, parameter: str) -> str:
        """Return the first value of a parameter as text, empty without one."""
        return next((str(row[0]) for name, row in self.constraints if name == parameter), "")

    @property
    def rows(self) -> list[tuple[Rule, Rule]]:
        """The rules about properties, each after the shape that it is part of, nested ones too."""
        return [row for rule in self.properties for row in ((self, rule), *rule.rows)]

    @property
    def classes(self) -> list[str]:
        """The classes whose things it is about."""
        return [iri for kind, iri in self.targets if kind == "targetClass"]


@dataclass(frozen=True)
class Rulebook:
    """All shapes: ``sections`` are those that stand by themselves, in the order of their file."""

    sections: tuple[Rule, ...]

    @classmethod
    def read(cls, rows: Iterable[tuple[str, Row]]) -> Rulebook:
        """Read the statements of the shapes, each with the name of its file."""
        said: dict[str, dict[str, list[Term]]] = {}
        files: dict[str, str] = {}
        for file, row in rows:
            subject = said.setdefault(str(row["subject"]), {})
            subject.setdefault(str(row["property"]), []).append(row["value"])
            files[str(row["subject"])] = file
        return cls(tuple(_Reader(said, files).sections()))

    def of_class(self, iri: str) -> list[Rule]:
        """Return the shapes about the things of a class."""
        return [row for row in self.sections if iri in row.classes]

    def of_property(self, iri: str) -> list[tuple[Rule, Rule]]:
        """Return the shapes about a property, each after the shape that it is part of."""
        return [
            (section, rule)
            for section in self.sections
            for _, rule in section.rows or [(section, section)]
            if rule.predicate == iri
        ]


class _Reader:
    """Makes rules from statements."""

    def __init__(self, said: Statements, files: Mapping[str, str]) -> None:
        self._said = said
        self._files = files

    def sections(self) -> Iterator[Rule]:
        """Yield the node shapes, and property shapes that are part of none."""
        kinds = {expand("sh:NodeShape"), expand("sh:PropertyShape")}
        part = {
            str(value) for facts in self._said.values() for value in facts.get(f"{_SH}property", ())
        }
        shapes = [
            name
            for name, facts in self._said.items()
            if kinds & {str(kind) for kind in facts.get(_TYPE, ())} and name not in part
        ]
        rules = [self._rule(name) for name in shapes]
        yield from sorted(rules, key=lambda rule: (rule.file, not rule.targets, rule.iri))

    def _rule(self, name: str) -> Rule:
        facts = self._said.get(name, {})
        paths = facts.get(f"{_SH}path", [])
        severity = [str(row) for row in facts.get(f"{_SH}severity", ())]
        parts = sorted({str(row) for row in facts.get(f"{_SH}property", ())})
        constraints = tuple(self._constraints(facts))
        inner = {str(row) for kind, rows in constraints if kind in _NESTING for row in rows}
        return Rule(
            iri=name,
            file=self._files.get(name, ""),
            path=self._path(paths[0]) if paths else "",
            predicate=str(paths[0]) if paths and paths[0].kind == "uri" else "",
            constraints=constraints,
            messages={row.lang: row.value for row in facts.get(f"{_SH}message", ())},
            severity=severity[0].removeprefix(_SH) if severity else "Violation",
            queries=tuple(self._queries(facts)),
            targets=tuple(
                (kind, str(row)) for kind in _TARGETS for row in facts.get(_SH + kind, ())
            ),
            properties=tuple(sorted((self._rule(part) for part in parts), key=_place)),
            inner={other: self._rule(other) for other in sorted(inner)},
        )

    def _constraints(
        self, facts: Mapping[str, list[Term]]
    ) -> Iterator[tuple[str, tuple[Term, ...]]]:
        for predicate in sorted(facts):
            name = predicate.removeprefix(_SH)
            if predicate.startswith(_SH) and name not in _ASIDE:
                for value in facts[predicate]:
                    yield name, tuple(self._members(value))

    def _queries(self, facts: Mapping[str, list[Term]]) -> Iterator[tuple[str, str]]:
        for constraint in facts.get(f"{_SH}sparql", ()):
            for text in self._said.get(str(constraint), {}).get(f"{_SH}select", ()):
                yield str(constraint).removeprefix(_SHAPES), _outdented(text.value)

    def _members(self, value: Term) -> Iterator[Term]:
        """Yield the members of a list; anything else is itself."""
        facts = self._said.get(str(value), {})
        if value.kind == "uri" and str(value) == f"{_RDF}nil":
            return
        if value.kind != "bnode" or _FIRST not in facts:
            yield value
            return
        yield facts[_FIRST][0]
        yield from self._members(facts[_REST][0])

    def _path(self, value: Term) -> str:
        """Return a property path as SPARQL writes it."""
        if value.kind == "uri":
            return curie(str(value))
        facts = self._said[str(value)]
        if _FIRST in facts:
            return "/".join(self._path(row) for row in self._members(value))
        if inverse := facts.get(f"{_SH}inversePath"):
            return f"^{self._path(inverse[0])}"
        if ways := facts.get(f"{_SH}alternativePath"):
            return "|".join(self._path(row) for row in self._members(ways[0]))
        kind, mark = next(row for row in _MARKS.items() if _SH + row[0] in facts)
        return f"({self._path(facts[_SH + kind][0])}){mark}"


def _place(rule: Rule) -> tuple[str, bool, str]:
    """Return where a rule stands: beside those on its path, first the one that counts."""
    return rule.path, not (rule.value("minCount") or rule.value("maxCount")), rule.iri


def _outdented(text: str) -> str:
    """Return a query whose later lines lose the indent that they share."""
    first, *rest = text.strip().splitlines()
    indents = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    cut = min(indents, default=0)
    return "\n".join([first, *(line[cut:] for line in rest)])
