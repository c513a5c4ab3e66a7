"""What a dump of LBLOD says of each administrative unit, read as a stream."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loaders import Finding
from loaders.facts_tables import IRI, Layout, choice, text
from loaders.findings import Place
from loaders.turtle import Document
from service.vocab import expand

_PREDICATES = {
    "rdf:type": "type",
    "skos:prefLabel": "name",
    "dct:identifier": "identifier",
    "besluit:classificatie": "class",
    "besluit:werkingsgebied": "area",
    "prov:wasDerivedFrom": "predecessor",
}
# A subject at the start of a line, in full or with a prefix; LBLOD names end in a hash or a UUID.
_SUBJECT = re.compile(rb"(?:<[^>\s]*/|[\w.-]*:)([0-9A-Za-z-]{12,})>?\s")


@dataclass(frozen=True)
class MappingRow:
    """A name of LBLOD that is in no vocabulary of ours: a predicate, a province or its area."""

    kind: str
    name: str
    iri: str
    source: str
    line: int


MAPPING = Layout(
    "lblod.csv",
    MappingRow,
    {
        "kind": choice("predicate", "province", "province-area"),
        "name": text(),
        "iri": IRI,
        "source": text(),
    },
)


@dataclass
class Unit:
    """What a dump says of one subject: field → values, and where it begins."""

    iri: str
    values: dict[str, set[str]] = field(default_factory=dict)
    place: Place = field(default_factory=Place)

    def all(self, name: str) -> list[str]:
        """Return the values of a field in alphabetical order."""
        return sorted(self.values.get(name, ()))

    def first(self, name: str) -> str:
        """Return the first value of a field, or the empty text."""
        return next(iter(self.all(name)), "")

    @property
    def name(self) -> str:
        """The unit's name as it stands there, or the last part of its IRI."""
        return self.first("name") or self.iri.rpartition("/")[2]


@dataclass
class Dump:
    """The units of one or more files."""

    units: dict[str, Unit] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    count: int = 0

    def read(self, path: Path, mapping: Sequence[MappingRow]) -> None:
        """Take in one file; a file with findings says nothing that can be used."""
        document = Document.at(path)
        self._add(document, mapping)
        self.findings.extend(document.findings)
        self.count += document.count
        if not document.findings:
            self._locate(path)

    def _add(self, document: Document, mapping: Sequence[MappingRow]) -> None:
        """Keep the predicates that matter here."""
        fields = {expand(predicate): name for predicate, name in _PREDICATES.items()}
        fields |= {row.iri: row.name for row in mapping if row.kind == "predicate"}
        provinces = {row.iri: row.name for row in mapping if row.kind == "province"}
        part_of = expand("org:hasSubOrganization")
        for statement in document:
            subject, predicate = statement.subject.value, statement.predicate.value
            value = statement.object.value
            if predicate == part_of and subject in provinces:
                self._keep(value, "parent-province", provinces[subject])
            elif predicate in fields:
                self._keep(subject, fields[predicate], value)

    def _keep(self, iri: str, name: str, value: str) -> None:
        unit = self.units.setdefault(iri, Unit(iri))
        unit.values.setdefault(name, set()).add(value)

    def _locate(self, path: Path) -> None:
        """Find the line on which each unit begins; the parser does not tell."""
        lines: dict[str, int] = {}
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if match := _SUBJECT.match(line):
                    lines.setdefault(match[1].decode(), number)
        for unit in self.units.values():
            if not unit.place.file:
                line_of = lines.get(unit.iri.rpartition("/")[2])
                unit.place = Place(path.name, line_of, record=unit.iri)
