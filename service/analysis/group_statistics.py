"""Statistics of the scores of each fixed group (domain.md §5.1), from published scores, exactly.

Scores are whole millionths, so sums are exact and each figure is divided and rounded once. The
first and third quartile need 8 bodies, everything else 5. The inputs are OPEN figures: the limits
are against reading much into few bodies, so nothing is suppressed beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

from service.analysis.given import AnalysisInput, divided
from service.analysis.observations import Cube, figure, graph_of, last, link, number
from service.analysis.scores import read_scores

FEWEST = 5
FEWEST_FOR_QUARTILES = 8
_QUARTILES = {"kwartiel1": 1, "kwartiel3": 3}
_WIDE = Context(prec=60)


def statistics(scores: Sequence[int], people: Sequence[int] | None) -> Mapping[str, int]:
    """Return the statistics of scores in millionths by code of ``imc:statistiek``.

    Args:
        scores: the scores of the group's bodies.
        people: their inhabitants; None leaves out the mean that is weighted by them.
    """
    if len(scores) < FEWEST:
        return {}
    ordered, total = sorted(scores), sum(scores)
    found = {
        "gemiddelde": divided(total, len(scores)),
        "mediaan": quantile(ordered, 2),
        "minimum": ordered[0],
        "maximum": ordered[-1],
        "standaardafwijking": deviation(scores),
    }
    if people and sum(people):
        weighed = sum(score * count for score, count in zip(scores, people, strict=True))
        found["gewogen-gemiddelde"] = divided(weighed, sum(people))
    if len(scores) >= FEWEST_FOR_QUARTILES:
        found |= {code: quantile(ordered, part) for code, part in _QUARTILES.items()}
    return found


def quantile(ordered: Sequence[int], quarters: int) -> int:
    """Return a quartile by linear interpolation between the two scores around it.

    It stands at (n − 1) · quarters / 4, counted from 0.
    """
    place, part = divmod((len(ordered) - 1) * quarters, 4)
    after = ordered[min(place + 1, len(ordered) - 1)]
    return divided(ordered[place] * (4 - part) + after * part, 4)


def deviation(scores: Sequence[int]) -> int:
    """Return the standard deviation of all of the group (divided by n), half-even."""
    total, size = sum(scores), len(scores)
    spread = size * sum(score * score for score in scores) - total * total
    return int((_WIDE.sqrt(Decimal(spread)) / size).to_integral_value(ROUND_HALF_EVEN))


def group_statistics(given: AnalysisInput) -> bytes:
    """Return the cube of statistics by group, theme and statistic, with the number of bodies."""
    people = {kbo: int(count) for kbo, count in given.table("inhabitants", wave=given.wave)}
    cubes = [Cube(given, "group-statistic", *scheme) for scheme in given.schemes]
    return graph_of([row for cube in cubes for row in _of_scheme(given, cube, people)])


def _of_scheme(given: AnalysisInput, cube: Cube, people: Mapping[str, int]) -> Iterator[str]:
    scores = read_scores(given, cube.scheme)
    for group, theme, rows, values in scores.by_group():
        counts = [people.get(scores.kbo[row]) for row in rows.tolist()]
        known = [count for count in counts if count is not None]
        # A mean over some of the bodies only would be one of another group.
        made_of = cube.of(group, theme, scores.told(rows, values), *counts)
        figures = statistics(values.tolist(), known if len(known) == len(counts) else None)
        about = (
            link("imon:group", group),
            link("imon:theme", theme),
            number("imon:groupSize", values.size),
        )
        for code, value in figures.items():
            shown = figure("sdmx-measure:obsValue", value)
            path = f"{last(group)}/{last(theme)}/{code}"
            yield made_of.observation(
                path, (*about, link("imon:statistic", f"imc:statistiek/{code}"), shown)
            )
