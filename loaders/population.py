"""Made-up respondents: which bodies answer a synthetic wave, and how far each of them is.

A body's maturity is a number on the logistic scale: the bigger the body the higher, with a part of
its area (a merged one inherits the mean of its predecessors, so waves hang together), a part of its
own, growth over the years, and noise of the wave. Everything here is invented.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from loaders.draws import Draws
from loaders.reference import Body, Reference
from service import data_dir

RESPONSE_RATE = {"gemeente": Decimal("0.82"), "ocmw": Decimal("0.70")}  # as in 2016 (P2)
FRAME_DAY = date(2016, 6, 1)  # of years that are no wave: measurements use the frame of 2016
_TYPICAL = 17_000  # inhabitants of a body in the middle
_TURN = 2016


def respondents(frame: int, classification: str) -> int:
    """Return how many of a frame answer: the rate times the frame, halves rounded up."""
    exact = RESPONSE_RATE[classification] * frame
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def joint_share(year: int) -> float:
    """Return the share of pairs that answer together; since 2019 most do (domain.md §5.6)."""
    return 0.45 if year < 2019 else 0.65 if year < 2025 else 0.80


@dataclass(frozen=True)
class Respondent:
    """One response to be made: its questionnaire type, its bodies and how mature they are."""

    kind: str
    bodies: tuple[Body, ...]
    area: str
    maturity: float

    @property
    def key(self) -> str:
        """What the numbers of this respondent alone hang on."""
        return self.bodies[0].kbo


class Population:
    """The bodies of one synthetic wave; equal year, seed and look-ups give equal respondents."""

    def __init__(self, year: int, seed: int, reference: Reference) -> None:
        self.year, self.seed = year, seed
        wave = reference.waves.get(f"synthetisch/{year}")
        self.day = wave.reference_date if wave else FRAME_DAY
        self._originals = read_mergers()
        bodies = sorted(reference.bodies.values(), key=lambda body: body.kbo)
        self.frame = {
            name: [body for body in bodies if body.classification == name and body.on(self.day)]
            for name in RESPONSE_RATE
        }

    def respondents(self) -> list[Respondent]:
        """Return who answers, in the order of the KBO number of the first body."""
        answering = {name: self._answering(name) for name in RESPONSE_RATE}
        by_iri = {body.iri: body for body in answering["ocmw"]}
        pairs = [
            (body, by_iri[body.counterpart])
            for body in answering["gemeente"]
            if body.counterpart in by_iri
        ]
        pairs.sort(key=lambda pair: self._draws("joint", pair[0].kbo).uniform())
        joint = pairs[: round(joint_share(self.year) * len(pairs))]
        taken = {body.kbo for pair in joint for body in pair}
        found = [self._respondent("A", pair) for pair in joint]
        for kind, name in (("B", "gemeente"), ("C", "ocmw")):
            found += [self._respondent(kind, (b,)) for b in answering[name] if b.kbo not in taken]
        return sorted(found, key=lambda respondent: respondent.key)

    def _answering(self, classification: str) -> list[Body]:
        """Choose exactly as many as the response rate says; bigger bodies a little sooner."""
        frame = self.frame[classification]
        eager = sorted(
            frame,
            key=lambda body: (
                -self._draws("answers", self.area(body)).normal()  # both bodies of an area alike
                - self._draws("answers", body.kbo).normal()
                - 0.5 * size(body)
            ),
        )
        return eager[: respondents(len(frame), classification)]

    def _respondent(self, kind: str, bodies: tuple[Body, ...]) -> Respondent:
        maturity = sum(map(self.maturity, bodies)) / len(bodies)
        return Respondent(kind, bodies, self.area(bodies[0]), maturity)

    def maturity(self, body: Body) -> float:
        """Return how far a body is, on the logistic scale; 0 is half way."""
        return (
            -0.25
            + size(body)
            + 0.45 * self.area_effect(self.area(body))
            + 0.25 * Draws(self.seed, "body", body.kbo).normal()
            + 0.05 * (self.year - _TURN)
            + 0.20 * self._draws("wave", body.kbo).normal()
        )

    def area(self, body: Body) -> str:
        """Return the NIS code of a body's area on the day of the wave."""
        state = body.on(self.day)
        return state.nis if state else ""

    def area_effect(self, nis: str) -> float:
        """Return the part of an area; a merged one has the mean of those before it."""
        before = [old for old in self._originals.get(nis, ()) if old != nis]
        if not before or nis in self._originals.get(nis, ()):
            return Draws(self.seed, "area", nis).normal()
        return sum(map(self.area_effect, before)) / len(before)

    def _draws(self, *labels: object) -> Draws:
        return Draws(self.seed, self.year, *labels)


def size(body: Body) -> float:
    """Return the part of a body's size, from the latest known number of inhabitants."""
    if not body.inhabitants:
        return 0.0
    doublings = math.log2(max(body.inhabitants[max(body.inhabitants)], 1) / _TYPICAL)
    return 0.35 * min(max(doublings, -3.0), 4.0)


def read_mergers() -> dict[str, tuple[str, ...]]:
    """Return NIS code → the codes of the areas that were merged into it, from the bundled facts."""
    path = data_dir("ontology") / "facts" / "mergers.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return dict(_mergers(csv.DictReader(handle)))


def _mergers(rows: Iterable[Mapping[str, str]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for row in rows:
        for result in row["results"].split("|"):
            yield result, tuple(row["originals"].split("|"))
