"""The published scores of a wave as one table of numbers, with the groups of its bodies.

Rows are bodies in the order of their KBO numbers and columns themes in the order of their codes,
whatever order the store gives them in, so that the same data always give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.analysis.given import AnalysisInput, millionths

Ints = npt.NDArray[np.int64]
MISSING = -1
OVERALL = "https://w3id.org/imonitor/concept/thema/TOTAL"


@dataclass(frozen=True)
class Scores:
    """``values`` are millionths, MISSING where there is no score; groups are rows by IRI."""

    kbo: Sequence[str]
    bodies: Sequence[str]
    themes: Sequence[str]
    values: Ints
    groups: Mapping[str, Ints]

    def scored(self, group: str, theme: str) -> tuple[Ints, Ints]:
        """Return the rows of a group that have a score for a theme, and those scores."""
        rows = self.groups[group]
        column = self.values[rows, self.themes.index(theme)]
        found = column != MISSING
        return rows[found], column[found]

    def by_group(self) -> Iterator[tuple[str, str, Ints, Ints]]:
        """Yield (group, theme, rows, scores) of each group and theme with a score."""
        for group in self.groups:
            for theme in self.themes:
                rows, scores = self.scored(group, theme)
                if rows.size:
                    yield group, theme, rows, scores

    def told(self, rows: Ints, values: Ints) -> str:
        """Return who scored what, as the inputs that a run is named after."""
        pairs = zip(rows.tolist(), values.tolist(), strict=True)
        return "|".join([f"{self.kbo[row]} {value}" for row, value in pairs])

    def complete(self, themes: Sequence[str]) -> Ints:
        """Return the rows that have an overall score and a score for each of ``themes``."""
        wanted = (*themes, OVERALL)
        if not set(wanted) <= set(self.themes):
            return np.zeros(0, dtype=np.int64)
        columns = np.array([self.themes.index(theme) for theme in wanted], dtype=np.int64)
        found: Ints = np.flatnonzero((self.values[:, columns] != MISSING).all(axis=1))
        return found

    def columns(self, rows: Ints, themes: Sequence[str]) -> Ints:
        """Return the scores of some rows on ``themes``, in that order."""
        places = np.array([self.themes.index(theme) for theme in themes], dtype=np.int64)
        found: Ints = self.values[np.ix_(rows, places)]
        return found


def read_scores(given: AnalysisInput, scheme: str) -> Scores:
    """Read the published scores of a wave by a scheme; bodies that stand in no group are left out.

    The groups are those of the wave's frame (``queries/derive/frame.rq``).
    """
    return given.once(Scores, scheme, lambda: _read_scores(given, scheme))


def _read_scores(given: AnalysisInput, scheme: str) -> Scores:
    members = given.table("members", wave=given.wave)
    iris = {kbo: body for kbo, body, _ in members}
    kbo = sorted(iris)
    place = {number: row for row, number in enumerate(kbo)}
    found = [
        row
        for row in given.table(
            "scores", wave=given.wave, scheme=scheme, cube=given.dataset("theme-score")
        )
        if row[0] in place
    ]
    themes = sorted({theme for _, theme, _ in found})
    values = np.full((len(kbo), len(themes)), MISSING, dtype=np.int64)
    column = {theme: number for number, theme in enumerate(themes)}
    for number, theme, score in found:
        values[place[number], column[theme]] = millionths(score)
    groups: dict[str, list[int]] = {}
    for number, _, group in members:
        groups.setdefault(group, []).append(place[number])
    ordered = {group: np.array(sorted(set(groups[group])), np.int64) for group in sorted(groups)}
    return Scores(kbo, [iris[number] for number in kbo], themes, values, ordered)
