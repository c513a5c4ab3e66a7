"""All public figures of one wave: of bodies, within groups, of groups, and of merged bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path

from tests.independent.figures import Answers, Figure, Rules, themes, type_of
from tests.independent.tables import Instrument, Register, read

Key = tuple[str, ...]  # the cube, then its dimensions but wave and scheme
Values = Mapping[str, Fraction | str]
_SIZES = (("lt10k", 10_000), ("10k-15k", 15_000), ("15k-25k", 25_000), ("25k-50k", 50_000))


@dataclass(frozen=True)
class Response:
    """One response: its questionnaire, the bodies that it covers, codes by question."""

    kind: str
    bodies: tuple[str, ...]
    answers: Answers


@dataclass(frozen=True)
class Wave:
    """A wave, with the reference day of the one before it."""

    day: date
    before: date | None
    responses: Sequence[Response]


def responses(path: Path) -> list[Response]:
    """Read an answers table; cells of a response stand in its first row."""
    heads: dict[str, dict[str, str]] = {}
    answers: dict[str, dict[str, list[str]]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as handle:
        names = handle.readline().rstrip("\n").split(";")
        for line in handle:
            row = dict(zip(names, line.rstrip("\n").split(";"), strict=True))
            heads.setdefault(row["respons"], row)
            answers[row["respons"]][row["vraag"]] = row["antwoord"].split("|")
    return [
        Response(
            row["vragenlijst"],
            tuple(kbo for kbo in (row["bestuur"], row["bestuur_2"]) if kbo),
            answers[name],
        )
        for name, row in heads.items()
    ]


def waves(table: Path, answers: Mapping[int, Path]) -> dict[int, Wave]:
    """Return the waves that have answers."""
    days = {int(row["year"]): date.fromisoformat(row["reference_date"]) for row in read(table)}
    found = {}
    for year, path in answers.items():
        earlier = [day for day in days.values() if day < days[year]]
        before = max(earlier) if earlier else None
        found[year] = Wave(days[year], before, responses(path))
    return found


class Recomputation:
    """The figures of a wave by key."""

    def __init__(self, given: Instrument, register: Register, wave: Wave, rules: Rules) -> None:
        self._given, self._register, self._wave, self._rules = given, register, wave, rules
        self._kinds: dict[str, str] = {}
        self._found: dict[str, dict[str, Figure]] = {}
        for response in wave.responses:
            figures = themes(given, rules, response.kind, response.answers)
            for kbo in response.bodies:
                self._kinds[kbo], self._found[kbo] = response.kind, figures

    def figures(self) -> dict[Key, Values]:
        """Return every public figure."""
        rows = [*self._of_bodies(), *self._of_groups(), *self._of_merged()]
        found = dict(rows)
        assert len(found) == len(rows), "a key twice"
        return found

    def _status(self, kbo: str) -> str:
        """Return B for the first wave after a merger that made the body what it is."""
        before, day = self._wave.before, self._wave.day
        events = [row.day for row in self._register.mergers if row.result == kbo]
        return "B" if before and any(before < event <= day for event in events) else "A"

    def _of_bodies(self) -> Iterator[tuple[Key, Values]]:
        for kbo, figures in self._found.items():
            status = self._status(kbo)
            for theme, row in figures.items():
                bounds: Values = {"low": row.low, "high": row.high, "coverage": row.coverage}
                if row.score is None:
                    yield ("theme-bounds", kbo, theme), {**bounds, "status": "M"}
                else:
                    values = {**bounds, "score": row.score, "status": status}
                    yield ("theme-score", kbo, theme), values
            reached = type_of(self._given, figures)
            if reached:
                kinds = {"type": f"{reached[0]}", "typeByScore": f"{reached[1]}"}
                yield ("type", kbo), {**kinds, "status": status}

    def _groups(self, kbo: str) -> Iterator[str]:
        state = self._register.state(kbo, self._wave.day)
        assert state is not None, kbo
        people = self._people(kbo)
        name = "gemeenten" if self._register.kinds[kbo] == "gemeente" else "ocmws"
        size = next((size for size, upper in _SIZES if people < upper), "ge50k")
        yield name
        yield f"{name}-schaal-{size}"
        yield f"{name}-{state.province}"
        yield f"{name}-type-{self._kinds[kbo].lower()}"
        if kbo in self._register.centres:
            yield f"{name}-centrumsteden"

    def _people(self, kbo: str) -> int:
        return self._register.inhabitants(kbo, self._wave.day.year)

    def _of_groups(self) -> Iterator[tuple[Key, Values]]:
        members: dict[tuple[str, str], dict[str, Fraction]] = defaultdict(dict)
        for kbo, figures in self._found.items():
            for group in self._groups(kbo):
                for theme, row in figures.items():
                    if row.score is not None:
                        members[group, theme][kbo] = row.score
        for (group, theme), scores in members.items():
            yield from self._positions(group, theme, scores)
            n = len(scores)
            for statistic, value in self._statistics(scores).items():
                yield ("group-statistic", group, theme, statistic), {"obsValue": value, "n": str(n)}

    def _positions(
        self, group: str, theme: str, scores: Mapping[str, Fraction]
    ) -> Iterator[tuple[Key, Values]]:
        n, values = len(scores), list(scores.values())
        for kbo, score in scores.items():
            above = sum(value > score for value in values)
            equal = values.count(score)
            below = n - above - equal
            percentile = (below + self._rules.equal * equal) / Fraction(n) * 100
            yield (
                ("position", kbo, theme, group),
                {
                    "rank": str(above + 1),
                    "percentile": self._rules.rounded(percentile),
                    "n": str(n),
                },
            )

    def _statistics(self, scores: Mapping[str, Fraction]) -> dict[str, Fraction]:
        n, ordered = len(scores), sorted(scores.values())
        if n < self._rules.least:
            return {}
        mean = sum(ordered, Fraction(0)) / n
        people = {kbo: self._people(kbo) for kbo in scores}
        weighted = sum((people[kbo] * score for kbo, score in scores.items()), Fraction(0))
        found = {
            "gemiddelde": mean,
            "gewogen-gemiddelde": weighted / sum(people.values()),
            "mediaan": _quantile(ordered, Fraction(1, 2)),
            "minimum": ordered[0],
            "maximum": ordered[-1],
            "standaardafwijking": _root(sum(((x - mean) ** 2 for x in ordered), Fraction(0)) / n),
        }
        if n >= self._rules.least_quartile:
            found["kwartiel1"] = _quantile(ordered, Fraction(1, 4))
            found["kwartiel3"] = _quantile(ordered, Fraction(3, 4))
        return {name: self._rules.rounded(value) for name, value in found.items()}

    def _of_merged(self) -> Iterator[tuple[Key, Values]]:
        """Yield the score that a merged body would have had: its parts weighted by inhabitants."""
        for merger in self._register.mergers:
            if merger.day <= self._wave.day:
                continue
            people = {kbo: self._people(kbo) for kbo in merger.parts}
            parts = [self._found[kbo] for kbo in merger.parts if kbo in self._found]
            for theme in parts[0] if parts else ():
                rows = {kbo: self._found.get(kbo, {}).get(theme) for kbo in merger.parts}
                key = (merger.result, theme, merger.day.isoformat())
                scores = {kbo: row.score for kbo, row in rows.items() if row and row.score}
                scores |= {kbo: row.score for kbo, row in rows.items() if row and row.score == 0}
                if len(scores) == len(rows):
                    value = self._mean(people, {kbo: s or Fraction(0) for kbo, s in scores.items()})
                    yield ("back-cast", *key), {"score": value, "status": "E"}
                else:
                    low = {k: row.low if row else self._rules.lowest for k, row in rows.items()}
                    high = {k: row.high if row else self._rules.highest for k, row in rows.items()}
                    bounds = {"low": self._mean(people, low), "high": self._mean(people, high)}
                    yield ("back-cast-bounds", *key), {**bounds, "status": "M"}

    def _mean(self, people: Mapping[str, int], values: Mapping[str, Fraction]) -> Fraction:
        total = sum((people[kbo] * value for kbo, value in values.items()), Fraction(0))
        return self._rules.rounded(total / sum(people.values()))


def _quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return a quantile, linear between two values."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _root(value: Fraction) -> Fraction:
    context = Context(prec=40)
    exact = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(context.sqrt(exact))
