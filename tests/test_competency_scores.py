"""Competency questions on scores, types and comparisons, over HTTP against the demo release.

What is expected is worked out from the answers table and the instrument's tables
(`tests.competency`, `tests.reckoning`), never by a query.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from service import data_dir
from tests import reckoning
from tests.competency import GROUPS, THEMES, Wave, asked, full_store, last, mean, quantile
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer, public_store

pytestmark = pytest.mark.live

ARDOOIE = "0216771046"
WAVE = "synthetisch/2016"
SYNTHETIC = "http://localhost:8000/id/synthetisch/golf/2016"


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30, result_limit=64) as service:
        yield service


@pytest.fixture(scope="module")
def wave(demo_home: Path) -> Wave:
    """The synthetic wave of 2016, worked out from its files."""
    return Wave(demo_home, 2016)


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def some(wave: Wave) -> list[str]:
    """Return bodies that between them meet each case, Ardooie first."""
    rows = wave.public
    complete = next(kbo for kbo in rows if all(rows[kbo][t].published for t in (*THEMES, "TOTAL")))
    banded = next(kbo for kbo in rows if not rows[kbo]["T2"].published)
    gap = next(kbo for kbo in rows if not rows[kbo]["T1"].published)
    ocmw = next(kbo for kbo in rows if wave.kind[kbo] == "C")
    joint = next(kbo for kbo in rows if wave.kind[kbo] == "A")
    return [ARDOOIE, complete, banded, gap, ocmw, joint]


def silent(wave: Wave) -> str:
    """Return a body that did not respond."""
    return next(kbo for kbo in wave.frame if kbo not in wave.public)


# --- CQ09: my scores -----------------------------------------------------------------------------


def test_cq09_six_themes_with_bounds_and_coverage(live: Live, wave: Wave) -> None:
    for kbo in some(wave):
        rows = asked(live, "cq09", body=kbo, wave=WAVE)
        assert [last(row["theme"]) for row in rows] == list(THEMES)
        for row in rows:
            figures = wave.public[kbo][last(row["theme"])]
            score = figures.score if figures.published else None
            shown = tuple(number(row[name]) for name in ("score", "low", "high", "coverage"))
            assert shown == (score, figures.low, figures.high, figures.coverage), (kbo, row)
            if score is not None:
                assert figures.low <= score <= figures.high
            assert last(row["status"]) == f"obsStatus-{'A' if figures.published else 'M'}"
            assert (last(row["presentation"]) == "band") == (last(row["theme"]) == "T2")
            assert (last(row["response"]), row["wave"]) == ("respons", SYNTHETIC)
            assert (row["synthetic"], last(row["scheme"])) == ("true", "1.0")


def test_cq09_a_body_that_did_not_respond_has_no_figures_and_the_answer_says_so(
    live: Live, wave: Wave
) -> None:
    rows = asked(live, "cq09", body=silent(wave), wave=WAVE)
    assert {(last(row["response"]), row["score"], row["low"]) for row in rows} == {("geen", "", "")}
    assert len(rows) == 6


def test_cq09_in_english_by_nis_code(live: Live) -> None:
    dutch = asked(live, "cq09", body="37020", wave=WAVE)
    english = asked(live, "cq09", body="37020", wave=WAVE, lang="en")
    assert dutch[1]["label"] == "Informatieveiligheid"
    assert english[1]["label"] == "Information security"
    assert [row["score"] for row in dutch] == [row["score"] for row in english]


def test_a_wave_without_figures_gives_no_rows(live: Live) -> None:
    for name in ("cq09", "cq10", "cq11", "cq12", "cq15", "cq16"):
        assert asked(live, name, body=ARDOOIE, wave="2016") == [], name
    assert asked(live, "cq17", wave="2016") == []
    assert asked(live, "cq37", wave="2016") == []


# --- CQ10: my place in my group ------------------------------------------------------------------


def test_cq10_rank_percentile_and_quartiles_in_the_size_class(live: Live, wave: Wave) -> None:
    for kbo in some(wave):
        rows = asked(live, "cq10", body=kbo, wave=WAVE)
        members = wave.alike(kbo)
        scored = [t for t in (*THEMES, "TOTAL") if wave.score(kbo, t) is not None]
        assert [last(row["theme"]) for row in rows] == scored
        for row in rows:
            theme = last(row["theme"])
            own, scores = wave.score(kbo, theme), wave.scores(theme, members)
            assert own is not None
            assert number(row["score"]) == own
            assert int(row["groupSize"]) == len(scores)
            assert int(row["rank"]) == reckoning.rank_of(own, scores)
            assert number(row["percentile"]) == reckoning.percentile_of(own, scores)
            few, fewer = len(scores) < 8, len(scores) < 5
            outer = [None if few else quantile(scores, Fraction(part, 4)) for part in (1, 3)]
            assert [number(row["quartile1"]), number(row["quartile3"])] == outer, (kbo, theme)
            assert number(row["median"]) == (None if fewer else quantile(scores, Fraction(1, 2)))
            assert number(row["mean"]) == (None if fewer else mean(scores))
            body = wave.frame[kbo]
            assert last(row["group"]) == f"{GROUPS[body.kind]}-schaal-{body.size}"


def test_cq10_the_arithmetic_is_that_of_the_test_vector() -> None:
    scores = [Decimal(value) for value in (20, 40, 40, 60, 80)]
    assert [reckoning.rank_of(value, scores) for value in scores] == [5, 3, 3, 2, 1]
    assert reckoning.percentile_of(Decimal(40), scores) == Decimal(40)
    assert reckoning.percentile_of(Decimal(80), scores) == Decimal(90)
    assert quantile(scores, Fraction(1, 4)) == quantile(scores, Fraction(1, 2)) == Decimal(40)
    assert quantile(scores, Fraction(3, 4)) == Decimal(60)


def test_cq10_in_another_fixed_group(live: Live, wave: Wave) -> None:
    rows = asked(live, "cq10", body=ARDOOIE, wave=WAVE, criterion="provincie", lang="en")
    same = [row.kbo for row in wave.frame.values() if row.kind == "gemeente"]
    members = [kbo for kbo in same if wave.frame[kbo].province == "west-vlaanderen"]
    total = rows[-1]
    assert last(total["group"]) == "gemeenten-west-vlaanderen"
    assert "West Flanders" in total["groupLabel"]
    assert int(total["groupSize"]) == len(wave.scores("TOTAL", members))


# --- CQ11: who is most like me -------------------------------------------------------------------


def difference(wave: Wave, one: str, other: str) -> Decimal | None:
    """Return the weighted difference index, None where the other lacks a theme that one has."""
    weights = reckoning.core_weights()
    mine = {theme: wave.score(one, theme) for theme in weights}
    parts = []
    for theme, score in mine.items():
        theirs = wave.score(other, theme)
        if score is not None:
            if theirs is None:
                return None
            parts.append((abs(score - theirs), weights[theme]))
    return reckoning.six(reckoning.weighted(parts)) if parts else None


def test_cq11_the_ten_nearest_in_order_without_itself(live: Live, wave: Wave) -> None:
    for kbo in some(wave):
        others = [row for row in wave.of_class(wave.frame[kbo].kind) if row != kbo]
        indexed = {row: difference(wave, kbo, row) for row in others}
        nearest = sorted((index, row) for row, index in indexed.items() if index is not None)[:10]
        rows = asked(live, "cq11", body=kbo, wave=WAVE)
        assert [number(row["difference"]) for row in rows] == [index for index, _ in nearest]
        assert [row["body"] for row in rows] == [wave.frame[row].iri for _, row in nearest]
        assert [row["name"] for row in rows] == [wave.frame[row].name for _, row in nearest]


# --- CQ12: the gap with the ideal ----------------------------------------------------------------


def targets() -> dict[str, Decimal]:
    path = data_dir("ontology") / "instrument" / "reference-profile.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return {r["theme"]: Decimal(r["target"]) for r in csv.DictReader(handle) if r["theme"]}


def test_cq12_themes_by_gap_the_largest_first(live: Live, wave: Wave) -> None:
    for kbo in some(wave):
        gaps = {t: (aim, wave.score(kbo, t)) for t, aim in targets().items()}
        known = {t: aim - score for t, (aim, score) in gaps.items() if score is not None}
        order = sorted(known, key=lambda t: (-known[t], t)) + sorted(gaps.keys() - known.keys())
        rows = asked(live, "cq12", body=kbo, wave=WAVE)
        assert [last(row["theme"]) for row in rows] == order
        for row in rows:
            theme = last(row["theme"])
            assert number(row["gap"]) == known.get(theme)
            assert (number(row["target"]), number(row["score"])) == gaps[theme]
            assert row["profile"].endswith("/id/referentieprofiel/vlavirgem")


# --- CQ13: what weighs on my scores --------------------------------------------------------------


def test_cq13_weighted_loss_of_the_own_answers_security_too(demo_home: Path, wave: Wave) -> None:
    store = full_store(demo_home)
    own = {kbo: response for response in wave.responses for kbo in response.bodies}
    met = set()
    for kbo in some(wave):
        lost = {}
        for question in reckoning.questions():
            if own[kbo].kind in question.types:
                score = reckoning.item_score(question, own[kbo].kind, own[kbo].answers)
                if isinstance(score, Fraction):
                    lost[question.code] = question.weight * (100 - score)
                    met |= {question.theme, question.method}
        rows = answer(store, "api/cq13", body=kbo, wave=WAVE)
        assert [row["code"] for row in rows] == sorted(lost, key=lambda code: (-lost[code], code))
        assert {row["code"]: Fraction(row["loss"]) for row in rows} == lost
        for row in rows:
            assert Fraction(row["weight"]) * (100 - Fraction(row["score"])) == lost[row["code"]]
    assert met == {*THEMES, "keuze", "meerkeuze", "module"}


def test_cq13_is_not_for_everyone_and_the_public_store_has_no_answer_to_it(
    live: Live, demo_home: Path
) -> None:
    refused = live.ask(f"/api/cq13?body={ARDOOIE}&wave={WAVE}&format=csv")
    assert refused.status == 401
    assert b"IV1" not in refused.body
    assert answer(public_store(demo_home), "api/cq13", body=ARDOOIE, wave=WAVE) == []


# --- CQ15: from whom can I learn -----------------------------------------------------------------


def test_cq15_bodies_of_my_size_that_score_high_and_a_page_of_the_body(
    live: Live, wave: Wave
) -> None:
    members = wave.alike(ARDOOIE)
    for theme in ("T1", "T2"):
        scores = wave.scores(theme, members)
        high = set()
        for kbo in members:
            score = wave.score(kbo, theme)
            if score is not None and reckoning.percentile_of(score, scores) >= 75:
                high.add((wave.frame[kbo].iri, score))
        rows = asked(live, "cq15", body=ARDOOIE, wave=WAVE, theme=theme)
        found = {(row["body"], Decimal(row["score"])) for row in rows}
        assert found == {row for row in high if row[0] != wave.frame[ARDOOIE].iri}
        assert [int(row["rank"]) for row in rows] == sorted(int(row["rank"]) for row in rows)
        assert len(rows) == len({row["body"] for row in rows}) > 5
        for row in rows:
            assert row["page"].startswith("https://data.vlaanderen.be/id/organisatie/OVO")


def test_cq15_has_no_personal_data(live: Live, demo_home: Path) -> None:
    text = str(asked(live, "cq15", body=ARDOOIE, wave=WAVE, criterion="klasse"))
    table = (demo_home / "antwoorden-synthetisch-2016.csv").read_text(encoding="utf-8")
    assert "persoon0001@voorbeeld.invalid" in table
    assert len(text) > 1000
    for personal in ("@", "Synthetische Persoon", "000 00", "diensthoofd", "informatiebeheerder"):
        assert personal not in text


# --- CQ16: my type -------------------------------------------------------------------------------


def test_cq16_the_type_and_the_gates_that_hold_it_back(live: Live, wave: Wave) -> None:
    held = [kbo for kbo in wave.public if wave.score(kbo, "TOTAL") is not None]
    typed = {
        kbo: reckoning.type_of(wave.public[kbo], wave.public[kbo]["TOTAL"].score or Decimal())
        for kbo in held
    }
    back = [kbo for kbo in held if typed[kbo][2]]
    assert back
    for kbo in [*back[:3], *(kbo for kbo in held[:5] if kbo not in back[:3])]:
        by_score, final, gates = typed[kbo]
        rows = asked(live, "cq16", body=kbo, wave=WAVE)
        assert {(int(row["number"]), int(row["byScore"])) for row in rows} == {(final, by_score)}
        assert {last(row["gate"]) for row in rows} - {""} == gates
        assert len(rows) == max(1, len(gates))
        for row in rows:
            assert number(row["overall"]) == wave.score(kbo, "TOTAL")
            assert row["needed"] == ("" if by_score == 5 else str(20 * by_score))
            if row["gate"]:
                assert number(row["score"]) == wave.score(kbo, last(row["theme"]))
                assert Decimal(row["score"]) < Decimal(row["minimum"])


def test_cq16_without_an_overall_score_the_missing_themes_are_the_reason(
    live: Live, wave: Wave
) -> None:
    kbo = next(kbo for kbo in wave.public if wave.score(kbo, "TOTAL") is None)
    rows = asked(live, "cq16", body=kbo, wave=WAVE, lang="en")
    core = reckoning.core_weights()
    assert {last(row["missing"]) for row in rows} == {
        theme for theme in core if wave.score(kbo, theme) is None
    }
    assert {row["type"] for row in rows} == {""}
    assert all(row["missingLabel"] for row in rows)


# --- CQ17: too little coverage -------------------------------------------------------------------


def test_cq17_every_theme_below_the_threshold_with_bounds_and_status_m(
    live: Live, wave: Wave
) -> None:
    wanted = {
        (wave.frame[kbo].iri, theme): (row.coverage, row.low, row.high)
        for kbo, themes in wave.public.items()
        for theme, row in themes.items()
        if theme in THEMES and not row.published
    }
    rows = asked(live, "cq17", wave=WAVE)
    found = {
        (row["body"], last(row["theme"])): (
            Decimal(row["coverage"]),
            Decimal(row["low"]),
            Decimal(row["high"]),
        )
        for row in rows
    }
    assert found == wanted
    assert len(rows) == len(wanted) > 100
    assert {last(row["status"]) for row in rows} == {"obsStatus-M"}
    assert all(Decimal(row["coverage"]) < Decimal("0.7") for row in rows)
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
