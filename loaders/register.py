"""The register of bodies as our tables hold it: typed rows, look-ups, and checks across tables."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from loaders.facts_tables import (
    IRI,
    KBO,
    NIS,
    OVO,
    Field,
    Layout,
    Tables,
    choice,
    day,
    number,
    several,
    text,
    whole,
)
from loaders.identifiers import PROVINCES

GEMEENTE, OCMW = "gemeente", "ocmw"
CLASSES = (GEMEENTE, OCMW)


@dataclass(frozen=True)
class BodyRow:
    """A body; ``classification`` is one of `CLASSES`, the counterpart its OCMW or gemeente."""

    iri: str
    classification: str
    kbo: str
    ovo: str
    same_as: str
    counterpart_iri: str
    source: str
    line: int


@dataclass(frozen=True)
class StateRow:
    """A state of a body; ``valid_to`` is the last day on which it holds."""

    kbo: str
    name: str
    nis: str
    refnis_edition: str
    nuts: str
    province: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    source: str
    line: int

    @property
    def first(self) -> datetime.date:
        """The first day, or the first day there is when it is not known."""
        return self.valid_from or datetime.date.min

    @property
    def last(self) -> datetime.date:
        """The last day, or the last day there is when the state still holds."""
        return self.valid_to or datetime.date.max

    def holds_on(self, when: datetime.date) -> bool:
        """Tell whether the state holds on a day."""
        return self.first <= when <= self.last


@dataclass(frozen=True)
class InhabitantsRow:
    """A counted figure: the inhabitants of an area on 1 January of a year."""

    nis: str
    year: int
    count: int
    status: str
    source: str
    line: int


@dataclass(frozen=True)
class MergerRow:
    """A merger of municipalities, and of their OCMWs; ``kind`` "new" or "continued"."""

    date: datetime.date
    kind: str
    originals: tuple[str, ...]
    results: tuple[str, ...]
    note_nl: str
    note_en: str
    type: str
    source: str
    line: int


@dataclass(frozen=True)
class PointRow:
    """A point inside an area (WGS 84)."""

    nis: str
    lat: Decimal
    long: Decimal
    source: str
    line: int


@dataclass(frozen=True)
class NeighboursRow:
    """The areas that one area touches; each pair is told once."""

    nis: str
    touches: tuple[str, ...]
    source: str
    line: int


@dataclass(frozen=True)
class CentreCityRow:
    """A centrumstad: the gemeente and the OCMW of an area form a group to compare within."""

    nis: str
    source: str
    line: int


@dataclass(frozen=True)
class SourceRow:
    """A document that facts come from; ``date`` is a day, a year or blank."""

    key: str
    title_nl: str
    title_en: str
    publisher: str
    url: str
    reference: str
    date: str
    line: int


@dataclass(frozen=True)
class DefectRow:
    """A fault in a source, and what we say in its place."""

    id: str
    source: str
    nis: tuple[str, ...]
    what_nl: str
    what_en: str
    wrong_value: str
    our_value: str
    reason_nl: str
    reason_en: str
    line: int


def _body(**cells: Any) -> BodyRow:
    return BodyRow(classification=cells.pop("class"), **cells)


def _texts(*names: str) -> dict[str, Any]:
    return {name: text() for name in names}


BODIES = Layout(
    "bodies.csv",
    _body,
    {
        "iri": IRI,
        "class": choice(*CLASSES),
        "kbo": KBO,
        "ovo": OVO,
        "same_as": IRI,
        "counterpart_iri": IRI,
        "source": text(),
    },
)
STATES = Layout(
    "states.csv",
    StateRow,
    {
        "kbo": KBO,
        "name": text(),
        "nis": NIS,
        "refnis_edition": choice("2019", "2025", optional=True),
        "nuts": Field(IRI.parse, IRI.code, optional=True, default=""),
        "province": choice(*sorted(set(PROVINCES.values()))),
        "valid_from": day(optional=True),
        "valid_to": day(optional=True),
        "source": text(),
    },
)
INHABITANTS = Layout(
    "inhabitants.csv",
    InhabitantsRow,
    {
        "nis": NIS,
        "year": whole(1977, 2100),
        "count": whole(1, 10_000_000),
        "status": choice("A", "E"),
        "source": text(),
    },
)
MERGERS = Layout(
    "mergers.csv",
    MergerRow,
    {
        "date": day(),
        "kind": choice("new", "continued"),
        "originals": several(NIS),
        "results": several(NIS),
        **_texts("note_nl", "note_en"),
        "type": IRI,
        "source": text(),
    },
)
POINTS = Layout(
    "points.csv",
    PointRow,
    {"nis": NIS, "lat": number(50, 52), "long": number(2, 6), "source": text()},
)
NEIGHBOURS = Layout(
    "neighbours.csv",
    NeighboursRow,
    {"nis": NIS, "touches": several(NIS), "source": text()},
)
CENTRE_CITIES = Layout("centre-cities.csv", CentreCityRow, {"nis": NIS, "source": text()})
SOURCES = Layout(
    "sources.csv",
    SourceRow,
    {
        **_texts("key", "title_nl", "title_en"),
        **{name: text(optional=True) for name in ("publisher", "url", "reference", "date")},
    },
)
DEFECTS = Layout(
    "defects.csv",
    DefectRow,
    {
        **_texts("id", "source"),
        "nis": several(NIS, optional=True),
        **_texts("what_nl", "what_en", "wrong_value", "our_value", "reason_nl", "reason_en"),
    },
)
LAYOUTS: tuple[Layout[Any], ...] = (
    BODIES,
    STATES,
    INHABITANTS,
    MERGERS,
    POINTS,
    NEIGHBOURS,
    CENTRE_CITIES,
    SOURCES,
    DEFECTS,
)


@dataclass(frozen=True)
class Register:
    """All tables of the register, with look-ups. Make it with `read_register`."""

    bodies: list[BodyRow]
    states: list[StateRow]
    inhabitants: list[InhabitantsRow]
    mergers: list[MergerRow]
    points: list[PointRow]
    neighbours: list[NeighboursRow]
    centre_cities: list[CentreCityRow]
    sources: list[SourceRow]
    defects: list[DefectRow]
    by_kbo: dict[str, BodyRow] = field(default_factory=dict)
    by_iri: dict[str, BodyRow] = field(default_factory=dict)
    states_of: dict[str, list[StateRow]] = field(default_factory=dict)
    states_at: dict[tuple[str, str], list[StateRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for body in self.bodies:
            self.by_kbo[body.kbo] = self.by_iri[body.iri] = body
        for state in sorted(self.states, key=lambda row: row.first):
            if owner := self.by_kbo.get(state.kbo):
                self.states_of.setdefault(state.kbo, []).append(state)
                self.states_at.setdefault((state.nis, owner.classification), []).append(state)

    def names(self, body: BodyRow) -> list[str]:
        """Return the names a body has had, the latest first."""
        states = reversed(self.states_of.get(body.kbo, []))
        return list(dict.fromkeys(state.name for state in states))

    def at(self, nis: str, classification: str, when: datetime.date) -> StateRow | None:
        """Return the state of the gemeente or OCMW that has a NIS code on a day."""
        states = self.states_at.get((nis, classification), [])
        return next((state for state in states if state.holds_on(when)), None)

    def source_keys(self) -> set[str]:
        """Return the keys of all sources that a row names."""
        keys = {row.source for row in self.bodies} | {row.source for row in self.states}
        keys |= {row.source for row in self.inhabitants} | {row.source for row in self.mergers}
        keys |= {row.source for row in self.points} | {row.source for row in self.neighbours}
        keys |= {row.source for row in self.centre_cities}
        return keys | {row.source for row in self.defects}

    def before_and_after(
        self, merger: MergerRow, classification: str
    ) -> tuple[list[StateRow], list[StateRow]]:
        """Return the states that a merger starts from and those that it leads to.

        Codes that have no state on those days are left out; `loaders.register_checks` tells them.
        """
        eve = merger.date - datetime.timedelta(days=1)
        before = [self.at(nis, classification, eve) for nis in merger.originals]
        after = [self.at(nis, classification, merger.date) for nis in merger.results]
        return [s for s in before if s], [s for s in after if s]


def read_register(paths: Sequence[Path] = ()) -> tuple[Register, Tables]:
    """Read the tables, those in ``paths`` in place of the bundled ones of the same file name."""
    tables = Tables.of(paths, LAYOUTS)
    register = Register(
        bodies=tables.read(BODIES),
        states=tables.read(STATES),
        inhabitants=tables.read(INHABITANTS),
        mergers=tables.read(MERGERS),
        points=tables.read(POINTS),
        neighbours=tables.read(NEIGHBOURS),
        centre_cities=tables.read(CENTRE_CITIES),
        sources=tables.read(SOURCES),
        defects=tables.read(DEFECTS),
    )
    return register, tables
