"""Waves and mergers: breaks, back-casts over chains of mergers, their bounds, and trends.

What is expected is reckoned from the published scores with fractions, following mergers forwards in
time (`tests.mergers`); the queries go backwards.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import Store

from service.release.wave import WaveBuilder
from service.settings import Settings
from tests import mergers, reckoning
from tests.asked import asked
from tests.home import copy_home, full_answers, load, publish, response, write_answers
from tests.live_service import Live
from tests.live_service import live as served
from tests.made_wave import (
    SCHEME,
    Body,
    MadeWave,
    Merger,
    Response,
    keyed,
    observations,
    random_answers,
    status,
)
from tests.stored import public_store

V = SCHEME.version
THEMES = ("T1", "T2", "T3", "T4", "T5", "T6", "TOTAL")
DAY = "2016-06-01"
Way = Callable[[WaveBuilder], None]
Cubes = Mapping[str, Mapping[str, Mapping[str, str]]]
AALTER, OLD_AALTER, KNESSELARE = "0697608063", "0207449544", "0207452118"
HASSELT, ANTWERPEN = "0207466964", "0207500123"
PUBLIC = ("theme-score-exact", "theme-score", "theme-bounds", "overall", "overall-bounds", "type")
BACK = (*PUBLIC, "frame", "back-cast", "back-cast-bounds")


# --- Chains of made mergers


@dataclass
class Chain:
    """A made wave with mergers on mergers, and who should be behind each."""

    wave: MadeWave
    wanted: dict[tuple[Body, str], set[Body]]
    unscored: Body


def town(number: int) -> Body:
    """Return a gemeente with inhabitants of its own."""
    return Body(number, "gemeente", ((2015, 1_000 + 137 * number),))


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Bodies a to i, of which i did not answer; x and z are new, a keeps its IRI twice."""
    a, b, c, d, e, f, g, h, i = (town(number) for number in range(1, 10))
    x, y, z = (town(number) for number in range(20, 23))
    events = [
        Merger((b, c), x, "2018-01-01"),  # x is new
        Merger((a, d), a, "2020-01-01"),  # a keeps its IRI
        Merger((x, e), y, "2022-01-01"),  # y on x
        Merger((a, y), a, "2031-01-01"),  # a again, on its own merger and on y
        Merger((f, g), z, "2013-01-01"),  # before the wave: f and g were not there
        Merger((z, h), h, "2019-01-01"),  # z was, and h keeps its IRI
        Merger((h, i), i, "2024-01-01"),  # i gave no answer
    ]
    rng = random.Random(11)
    here = (a, b, c, d, e, h, z)
    responses = [
        Response(body.number, "B", (body,), random_answers(rng, "B", 0.1 if body is c else 0, 0))
        for body in here
    ]
    wanted = {
        (x, "2018-01-01"): {b, c},
        (a, "2020-01-01"): {a, d},
        (y, "2022-01-01"): {b, c, e},
        (a, "2031-01-01"): {a, b, c, d, e},
        (h, "2019-01-01"): {z, h},
        (i, "2024-01-01"): {z, h, i},
    }
    return Chain(MadeWave(responses, events).derive(*BACK), wanted, i)


def figures_of(wave: MadeWave, theme: str) -> dict[str, Mapping[str, str]]:
    """Return what is public of a theme: body → row of a score or of bounds."""
    rows = (*wave.rows_of("theme-score").values(), *wave.rows_of("theme-bounds").values())
    return {row["body"]: row for row in rows if row["theme"].endswith(f"/{theme}")}


def test_mergers_are_followed_from_event_to_event(chain: Chain) -> None:
    found = mergers.predecessors(mergers.events_of(chain.wave.store), DAY)
    results = {(iri.rpartition("-")[2], iri.split("/")[-3]): parts for iri, parts in found.items()}
    assert results == {
        (str(body.number), date): {part.iri for part in parts}
        for (body, date), parts in chain.wanted.items()
    }


@pytest.mark.parametrize("theme", THEMES)
def test_a_back_cast_goes_back_to_the_bodies_of_the_wave(chain: Chain, theme: str) -> None:
    scores, bounds = (
        keyed(chain.wave.rows_of("back-cast")),
        keyed(chain.wave.rows_of("back-cast-bounds")),
    )
    figures = figures_of(chain.wave, theme)
    seen = 0
    for (body, date), parts in chain.wanted.items():
        key = (body.kbo, theme, date, V)
        people = {part.iri: part.inhabitants[0][1] for part in parts}
        rows = {iri: figures[iri] for iri in people if iri in figures}
        if all("score" in rows.get(iri, {}) for iri in people):
            mean = reckoning.weighted((Decimal(rows[i]["score"]), people[i]) for i in people)
            assert Decimal(scores[key]["score"]) == reckoning.six(mean)
            assert status(scores[key]) == "E"
            assert key not in bounds
            assert len(scores[key]["wasDerivedFrom"].split("|")) == len(parts)
        else:
            assert key not in scores
            found = (Decimal(bounds[key]["low"]), Decimal(bounds[key]["high"]))
            assert found == mergers.bounds_of(people, rows, people)
            assert status(bounds[key]) == "M"
            assert "score" not in bounds[key]
            assert len(bounds[key]["wasDerivedFrom"].split("|")) == len(rows)
        seen += 1
    assert seen == len(chain.wanted)
    of_theme = [key for key in (*scores, *bounds) if key[1] == theme]
    assert len(of_theme) == seen


def test_a_body_of_which_nothing_is_known_counts_from_0_to_100(chain: Chain) -> None:
    row = keyed(chain.wave.rows_of("back-cast-bounds"))[chain.unscored.kbo, "T1", "2024-01-01", V]
    share = Decimal(100 * chain.unscored.inhabitants[0][1]) / sum(
        body.inhabitants[0][1] for body in chain.wanted[chain.unscored, "2024-01-01"]
    )
    width = Decimal(row["high"]) - Decimal(row["low"])
    assert abs(width - share) < Decimal("0.00001")  # the two others have all of their answers


def test_bodies_of_which_none_answered_have_no_bounds() -> None:
    one, other, third = town(1), town(2), town(3)
    answers = random_answers(random.Random(1), "B", 0, 0)
    made = MadeWave(
        [Response(3, "B", (third,), answers)], [Merger((one, other), town(9), "2019-01-01")]
    ).derive(*BACK)
    assert made.rows_of("back-cast") == made.rows_of("back-cast-bounds") == {}


# --- Breaks


@pytest.mark.parametrize(
    ("others", "date", "letter"),
    [
        ((), "2016-01-01", "A"),  # no wave before
        ((("2012", "2012-06-01", True),), "2016-01-01", "B"),
        ((("2012", "2012-06-01", True),), "2016-06-01", "B"),  # on the day itself
        ((("2012", "2012-06-01", True),), "2016-06-02", "A"),  # after it
        ((("2012", "2012-06-01", True),), "2012-06-01", "A"),  # known at the wave before
        ((("2012", "2012-06-01", True),), "2012-06-02", "B"),
        ((("2012", "2012-06-01", False),), "2016-01-01", "A"),  # a real wave is of another kind
        ((("2018", "2018-06-01", True),), "2016-01-01", "A"),  # a later one is not before
        ((("2008", "2008-06-01", True), ("2012", "2012-06-01", True)), "2010-01-01", "A"),
    ],
)
def test_a_break_is_the_first_wave_after_a_merger(
    others: tuple[tuple[str, str, bool], ...], date: str, letter: str
) -> None:
    kept, gone, new, apart = (town(number) for number in range(1, 5))
    rng = random.Random(5)
    responses = [
        Response(body.number, "B", (body,), random_answers(rng, "B", 0, 0))
        for body in (kept, new, apart)
    ]
    events = [Merger((kept, gone), kept, date), Merger((town(8), town(9)), new, date)]
    made = MadeWave(responses, events, others=others).derive(*PUBLIC)
    for body, wanted in ((kept, letter), (new, letter), (apart, "A")):
        rows = [row for row in made.rows_of("theme-score").values() if row["body"] == body.iri]
        assert {row["theme"].rpartition("/")[2] for row in rows} == set(THEMES)
        assert {status(row) for row in rows} == {wanted}
        assert status(made.row("type", body.kbo, "TY-1", V)) == wanted
        assert status(made.row("theme-score-exact", body.kbo, "T1", V)) == "A"


# --- Published waves


@pytest.fixture
def two_waves(settings: Settings, tmp_path: Path) -> Settings:
    """Answers of 2016 and 2020 of what became Aalter, and of Hasselt."""
    for year, bodies in (("2016", (OLD_AALTER, KNESSELARE, HASSELT)), ("2020", (AALTER, HASSELT))):
        rows = [
            cells
            for number, kbo in enumerate(bodies)
            for cells in response(
                f"{year}-{number}",
                "B",
                [kbo],
                full_answers(settings, "B", number),
                wave=f"synthetisch/{year}",
            )
        ]
        report = load(settings, "answers", write_answers(tmp_path / f"{year}.csv", rows))[0]
        assert report.accepted == len(bodies), report.findings
    publish(settings)
    return settings


def scores(settings: Settings, year: str) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return published scores of a wave: (KBO, theme) → row."""
    found = observations(
        public_store(settings.home),
        f"{settings.base}id/synthetisch/dataset/theme-score",
        union=True,
    )
    parts = {iri: iri.split("/theme-score/")[1].split("/") for iri in found}
    return {(p[1], p[2]): found[iri] for iri, p in parts.items() if p[0] == year}


@pytest.mark.slow
def test_the_way_by_unit_keeps_breaks_and_back_casts(
    two_waves: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {status(row) for row in scores(two_waves, "2016").values()} == {"A"}
    before = scores(two_waves, "2020")
    assert status(before[AALTER, "T1"]) == "B"
    assert status(before[HASSELT, "T1"]) == "A", "Hasselt grew in 2025"
    for year, kbo in (("2016", KNESSELARE), ("2020", AALTER)):
        number = {"2016": 1, "2020": 0}[year]
        rows = response(
            f"{year}-bis",
            "B",
            [kbo],
            full_answers(two_waves, "B", 4),
            wave=f"synthetisch/{year}",
            vervangt=f"{year}-{number}",
        )
        path = write_answers(tmp_path / f"{year}-bis.csv", rows)
        assert load(two_waves, "answers", path)[0].accepted == 1
    other = copy_home(two_waves.home, tmp_path / "other")
    ways: list[str] = []
    for name in ("_build_units", "_build_whole"):
        original = getattr(WaveBuilder, name)

        def noted(self: WaveBuilder, name: str = name, original: Way = original) -> None:
            ways.append(name)
            original(self)

        monkeypatch.setattr(WaveBuilder, name, noted)
    by_unit = publish(two_waves)
    monkeypatch.setattr(WaveBuilder, "_only_answers_grew", lambda self: False)
    whole = publish(other)
    assert ways == ["_build_units", "_build_units", "_build_whole", "_build_whole"]
    digests = [
        {g: row.digest for g, row in release.all_graphs.items() if not g.endswith("/catalogus")}
        for release in (by_unit, whole)
    ]
    assert digests[0] == digests[1]
    assert status(scores(two_waves, "2020")[AALTER, "T1"]) == "B"
    assert scores(two_waves, "2020")[AALTER, "T1"] != before[AALTER, "T1"]
    store = public_store(two_waves.home)
    cast = observations(store, f"{two_waves.base}id/synthetisch/dataset/back-cast", union=True)
    assert any(f"/2016/{AALTER}/T1/2019-01-01/" in iri for iri in cast)
    assert not any(f"/2020/{AALTER}/" in iri for iri in cast)


# --- The demo release


@pytest.fixture(scope="module")
def store(demo_home: Path) -> Store:
    """The public store of the demo."""
    return public_store(demo_home)


@pytest.fixture(scope="module")
def cubes(store: Store) -> Cubes:
    """What is published: cube → observation → row."""
    root = "http://localhost:8000/id/synthetisch/dataset/"
    names = ("theme-score", "theme-bounds", "back-cast", "back-cast-bounds")
    return {name: observations(store, root + name, union=True) for name in names}


def figures_in(cubes: Cubes, year: str, theme: str) -> dict[str, Mapping[str, str]]:
    """Return what is public of a theme of a wave: body → row."""
    return {
        row["body"]: row
        for cube in ("theme-score", "theme-bounds")
        for iri, row in cubes[cube].items()
        if f"/{cube}/{year}/" in iri and f"/{theme}/" in iri
    }


def back_casts(cubes: Cubes, cube: str, year: str) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return what was counted back to a wave: (event, theme) → row."""
    return {
        (row["event"], row["theme"].rpartition("/")[2]): row
        for iri, row in cubes[cube].items()
        if f"/{cube}/{year}/" in iri
    }


@pytest.mark.parametrize("year", ["2016", "2020", "2025"])
def test_real_mergers_are_counted_back_and_told_as_breaks(
    store: Store, cubes: Cubes, year: str
) -> None:
    days = {"2016": "2016-06-01", "2020": "2020-06-01", "2025": "2025-06-01"}
    events = mergers.events_of(store)
    behind = mergers.predecessors(events, days[year])
    people = mergers.people_at(store, int(year))
    cast, bounds = (back_casts(cubes, name, year) for name in ("back-cast", "back-cast-bounds"))
    for theme in THEMES:
        rows = figures_in(cubes, year, theme)
        for event, parts in behind.items():
            known = {body: rows[body] for body in parts if body in rows}
            if all("score" in known.get(body, {}) for body in parts):
                pairs = [(Decimal(known[body]["score"]), people[body]) for body in parts]
                wanted = reckoning.six(reckoning.weighted(pairs))
                assert Decimal(cast[event, theme]["score"]) == wanted
            elif known:
                row = bounds[event, theme]
                wanted_bounds = mergers.bounds_of(parts, known, people)
                assert (Decimal(row["low"]), Decimal(row["high"])) == wanted_bounds
        before = {"2016": None, "2020": "2016-06-01", "2025": "2020-06-01"}[year]
        grown = {
            body
            for event in events
            if before and before < event.date <= days[year]
            for body in event.results
        }
        for body, row in rows.items():
            if "score" in row:
                assert status(row) == ("B" if body in grown else "A"), (body, theme)
    assert len({event for event, _ in (*cast, *bounds)}) <= len(behind)
    assert bool(cast) == bool(behind)


def test_borsbeek_goes_into_antwerpen_and_zwijndrecht_into_another_province(store: Store) -> None:
    behind = mergers.predecessors(mergers.events_of(store), DAY)
    names = {
        tuple(sorted(parts)): event.rpartition("/")[2]
        for event, parts in behind.items()
        if "/gemeente/" in event
    }
    by_name = {name: parts for parts, name in names.items()}
    bodies = {
        row["kbo"]: row["body"]
        for row in asked(
            store, "peers", body="11002", criterion="vlaanderen", wave="synthetisch/2016"
        )
    }
    assert set(by_name["antwerpen"]) == {bodies[ANTWERPEN], bodies["0207509229"]}
    parts = {bodies[kbo] for kbo in ("0207499232", "0207463303")}
    assert parts < set(by_name["beveren-kruibeke-zwijndrecht"])
    for year, group in (("2016", "gemeenten-antwerpen"), ("2020", "gemeenten-antwerpen")):
        members = asked(
            store, "peers", body="11056", criterion="provincie", wave=f"synthetisch/{year}"
        )
        assert {row["groupLabel"] for row in members} == {"Gemeenten in de provincie Antwerpen"}, (
            group
        )
    later = asked(store, "peers", body="46030", criterion="provincie", wave="synthetisch/2025")
    assert {row["groupLabel"] for row in later} == {"Gemeenten in de provincie Oost-Vlaanderen"}


# --- Trends over HTTP


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30) as service:
        yield service


@pytest.mark.live
def test_the_trend_of_a_body_goes_back_before_its_merger(live: Live, store: Store) -> None:
    rows = (
        live.ask("/api/trend?body=44084&wave=synthetisch/2016&format=csv")
        .body.decode()
        .splitlines()
    )
    assert rows[0].startswith("wave,year,synthetic,body,name,theme")
    found = asked(store, "trend", body="44084", wave="synthetisch/2016")
    assert len(found) == len(rows) - 1
    years = {row["year"]: {r["source"] for r in found if r["year"] == row["year"]} for row in found}
    assert years["2016"] == {"teruggerekend"}
    assert all(sources == {"eigen"} for year, sources in years.items() if year != "2016")
    assert {row["synthetic"] for row in found} == {"true"}
    assert {row["comparable"] for row in found} == {"true"}


def test_a_body_that_kept_its_iri_has_both_figures_and_one_is_comparable(store: Store) -> None:
    found = asked(store, "trend", body=HASSELT, wave="synthetisch/2016")
    for row in found:
        own = row["source"] == "eigen"
        assert row["comparable"] == ("true" if own == (row["year"] == "2025") else "false")
    assert {row["source"] for row in found if row["year"] == "2016"} == {"eigen", "teruggerekend"}


def comparable(store: Store, cubes: Cubes, theme: str) -> dict[str, dict[str, Decimal]]:
    """Return year → body → figure of the bodies as they are at the last wave."""
    days = {"2016": "2016-06-01", "2020": "2020-06-01", "2025": "2025-06-01"}
    events = [event for event in mergers.events_of(store) if event.date <= days["2025"]]
    found: dict[str, dict[str, Decimal]] = {}
    for year, day in days.items():
        rows = {b: r for b, r in figures_in(cubes, year, theme).items() if "score" in r}
        people = mergers.people_at(store, int(year))
        behind = mergers.predecessors(events, day)
        last: dict[str, str] = {}
        for event in sorted(events, key=lambda event: event.date):
            if event.date > day:
                last |= dict.fromkeys(event.results, event.iri)
        found[year] = {b: Decimal(r["score"]) for b, r in rows.items() if b not in last}
        for body, iri in last.items():
            if all(part in rows for part in behind[iri]):
                pairs = [(Decimal(rows[part]["score"]), people[part]) for part in behind[iri]]
                found[year][body] = reckoning.six(reckoning.weighted(pairs))
    return found


@pytest.mark.parametrize("group", ["gemeenten", "ocmws", "gemeenten-limburg"])
@pytest.mark.parametrize("theme", ["TOTAL", "T1"])
def test_the_trend_of_a_group_for_panel_and_for_all(
    store: Store, cubes: Cubes, group: str, theme: str
) -> None:
    values = comparable(store, cubes, theme)
    members = {
        year: {
            row["body"]
            for row in asked(
                store,
                "peers",
                body="71022" if group.startswith("gemeenten") else "0212235604",
                criterion="provincie" if "limburg" in group else "klasse",
                wave=f"synthetisch/{year}",
            )
        }
        for year in values
    }
    panel = members["2025"] & values["2016"].keys() & values["2020"].keys() & values["2025"].keys()
    wanted = {
        "panel": {year: [rows[body] for body in panel] for year, rows in values.items()},
        "all": {
            year: [
                Decimal(row["score"])
                for body, row in figures_in(cubes, year, theme).items()
                if "score" in row and body in members[year]
            ]
            for year in values
        },
    }
    for selection, years in wanted.items():
        rows = asked(
            store,
            "trend-group",
            group=group,
            theme=theme,
            selection=selection,
            wave="synthetisch/2016",
        )
        found = {row["year"]: (int(row["n"]), Decimal(row["mean"])) for row in rows}
        assert found == {
            year: (len(scores), reckoning.six(reckoning.weighted((s, 1) for s in scores)))
            for year, scores in years.items()
        }
    panel_rows = asked(
        store,
        "trend-group",
        group=group,
        theme=theme,
        selection="panel",
        wave="synthetisch/2016",
    )
    assert panel_rows[-1]["estimated"] == "0"
    if "limburg" not in group:
        assert int(panel_rows[0]["estimated"]) > 0
        assert int(panel_rows[-1]["breaks"]) > 0


@pytest.mark.live
def test_a_group_that_is_too_small_is_refused_by_name(live: Live) -> None:
    answered = live.ask("/api/trend-group?group=ocmws-centrumsteden&selection=panel&theme=T5")
    assert answered.status == 400, answered.body
    assert json.loads(answered.body)["parameter"] == "group"
