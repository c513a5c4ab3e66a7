"""Scoring schemes are data: other weights and scores in a table give other figures, without code.

What a scheme other than the wave's own says of one body is not OPEN (semantics.md "Disclosure").
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from service.analysis.scheme_differences import Difference, shown
from service.analysis.scores import OVERALL
from service.release.derivation import Scheme, derivations
from tests import reckoning
from tests.made_wave import (
    BASE,
    MadeWave,
    Response,
    keyed,
    library,
    numbers,
    random_responses,
    status,
)
from tests.reckoning import Figures

THEMES = ("T1", "T2", "T3", "T4", "T5", "T6")
VERSIONS = ("1.0", "1.1", "dvn-nl")
SCHEMES = tuple(Scheme(f"{BASE}id/scoreschema/{version}", version) for version in VERSIONS)


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types, with everything that can be missing."""
    return random_responses(90, seed=11)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """A wave that is scored by all bundled schemes."""
    return MadeWave(responses, schemes=SCHEMES).derive()


def figures(response: Response, version: str) -> dict[str, Figures]:
    """Return the exact figures of a response by a scheme, worked out a second time."""
    found = {
        theme: reckoning.theme_figures(theme, response.kind, response.answers, version)
        for theme in THEMES
    }
    return {**found, "TOTAL": reckoning.overall(found, version)}


@pytest.mark.parametrize("version", VERSIONS)
def test_exact_scores_of_each_scheme_are_those_of_the_second_reckoning(
    wave: MadeWave, responses: list[Response], version: str
) -> None:
    rows = keyed({**wave.rows_of("theme-score-exact"), **wave.rows_of("theme-bounds-exact")})
    seen = 0
    for response in responses:
        for theme, wanted in figures(response, version).items():
            for body in response.bodies:
                row = rows.get((body.kbo, theme, version))
                if theme == "TOTAL" and not wanted.published:
                    assert row is None
                    continue
                assert row is not None
                found = (wanted.score, wanted.low, wanted.high, wanted.coverage)
                assert numbers(row) == found, (body.kbo, theme, version)
                assert status(row) == ("A" if wanted.published else "M")
                seen += 1
    assert seen == len([key for key in rows if key[2] == version])


def test_scheme_1_1_differs_where_its_table_does(responses: list[Response]) -> None:
    changed = {theme: 0 for theme in (*THEMES, "TOTAL")}
    for response in responses:
        own, other = figures(response, "1.0"), figures(response, "1.1")
        for theme, row in own.items():
            changed[theme] += row.score != other[theme].score
    assert {theme for theme, count in changed.items() if count} == {"T1", "T4", "TOTAL"}
    assert reckoning.core_weights("1.1") == {"T1": 20, "T2": 20, "T3": 15, "T4": 15, "T5": 20}


def test_dvn_nl_scores_a_product_as_the_dutch_measurement_does() -> None:
    module = next(row for row in reckoning.questions("dvn-nl") if row.code == "PD8")
    products = [row for row in reckoning._products() if "B" in reckoning._products()[row]]
    for level, score in zip("012345", (0, 0, 33, 66, 100, 100), strict=True):
        answers = {product: [level] for product in products}
        assert reckoning.item_score(module, "B", answers, "dvn-nl") == score
        assert reckoning.item_score(module, "B", answers) == 20 * int(level)


def test_only_the_wave_s_own_scheme_gives_open_figures_of_a_body(wave: MadeWave) -> None:
    """So 1.1 and DVN-NL are in no OPEN graph but as differences over groups."""
    for step in derivations(library()):
        if step.access != "OPEN" or step.unit == "release":
            continue
        lines = [line for line in wave.lines[step.name] if b"/ns#body>" in line]
        subjects = {line.split(b" ", 1)[0] for line in lines}
        for line in wave.lines[step.name]:
            if line.split(b" ", 1)[0] in subjects:
                assert b"scoreschema/1.1" not in line, step.name
                assert b"scoreschema/dvn-nl" not in line, step.name


def test_the_exact_steps_run_over_all_schemes_and_say_so() -> None:
    steps = {step.name: step for step in derivations(library())}
    all_schemes = {name for name, step in steps.items() if step.schemes == "all"}
    assert {"theme-score-exact", "overall-exact", "type-exact"} <= all_schemes
    assert all(steps[name].access != "OPEN" for name in all_schemes)
    assert {name for name, step in steps.items() if step.schemes == "others"} >= {"runs-exact"}


@pytest.mark.parametrize("version", VERSIONS)
def test_types_follow_from_the_scores_of_each_scheme(
    wave: MadeWave, responses: list[Response], version: str
) -> None:
    rows = keyed(wave.rows_of("type-exact"))
    seen = 0
    for response in responses:
        themes = figures(response, version)
        total = themes["TOTAL"].score
        for body in response.bodies:
            row = rows.get((body.kbo, "TY-1", version))
            assert (row is None) == (total is None)
            if row is not None and total is not None:
                by_score, final, _ = reckoning.type_of(themes, total)
                assert (row["typeByScore"][-1], row["type"][-1]) == (str(by_score), str(final))
                seen += 1
    assert seen > 20


def test_each_scheme_is_a_table_row_and_says_what_it_is_based_on() -> None:
    rows = {row["version"]: row for row in reckoning._table("schemes")}
    assert tuple(rows) == VERSIONS
    assert [rows[version]["based_on"] for version in VERSIONS] == ["", "1.0", "1.0"]
    for row in rows.values():
        assert "Reden" in row["definition_nl"] or row["version"] == "1.0"
        assert "Reason" in row["definition_en"] or row["version"] == "1.0"


def test_weights_of_a_theme_are_decimal_and_sum_to_100_in_every_scheme() -> None:
    for version in VERSIONS:
        sums: dict[str, Decimal] = {}
        for row in reckoning.questions(version):
            sums[row.theme] = sums.get(row.theme, Decimal(0)) + row.weight
        assert sums == dict.fromkeys(THEMES, Decimal(100))


# --- Differences between schemes, over groups -----------------------------------------------------


def expected(
    responses: list[Response], kind: str, theme: str, version: str
) -> tuple[Decimal, int, int] | None:
    """Return (mean difference, changed bodies, bodies), or None where it is withheld."""
    pairs = []
    for response in responses:
        for body in response.bodies:
            own, other = (figures(response, row)[theme] for row in ("1.0", version))
            if body.kind == kind and own.published and other.published:
                assert own.score is not None
                assert other.score is not None
                pairs.append((own.score, other.score))
    changed = sum(own != other for own, other in pairs)
    if len(pairs) < 5 or 0 < changed < 5:
        return None
    mean = sum((Fraction(other) - Fraction(own) for own, other in pairs), Fraction(0)) / len(pairs)
    return reckoning.six(mean), changed, len(pairs)


def test_differences_are_means_over_the_bodies_that_have_both_scores(
    wave: MadeWave, responses: list[Response]
) -> None:
    rows = keyed(wave.rows_of("scheme-difference"))
    seen, moved = 0, 0
    for kind, group in (("gemeente", "gemeenten"), ("ocmw", "ocmws")):
        for version in VERSIONS[1:]:
            for theme in (*THEMES, "TOTAL"):
                wanted = expected(responses, kind, theme, version)
                row = rows.get((group, theme, version))
                assert (row is None) == (wanted is None), (group, theme, version)
                if row is not None and wanted is not None:
                    measures = (row["obsValue"], row["changedCount"], row["groupSize"])
                    assert tuple(Decimal(value) for value in measures) == wanted
                    seen, moved = seen + 1, moved + (wanted[1] > 0)
    assert seen == len(rows)
    assert moved > 5
    assert {row["scheme"].rpartition("/")[2] for row in rows.values()} == {"1.1", "dvn-nl"}


@pytest.mark.parametrize(
    ("pairs", "may_be_shown"),
    [
        ([(0, 1)] * 5, True),
        ([(0, 1)] * 4, False),
        ([(0, 0)] * 5, True),
        ([(0, 0)] * 9 + [(0, 1)], False),
        ([(0, 0)] * 9 + [(0, 1)] * 5, True),
    ],
)
def test_a_difference_that_few_bodies_make_is_withheld(
    pairs: list[tuple[int, int]], may_be_shown: bool
) -> None:
    """The inputs are not OPEN: neither 4 bodies nor the 4 of them that changed may be told of."""
    row = Difference(pairs)
    assert row.may_be_shown == may_be_shown
    found = shown({"T1": row, OVERALL: Difference([(0, 1)] * 9)})
    assert (OVERALL in found) == may_be_shown, "the overall one would tell the withheld theme"


def test_the_mean_difference_is_rounded_half_even() -> None:
    assert Difference([(0, 1), (0, 0)]).mean == 0
    assert Difference([(0, 3), (0, 0)]).mean == 2
    assert Difference([(1, 0), (0, 0)]).mean == 0
    assert Difference([(3, 0), (0, 0)]).mean == -2
