"""Look-ups for loaders: which bodies, questions, waves and records the archive already holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyoxigraph import RdfFormat, Store

from service.queries import Library
from service.store.rows import select


@dataclass(frozen=True)
class State:
    """What a body was called and where it lay from one day to another (both included)."""

    name: str
    nis: str
    valid_from: date | None
    valid_through: date | None

    def holds_on(self, day: date) -> bool:
        """Tell whether the state is valid on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_through is None or day <= self.valid_through
        )


@dataclass(frozen=True)
class Body:
    """A gemeente or OCMW; ``classification`` is "gemeente" or "ocmw", ``counterpart`` an IRI."""

    iri: str
    kbo: str
    ovo: str
    classification: str
    counterpart: str | None
    states: tuple[State, ...]
    inhabitants: Mapping[int, int] = field(default_factory=dict)

    def on(self, day: date) -> State | None:
        """Return the state of the body on ``day``, or None when it did not exist."""
        return next((state for state in self.states if state.holds_on(day)), None)


@dataclass(frozen=True)
class Question:
    """A question: its option codes, the questionnaire types it applies to and its kind."""

    code: str
    iri: str
    kind: str
    options: frozenset[str]
    applies: frozenset[str]


@dataclass(frozen=True)
class Wave:
    """A wave; ``label`` is what answer files say ("2016", "synthetisch/2016")."""

    iri: str
    label: str
    year: int
    reference_date: date
    synthetic: bool
    launched: date | None = None

    @property
    def opened(self) -> date:
        """The first day on which it could be answered; not known: the year before is allowed."""
        return self.launched or date(self.year - 1, 1, 1)


@dataclass(frozen=True)
class AcceptedRecord:
    """A record in the archive; ``digest`` is of its triples.

    ``holds`` tells whether it is the answer of its bodies for its wave: not superseded, and from an
    answers table.
    """

    iri: str
    reference: str
    wave: str
    bodies: tuple[str, ...]
    digest: str
    holds: bool


@dataclass
class Reference:
    """All look-ups. Bodies are keyed by KBO, questions by code, waves by label.

    ``references`` and ``digests`` keep superseded records too: a reference is never free again.
    """

    bodies: dict[str, Body] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    waves: dict[str, Wave] = field(default_factory=dict)
    accepted: dict[tuple[str, str], str] = field(default_factory=dict)
    references: dict[tuple[str, str], str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def body(self, text: str) -> Body | None:
        """Find a body by KBO number (dots and spaces allowed), OVO code or IRI."""
        if not self._by_name:
            for body in self.bodies.values():
                self._by_name[body.iri] = self._by_name[body.ovo] = body
        key = text.strip()
        digits = re.sub(r"[.\s]", "", key)
        return self.bodies.get(digits) or self._by_name.get(key) or self._by_name.get(key.upper())

    _by_name: dict[str, Body] = field(default_factory=dict, repr=False, compare=False)

    def add_records(self, records: Iterable[AcceptedRecord]) -> None:
        """Take in the records that the archive holds."""
        for record in records:
            self.references[record.wave, record.reference] = record.iri
            self.digests[record.iri] = record.digest
            for body in record.bodies if record.holds else ():
                self.accepted[record.wave, body] = record.iri


def read_reference(
    graphs: Iterable[bytes], base: str, records: Iterable[AcceptedRecord] = ()
) -> Reference:
    """Make the look-ups from the current reference graphs (N-Triples)."""
    store = Store()
    for data in graphs:
        store.load(data, format=RdfFormat.N_TRIPLES)
    library = Library.load()
    reference = Reference()
    _read_bodies(store, library, reference)
    _read_questions(store, library, reference)
    for row in select(store, library["lookup/waves"].text):
        label = row["wave"].removeprefix(base + "id/").replace("golf/", "")
        day = date.fromisoformat(row["day"])
        reference.waves[label] = Wave(
            row["wave"],
            label,
            int(row["year"]),
            day,
            row["synthetic"] == "true",
            date.fromisoformat(f"{row['launched']}-01"[:10]) if row["launched"] else None,
        )
    reference.add_records(records)
    return reference


def _read_bodies(store: Store, library: Library, reference: Reference) -> None:
    states: dict[str, list[State]] = {}
    for row in select(store, library["lookup/states"].text):
        states.setdefault(row["body"], []).append(
            State(row["name"], row["nis"], _day(row["from"]), _day(row["through"]))
        )
    counts: dict[str, dict[int, int]] = {}
    for row in select(store, library["lookup/inhabitants"].text):
        counts.setdefault(row["body"], {})[int(row["year"])] = int(row["count"])
    for row in select(store, library["lookup/bodies"].text):
        reference.bodies[row["kbo"]] = Body(
            iri=row["body"],
            kbo=row["kbo"],
            ovo=row["ovo"],
            classification=row["class"],
            counterpart=row["counterpart"] or None,
            states=tuple(
                sorted(states.get(row["body"], ()), key=lambda s: s.valid_from or date.min)
            ),
            inhabitants=counts.get(row["body"], {}),
        )


def _read_questions(store: Store, library: Library, reference: Reference) -> None:
    options: dict[str, set[str]] = {}
    for row in select(store, library["lookup/options"].text):
        options.setdefault(row["question"], set()).add(row["code"])
    applies: dict[str, set[str]] = {}
    codes: dict[str, tuple[str, str]] = {}
    for row in select(store, library["lookup/questions"].text):
        codes[row["question"]] = (row["code"], row["kind"])
        applies.setdefault(row["question"], set()).add(row["type"])
    for question, (code, kind) in codes.items():
        reference.questions[code] = Question(
            code,
            question,
            kind or "keuze",
            frozenset(options.get(question, ())),
            frozenset(applies[question]),
        )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
