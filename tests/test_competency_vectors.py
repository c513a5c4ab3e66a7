"""Competency questions on the exact test vectors V1, V5 and V6 (domain.md §5.2), over HTTP.

A small instrument and invented answers are loaded and published; the questions are asked of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from loaders.sources import BUNDLED
from tests.competency import asked, last
from tests.home import gemeenten, load, publish, response, settings_for, write_answers
from tests.live_service import Live
from tests.live_service import live as served
from tests.small_instrument import write_instrument

pytestmark = [pytest.mark.live, pytest.mark.slow]

# The weights of V1 in one theme, a question of its own in the others.
ITEMS = [
    ("T1", "Q11", 40),
    ("T1", "Q12", 35),
    ("T1", "Q13", 25),
    *((f"T{number}", f"Q{number}", 100) for number in (2, 3, 4, 5)),
]
CORE = {"T1": 20, "T2": 20, "T3": 10, "T4": 20, "T5": 20}
KNESSELARE, OLD_AALTER, AALTER = "0207452118", "0207449544", "0697608063"
FIRST, SECOND = "synthetisch/2016", "synthetisch/2020"


def t1(score: int) -> dict[str, str]:
    """Return answers that make the first theme score so much."""
    return {code: f"s{score}" for theme, code, _ in ITEMS if theme == "T1"}


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A published home with the small instrument, and the bodies of V1 and of V6 in it."""
    folder = tmp_path_factory.mktemp("vectors")
    settings = settings_for(folder / "home")
    tables = write_instrument(folder / "instrument", ITEMS, CORE)
    for source in BUNDLED:
        reports = load(settings, source, *([tables] if source == "instrument" else []))
        assert not any(report.refused for report in reports), reports
    taken = (KNESSELARE, OLD_AALTER, AALTER)
    v1, v6 = [kbo for kbo in gemeenten(settings, 5) if kbo not in taken][:2]
    others = {f"Q{number}": "s80" for number in (3, 4, 5)}
    answers = {
        (FIRST, v1): {"Q11": "s60", "Q12": "ZD", "Q13": "s100"},
        (FIRST, v6): {**t1(80), "Q2": "s20", **others},
        (FIRST, KNESSELARE): t1(30),
        (FIRST, OLD_AALTER): t1(60),
        (SECOND, AALTER): t1(70),
    }
    for wave in (FIRST, SECOND):
        rows = [
            row
            for (given, kbo), codes in answers.items()
            for row in response(f"R-{kbo}", "B", [kbo], codes, wave)
            if given == wave
        ]
        table = write_answers(folder / f"{last(wave)}.csv", rows)
        assert not load(settings, "answers", table)[0].refused
    publish(settings)
    return settings.home, v1, v6


@pytest.fixture(scope="module")
def live(bodies: tuple[Path, str, str]) -> Iterator[Live]:
    """That home, served."""
    with served(bodies[0], query_timeout=30) as service:
        yield service


def test_v1_low_coverage_is_listed_with_bounds(live: Live, bodies: tuple[Path, str, str]) -> None:
    _, v1, _ = bodies
    (row,) = [row for row in asked(live, "cq09", body=v1, wave=FIRST) if last(row["theme"]) == "T1"]
    shown = (row["score"], row["low"], row["high"], row["coverage"], last(row["status"]))
    assert shown == ("", "49", "84", "0.65", "obsStatus-M")
    listed = [
        found
        for found in asked(live, "cq17", wave=FIRST)
        if found["name"] and (found["coverage"], last(found["theme"])) == ("0.65", "T1")
    ]
    assert [(found["low"], found["high"], last(found["status"])) for found in listed] == [
        ("49", "84", "obsStatus-M")
    ]


def test_v6_type_3_by_the_gate_of_security(live: Live, bodies: tuple[Path, str, str]) -> None:
    _, _, v6 = bodies
    (row,) = asked(live, "cq16", body=v6, wave=FIRST)
    assert (row["number"], row["byScore"]) == ("3", "4")
    assert (last(row["theme"]), last(row["gate"]), row["minimum"]) == ("T2", "t2", "50")
    # The public score is the middle of the band of 20, and the overall score follows from it.
    assert Decimal(row["score"]) == 25
    assert round(Decimal(row["overall"]), 2) == Decimal("67.78")


def test_v5_the_trend_of_a_merged_body_begins_with_its_back_cast(live: Live) -> None:
    (row,) = asked(live, "cq38-bodies", **{"from": FIRST, "to": SECOND, "theme": "T1"})
    expected = Decimal(8236 * 30 + 20548 * 60) / Decimal(8236 + 20548)
    assert Decimal(row["scoreFrom"]) == expected.quantize(Decimal("0.000001"))
    assert round(Decimal(row["scoreFrom"]), 2) == Decimal("51.42")
    assert (last(row["statusFrom"]), last(row["statusTo"])) == ("obsStatus-E", "obsStatus-B")
    assert (row["name"], row["scoreTo"]) == ("Aalter", "70")
    assert row["event"].endswith("/fusie/2019-01-01/gemeente/aalter")


def test_a_mean_of_fewer_than_five_bodies_is_not_shown(live: Live) -> None:
    rows = asked(live, "cq38", **{"from": FIRST, "to": SECOND, "theme": "T1"})
    (both,) = [row for row in rows if row["population"] == "panel"]
    assert (both["bodiesFrom"], both["estimated"], both["broken"]) == ("1", "1", "1")
    assert {(row["meanFrom"], row["meanTo"], row["difference"]) for row in rows} == {("", "", "")}


def test_a_group_that_is_too_small_has_a_rank_and_no_statistics(
    live: Live, bodies: tuple[Path, str, str]
) -> None:
    _, _, v6 = bodies
    rows = asked(live, "cq10", body=v6, wave=FIRST, criterion="klasse")
    assert rows
    assert {row["quartile1"] + row["median"] + row["mean"] for row in rows} == {""}
    assert all(int(row["rank"]) <= int(row["groupSize"]) < 5 for row in rows)
