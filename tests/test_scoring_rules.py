"""Rules of the scoring one by one: test vectors V1–V6, thresholds, ties, bands (domain.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from service.analysis.positions import percentiles, ranks
from service.analysis.robustness import geometric_mean
from service.queries import StoredQuery
from tests import reckoning
from tests.made_wave import (
    SCHEME,
    Body,
    MadeWave,
    Merger,
    Response,
    items,
    library,
    numbers,
    status,
)
from tests.small_instrument import write_instrument

V = SCHEME.version
ONE = Body(1, "gemeente")
ONE_POINT = 10**6  # analyses count in millionths


def figures(*values: int | str) -> tuple[Decimal | None, ...]:
    """Return score, low, high and coverage."""
    return tuple(Decimal(value) for value in values)


NOTHING = (None, *figures(0, 100, 0))


def test_the_product_module_counts_from_seventy_percent_of_what_applies() -> None:
    """Eighteen products, eight of them not applicable: seven of the ten others are enough."""
    products = [row.code for row in items() if row.code.startswith("PD8.") and "B" in row.types]
    assert len(products) == 18
    for valid in (6, 7):
        codes = ["NVT"] * 8 + ["3"] * valid
        given = {product: [code] for product, code in zip(products, codes, strict=False)}
        made = MadeWave([Response(1, "B", (ONE,), {**given, "PD1": ["5"]})]).derive()
        row = made.row("theme-score-exact", ONE.kbo, "T5", V)
        share = 34 if valid == 7 else 0
        wanted = reckoning.six(Fraction(60 * share + 100 * 12, 12 + share))
        assert Decimal(row["score"]) == wanted
        assert Decimal(row["coverage"]) == reckoning.six(Fraction(12 + share, 100))


_ROUNDING = re.compile(r"\((\?f(\d?)) \+ IF\((.*?), 1, 0\)\) / 1000000")


@pytest.mark.parametrize("query", library().area("derive"), ids=lambda query: str(query.name))
def test_every_figure_is_rounded_half_even(query: StoredQuery) -> None:
    """The engine's ROUND is half-up, so the rule is written out: everywhere in the same words."""
    assert "ROUND(" not in query.text
    found = _ROUNDING.findall(query.text)
    assert len(found) == query.text.count("/ 1000000")
    for name, digit, rule in found:
        x = f"?x{digit}"
        assert (
            rule == f"{x} - {name} > 0.5 || ({x} - {name} = 0.5 && FLOOR({name} / 2) != {name} / 2)"
        )
        assert f"BIND(FLOOR({x}) AS {name})" in query.text


# --- Test vectors (domain.md §5.2) ----------------------------------------------------------------

Small = Callable[..., MadeWave]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Derive a wave of single-question answers on an instrument of whole scores."""

    def make(
        items: list[tuple[str, str, int]],
        weights: Mapping[str, int],
        answers: Mapping[Body, Mapping[str, str]],
        mergers: tuple[Merger, ...] = (),
    ) -> MadeWave:
        tables = write_instrument(tmp_path / "instrument", items, weights)
        rows = [
            Response(body.number, "B", (body,), {code: [option] for code, option in given.items()})
            for body, given in answers.items()
        ]
        return MadeWave(rows, mergers, tables).derive()

    return make


def test_v1_a_theme_below_the_threshold_has_bounds_and_no_public_score(small: Small) -> None:
    items = [("T1", "Q1", 40), ("T1", "Q2", 35), ("T1", "Q3", 25)]
    made = small(items, {"T1": 100}, {ONE: {"Q1": "s60", "Q2": "ZD", "Q3": "s100"}})
    exact = made.row("theme-score-exact", ONE.kbo, "T1", V)
    wanted = reckoning.six(Fraction(4900, 65)), Decimal(49), Decimal(84), Decimal("0.65")
    assert numbers(exact) == wanted
    assert numbers(made.row("theme-bounds", ONE.kbo, "T1", V)) == (None, *wanted[1:])
    assert made.rows_of("theme-score") == {}


def test_v2_ranks_and_percentiles() -> None:
    scores = np.array((80, 60, 40, 40, 20)) * ONE_POINT
    assert ranks(scores) == [1, 2, 3, 3, 5]
    assert percentiles(scores) == [value * ONE_POINT for value in (90, 70, 40, 40, 10)]


def test_v3_arithmetic_and_geometric(small: Small) -> None:
    items = [("T1", "Q1", 100), ("T3", "Q3", 100)]
    made = small(items, {"T1": 50, "T3": 50}, {ONE: {"Q1": "s25", "Q3": "s100"}})
    assert made.row("theme-score", ONE.kbo, "TOTAL", V)["score"] == "62.5"
    for variant, score in (("meetkundig", "50"), ("gelijke-gewichten", "62.5")):
        row = made.row("robustness", ONE.kbo, "gemeenten", variant, V)
        assert (row["score"], row["rankLow"], row["rankHigh"]) == (score, "1", "1")
    assert geometric_mean([Decimal(25), Decimal(100)], [Decimal(1), Decimal(1)]) == Decimal(50)
    assert geometric_mean([Decimal(0), Decimal(100)], [Decimal(1), Decimal(1)]) == Decimal(10)


def test_v4_an_inapplicable_question_is_not_missing() -> None:
    answers = {
        item.code: [item.options[-1]]
        for item in items()
        if item.code.startswith("AB") and "B" in item.types
    }
    assert len(answers) == 8
    made = MadeWave([Response(1, "B", (ONE,), answers)]).derive()
    row = made.row("theme-score", ONE.kbo, "T1", V)
    assert numbers(row) == (Decimal(100), Decimal(100), Decimal(100), Decimal(1))


def test_v5_back_cast_of_a_merger(small: Small) -> None:
    knesselare = Body(1, "gemeente", ((2018, 8_236),))
    aalter = Body(2, "gemeente", ((2018, 20_548),))
    merger = Merger((knesselare, aalter), Body(3, "gemeente"))
    answers = {knesselare: {"Q1": "s30"}, aalter: {"Q1": "s60"}}
    made = small([("T1", "Q1", 100)], {"T1": 100}, answers, (merger,))
    row = made.row("back-cast", merger.result.kbo, "T1", merger.date, V)
    assert round(Decimal(row["score"]), 2) == Decimal("51.42")
    assert status(row) == "E"


def test_v6_a_gate_caps_the_type(small: Small) -> None:
    weights = {"T1": 20, "T2": 20, "T3": 10, "T4": 20, "T5": 20}
    items = [(theme, f"Q{theme[1]}", 100) for theme in weights]
    answers = {code: "s20" if theme == "T2" else "s80" for theme, code, _ in items}
    made = small(items, weights, {ONE: answers})
    assert made.row("theme-score-exact", ONE.kbo, "TOTAL", V)["score"] == "66.666667"
    row = made.row("type-exact", ONE.kbo, "TY-1", V)
    assert (row["typeByScore"][-1], row["type"][-1]) == ("4", "3")
    assert row["decidingGate"].endswith("/t2")


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({}, NOTHING),
        ({"Q1": "ZD", "Q2": "ZD"}, NOTHING),
        ({"Q1": "NVT", "Q2": "NVT"}, NOTHING),
        ({"Q1": "NVT", "Q2": "s40"}, figures(40, 40, 40, 1)),
        ({"Q1": "ZD", "Q2": "s40"}, figures(40, 28, 58, "0.7")),
        ({"Q1": "s0", "Q2": "ZD"}, figures(0, 0, 70, "0.3")),
    ],
)
def test_what_is_not_answered_is_missing_and_what_does_not_apply_is_not(
    small: Small, answers: dict[str, str], wanted: tuple[Decimal | None, ...]
) -> None:
    """Where nothing of a theme is known there are the bounds 0 and 100, never no row at all."""
    made = small([("T1", "Q1", 30), ("T1", "Q2", 70)], {"T1": 100}, {ONE: answers})
    cube = "theme-bounds-exact" if wanted[0] is None else "theme-score-exact"
    assert numbers(made.row(cube, ONE.kbo, "T1", V)) == wanted
    public = "theme-score" if wanted[3] in (1, Decimal("0.7")) else "theme-bounds"
    assert made.row(public, ONE.kbo, "T1", V)


def test_a_scheme_without_a_banded_theme_publishes_exact_scores(small: Small) -> None:
    made = small([("T1", "Q1", 100)], {"T1": 100}, {ONE: {"Q1": "s37"}})
    assert made.row("theme-score", ONE.kbo, "T1", V)["score"] == "37"


@pytest.mark.parametrize(
    ("score", "edge"), [(0, 0), (9, 0), (10, 10), (59, 50), (99, 90), (100, 90)]
)
def test_band_edges(small: Small, score: int, edge: int) -> None:
    made = small([("T2", "Q1", 100)], {"T2": 100}, {ONE: {"Q1": f"s{score}"}})
    row = made.row("theme-score", ONE.kbo, "T2", V)
    assert numbers(row) == figures(edge + 5, edge, edge + 10, "0.7")


def test_an_overall_score_on_half_a_millionth_goes_to_the_even_side(small: Small) -> None:
    items = [("T1", "Q1", 40), ("T1", "Q2", 35), ("T1", "Q3", 25), ("T3", "Q4", 100)]
    bodies = {
        Body(n, "gemeente"): {"Q1": f"s{n}", "Q2": f"s{n * 7 % 101}", "Q4": "s100"}
        for n in range(100)
    }
    made = small(items, {"T1": 50, "T3": 50}, bodies)
    up = down = 0
    for body, given in bodies.items():
        first = Fraction(40 * int(given["Q1"][1:]) + 35 * int(given["Q2"][1:]), 75)
        mean = (Fraction(reckoning.six(first)) + 100) / 2
        row = made.row("theme-score", body.kbo, "TOTAL", V)
        assert Decimal(row["score"]) == reckoning.six(mean)
        if reckoning.is_tie(mean):
            up += Fraction(row["score"]) > mean
            down += Fraction(row["score"]) < mean
    assert up > 5
    assert down > 5
