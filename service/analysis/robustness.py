"""How far rank and type depend on the way of counting (domain.md §5.1), from public scores.

Three variants (``ontology/codelists/variant.ttl``): the geometric mean Π max(S, 1)^W, equal
weights, and draws in which each core theme's weight is multiplied by a number between 1 − spread
and 1 + spread, evenly drawn. A draw is one set of weights for all bodies. Ranks are told within
the bodies of a class, the lowest and the highest of the middle nine tenths of the draws (5th and
95th percentile, by nearest rank); the type is that of the rules, gates included.

A joint response is computed once, and gives both its bodies the same scores and share; each is
ranked in its own class, where it is one body among others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from service.analysis.distinct import Distinct, read_distinct
from service.analysis.draws import uniform
from service.analysis.given import ONE, AnalysisInput, divided, published
from service.analysis.observations import Cube, figure, graph_of, last, link, number
from service.analysis.rules import Rules, read_rules
from service.analysis.scores import Ints

_LOW, _HIGH = 5, 95
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Variant:
    """A variant by its code; a simulation has draws, a spread of the weights and a seed."""

    iri: str
    code: str
    draws: int
    spread: float
    seed: int


def geometric_mean(scores: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal:
    """Return the weighted geometric mean of scores, each taken as at least 1."""
    points = np.array([[int(score * ONE) for score in scores]], dtype=np.int64)
    found = geometric(points, [int(weight * ONE) for weight in weights])
    return published(Decimal(int(found[0, 0])) / ONE)


def geometric(points: Ints, weights: Sequence[int]) -> Ints:
    """Return the geometric mean of each point in millionths, as one draw."""
    shares = np.array(weights, dtype=np.float64)
    logs = np.zeros(len(points))
    for column, weight in zip(points.T, shares, strict=True):
        logs += np.log(np.maximum(column / ONE, 1.0)) * weight
    return _rounded(np.exp(logs / shares.sum()) * ONE)[:, None]


def equal(points: Ints) -> Ints:
    """Return the unweighted mean of each point in millionths, half-even, as one draw."""
    size = points.shape[1]
    means = [divided(total, size) for total in points.sum(axis=1).tolist()]
    return np.array(means, dtype=np.int64)[:, None]


def drawn_weights(weights: Sequence[int], variant: Variant) -> Floats:
    """Return the weights of each draw: a row a draw, a column a theme."""
    factors = (
        1.0
        - variant.spread
        + uniform(variant.seed, variant.draws, len(weights)) * (2.0 * variant.spread)
    )
    found: Floats = factors * np.array(weights, dtype=np.float64)
    return found


def simulated(points: Ints, weights: Floats) -> Ints:
    """Return the weighted mean of each point in each draw, in millionths.

    Theme by theme, so that the order of the additions, and with it the last bit, is fixed.
    """
    total = np.zeros((len(points), len(weights)))
    for column, drawn in zip(points.T, weights.T, strict=True):
        total += column[:, None].astype(np.float64) * drawn[None, :]
    shares = np.zeros(len(weights))
    for drawn in weights.T:
        shares += drawn
    return _rounded(total / shares[None, :])


def _rounded(values: Floats) -> Ints:
    """Round half-even to whole millionths, as figures are published."""
    found: Ints = np.rint(values).astype(np.int64)
    return found


def rank_interval(overall: Ints) -> tuple[Ints, Ints]:
    """Return the 5th and 95th percentile of the rank of each row over the draws (columns)."""
    size, draws = overall.shape
    ranks = np.empty((draws, size), dtype=np.int64)
    for draw, column in enumerate(np.ascontiguousarray(overall.T)):
        ranks[draw] = size + 1 - np.searchsorted(np.sort(column), column, side="right")
    places = [_nearest(_LOW, draws), _nearest(_HIGH, draws)]
    low, high = np.partition(ranks, places, axis=0)[places]
    return low, high


def _nearest(percentile: int, draws: int) -> int:
    """Return the place of a percentile among ordered draws, by nearest rank, from 0."""
    return max(-(-percentile * draws // 100), 1) - 1


def shares_of_type(
    overall: Ints, own: Ints, points: Ints, themes: Sequence[str], rules: Rules
) -> list[int]:
    """Return the share of draws, in millionths, in which each point has its own type.

    Args:
        overall: a row a point, a column a draw.
        own: the published overall score of each point.
        points: scores by theme.
        themes: the themes of the points.
        rules: the typology.
    """
    blocked = rules.blocked(points, themes)
    published_types = rules.types(own, blocked)
    same = (rules.types(overall, blocked) == published_types[:, None]).sum(axis=1)
    return [divided(int(count) * ONE, overall.shape[1]) for count in same]


def robustness(given: AnalysisInput) -> bytes:
    """Return the cube: score, rank interval and share of the same type by body and variant."""
    made: list[str] = []
    rules = read_rules(given)
    classes = [group for (group,) in given.table("classes")]
    for scheme in given.schemes:
        found = read_distinct(given, scheme[0])
        for variant in read_variants(given):
            if rules and len(found.points):
                settings = (variant.code, variant.draws, variant.spread, variant.seed)
                cube = Cube(given, "robustness", *scheme, status=False)
                of = cube.of(*settings, *found.weights, rules.told, found.told)
                made += _observations(of, found, variant, rules, classes)
    return graph_of(made)


def read_variants(given: AnalysisInput) -> list[Variant]:
    """Return the variants of the code list."""
    return [
        Variant(iri, code, int(draws or 1), float(spread or 0), int(seed or 0))
        for iri, code, draws, spread, seed in given.table("variants")
    ]


def overall_by(variant: Variant, points: Ints, weights: Sequence[int]) -> Ints:
    """Return the overall score of each point in each draw of a variant, in millionths.

    Raises:
        LookupError: no such variant is known.
    """
    if variant.code == "meetkundig":
        return geometric(points, weights)
    if variant.code == "gelijke-gewichten":
        return equal(points)
    if variant.code == "monte-carlo":
        return simulated(points, drawn_weights(weights, variant))
    raise LookupError(f"no variant {variant.code}")


def _observations(
    cube: Cube, found: Distinct, variant: Variant, rules: Rules, classes: Sequence[str]
) -> Iterator[str]:
    overall = overall_by(variant, found.points, found.weights)
    shares = shares_of_type(overall, found.overall, found.points, found.themes, rules)
    means = [divided(total, overall.shape[1]) for total in overall.sum(axis=1).tolist()]
    about = link("imon:variant", variant.iri)
    for group in classes:
        inside = np.isin(found.rows, found.scores.groups.get(group, found.rows[:0]))
        rows, points = found.rows[inside], found.point[inside]
        low, high = rank_interval(overall[points])
        size = number("imon:groupSize", len(rows))
        of_group = (about, link("imon:group", group), size)
        for row, point, first, end in zip(
            rows.tolist(), points.tolist(), low.tolist(), high.tolist(), strict=True
        ):
            tails = (
                link("imon:body", found.scores.bodies[row]),
                figure("imon:score", means[point]),
                number("imon:rankLow", first),
                number("imon:rankHigh", end),
                figure("imon:typeShare", shares[point]),
            )
            path = f"{found.scores.kbo[row]}/{last(group)}/{variant.code}"
            yield cube.observation(path, (*of_group, *tails))
