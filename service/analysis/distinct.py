"""The distinct responses of a wave that have an overall score, as points (semantics.md "Scores").

A joint response gives two bodies the same scores. It is one point, so that it does not count twice
in a cluster, and each of its bodies gets what is found of the point. Within gemeenten, or within
OCMW's, each point belongs to one body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.analysis.given import AnalysisInput, millionths
from service.analysis.scores import OVERALL, Ints, Scores, read_scores


@dataclass(frozen=True)
class Distinct:
    """``points`` are scores by theme, in the order of ``themes``, and ``overall`` the overall ones.

    ``rows`` are rows of ``scores`` and ``point`` is the point of each; ``weights`` are those of the
    themes.
    """

    scores: Scores
    themes: Sequence[str]
    weights: Sequence[int]
    points: Ints
    overall: Ints
    rows: Ints
    point: Ints

    @property
    def told(self) -> str:
        """Who scored what, as the inputs that a run is named after."""
        table = self.scores.columns(self.rows, (*self.themes, OVERALL)).tolist()
        joined = zip(self.rows.tolist(), self.point.tolist(), table, strict=True)
        return "|".join(f"{self.scores.kbo[row]} {point} {values}" for row, point, values in joined)


def read_distinct(given: AnalysisInput, scheme: str) -> Distinct:
    """Read the bodies with an overall score by a scheme, and the points that they share.

    Points are in the order of the lowest KBO number of their bodies. Weights are in millionths, so
    that they are whole.
    """
    return given.once(Distinct, scheme, lambda: _read_distinct(given, scheme))


def _read_distinct(given: AnalysisInput, scheme: str) -> Distinct:
    scores = read_scores(given, scheme)
    core = given.table("weights", scheme=scheme)
    themes = [theme for theme, _ in core]
    rows = scores.complete(themes)
    responses = dict(
        given.table("responses", wave=given.wave, scheme=scheme, cube=given.dataset("theme-score"))
    )
    order: dict[str, int] = {}
    first: list[int] = []
    point = np.zeros(rows.size, dtype=np.int64)
    for place, row in enumerate(rows.tolist()):
        response = responses[scores.kbo[row]]
        if response not in order:
            order[response] = len(order)
            first.append(row)
        point[place] = order[response]
    chosen = np.array(first, dtype=np.int64)
    overall = scores.columns(chosen, [OVERALL])[:, 0] if first else np.zeros(0, dtype=np.int64)
    points = scores.columns(chosen, themes) if first else np.zeros((0, len(themes)), np.int64)
    weights = [millionths(weight) for _, weight in core]
    return Distinct(scores, themes, weights, points, overall, rows, point)
