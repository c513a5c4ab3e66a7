"""Robustness of rank and type, held against a second reckoning without numpy.

The second reckoning takes the drawn weights as they are (a test of `service.analysis.draws` holds
the random numbers), and works out scores, ranks, intervals and types from the published scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from service.analysis.robustness import (
    Variant,
    drawn_weights,
    equal,
    geometric,
    overall_by,
    rank_interval,
    simulated,
)
from tests import reckoning
from tests.made_wave import SCHEME, MadeWave, Response, keyed, random_responses

V = SCHEME.version
CORE = tuple(sorted(reckoning.core_weights()))
WEIGHTS = [reckoning.core_weights()[theme] for theme in CORE]
ONE_POINT = 10**6
SPREAD, SEED, DRAWS = 0.25, 20160601, 1000
Point = Mapping[str, Decimal]


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types, joint ones among them."""
    return random_responses(100, seed=17)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """The wave with all that is derived."""
    return MadeWave(responses).derive()


@pytest.fixture(scope="module")
def points(wave: MadeWave) -> dict[str, dict[str, Decimal]]:
    """KBO → theme → published score, of the bodies with an overall score."""
    found: dict[str, dict[str, Decimal]] = {}
    for key, row in keyed(wave.rows_of("theme-score")).items():
        found.setdefault(key[0], {})[key[1]] = Decimal(row["score"])
    return {kbo: point for kbo, point in found.items() if "TOTAL" in point}


def second_draws(variant: str, point: Point) -> list[Decimal]:
    """Return the overall score of a body in each draw of a variant."""
    scores = [point[theme] for theme in CORE]
    if variant == "meetkundig":
        return [reckoning.geometric(zip(scores, WEIGHTS, strict=True))]
    if variant == "gelijke-gewichten":
        return [reckoning.six(reckoning.weighted((score, 1) for score in scores))]
    found = []
    for row in drawn_weights(WEIGHTS, Variant("", variant, DRAWS, SPREAD, SEED)):
        weights = [Fraction(float(weight)) for weight in row]
        total = sum((Fraction(s) * w for s, w in zip(scores, weights, strict=True)), Fraction(0))
        found.append(reckoning.six(total / sum(weights)))
    return found


def second_type(point: Point, overall: Decimal) -> int:
    """Return the type of a body by an overall score, gates included."""
    figures = {
        theme: reckoning.Figures(score, score, score, Decimal(1), published=True)
        for theme, score in point.items()
    }
    return reckoning.type_of(figures, overall)[1]


@pytest.mark.parametrize("variant", ["meetkundig", "gelijke-gewichten", "monte-carlo"])
def test_robustness_is_that_of_the_second_reckoning(
    wave: MadeWave,
    points: dict[str, dict[str, Decimal]],
    responses: list[Response],
    variant: str,
) -> None:
    rows = keyed(wave.rows_of("robustness"))
    kinds = {body.kbo: body.kind for response in responses for body in response.bodies}
    seen = 0
    for kind, group in (("gemeente", "gemeenten"), ("ocmw", "ocmws")):
        draws = {kbo: second_draws(variant, points[kbo]) for kbo in points if kinds[kbo] == kind}
        columns = [Counter(column) for column in zip(*draws.values(), strict=True)]
        above = [_ranks(column) for column in columns]
        for kbo, scores in draws.items():
            row = rows[kbo, group, variant, V]
            ranks = sorted(above[draw][score] for draw, score in enumerate(scores))
            last = len(ranks)
            assert int(row["rankLow"]) == ranks[max(-(-5 * last // 100), 1) - 1]
            assert int(row["rankHigh"]) == ranks[max(-(-95 * last // 100), 1) - 1]
            own = second_type(points[kbo], points[kbo]["TOTAL"])
            same = sum(second_type(points[kbo], score) == own for score in scores)
            assert Decimal(row["typeShare"]) == reckoning.six(Fraction(same, last))
            mean = sum(map(Fraction, scores), Fraction(0)) / last
            assert Decimal(row["score"]) == reckoning.six(mean)
            assert int(row["groupSize"]) == len(draws)
            seen += 1
    assert seen == sum(key[2] == variant for key in rows) == len(points)


def _ranks(scores: Counter[Decimal]) -> dict[Decimal, int]:
    """Return the competition rank of each score."""
    found, rank = {}, 1
    for score, count in sorted(scores.items(), reverse=True):
        found[score] = rank
        rank += count
    return found


def test_some_types_and_ranks_depend_on_the_weights_and_some_do_not(wave: MadeWave) -> None:
    rows = [row for key, row in keyed(wave.rows_of("robustness")).items() if key[2][0] == "m"]
    shares = {Decimal(row["typeShare"]) for row in rows}
    assert 1 in shares
    assert min(shares) < 1
    assert any(row["rankLow"] != row["rankHigh"] for row in rows)


def test_a_joint_response_has_the_same_scores_and_share_in_both_classes(
    wave: MadeWave, responses: list[Response], points: dict[str, dict[str, Decimal]]
) -> None:
    rows = keyed(wave.rows_of("robustness"))
    joint = [row.bodies for row in responses if row.kind == "A" and row.bodies[0].kbo in points]
    assert joint
    for first, second in joint:
        one = rows[first.kbo, "gemeenten", "monte-carlo", V]
        other = rows[second.kbo, "ocmws", "monte-carlo", V]
        assert (one["score"], one["typeShare"]) == (other["score"], other["typeShare"])


# --- Vectors and hand-computed cases --------------------------------------------------------------


def micro(rows: Sequence[Sequence[float]]) -> np.ndarray:
    """Return scores in millionths."""
    return np.array([[round(value * ONE_POINT) for value in row] for row in rows], dtype=np.int64)


def test_v3_arithmetic_and_geometric() -> None:
    points = micro([[25, 100]])
    assert equal(points).tolist() == [[62_500_000]]
    assert geometric(points, [1, 1]).tolist() == [[50_000_000]]
    assert geometric(micro([[0, 100]]), [1, 1]).tolist() == [[10_000_000]]


def test_a_rank_interval_by_hand() -> None:
    """Three bodies, twenty draws; the first two change places in two of the draws."""
    overall = np.array([[2] * 18 + [1] * 2, [1] * 18 + [2] * 2, [0] * 20], dtype=np.int64)
    low, high = rank_interval(overall)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [2, 2, 3])
    once = np.array([[2] * 19 + [1], [1] * 19 + [2], [0] * 20], dtype=np.int64)
    low, high = rank_interval(once)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [1, 2, 3])


def test_equal_scores_share_a_rank_in_every_draw() -> None:
    points = micro([[40, 60], [40, 60], [10, 20]])
    overall = simulated(points, drawn_weights([1, 1], Variant("", "monte-carlo", 50, 0.25, 3)))
    low, high = rank_interval(overall)
    assert (low.tolist(), high.tolist()) == ([1, 1, 3], [1, 1, 3])


def test_drawn_weights_stay_within_the_spread_and_follow_the_seed() -> None:
    variant = Variant("", "monte-carlo", 1000, 0.25, 5)
    found = drawn_weights(WEIGHTS, variant) / np.array(WEIGHTS)
    assert 0.75 <= found.min() < 0.76
    assert 1.24 < found.max() < 1.25
    again = drawn_weights(WEIGHTS, variant) / np.array(WEIGHTS)
    assert (found == again).all()
    other = drawn_weights(WEIGHTS, Variant("", "monte-carlo", 1000, 0.25, 6))
    assert (other != drawn_weights(WEIGHTS, variant)).any()


def test_equal_themes_are_the_same_by_every_variant() -> None:
    points = micro([[37.5] * 5])
    for code, draws in (("meetkundig", 1), ("gelijke-gewichten", 1), ("monte-carlo", 40)):
        found = overall_by(Variant("", code, draws, 0.25, 1), points, WEIGHTS)
        assert set(found.ravel().tolist()) == {37_500_000}


def test_a_variant_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(LookupError, match="harmonisch"):
        overall_by(Variant("", "harmonisch", 1, 0.0, 0), micro([[1, 2]]), [1, 1])
