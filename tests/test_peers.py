"""Peers, profiles, own selections, the merger simulator, and neighbours by date.

Figures are worked out a second time from the published scores, with fractions; neighbours from the
tables of the register.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from pyoxigraph import Store

from service import data_dir
from tests import mergers, reckoning
from tests.asked import BASE, asked, table
from tests.live_service import Live
from tests.live_service import live as served
from tests.made_wave import observations
from tests.stored import public_store

WAVE, DAY = "synthetisch/2016", "2016-06-01"
THEMES = ("T1", "T2", "T3", "T4", "T5", "T6", "TOTAL")
Row = Mapping[str, str]
Profile = dict[str, Row]


@pytest.fixture(scope="module")
def store(demo_home: Path) -> Store:
    """The public store of the demo."""
    return public_store(demo_home)


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30) as service:
        yield service


@pytest.fixture(scope="module")
def profiles(store: Store) -> dict[str, Profile]:
    """What is public of 2016: KBO → theme → row of a score or of bounds."""
    found: dict[str, Profile] = {}
    for cube in ("theme-score", "theme-bounds"):
        rows = observations(store, f"{BASE}id/synthetisch/dataset/{cube}", union=True)
        for iri, row in rows.items():
            year, kbo, theme, _ = iri.split(f"/{cube}/")[1].split("/")
            if year == "2016":
                found.setdefault(kbo, {})[theme] = row
    return found


@pytest.fixture(scope="module")
def bodies(store: Store) -> dict[str, Row]:
    """Every body of the frame of 2016: KBO → its row."""
    everyone = (
        *asked(store, "peers", body="11002", criterion="vlaanderen", wave=WAVE),
        *asked(store, "peers", body="0212235604", criterion="vlaanderen", wave=WAVE),
    )
    return {row["kbo"]: row for row in everyone}


def scored(profile: Profile) -> dict[str, Decimal]:
    """Return theme → published score."""
    return {theme: Decimal(row["score"]) for theme, row in profile.items() if "score" in row}


def classes() -> dict[str, str]:
    """Return KBO → class."""
    return {row["kbo"]: row["class"] for row in table("bodies")}


def complete(profiles: Mapping[str, Profile], kind: str, count: int) -> list[str]:
    """Return bodies of a class with an overall score."""
    kinds = classes()
    found = [kbo for kbo in sorted(profiles) if "TOTAL" in scored(profiles[kbo])]
    return [kbo for kbo in found if kinds[kbo] == kind][:count]


# --- Similar bodies, fixed groups, neighbours


@pytest.mark.parametrize("kind", ["gemeente", "ocmw"])
def test_the_ten_most_similar_by_the_weighted_difference(
    store: Store, profiles: dict[str, Profile], kind: str
) -> None:
    weights = reckoning.core_weights()
    kinds = classes()
    for kbo in complete(profiles, kind, 3):
        mine = {theme: score for theme, score in scored(profiles[kbo]).items() if theme in weights}
        near = []
        for other, profile in profiles.items():
            theirs = scored(profile)
            if other != kbo and kinds[other] == kind and mine.keys() <= theirs.keys():
                total = sum(
                    (Fraction(abs(mine[t] - theirs[t])) * weights[t] for t in mine), Fraction(0)
                )
                near.append((reckoning.six(total / sum(weights[t] for t in mine)), other))
        rows = asked(store, "peers", body=kbo, criterion="gelijkenis", wave=WAVE)
        found = [(Decimal(row["difference"]), row["kbo"]) for row in rows if row["self"] == "false"]
        assert found == sorted(near)[:10]
        assert [row["kbo"] for row in rows if row["self"] == "true"] == [kbo]
        cq11 = asked(store, "cq11", body=kbo, wave=WAVE)
        assert [row["body"] for row in cq11] == [
            row["body"] for row in rows if row["self"] == "false"
        ]


def test_peers_of_a_size_class_have_their_scores_types_and_class(
    store: Store, profiles: dict[str, Profile], bodies: dict[str, Row]
) -> None:
    people = {
        row["nis"]: int(row["count"]) for row in table("inhabitants") if row["year"] == "2018"
    }
    nis = {row["kbo"]: row["nis"] for row in table("states") if holds(row, DAY)}
    kinds = classes()
    bounds = [0, 10_000, 15_000, 25_000, 50_000, 10**9]
    for kind in ("gemeente", "ocmw"):
        kbo = complete(profiles, kind, 1)[0]
        size = people[nis[kbo]]
        low = max(bound for bound in bounds if bound <= size)
        high = min(bound for bound in bounds if bound > size)
        rows = asked(store, "peers", body=kbo, criterion="schaal", theme="T1", wave=WAVE)
        wanted = {
            other
            for other in bodies
            if kinds[other] == kinds[kbo] and low <= people[nis[other]] < high
        }
        assert {row["kbo"] for row in rows} == wanted
        for row in rows:
            figure = profiles.get(row["kbo"], {}).get("T1", {})
            assert row["score"] == figure.get("score", "")
            assert row["low"] == figure.get("low", "")
            assert row["synthetic"] == "true"


def holds(state: Row, day: str) -> bool:
    """Tell whether a state held on a day."""
    return (state["valid_from"] or day) <= day <= (state["valid_to"] or day)


def neighbours_on(day: str) -> dict[str, set[str]]:
    """Return NIS code → codes that it touches on a day: what the parts of 2016 touch, joined."""
    touches: dict[str, set[str]] = {}
    for row in table("neighbours"):
        for other in row["touches"].split("|"):
            touches.setdefault(row["nis"], set()).add(other)
            touches.setdefault(other, set()).add(row["nis"])
    for merger in sorted(table("mergers"), key=lambda row: row["date"]):
        if merger["date"] <= day:
            parts, (whole,) = set(merger["originals"].split("|")), merger["results"].split("|")
            around = set().union(*(touches.pop(part) for part in parts)) - parts
            for other in around:
                touches[other] = touches[other] - parts | {whole}
            touches[whole] = around
    return touches


def test_the_table_of_neighbours_names_each_pair_once_and_forgets_no_municipality() -> None:
    pairs = [
        (row["nis"], other) for row in table("neighbours") for other in row["touches"].split("|")
    ]
    assert all(one < other for one, other in pairs)
    assert len(pairs) == len(set(pairs))
    of_2016 = {row["nis"] for row in table("states") if holds(row, DAY)}
    touches = neighbours_on(DAY)
    # Voeren lies apart from Flanders, Baarle-Hertog within the Netherlands but for one side.
    assert of_2016 - touches.keys() == {"73109"}
    assert touches.keys() <= of_2016
    reached, edge = set(), {"11002"}
    while edge:
        reached |= edge
        edge = set().union(*(touches[nis] for nis in edge)) - reached
    assert reached == set(touches), "all the others hang together"


@pytest.mark.parametrize(
    ("year", "day"), [("2016", DAY), ("2020", "2020-06-01"), ("2025", "2025-06-01")]
)
def test_neighbours_are_those_of_the_day(store: Store, year: str, day: str) -> None:
    touches = neighbours_on(day)
    states = [row for row in table("states") if holds(row, day)]
    kinds = classes()
    nis = {row["kbo"]: row["nis"] for row in states}
    assert touches.keys() <= set(nis.values())
    assert all(one in touches[other] for one, others in touches.items() for other in others)
    named = {
        "11002",
        "11004",
        "11029",
        "44084",
        "44085",
        "44001",
        "46030",
        "46003",
        "71072",
        "73028",
    }
    for kbo, code in sorted(nis.items()):
        if code not in named:
            continue
        rows = asked(store, "peers", body=kbo, criterion="buren", wave=f"synthetisch/{year}")
        found = {row["kbo"] for row in rows}
        wanted = {
            other
            for other, place in nis.items()
            if kinds[other] == kinds[kbo] and (place in touches[code] or other == kbo)
        }
        assert found == wanted, (code, kinds[kbo])


def test_a_merged_body_touches_what_its_parts_did_but_itself() -> None:
    before, after = neighbours_on(DAY), neighbours_on("2019-01-01")
    assert "44084" not in before
    parts = {"44001", "44029"}
    wanted = (before["44001"] | before["44029"]) - parts
    joined = {
        part: row["results"]
        for row in table("mergers")
        for part in row["originals"].split("|")
        if row["date"] == "2019-01-01"
    }
    assert after["44084"] == {joined.get(nis, nis) for nis in wanted}
    assert "11004" not in before["11002"]
    assert "11004" in neighbours_on("2025-01-01")["11002"]


# --- Profiles and own selections


def test_a_comparison_has_bodies_group_and_reference_beside_each_other(
    store: Store, profiles: dict[str, Profile]
) -> None:
    chosen = [*complete(profiles, "gemeente", 2), *complete(profiles, "ocmw", 1)]
    gap = next(kbo for kbo in sorted(profiles) if "T1" not in scored(profiles[kbo]))
    rows = asked(
        store, "compare", bodies=[*chosen, gap], group="gemeenten-limburg", wave=WAVE, lang="en"
    )
    iris = {row["body"]: row["kbo"] for row in answer_bodies(store)}
    own = {(iris[row["subject"]], row["theme"]): row for row in rows if row["kind"] == "bestuur"}
    assert own.keys() == {(kbo, theme) for kbo in (*chosen, gap) for theme in THEMES}
    for (kbo, theme), row in own.items():
        figure = profiles[kbo][theme]
        assert (row["score"], row["low"], row["high"]) == (
            figure.get("score", ""), figure["low"], figure["high"],
        )  # fmt: skip
        assert row["status"] == ("A" if "score" in figure else "M")
    limburg = {
        row["kbo"] for row in asked(store, "peers", body="71022", criterion="provincie", wave=WAVE)
    }
    for row in rows:
        if row["kind"] == "groep":
            values = [
                scored(profiles[kbo])[row["theme"]]
                for kbo in limburg
                if row["theme"] in scored(profiles.get(kbo, {}))
            ]
            assert int(row["n"]) == len(values)
            assert Decimal(row["score"]) == mean(values)
    targets = {row["theme"]: row["target"] for row in targets_of_the_reference()}
    shown = {row["theme"]: row["score"] for row in rows if row["kind"] == "referentie"}
    assert shown == targets
    assert {row["subjectLabel"] for row in rows if row["kind"] == "referentie"} == {
        "VlaVirGem (virtual Flemish municipality)"
    }


def answer_bodies(store: Store) -> list[dict[str, str]]:
    """Return all bodies of 2016 of both classes."""
    return [
        *asked(store, "peers", body="11002", criterion="klasse", wave=WAVE),
        *asked(store, "peers", body="0212235604", criterion="klasse", wave=WAVE),
    ]


def targets_of_the_reference() -> list[dict[str, str]]:
    """Return the targets of the reference profile."""
    path = data_dir("ontology") / "instrument" / "reference-profile.csv"
    with path.open(encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle) if row["theme"]]


def mean(values: Sequence[Decimal]) -> Decimal:
    """Return the mean at 6 places."""
    return reckoning.six(reckoning.weighted((value, 1) for value in values))


def quantile(values: Sequence[Decimal], share: Fraction) -> Decimal:
    """Return a quantile by linear interpolation (R type 7), at 6 places."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    part = place - low
    return reckoning.six(Fraction(ordered[low]) * (1 - part) + Fraction(ordered[high]) * part)


@pytest.mark.parametrize("count", [5, 6, 7, 8, 9, 12, 40])
def test_the_statistics_of_an_own_selection(
    store: Store, profiles: dict[str, Profile], count: int
) -> None:
    chosen = sorted(profiles)[7 : 7 + count]
    rows = asked(store, "selection", bodies=chosen, wave=WAVE)
    assert [row["theme"] for row in rows] == list(THEMES)
    for row in rows:
        values = [
            scored(profiles[kbo])[row["theme"]]
            for kbo in chosen
            if row["theme"] in scored(profiles[kbo])
        ]
        assert (int(row["bodies"]), int(row["n"])) == (count, len(values))
        wanted: dict[str, Decimal | str] = dict.fromkeys(
            ("mean", "median", "quartile1", "quartile3"), ""
        )
        if len(values) >= 5:
            wanted |= {"mean": mean(values), "median": quantile(values, Fraction(1, 2))}
        if len(values) >= 8:
            wanted["quartile1"] = quantile(values, Fraction(1, 4))
            wanted["quartile3"] = quantile(values, Fraction(3, 4))
        found = {name: Decimal(row[name]) if row[name] else "" for name in wanted}
        assert found == wanted, row["theme"]


def test_equal_scores_share_their_places(store: Store, profiles: dict[str, Profile]) -> None:
    """Security scores are middles of bands, so many are equal."""
    chosen = [kbo for kbo in sorted(profiles) if "T2" in scored(profiles[kbo])][:31]
    values = [scored(profiles[kbo])["T2"] for kbo in chosen]
    assert len(set(values)) < len(values) / 2
    row = next(
        row for row in asked(store, "selection", bodies=chosen, wave=WAVE) if row["theme"] == "T2"
    )
    for name, share in (("quartile1", 1), ("median", 2), ("quartile3", 3)):
        assert Decimal(row[name]) == quantile(values, Fraction(share, 4))


# --- The merger simulator


def test_the_simulator_gives_a_real_merger_the_figures_that_were_counted_back(store: Store) -> None:
    iris = {row["body"]: row["kbo"] for row in answer_bodies(store)}
    behind = mergers.predecessors(mergers.events_of(store), DAY)
    seen = {"E": 0, "M": 0}
    for cube in ("back-cast", "back-cast-bounds"):
        found = observations(store, f"{BASE}id/synthetisch/dataset/{cube}", union=True)
        published = {
            (row["event"], row["theme"].rpartition("/")[2]): row
            for iri, row in found.items()
            if f"/{cube}/2016/" in iri
        }
        for event in sorted({event for event, _ in published})[:8]:
            rows = asked(store, "merger", bodies=[iris[b] for b in behind[event]], wave=WAVE)
            assert [row["theme"] for row in rows] == list(THEMES)
            for row in rows:
                figure = published.get((event, row["theme"]))
                if figure:
                    seen[row["status"]] += 1
                    for name in ("score", "low", "high"):
                        assert row[name] == figure.get(name, row[name]), (event, row["theme"], name)
    assert min(seen.values()) > 0


@pytest.mark.parametrize("kind", ["gemeente", "ocmw"])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_simulator_weighs_scores_and_gives_the_type_with_its_gates(
    store: Store, profiles: dict[str, Profile], kind: str, count: int
) -> None:
    people = {
        row["nis"]: int(row["count"]) for row in table("inhabitants") if row["year"] == "2018"
    }
    nis = {row["kbo"]: row["nis"] for row in table("states") if holds(row, DAY)}
    ready = complete(profiles, kind, 60)
    held = 0
    for start in range(0, 60 - count, 12):
        chosen = ready[start : start + count]
        rows = {r["theme"]: r for r in asked(store, "merger", bodies=chosen, wave=WAVE)}
        weights = [people[nis[kbo]] for kbo in chosen]
        figures = {}
        for theme, row in rows.items():
            if not all(theme in scored(profiles[kbo]) for kbo in chosen):
                assert row["status"] == "M"
                continue
            pairs = [scored(profiles[kbo])[theme] for kbo in chosen]
            score = reckoning.six(reckoning.weighted(zip(pairs, weights, strict=True)))
            assert (Decimal(row["score"]), row["status"]) == (score, "E")
            assert (int(row["bodies"]), int(row["scored"])) == (count, count)
            assert int(row["inhabitants"]) == sum(weights)
            figures[theme] = reckoning.Figures(score, score, score, Decimal(1), published=True)
        total = figures["TOTAL"].score
        assert total is not None
        by_score, final, gates = reckoning.type_of(figures, total)
        row = rows["TOTAL"]
        assert (int(row["typeByScore"]), int(row["type"])) == (by_score, final)
        assert {gate for gate in row["gates"].split("|") if gate} == gates
        assert row["typeLabel"]
        assert not any(rows[theme]["type"] for theme in rows if theme != "TOTAL")
        held += bool(gates)


def test_a_body_that_was_not_there_gives_no_bounds(store: Store) -> None:
    rows = asked(store, "merger", bodies=["44084", "11002"], wave=WAVE)  # Aalter of 2019
    assert {(row["score"], row["low"], row["high"], row["status"]) for row in rows} == {
        ("", "", "", "M")
    }


# --- Over HTTP


@pytest.mark.live
@pytest.mark.parametrize(
    ("address", "parameter", "said"),
    [
        ("merger?bodies=11002,0212235604", "bodies", "bodies of one class"),
        ("merger?bodies=11002", "bodies", "2 to 10 wanted"),
        ("selection?bodies=11002,44021,34022,71022", "bodies", "5 to 100 wanted"),
        ("compare?bodies=11002,44021,34022,71022,24062,46021,31005", "bodies", "1 to 6 wanted"),
        ("peers?body=11002&criterion=referentie", "criterion", "no value that is taken here"),
        ("peers?body=11002&criterion=buren&wave=1999", "wave", "no wave of this release"),
        ("merger?bodies=11002,11002", "bodies", "named twice"),
    ],
)
def test_what_cannot_be_compared_is_a_problem_that_names_the_parameter(
    live: Live, address: str, parameter: str, said: str
) -> None:
    answered = live.ask(f"/api/{address}")
    assert answered.status == 400, answered.body
    problem = json.loads(answered.body)
    assert problem["parameter"] == parameter
    assert said in problem["detail"]
    assert problem["allowed"]


@pytest.mark.live
@pytest.mark.parametrize(
    "address",
    [
        "merger?bodies=44001,44029&wave=synthetisch/2016",
        "peers?body=34022&criterion=buren&wave=synthetisch/2016",
        "compare?bodies=34022,11002&group=gemeenten-centrumsteden&wave=synthetisch/2016",
        "selection?bodies=11002,44021,34022,71022,24062,46021&wave=synthetisch/2016",
        "trend-group?group=ocmws&selection=panel&wave=synthetisch/2016",
    ],
)
def test_a_comparison_is_a_function_of_its_address(live: Live, address: str) -> None:
    first, again = (live.ask(f"/api/{address}&format=csv") for _ in range(2))
    assert first.status == 200, first.body
    assert first.body == again.body
    assert len(first.body.decode().splitlines()) > 2
    head = first.body.decode().splitlines()[0].split(",")
    assert {"wave", "synthetic"} <= set(head)
