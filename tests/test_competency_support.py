"""Recommendations, the weakest bodies and the support programme: CQ14 and CQ21 to CQ24.

CQ14, CQ21 and the claim of CQ23 are asked of the demo. The tracks of the programme come later, so
the rest is asked of the model's examples, and of the demo only whether it answers.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import Store

from service import data_dir
from service.release.manifest import Release
from service.store.rows import select
from tests import reckoning
from tests.competency import THEMES, Wave, asked, last
from tests.example_store import EXAMPLE, GEMEENTE, OCMW, OTHER, example_store
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer

WAVE = "synthetisch/2016"


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30) as service:
        yield service


@pytest.fixture(scope="module")
def wave(demo_home: Path) -> Wave:
    """The synthetic wave of 2016, worked out from its files."""
    return Wave(demo_home, 2016)


@pytest.fixture(scope="module")
def full(demo_home: Path) -> Store:
    """The store of all access levels."""
    release = Release.current(demo_home)
    assert release is not None
    return Store.read_only(str(release.full_store))


# --- CQ14: recommendations ----------------------------------------


def rules() -> list[dict[str, str]]:
    """Return the table of recommendations."""
    path = data_dir("ontology") / "instrument" / "recommendations.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def advised(wave: Wave, kbo: str, weakest: int) -> list[str]:
    """Return the codes of the rules that hold for a body, worked out from the table, in order."""
    scores = {theme: wave.score(kbo, theme) for theme in (*THEMES, "TOTAL")}
    known = {theme: score for theme, score in scores.items() if score is not None}
    total = known.pop("TOTAL", None)
    kind, gates = 0, set[str]()
    if total is not None:
        _, kind, gates = reckoning.type_of(wave.public[kbo], total)
    lowest = {
        theme for theme, score in known.items() if sum(s < score for s in known.values()) < weakest
    }
    about = {row.slug: row.theme for row in reckoning.gates()}
    found = []
    for row in rules():
        theme = row["theme"] or about.get(row["gate"], "TOTAL")
        score = total if theme == "TOTAL" else known.get(theme)
        if row["type"] and int(row["type"]) != kind:
            continue
        if row["gate"] and row["gate"] not in gates:
            continue
        if row["lower"]:
            low, high = Decimal(row["lower"]), Decimal(row["upper"])
            if score is None or not (low <= score < high or (score == high == 100)):
                continue
            if theme not in lowest | {"TOTAL"}:
                continue
        order = (int(row["priority"]), -1 if score is None else score, row["code"])
        found.append((order, row["code"]))
    return [code for _, code in sorted(found)]


@pytest.mark.live
@pytest.mark.parametrize("weakest", [1, 2, 6])
def test_cq14_the_rules_that_hold_for_type_gates_and_weakest_themes(
    weakest: int, live: Live, wave: Wave
) -> None:
    kbos = sorted(wave.public)[::23]
    held = [
        kbo
        for kbo in sorted(wave.public)
        if (total := wave.score(kbo, "TOTAL")) is not None
        and reckoning.type_of(wave.public[kbo], total)[2]
    ]
    silent = [kbo for kbo in sorted(wave.public) if wave.score(kbo, "TOTAL") is None]
    assert held and silent
    seen: set[str] = set()
    for kbo in [*kbos[:12], *held[:3], *silent[:2]]:
        rows = asked(live, "cq14", body=kbo, wave=WAVE, weakest=str(weakest), lang="en")
        assert [row["code"] for row in rows] == advised(wave, kbo, weakest), kbo
        seen |= {row["code"] for row in rows}
        texts = {row["code"]: row["text_en"] for row in rules()}
        assert all(row["text"] == texts[row["code"]] for row in rows)
        assert {row["synthetic"] for row in rows} <= {"true"}
        for row in rows:
            own = wave.score(kbo, last(row["theme"]))
            assert (Decimal(row["score"]) if row["score"] else None) == own
    assert {code.partition("-")[0] for code in seen} >= {"type", "poort", "T3", "T6"}


@pytest.mark.live
def test_cq14_has_nothing_for_a_body_that_did_not_respond(live: Live, wave: Wave) -> None:
    silent = next(kbo for kbo in sorted(wave.frame) if kbo not in wave.public)
    assert asked(live, "cq14", body=silent, wave=WAVE) == []
    assert asked(live, "cq14", body="0216771046", wave="2016") == []


# --- CQ21: the weakest that responded ----------------------------------------


@pytest.mark.parametrize("count", [30, 50])
def test_cq21_the_n_lowest_by_exact_overall_score(count: int, full: Store, wave: Wave) -> None:
    exact = {
        kbo: figures["TOTAL"].score
        for kbo, figures in wave.exact.items()
        if figures["TOTAL"].published
    }
    scores = {kbo: score for kbo, score in exact.items() if score is not None}
    ranks = {kbo: sum(s < own for s in scores.values()) + 1 for kbo, own in scores.items()}
    wanted = {wave.frame[kbo].iri: rank for kbo, rank in ranks.items() if rank <= count}
    rows = answer(full, "api/cq21", wave=WAVE, n=str(count))
    assert {row["body"]: int(row["rank"]) for row in rows} == wanted
    assert len(rows) >= count
    assert [int(row["rank"]) for row in rows] == sorted(ranks.values())[: len(rows)]
    kbo = {body.iri: body.kbo for body in wave.frame.values()}
    assert all(Decimal(row["score"]) == scores[kbo[row["body"]]] for row in rows)
    assert {row["class"] for row in rows} == {"Gemeente", "OCMW"}


def test_cq21_who_did_not_respond_is_absent(full: Store, wave: Wave) -> None:
    everyone = {row["body"] for row in answer(full, "api/cq21", wave=WAVE, n="700")}
    assert everyone == {
        wave.frame[kbo].iri for kbo, figures in wave.exact.items() if figures["TOTAL"].published
    }
    silent = {body.iri for kbo, body in wave.frame.items() if kbo not in wave.exact}
    assert silent and not everyone & silent


def test_cq21_cannot_be_answered_from_what_is_public(demo_home: Path) -> None:
    release = Release.current(demo_home)
    assert release is not None
    store = Store.read_only(str(release.public_store))
    assert answer(store, "api/cq21", wave=WAVE) == []


# --- The support programme: on the examples ----------------------------------------

TRACKS = """
<id/synthetisch/voorbeeld/intekening/2> a imon:Enrolment , prov:Entity ;
    imon:call <id/oproep/2016> ; imon:coversBody $other ; imon:sourceLabel "Gemeente Ardooie"@nl ;
    imon:knownAt "2017-02-01"^^xsd:date ;
    prov:hadPrimarySource <id/synthetisch/voorbeeld/bron/intekeningen> .
<id/synthetisch/voorbeeld/traject/2> a imon:Track , prov:Activity ;
    imon:enrolment <id/synthetisch/voorbeeld/intekening/2> ;
    imon:partner <id/synthetisch/voorbeeld/partner/1> ;
    imon:supportDays 20 ; imon:dayRule imc:dagenregel\\/vast-20 ;
    schema:startDate "2017-02-20"^^xsd:date ; adms:status imc:trajectstatus\\/lopend ;
    imon:trackPhase <id/synthetisch/voorbeeld/traject/2/fase/1> ,
        <id/synthetisch/voorbeeld/traject/2/fase/3> .
<id/synthetisch/voorbeeld/traject/2/fase/1> a imon:TrackPhase , prov:Activity ;
    dct:isPartOf <id/synthetisch/voorbeeld/traject/2> ; imon:phase imc:fase\\/1 ;
    imon:plannedOn "2017-02-20"^^xsd:date ; imon:doneOn "2017-02-21"^^xsd:date ; imon:daysUsed 0.5 .
<id/synthetisch/voorbeeld/traject/2/fase/3> a imon:TrackPhase , prov:Activity ;
    dct:isPartOf <id/synthetisch/voorbeeld/traject/2> ; imon:phase imc:fase\\/3 ;
    imon:plannedOn "2017-05-08"^^xsd:date .
<id/synthetisch/voorbeeld/plananalyse/2> a imon:PlanAnalysis , prov:Entity ;
    dct:isPartOf <id/synthetisch/voorbeeld/traject/2> ; dct:issued "2017-05-29"^^xsd:date ;
    imon:plannedAction <id/synthetisch/voorbeeld/plananalyse/2/actie/1> ,
        <id/synthetisch/voorbeeld/plananalyse/2/actie/2> .
<id/synthetisch/voorbeeld/plananalyse/2/actie/1> a imon:PlannedAction , prov:Entity ;
    dct:title "Koppeling met het Rijksregister"@nl , "Link with the National Register"@en ;
    imon:theme imc:thema\\/T1 ; dct:source "ACT-1" .
<id/synthetisch/voorbeeld/plananalyse/2/actie/2> a imon:PlannedAction , prov:Entity ;
    dct:title "Online betalen"@nl ; imon:theme imc:thema\\/T5 ;
    dct:source <id/synthetisch/voorbeeld/bbc/2> .
"""


@pytest.fixture(scope="module")
def tracks() -> Store:
    return example_store(TRACKS)


def short(iri: str) -> str:
    return iri.removeprefix(EXAMPLE)


def test_cq22_phases_not_yet_done_by_planned_day(tracks: Store) -> None:
    rows = answer(tracks, "api/cq22", date="2017-03-15", lang="en")
    found = [(last(row["phase"]), row["body"], row["plannedOn"], row["late"]) for row in rows]
    late = ("2", "2017-03-13", "true")  # planned for two days ago, done on the 20th
    assert sorted(found[:2]) == sorted((late[0], body, *late[1:]) for body in (GEMEENTE, OCMW))
    assert found[2] == ("2", OTHER, "", "")
    assert found[3] == ("3", OTHER, "2017-05-08", "false")
    rest = sorted((number, body, "", "") for body in (GEMEENTE, OCMW) for number in "34")
    assert sorted(found[4:]) == sorted([*rest, ("4", OTHER, "", "")])
    assert rows[0]["phaseLabel"] == "Deepening and diagnosis"
    assert rows[2]["sourceLabel"] == "Gemeente Ardooie"


def test_cq22_a_phase_that_was_done_by_then_is_absent(tracks: Store) -> None:
    rows = answer(tracks, "api/cq22", date="2017-03-20")
    assert {(row["body"], last(row["phase"])) for row in rows if last(row["phase"]) == "2"} == {
        (OTHER, "2")
    }
    assert answer(tracks, "api/cq22", date="2017-01-11") == []  # no enrolment was known yet


def test_cq23_the_tracks_of_a_partner_with_their_days(tracks: Store) -> None:
    rows = answer(tracks, "api/cq23", partner="1")
    found = {
        short(row["track"]): (int(row["supportDays"]), Decimal(row["daysUsed"])) for row in rows
    }
    assert found == {"traject/1": (10, Decimal("4.5")), "traject/2": (20, Decimal("0.5"))}
    assert {row["name"] for row in rows} == {"Voorbeeldpartner"}
    assert {row["claimedBodies"] for row in rows} == {""}


@pytest.mark.live
def test_cq23_a_source_says_that_c_smart_guides_nine(live: Live) -> None:
    (row,) = asked(live, "cq23")
    assert (row["name"], row["claimedBodies"], row["track"]) == ("C-smart", "9", "")
    assert last(row["source"]) == "D3"
    assert asked(live, "cq23", partner="niemand") == []


def test_cq24_the_digital_actions_of_the_plan_with_their_theme(tracks: Store) -> None:
    rows = answer(tracks, "api/cq24", lang="nl")
    found = {(row["body"], row["title"], row["planReference"], last(row["theme"])) for row in rows}
    counter = ("Digitaal loket met aanmelden via eID", "ACT-2014-017", "T5")
    assert found == {
        (GEMEENTE, *counter),
        (OCMW, *counter),
        (OTHER, "Koppeling met het Rijksregister", "ACT-1", "T1"),
        (OTHER, "Online betalen", f"{EXAMPLE}bbc/2", "T5"),
    }
    assert {row["analysed"] for row in rows} == {"2017-05-22", "2017-05-29"}
    assert len(rows) == 4


def test_cq24_of_one_body_or_on_one_theme(tracks: Store) -> None:
    assert len(answer(tracks, "api/cq24", theme="T5")) == 3
    assert len(answer(tracks, "api/cq24", body=OTHER)) == 2
    (row,) = answer(tracks, "api/cq24", body=OTHER, theme="T1", lang="en")
    assert row["title"] == "Link with the National Register"
    assert row["themeLabel"] == "Authentic sources"


# --- On the demo ----------------------------------------

WAITING = ("cq22", "cq24", "cq25", "cq26")


@pytest.mark.live
@pytest.mark.parametrize("name", ["cq21", *WAITING])
def test_a_question_of_managers_is_not_for_everyone(name: str, live: Live) -> None:
    assert live.ask(f"/api/{name}?format=csv").status == 401


@pytest.mark.parametrize("name", WAITING)
def test_a_question_that_waits_for_tracks_answers_without_a_row(name: str, full: Store) -> None:
    assert answer(full, f"api/{name}") == []
    tracked = "PREFIX imon: <https://w3id.org/imonitor/ns#> SELECT ?t WHERE { ?t a imon:Track }"
    assert list(select(full, tracked, union=True)) == []
