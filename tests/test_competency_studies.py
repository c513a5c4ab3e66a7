"""Competency questions on schemes, stability and trend, over HTTP against the demo release.

What is expected is worked out from the answers table and the tables of instrument and facts
(`tests.competency`, `tests.reckoning`), never by a query; what draws gave, from the public figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from service.store.rows import select
from service.vocab import expand
from tests import reckoning
from tests.competency import GROUPS, THEMES, Wave, asked, facts, full_store, last, mean
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer, public_store

pytestmark = pytest.mark.live

WAVE = "synthetisch/2016"


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


# --- CQ20: another scheme ------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Two exact scores; ``published`` where coverage is enough by both schemes."""

    own: Decimal
    other: Decimal
    published: bool


def changes(wave: Wave, version: str) -> dict[str, dict[str, Change]]:
    """Return theme → KBO number → exact score by the wave's own scheme and by another."""
    found: dict[str, dict[str, Change]] = {}
    for response in wave.responses:
        other = {
            theme: reckoning.theme_figures(theme, response.kind, response.answers, version)
            for theme in THEMES
        }
        other["TOTAL"] = reckoning.overall(other, version)
        for kbo in response.bodies:
            for theme, figures in other.items():
                own = wave.exact[kbo][theme]
                if own.score is not None and figures.score is not None:
                    enough = own.published and figures.published
                    change = Change(own.score, figures.score, enough)
                    found.setdefault(theme, {})[kbo] = change
    return found


def test_cq20_mean_difference_and_number_of_changed_bodies_with_provenance(
    live: Live, wave: Wave
) -> None:
    found = changes(wave, "1.1")
    rows = asked(live, "cq20", wave=WAVE, scheme="1.1")
    shown = {(last(row["group"]), last(row["theme"])): row for row in rows}
    changed = 0
    for (group, theme), row in shown.items():
        pairs = [
            pair
            for kbo, pair in found[theme].items()
            if GROUPS[wave.frame[kbo].kind] == group and pair.published
        ]
        moved = sum(pair.own != pair.other for pair in pairs)
        differences = [pair.other - pair.own for pair in pairs]
        assert int(row["groupSize"]) == len(pairs), (group, theme)
        assert int(row["changed"]) == moved
        assert number(row["meanDifference"]) == mean(differences)
        assert (last(row["scheme"]), last(row["ownScheme"])) == ("1.1", "1.0")
        assert moved == 0 or moved >= 5
        changed += moved
    assert changed > 100
    assert {theme for _, theme in shown} == {*THEMES, "TOTAL"}
    used = live.ask(
        "/sparql?"
        + urlencode(
            {
                "query": f"SELECT ?x {{ <{rows[0]['run']}> <{expand('prov:used')}> ?x }}",
                "format": "csv",
            }
        )
    )
    assert b"/id/scoreschema/1.0" in used.body and b"/id/scoreschema/1.1" in used.body


def test_cq20_bodies_is_for_the_management_and_names_both_runs(
    live: Live, demo_home: Path, wave: Wave
) -> None:
    assert live.ask(f"/api/cq20-bodies?wave={WAVE}&format=csv").status == 401
    assert answer(public_store(demo_home), "api/cq20-bodies", wave=WAVE) == []
    pairs = changes(wave, "1.1")["T4"]
    rows = answer(full_store(demo_home), "api/cq20-bodies", wave=WAVE, theme="T4")
    assert {row["body"]: (Decimal(row["ownScore"]), Decimal(row["score"])) for row in rows} == {
        wave.frame[kbo].iri: (pair.own, pair.other)
        for kbo, pair in pairs.items()
        if pair.own != pair.other
    }
    for row in rows:
        assert Decimal(row["difference"]) == Decimal(row["score"]) - Decimal(row["ownScore"])
        assert "/berekening/" in row["run"] and row["run"] != row["ownRun"]
        assert row["observation"].endswith("/T4/1.1")


# --- CQ37: stability -----------------------------------------------------------------------------


_ROBUSTNESS = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?body ?group ?variant ?share ?lowest ?highest WHERE {
  ?row imon:typeShare ?share ; imon:wave ?wave ; imon:body ?body ; imon:group ?group ;
    imon:variant ?variant ; imon:rankLow ?lowest ; imon:rankHigh ?highest .
  FILTER(?wave = <http://localhost:8000/id/synthetisch/golf/2016>)
}
"""


def varied(wave: Wave, kbo: str, variant: str) -> int:
    """Return the type of a body by another way of adding up its core themes."""
    themes = wave.public[kbo]
    weights = reckoning.core_weights()
    pairs = [(themes[theme].score or Decimal(), weights[theme]) for theme in weights]
    if variant == "meetkundig":
        return reckoning.type_of(themes, reckoning.geometric(pairs))[1]
    return reckoning.type_of(themes, mean([score for score, _ in pairs]))[1]


def test_cq37_share_unchanged_and_rank_interval_by_type(
    live: Live, demo_home: Path, wave: Wave
) -> None:
    rows = asked(live, "cq37", wave=WAVE)
    iris = {body.iri: kbo for kbo, body in wave.frame.items()}
    drawn: dict[tuple[str, str, int], list[tuple[Decimal, int]]] = {}
    for row in select(public_store(demo_home), _ROBUSTNESS, union=True):
        kbo = iris[row["body"]]
        total = wave.public[kbo]["TOTAL"].score or Decimal()
        kind = reckoning.type_of(wave.public[kbo], total)[1]
        key = (last(row["group"]), last(row["variant"]), kind)
        length = int(row["highest"]) - int(row["lowest"])
        drawn.setdefault(key, []).append((Decimal(row["share"]), length))
        if last(row["variant"]) != "monte-carlo":
            unchanged = varied(wave, kbo, last(row["variant"])) == kind
            assert (row["share"], length) == (str(int(unchanged)), 0), (kbo, row)
    shown = {}
    for row in rows:
        key = (last(row["group"]), last(row["variant"]), int(row["number"]))
        share, interval = Decimal(row["typeShare"]), Decimal(row["rankInterval"])
        shown[key] = (int(row["bodies"]), share, interval, int(row["widest"]))
    assert shown == {
        key: (
            len(values),
            mean([share for share, _ in values]),
            mean([Decimal(length) for _, length in values]),
            max(length for _, length in values),
        )
        for key, values in drawn.items()
    }
    assert {key[1] for key in shown} == {"meetkundig", "gelijke-gewichten", "monte-carlo"}
    assert {key[0] for key in shown} >= {"gemeenten", "ocmws"}
    assert any(widest > 0 for _, _, _, widest in shown.values())


# --- CQ38: the trend -----------------------------------------------------------------------------


def merged(before: Wave, after: Wave) -> dict[str, list[str]]:
    """Return the bodies that came out of a merger between two waves, with what went into it."""
    day, until = "2016-06-01", "2020-06-01"
    codes = {(r["nis"], r["kbo"]) for r in facts("states")}
    found: dict[str, list[str]] = {}
    for row in facts("mergers"):
        if day < row["date"] <= until:
            for kind in GROUPS:
                (new,) = [
                    body.kbo
                    for body in after.frame.values()
                    if body.kind == kind and (row["results"], body.kbo) in codes
                ]
                found[new] = [
                    body.kbo
                    for body in before.frame.values()
                    if body.kind == kind
                    and any((nis, body.kbo) in codes for nis in row["originals"].split("|"))
                ]
    return found


def people(wave: Wave) -> dict[str, int]:
    """Return the first known number of inhabitants of each body of the wave of 2016."""
    counts = {
        row["nis"]: int(row["count"]) for row in facts("inhabitants") if row["year"] == "2018"
    }
    nis = {r["kbo"]: r["nis"] for r in facts("states") if r["valid_from"] <= "2016-06-01"}
    return {kbo: counts[nis[kbo]] for kbo in wave.frame if nis.get(kbo) in counts}


def panel(before: Wave, after: Wave, theme: str) -> dict[str, tuple[Decimal, str, Decimal]]:
    """Return KBO number → score in the first wave, its status, score in the second."""
    parts, counts = merged(before, after), people(before)
    found = {}
    for kbo in after.public:
        later, earlier, status = after.score(kbo, theme), before.score(kbo, theme), "A"
        if kbo in parts:
            scores = [(before.score(part, theme), counts[part]) for part in parts[kbo]]
            known = [(score, count) for score, count in scores if score is not None]
            whole = len(known) == len(scores)
            earlier, status = (reckoning.six(reckoning.weighted(known)) if whole else None), "E"
        if later is not None and earlier is not None:
            found[kbo] = (earlier, status, later)
    return found


@pytest.mark.parametrize("theme", ["TOTAL", "T1", "T2"])
def test_cq38_the_panel_and_all_bodies_with_mergers_marked(
    live: Live, demo_home: Path, wave: Wave, theme: str
) -> None:
    after = Wave(demo_home, 2020)
    both = panel(wave, after, theme)
    assert {status for _, status, _ in both.values()} == {"A", "E"}
    values = {"from": WAVE, "to": "synthetisch/2020", "theme": theme}
    rows = asked(live, "cq38-bodies", **values)
    shown = {
        row["body"]: (Decimal(row["scoreFrom"]), row["statusFrom"][-1], Decimal(row["scoreTo"]))
        for row in rows
    }
    assert shown == {after.frame[kbo].iri: figures for kbo, figures in both.items()}
    new = {after.frame[kbo].iri for kbo in merged(wave, after)}
    for row in rows:
        assert Decimal(row["difference"]) == shown[row["body"]][2] - shown[row["body"]][0]
        assert row["statusTo"].endswith("B" if row["body"] in new else "A"), row
        assert bool(row["event"]) == (row["body"] in new)
    for row in asked(live, "cq38", **values):
        kind = "gemeente" if row["class"].endswith("1") else "ocmw"
        if row["population"] == "panel":
            pairs = [both[kbo] for kbo in both if after.frame[kbo].kind == kind]
            first, second = [pair[0] for pair in pairs], [pair[2] for pair in pairs]
            assert int(row["estimated"]) == sum(status == "E" for _, status, _ in pairs)
        else:
            first = wave.scores(theme, wave.of_class(kind))
            second = after.scores(theme, after.of_class(kind))
            assert row["estimated"] == "0" and int(row["broken"]) > 0
        assert (int(row["bodiesFrom"]), int(row["bodiesTo"])) == (len(first), len(second))
        assert (number(row["meanFrom"]), number(row["meanTo"])) == (mean(first), mean(second))
        assert number(row["difference"]) == mean(second) - mean(first)
    assert len(asked(live, "cq38", **values)) == 4
