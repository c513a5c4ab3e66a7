"""The cases of the shapes: small pieces of Turtle, each with a heading that says what must follow.

A file of ``tests/data/shapes/cases`` is named after a node shape and made of sections::

    # One line: what this file tries.
    ### valid a joint response
    <id/voorbeeld/x> a imon:Track ; …
    ### Track-partner minCount (no partner)
    <id/voorbeeld/x> a imon:Track ; …

Beside ``tests/data/shapes/context.ttl`` a section that begins with ``valid`` gives no result.
Any other gives results of the shape it names by the component of the parameter it names, and of no
other. Where shapes of two files must refuse the same value, for each is a gate of its own, the
heading names both: ``Response-answer nodeKind + Response-answersExist class``.

Prefixes of ``ontology/prefixes.ttl`` hold in every section; relative IRIs resolve against `BASE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyoxigraph import RdfFormat, Triple, parse, serialize

from service.shapes import Report
from service.vocab import PREFIXES

BASE = "http://localhost:8000/"
DATA = Path(__file__).parent / "data" / "shapes"
CASES = DATA / "cases"
# One line, so that the line numbers of a fault are those of the section plus one.
_PRELUDE = " ".join(f"@prefix {name}: <{iri}> ." for name, iri in PREFIXES.items()) + "\n"
_HEADING = re.compile(r"^###\s+(.*\S)\s*$")
_FAULT = re.compile(r"^([\w-]+)\s+([A-Za-z]+)$")
_NOT_BY_NAME = {"sparql": "SPARQLConstraintComponent"}


class CaseError(ValueError):
    """A file of cases is not in the form that this module reads."""


@dataclass(frozen=True, order=True)
class Fault:
    """What a section trips: a shape, by local name, and the parameter of one of its constraints."""

    shape: str
    parameter: str

    @property
    def component(self) -> str:
        """The local name of the constraint component (SHACL §4), as reports give it."""
        by_rule = f"{self.parameter[0].upper()}{self.parameter[1:]}ConstraintComponent"
        return _NOT_BY_NAME.get(self.parameter, by_rule)

    def __str__(self) -> str:
        """Return the words of a heading."""
        return f"{self.shape} {self.parameter}"


@dataclass(frozen=True)
class Section:
    """One case: ``line`` is where its heading stands, ``faults`` is empty when it is valid."""

    path: Path
    line: int
    heading: str
    faults: tuple[Fault, ...]
    turtle: str

    @property
    def place(self) -> str:
        """The file, line and heading, to name the section in a message."""
        return f"{self.path.name}:{self.line} {self.heading}"

    @cached_property
    def triples(self) -> bytes:
        """The triples of the section as N-Triples.

        Raises:
            CaseError: the Turtle does not parse, or says nothing.
        """
        return serialize(self.parsed, format=RdfFormat.N_TRIPLES)

    def apart(self, known: frozenset[str]) -> bytes:
        """Return the triples with subjects of their own, to be checked with other sections.

        ``known`` are subjects that keep their name, as N-Triples terms: those of the small world.
        """
        own = {str(row.subject) for row in self.parsed} - known
        lines = self.triples.decode()
        for term in sorted(own, key=len, reverse=True):
            lines = lines.replace(term, f"{term[:-1]}-{self.line}>" if term[0] == "<" else term)
        return lines.encode()

    @cached_property
    def parsed(self) -> tuple[Triple, ...]:
        """The triples of the section; blank nodes have labels that no other section has.

        Raises:
            CaseError: the Turtle does not parse, or says nothing.
        """
        found = read_turtle(self.turtle, self.path, self.line)
        if not found:
            raise CaseError(f"{self.place}: there is no triple below this heading")
        return found


def read_turtle(turtle: str, path: Path, above: int = 0) -> tuple[Triple, ...]:
    """Read Turtle that may use every prefix of the table; ``above`` counts the lines before it.

    Raises:
        CaseError: it does not parse; the message names the line in the file.
    """
    try:
        rows = parse(
            input=(_PRELUDE + turtle).encode(),
            format=RdfFormat.TURTLE,
            base_iri=BASE,
            rename_blank_nodes=True,
        )
        return tuple(quad.triple for quad in rows)
    except SyntaxError as error:
        line = above + (error.lineno or 2) - 1
        raise CaseError(f"{path.name}:{line}: no Turtle: {error.msg}") from error


def world() -> bytes:
    """Return the small world beside which each section is checked, as N-Triples."""
    path = DATA / "context.ttl"
    return serialize(read_turtle(path.read_text("utf-8"), path), format=RdfFormat.N_TRIPLES)


def case_files() -> list[Path]:
    """Return the files of cases, by name."""
    return sorted(CASES.glob("*.ttl"))


def read_cases(path: Path) -> list[Section]:
    """Read the sections of one file; the Turtle in them is parsed when it is asked for.

    Raises:
        CaseError: no remark above the first heading, a heading that says neither ``valid <words>``
            nor shapes and parameters, or one that stands twice.
    """
    lines = path.read_text("utf-8").splitlines()
    if not lines or not re.match(r"^#\s+\S", lines[0]):
        raise CaseError(f"{path.name}:1: begin with one line '# …' that says what this file tries")
    starts = [number for number, line in enumerate(lines) if line.startswith("###")]
    first = starts[0] if starts else len(lines)
    for number, line in enumerate(lines[:first], start=1):
        if line and not line.startswith("#"):
            raise CaseError(f"{path.name}:{number}: write a heading '### …' above this")
    if not starts:
        raise CaseError(f"{path.name}: there is no section ('### …')")
    ends = [*starts[1:], len(lines)]
    sections = [_section(path, lines, start, end) for start, end in zip(starts, ends, strict=True)]
    seen: dict[str, int] = {}
    for row in sections:
        if row.heading in seen:
            raise CaseError(
                f"{row.place}: the heading stands on line {seen[row.heading]} too; "
                "tell them apart by words in parentheses"
            )
        seen[row.heading] = row.line
    return sections


def _section(path: Path, lines: list[str], start: int, end: int) -> Section:
    place = f"{path.name}:{start + 1}"
    match = _HEADING.match(lines[start])
    if match is None:
        raise CaseError(f"{place}: an empty heading")
    heading = match[1]
    turtle = "\n".join(lines[start + 1 : end])
    return Section(path, start + 1, heading, tuple(_faults(heading, place)), turtle)


def _faults(heading: str, place: str) -> Iterator[Fault]:
    if re.match(r"^valid\s+\S", heading):
        return
    for part in re.sub(r"\s*\(.*\)$", "", heading).split(" + "):
        match = _FAULT.match(part.strip())
        if match is None or match[1] == "valid":
            raise CaseError(
                f"{place}: the heading {heading!r} is neither 'valid <words>' "
                "nor '<shape> <parameter>', with words in parentheses after it if you wish"
            )
        yield Fault(match[1], match[2])


def outcome(section: Section) -> set[tuple[str, str]]:
    """Return what the heading says: (local name of a shape, component) of the results."""
    return {(fault.shape, fault.component) for fault in section.faults}


def outcome_of(report: Report) -> set[tuple[str, str]]:
    """Return what a report says, in the form of `outcome`."""
    return {(row.shape.removeprefix(PREFIXES["imsh"]), row.component) for row in report.results}
