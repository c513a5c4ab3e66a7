"""What the tables say: instrument, scheme, bodies, mergers, inhabitants. No RDF."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

ALWAYS = date.min


@dataclass(frozen=True)
class Question:
    """A scored question of a theme; ``kinds`` are the questionnaires that have it."""

    code: str
    theme: str
    scale: str
    method: str
    kinds: str
    weight: Fraction


@dataclass(frozen=True)
class Instrument:
    """Questions, scales and types. ``ticks`` is how many boxes a checklist has."""

    questions: tuple[Question, ...]
    scales: Mapping[tuple[str, str], Fraction]
    ticks: Mapping[str, int]
    products: Mapping[str, str]
    outside: frozenset[str]
    core: Mapping[str, Fraction]
    types: tuple[tuple[int, Fraction, Fraction | None], ...]
    gates: tuple[tuple[str, Fraction, int], ...]
    banded: str


@dataclass(frozen=True)
class State:
    """A body between two days: where it works."""

    kbo: str
    nis: str
    province: str
    first: date
    last: date


@dataclass(frozen=True)
class Merger:
    """On ``day`` these bodies became that one; ``kind`` is gemeente or ocmw."""

    day: date
    kind: str
    parts: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class Register:
    """Bodies by KBO number; ``people`` is year → inhabitants."""

    kinds: Mapping[str, str]
    states: Mapping[str, tuple[State, ...]]
    mergers: tuple[Merger, ...]
    people: Mapping[str, Mapping[int, int]]
    centres: frozenset[str]

    def state(self, kbo: str, day: date) -> State | None:
        """Return the state of a body on a day."""
        return next((row for row in self.states[kbo] if row.first <= day <= row.last), None)

    def inhabitants(self, kbo: str, year: int) -> int:
        """Return the latest figure known in a year, else the first after it."""
        known = self.people[kbo]
        past = [row for row in known if row <= year]
        return known[max(past) if past else min(known)]


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def instrument(folder: Path, scheme: str) -> Instrument:
    """Read the instrument, weighed by a scheme that is based on no other."""

    def of(name: str) -> list[dict[str, str]]:
        return [row for row in read(folder / f"{name}.csv") if row["scheme"] == scheme]

    weights = {row["question"]: Fraction(row["weight"]) for row in of("item-weights")}
    questions = [
        Question(row["code"], row["theme"], row["scale"], row["method"], row["applies_to"],
                 weights[row["code"]])
        for row in read(folder / "questions.csv")
        if row["code"] in weights
    ]  # fmt: skip
    options = [row["question"] for row in read(folder / "options.csv")]
    [head] = [row for row in read(folder / "schemes.csv") if row["version"] == scheme]
    assert not head["based_on"]
    return Instrument(
        questions=tuple(questions),
        scales={
            (row["scale"], row["value"]): Fraction(row["score"])
            for row in read(folder / "scales.csv")
            if row["value"]
        },
        ticks={code: options.count(code) for code in options},
        products={
            f"{row['question']}.{row['code']}": row["applies_to"]
            for row in read(folder / "products.csv")
        },
        outside=frozenset(
            row["code"] for row in read(folder / "missing.csv") if row["denominator"] == "buiten"
        ),
        core={
            row["theme"]: Fraction(row["weight"])
            for row in of("theme-weights")
            if row["core"] == "true"
        },
        types=tuple(
            (int(row["type"]), Fraction(row["lower"]),
             Fraction(row["upper"]) if row["upper"] else None)
            for row in read(folder / "types.csv")
            if row["method"] == "TY-1"
        ),
        gates=tuple(
            (row["theme"], Fraction(row["minimum"]), int(row["from_type"]))
            for row in read(folder / "gates.csv")
            if row["method"] == "TY-1"
        ),
        banded=head["banded_theme"],
    )  # fmt: skip


def register(folder: Path) -> Register:
    """Read the bodies and what became of them."""
    kinds = {row["kbo"]: row["class"] for row in read(folder / "bodies.csv")}
    states: dict[str, list[State]] = defaultdict(list)
    for row in read(folder / "states.csv"):
        first = date.fromisoformat(row["valid_from"]) if row["valid_from"] else ALWAYS
        last = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
        found = State(row["kbo"], row["nis"], row["province"], first, last)
        states[found.kbo].append(found)

    def at(nis: str, kind: str, day: date) -> str:
        [kbo] = {
            row.kbo
            for rows in states.values()
            for row in rows
            if row.nis == nis and kinds[row.kbo] == kind and row.first <= day <= row.last
        }
        return kbo

    mergers = []
    for row in read(folder / "mergers.csv"):
        day = date.fromisoformat(row["date"])
        before = date.fromordinal(day.toordinal() - 1)
        for kind in ("gemeente", "ocmw"):
            parts = tuple(at(nis, kind, before) for nis in row["originals"].split("|"))
            mergers.append(Merger(day, kind, parts, at(row["results"], kind, day)))
    centres = {row["nis"] for row in read(folder / "centre-cities.csv")}
    return Register(
        kinds=kinds,
        states={kbo: tuple(rows) for kbo, rows in states.items()},
        mergers=tuple(sorted(mergers, key=lambda row: row.day)),
        people=_people(folder, kinds, states, mergers),
        centres=frozenset(
            kbo for kbo, rows in states.items() if any(row.nis in centres for row in rows)
        ),
    )


def _people(
    folder: Path,
    kinds: Mapping[str, str],
    states: Mapping[str, list[State]],
    mergers: list[Merger],
) -> Mapping[str, Mapping[int, int]]:
    """Return the inhabitants; a merged body without a figure has the sum of its parts."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in read(folder / "inhabitants.csv"):
        day = date(int(row["year"]), 1, 1)
        for kbo in kinds:
            for state in states.get(kbo, ()):
                if state.nis == row["nis"] and state.first <= day <= state.last:
                    found[kbo][day.year] = int(row["count"])
    for merger in sorted(mergers, key=lambda row: row.day):
        if merger.day.year not in found[merger.result]:
            parts = [found[part] for part in merger.parts]
            found[merger.result][merger.day.year] = sum(row[max(row)] for row in parts)
    return found
