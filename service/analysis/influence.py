"""How much one question weighs: the mean theme score of a group without it, minus with it.

Over all bodies of a class whose theme score is published and that answered the question, from exact
scores (domain.md §5.1, "drop one question"). The answers are not OPEN, so a figure needs 5 bodies;
nothing is told of fewer, and there is no figure over both classes that would tell the rest
(semantics.md "Disclosure").
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from service.analysis.given import ONE, AnalysisInput
from service.analysis.items import Floats, Items, read_items
from service.analysis.observations import Cube, figure, graph_of, last, link, number
from service.analysis.scores import MISSING, Scores, read_scores

FEWEST = 5


def differences(items: Items) -> Floats:
    """Return the theme score without each question minus the score with it, by response.

    NaN where the question has no valid answer, or where the theme has no other.
    """
    found = np.full(items.scores.shape, np.nan)
    for theme in sorted(set(items.themes)):
        columns = [place for place, name in enumerate(items.themes) if name == theme]
        scores, weights = items.scores[:, columns], items.weights[columns]
        valid = ~np.isnan(scores)
        gains = np.where(valid, scores * weights, 0.0)
        answered = np.where(valid, weights, 0.0)
        gained, total = gains.sum(axis=1)[:, None], answered.sum(axis=1)[:, None]
        rest = total - answered
        usable = valid & (rest > 0)
        without = (gained - gains) / np.where(usable, rest, 1.0)
        found[:, columns] = np.where(
            usable, without - gained / np.where(total > 0, total, 1), np.nan
        )
    return found


def influences(given: AnalysisInput) -> bytes:
    """Return the cube of influences by class, wave and question, with the number of bodies."""
    made: list[str] = []
    for scheme in given.schemes:
        items = read_items(given, scheme[0])
        scores = read_scores(given, scheme[0])
        cube = Cube(given, "question-influence", *scheme)
        for (group,) in given.table("classes"):
            made += _of_group(cube, group, items, scores, differences(items))
    return graph_of(made)


def _of_group(
    cube: Cube, group: str, items: Items, scores: Scores, changes: Floats
) -> Iterator[str]:
    members = scores.groups.get(group, np.zeros(0, dtype=np.int64)).tolist()
    asked = [(row, items.bodies.get(scores.kbo[row], "")) for row in members]
    rows = [(row, items.responses[response]) for row, response in asked if response]
    for place, (question, theme) in enumerate(zip(items.questions, items.themes, strict=True)):
        if theme not in scores.themes:
            continue
        public = scores.values[:, scores.themes.index(theme)] != MISSING
        found = [
            (scores.kbo[row], float(changes[response, place]))
            for row, response in rows
            if public[row] and not math.isnan(changes[response, place])
        ]
        if len(found) < FEWEST:
            continue
        mean = math.fsum(change for _, change in found) / len(found)
        tails = (
            link("imon:group", group),
            link("imon:question", question),
            number("imon:groupSize", len(found)),
            figure("sdmx-measure:obsValue", round(mean * ONE)),
        )
        told = "|".join([f"{kbo} {change!r}" for kbo, change in found])
        of = cube.of(group, question, told)
        yield of.observation(f"{last(group)}/{last(question)}", tails)
