"""Types by overall score and gates, for many overall scores at once (domain.md §5.4, TY-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.analysis.given import AnalysisInput, millionths
from service.analysis.scores import Ints

_NO_GATE = 10**6


@dataclass(frozen=True)
class Gate:
    """From type ``start`` on, ``theme`` must score ``minimum`` (millionths)."""

    theme: str
    minimum: int
    start: int


@dataclass(frozen=True)
class Rules:
    """A typology: lower bounds of its types in millionths, in order, their numbers, the gates."""

    lower: Ints
    numbers: Ints
    gates: Sequence[Gate]

    @property
    def told(self) -> str:
        """Bounds and gates, as the inputs that a run is named after."""
        gates = [f"{gate.theme} {gate.minimum} {gate.start}" for gate in self.gates]
        return f"{self.lower.tolist()} {self.numbers.tolist()} {gates}"

    def blocked(self, points: Ints, themes: Sequence[str]) -> Ints:
        """Return the lowest type that an unmet gate keeps each point from."""
        found = np.full(len(points), _NO_GATE, dtype=np.int64)
        for gate in self.gates:
            if gate.theme in themes:
                unmet = points[:, themes.index(gate.theme)] < gate.minimum
                found = np.where(unmet, np.minimum(found, gate.start), found)
        return found

    def types(self, overall: Ints, blocked: Ints) -> Ints:
        """Return the type of each overall score; one of several draws a row has ``blocked``."""
        by_score = self.numbers[np.searchsorted(self.lower, overall, side="right") - 1]
        limit = blocked.reshape(blocked.shape + (1,) * (overall.ndim - 1))
        found: Ints = np.where(by_score >= limit, limit - 1, by_score)
        return found


def read_rules(given: AnalysisInput) -> Rules | None:
    """Return the typology with bounds, the first by its code; None where there is none."""
    types: dict[str, list[tuple[int, int]]] = {}
    for method, number, bound in given.table("types"):
        types.setdefault(method, []).append((millionths(bound), int(number)))
    if not types:
        return None
    first = min(types)
    gates = [
        Gate(theme, millionths(minimum), int(start))
        for method, theme, minimum, start in given.table("gates")
        if method == first
    ]
    lower, numbers = zip(*sorted(types[first]), strict=True)
    return Rules(np.array(lower, np.int64), np.array(numbers, np.int64), gates)
