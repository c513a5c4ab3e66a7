"""The arithmetic of the derive queries and analyses, held against a second reckoning.

A few hundred random responses of all types, with everything that can be missing, go through the
queries; `tests.reckoning` works out the same figures with fractions from the tables.
"""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from tests import reckoning
from tests.made_wave import (
    SCHEME,
    Body,
    MadeWave,
    Merger,
    Response,
    items,
    keyed,
    numbers,
    random_answers,
    random_responses,
    status,
)
from tests.reckoning import Figures

THEMES = ("T1", "T2", "T3", "T4", "T5", "T6")
V = SCHEME.version
Expected = dict[str, dict[str, Figures]]


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Three hundred random responses."""
    return random_responses(300, seed=7)


@pytest.fixture(scope="module")
def mergers(responses: list[Response]) -> list[Merger]:
    """Mergers of the gemeenten that answered, two and three at a time."""
    found = [r.bodies[0] for r in responses if r.bodies[0].kind == "gemeente"]
    pairs = list(pairwise(found))[::2][:40]
    triple = Merger(tuple(found[100:103]), Body(9_100, "gemeente"), "2025-01-01")
    made = [Merger(pair, Body(9_000 + n, "gemeente")) for n, pair in enumerate(pairs)]
    silent = Merger((found[0], Body(9_200, "gemeente")), Body(9_201, "gemeente"))
    before = Merger((found[1], found[2]), Body(9_202, "gemeente"), "2013-01-01")
    return [*made, triple, silent, before]


@pytest.fixture(scope="module")
def wave(responses: list[Response], mergers: list[Merger]) -> MadeWave:
    """The wave with all that is derived."""
    return MadeWave(responses, mergers).derive()


@pytest.fixture(scope="module")
def exact(responses: list[Response]) -> Expected:
    """KBO → theme → exact figures, TOTAL among them."""
    found: Expected = {}
    for response in responses:
        themes = {
            theme: reckoning.theme_figures(theme, response.kind, response.answers)
            for theme in THEMES
        }
        themes["TOTAL"] = reckoning.overall(themes)
        found |= {body.kbo: themes for body in response.bodies}
    return found


@pytest.fixture(scope="module")
def public(exact: Expected) -> Expected:
    """KBO → theme → public figures: T2 in bands, and TOTAL from them."""
    found: Expected = {}
    for kbo, themes in exact.items():
        shown = {**themes, "T2": reckoning.banded(themes["T2"])}
        shown["TOTAL"] = reckoning.overall(shown)
        found[kbo] = shown
    return found


def test_the_random_responses_reach_every_case(responses: list[Response], exact: Expected) -> None:
    figures = [row for themes in exact.values() for row in themes.values()]
    assert {response.kind for response in responses} == {"A", "B", "C"}
    assert sum(row.score is None for row in figures) > 0
    assert 100 < sum(row.published for row in figures) < len(figures)
    assert sum(row.ties for row in figures) > 10, "no forced half-even tie was met"
    at_threshold = [row for row in figures if row.coverage == Decimal("0.7")]
    assert at_threshold, "no theme lies on the threshold"
    modules = [
        reckoning.item_score(question, response.kind, response.answers)
        for question in reckoning.questions()
        if question.code == "PD8"
        for response in responses
    ]
    assert {"missing"} < {row if isinstance(row, str) else "valid" for row in modules}


def test_exact_theme_scores_are_those_of_the_second_reckoning(
    wave: MadeWave, exact: Expected
) -> None:
    scored = keyed(wave.rows_of("theme-score-exact"))
    unscored = keyed(wave.rows_of("theme-bounds-exact"))
    assert not scored.keys() & unscored.keys()
    found = {**scored, **unscored}
    wanted = {(kbo, theme, V): rows[theme] for kbo, rows in exact.items() for theme in THEMES}
    assert {key for key in found if key[1] != "TOTAL"} == wanted.keys()
    for key, figures in wanted.items():
        assert numbers(found[key]) == (
            figures.score,
            figures.low,
            figures.high,
            figures.coverage,
        ), key
        assert status(found[key]) == ("A" if figures.published else "M")
        assert (key in scored) == (figures.score is not None)


def test_public_scores_and_bounds_split_at_the_threshold(wave: MadeWave, public: Expected) -> None:
    scores, bounds = keyed(wave.rows_of("theme-score")), keyed(wave.rows_of("theme-bounds"))
    wanted = {(kbo, theme, V): rows[theme] for kbo, rows in public.items() for theme in rows}
    assert scores.keys() == {key for key, figures in wanted.items() if figures.published}
    assert bounds.keys() == wanted.keys() - scores.keys()
    for key, figures in wanted.items():
        shown = figures.score if figures.published else None
        row = scores.get(key) or bounds[key]
        assert numbers(row) == (shown, figures.low, figures.high, figures.coverage), key
        assert status(row) == ("A" if figures.published else "M")
        if key[1] != "TOTAL":
            assert row["presentation"].endswith("band" if key[1] == "T2" else "exact")


def test_a_missing_overall_score_names_the_missing_core_themes(
    wave: MadeWave, public: Expected
) -> None:
    rows = keyed(wave.rows_of("theme-bounds"))
    for kbo, themes in public.items():
        missing = {theme for theme in reckoning.core_weights() if not themes[theme].published}
        row = rows.get((kbo, "TOTAL", V), {"missingTheme": ""})
        named = {iri.rpartition("/")[2] for iri in row["missingTheme"].split("|") if iri}
        assert named == missing


@pytest.mark.parametrize(
    ("cube", "scores"), [("type-exact", "theme-score-exact"), ("type", "theme-score")]
)
def test_types_follow_from_overall_score_and_gates(
    wave: MadeWave, exact: Expected, public: Expected, cube: str, scores: str
) -> None:
    figures = exact if cube == "type-exact" else public
    rows = keyed(wave.rows_of(cube))
    assert rows.keys() == {(k, "TY-1", V) for k, row in figures.items() if row["TOTAL"].published}
    held = 0
    for kbo, themes in figures.items():
        total = themes["TOTAL"].score
        if total is None:
            continue
        by_score, final, gates = reckoning.type_of(themes, total)
        row = rows[kbo, "TY-1", V]
        last = {name: row[name].rpartition("/")[2] for name in ("type", "typeByScore")}
        assert last == {"type": str(final), "typeByScore": str(by_score)}
        named = row.get("decidingGate", "").split("|")
        assert {iri.rpartition("/")[2] for iri in named if iri} == gates
        held += bool(gates)
    assert held


def test_each_gate_combination_gives_the_type_of_the_rules() -> None:
    """Every T1, T2 and T5 below and on its minimum, for types 3 to 5 by score."""
    responses, wanted = [], {}
    rng = random.Random(3)
    for number in range(64):
        levels = {theme: rng.choice(("2", "3", "4")) for theme in ("AB", "IV", "PD")}
        answers = {
            item.code: [_near(item.options, levels.get(item.code[:2], "4"))]
            for item in items()
            if "B" in item.types and not item.many
        }
        answers["DI4"] = ["privacy", "gegevens", "kosten", "personeel", "inclusie", "standaarden"]
        body = Body(number, "gemeente")
        responses.append(Response(number, "B", (body,), answers))
        themes = {t: reckoning.theme_figures(t, "B", answers) for t in THEMES}
        total = reckoning.overall(themes).score
        assert total is not None
        wanted[body.kbo] = reckoning.type_of(themes, total)
    made = MadeWave(responses).derive("theme-score-exact", "overall-exact", "type-exact")
    rows = keyed(made.rows_of("type-exact"))
    for kbo, (by_score, final, gates) in wanted.items():
        row = rows[kbo, "TY-1", V]
        assert (row["typeByScore"][-1], row["type"][-1]) == (str(by_score), str(final))
        named = row.get("decidingGate", "").split("|")
        assert {iri.rpartition("/")[2] for iri in named if iri} == gates
    assert {(by_score, final) for by_score, final, _ in wanted.values()} >= {(4, 3), (4, 4)}


def _near(options: tuple[str, ...], level: str) -> str:
    return level if level in options else options[-1]


def test_positions_rank_published_figures_by_class(
    wave: MadeWave, public: Expected, responses: list[Response]
) -> None:
    rows = keyed(wave.rows_of("position"))
    kinds = {body.kbo: body.kind for response in responses for body in response.bodies}
    wanted = 0
    for kind, group in (("gemeente", "gemeenten"), ("ocmw", "ocmws")):
        for theme in (*THEMES, "TOTAL"):
            scores = {
                kbo: score
                for kbo, themes in public.items()
                if kinds[kbo] == kind and themes[theme].published
                for score in [themes[theme].score]
                if score is not None
            }
            others = list(scores.values())
            for kbo, score in scores.items():
                row = rows[kbo, theme, group, V]
                assert int(row["rank"]) == reckoning.rank_of(score, others)
                assert Decimal(row["percentile"]) == reckoning.percentile_of(score, others)
                assert int(row["groupSize"]) == len(others)
                wanted += 1
    assert sum(key[2] in ("gemeenten", "ocmws") for key in rows) == wanted > 0


def test_back_casts_weigh_predecessors_by_inhabitants(
    wave: MadeWave, public: Expected, mergers: list[Merger]
) -> None:
    rows = keyed(wave.rows_of("back-cast"))
    wanted: dict[tuple[str, ...], Decimal] = {}
    for merger in mergers:
        for theme in (*THEMES, "TOTAL"):
            parts = [public.get(part.kbo, {}).get(theme) for part in merger.parts]
            scores = [row.score for row in parts if row and row.published and row.score is not None]
            if merger.date > "2016-06-01" and len(scores) == len(merger.parts):
                people = [dict(part.inhabitants)[2018] for part in merger.parts]
                mean = reckoning.weighted(zip(scores, people, strict=True))
                wanted[merger.result.kbo, theme, merger.date, V] = reckoning.six(mean)
    assert {key: Decimal(row["score"]) for key, row in rows.items()} == wanted
    assert len(wanted) > 50
    for key, row in rows.items():
        assert status(row) == "E"
        merger = next(m for m in mergers if (m.result.kbo, m.date) == (key[0], key[2]))
        assert len(row["wasDerivedFrom"].split("|")) == len(merger.parts)


def test_a_body_out_of_two_mergers_has_a_back_cast_for_each() -> None:
    rng = random.Random(1)
    parts = [Body(n, "gemeente") for n in range(3)]
    answers = [random_answers(rng, "B", 0, 0) for _ in parts]
    responses = [Response(n, "B", (parts[n],), answers[n]) for n in range(3)]
    first = Merger((parts[0], parts[1]), parts[0], "2025-01-01")
    second = Merger((parts[0], parts[2]), parts[0], "2031-01-01")
    made = MadeWave(responses, [first, second]).derive()
    assert {key[2] for key in keyed(made.rows_of("back-cast"))} == {"2025-01-01", "2031-01-01"}


def test_the_latest_inhabitants_known_at_the_wave_count() -> None:
    rng = random.Random(2)
    old = Body(1, "gemeente", ((2010, 1_000), (2015, 3_000), (2018, 9_000)))
    new = Body(2, "gemeente", ((2018, 1_000), (2019, 7_000)))
    answers = [random_answers(rng, "B", 0, 0) for _ in range(2)]
    responses = [Response(n, "B", (body,), answers[n]) for n, body in enumerate((old, new))]
    made = MadeWave(responses, [Merger((old, new), Body(3, "gemeente"))]).derive()
    scores = [Fraction(made.row("theme-score", body.kbo, "T1", V)["score"]) for body in (old, new)]
    wanted = reckoning.six((3_000 * scores[0] + 1_000 * scores[1]) / 4_000)
    found = made.row("back-cast", Body(3, "gemeente").kbo, "T1", "2019-01-01", V)
    assert Decimal(found["score"]) == wanted


def test_a_joint_response_gives_both_bodies_the_same_figures(
    wave: MadeWave, responses: list[Response]
) -> None:
    rows = keyed({**wave.rows_of("theme-score"), **wave.rows_of("theme-bounds")})
    joint = [response for response in responses if response.kind == "A"]
    assert joint
    for response in joint:
        first, second = (rows[body.kbo, "T1", V] for body in response.bodies)
        assert numbers(first) == numbers(second)
        assert first["fromResponse"] == second["fromResponse"] == response.iri
