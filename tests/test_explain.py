"""``imonitor explain``: the figure, what it follows from, and the same figure computed again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import Store

from service.explain.explanation import Explanation, explain
from service.explain.words import lines
from service.problems import UsageError
from service.queries import Library, StoredQuery
from service.release.derivation import derivations
from service.release.manifest import Release
from service.release.rebuild import rebuild
from service.settings import Settings
from service.store.rows import select
from service.vocab import PREFIXES
from tests.home import (
    copy_home,
    full_answers,
    load,
    publish,
    response,
    settings_for,
    write_answers,
)
from tests.made_wave import library
from tests.test_canaries import CANARIES
from tests.test_results import row as result_row
from tests.test_results_release import load_results

HEADS = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
SAMPLE = f"""{HEADS}
SELECT ?graph (MIN(?row) AS ?observation) WHERE {{
  GRAPH ?graph {{ ?row qb:dataSet ?dataset }}
}} GROUP BY ?graph ORDER BY ?graph"""
AARTSELAAR, ANTWERPEN, ARDOOIE, ARDOOIE_OCMW = (
    "0207508932", "0207500123", "0216771046", "0216771145",
)  # fmt: skip


def figure(*path: str) -> str:
    return f"id/synthetisch/observatie/{'/'.join(path)}"


T1 = figure("theme-score", "2016", AARTSELAAR, "T1", "1.0")


@pytest.fixture(scope="module")
def told(bundled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with three responses of 2016, contact data among them, published; to be read only."""
    folder = tmp_path_factory.mktemp("told")
    settings = copy_home(bundled_home, folder / "home")
    partly = full_answers(settings, "B", 3)
    for number, code in enumerate(sorted(partly)):
        if number % 4 == 0:
            partly[code] = ("ZD", "NVT", "GA")[number % 3]
    rows = [
        *response("J1", "A", [ARDOOIE, ARDOOIE_OCMW], full_answers(settings, "A", 1)),
        *response("G1", "B", [AARTSELAAR], full_answers(settings, "B", 2), **CANARIES),
        *response("G2", "B", [ANTWERPEN], partly),
    ]
    report = load(settings, "answers", write_answers(folder / "eerste.csv", rows))[0]
    assert report.accepted == 3, report.findings
    publish(settings)
    return settings


@pytest.fixture
def small(told: Settings, tmp_path: Path) -> Settings:
    """A copy of that home, to be written to."""
    return copy_home(told.home, tmp_path / "home")


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "IMONITOR_HOME": str(settings.home)}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "explain", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def full_store(settings: Settings) -> Path:
    release = Release.current(settings.home)
    assert release is not None
    return release.full_store


def samples(path: Path, last_wave_only: bool) -> list[str]:
    """Return one figure of each graph of figures, the first by IRI."""
    found = {row["graph"]: row["observation"] for row in select(Store.read_only(str(path)), SAMPLE)}
    latest = max(graph.rpartition("/")[2] for graph in found)
    return [
        iri
        for graph, iri in sorted(found.items())
        if not last_wave_only or graph.endswith(f"/{latest}")
    ]


@pytest.fixture(scope="module")
def explained(told: Settings) -> list[Explanation]:
    """A figure of every graph of figures, explained."""
    found = samples(full_store(told), last_wave_only=False)
    return [explain(told, iri, "en") for iri in found]


def test_a_figure_of_every_graph_is_computed_again_and_equal(explained: list[Explanation]) -> None:
    steps = {step.name for step in derivations(library())}
    assert len({row.graph.split("/")[-2] for row in explained} & steps) >= 8
    for row in explained:
        assert row.differences == [], row.observation
        assert not row.other_run, row.observation
        assert row.plan["title"] and row.run, row.observation
        assert list(lines(row, "nl"))[-1].endswith("gelijk")


@pytest.mark.slow
def test_a_figure_of_each_cube_of_the_demo_is_computed_again_and_equal(demo_home: Path) -> None:
    home = settings_for(demo_home)
    release = Release.current(demo_home)
    assert release is not None
    found = samples(release.full_store, last_wave_only=True)
    assert len(found) >= 10
    for iri in found:
        row = explain(home, iri, "nl")
        assert (row.differences, row.other_run) == ([], False), iri
        assert row.run and row.plan, iri


# --- What is told --------------------


@pytest.mark.parametrize("theme", ["T1", "T2", "T3", "T4", "T5", "T6"])
def test_the_questions_of_a_theme_add_up_to_its_figures(told: Settings, theme: str) -> None:
    found = explain(told, figure("theme-score-exact", "2016", ANTWERPEN, theme, "1.0"), "en")
    said = {row["property"].rpartition("#")[2]: row["value"] for row in found.said}
    gain, weight, due = (total(found, name) for name in ("gain", "weight", "due"))
    places = Decimal("0.000001")
    assert Decimal(said["score"]) == (gain / weight).quantize(places)
    assert Decimal(said["coverage"]) == (weight / due).quantize(places)
    assert Decimal(said["low"]) == (gain / due).quantize(places)
    assert Decimal(said["high"]) == ((gain + 100 * (due - weight)) / due).quantize(places)
    assert {row["part"] for row in found.inputs} <= {"counts", "missing", "does not apply"}


def total(found: Explanation, column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in found.inputs), Decimal(0))


def test_a_banded_theme_tells_the_exact_score_and_its_band(told: Settings) -> None:
    found = explain(told, figure("theme-score", "2016", AARTSELAAR, "T2", "1.0"), "nl")
    exact = Decimal(found.inputs[0]["exact"])
    said = {row["property"].rpartition("#")[2]: row["value"] for row in found.said}
    assert Decimal(said["low"]) <= exact < Decimal(said["high"])
    assert Decimal(said["score"]) != exact
    assert len(found.notes) == 1 and str(exact) in found.notes[0]
    assert explain(told, T1, "nl").notes == []


def test_the_overall_score_a_type_a_position_and_a_statistic_are_told(told: Settings) -> None:
    overall = explain(told, figure("theme-score", "2016", AARTSELAAR, "TOTAL", "1.0"), "en")
    assert [row["theme"] for row in overall.inputs] == ["T1", "T2", "T3", "T4", "T5"]
    assert total(overall, "weight") == 90
    kind = explain(told, figure("type", "2016", AARTSELAAR, "TY-1", "1.0"), "en")
    assert {row["theme"] for row in kind.inputs} == {"T1", "T2", "T5"}
    assert kind.formula.startswith("the overall score ")
    place = explain(told, figure("position", "2016", AARTSELAAR, "T1", "gemeenten", "1.0"), "en")
    (row,) = place.inputs
    assert int(row["rank"]) == 1 + int(row["above"])
    assert int(row["above"]) + int(row["equal"]) + int(row["below"]) == int(row["size"])


def test_words_are_dutch_or_english_and_json_has_the_same(told: Settings) -> None:
    dutch, english = ("\n".join(lines(explain(told, T1, lang), lang)) for lang in ("nl", "en"))
    assert "synthetisch: verzonnen cijfers" in dutch and "telt mee" in dutch
    assert "synthetic: made-up figures" in english and "counts" in english
    assert "Aartselaar" in dutch and "Aartselaar" in english
    done = command(told, f"{told.base}{T1}", "--json", "--lang", "en")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["equal"], report["differences"], report["synthetic"]) == (True, [], True)
    assert report["plan"]["iri"] == f"{told.base}id/afleiding/theme-score"
    assert {row["run"] for row in report["run"]} and report["inputs"]


def test_personal_data_are_never_told(explained: list[Explanation]) -> None:
    text = json.dumps([found.as_dict() for found in explained])
    assert not [canary for canary in CANARIES.values() if canary in text]


def test_every_query_that_explains_names_derivations_that_are_there() -> None:
    steps = {step.name for step in derivations(library())}
    named = [name for query in library().area("explain") for name in query.head["dataset"]]
    assert sorted(named) == sorted(set(named)), "a derivation is explained by one query"
    assert set(named) <= steps


def test_results_that_were_accepted_are_held_against_the_archive(
    settings: Settings, tmp_path: Path
) -> None:
    load_results(settings, tmp_path / "1", result_row())
    publish(settings)
    found = explain(settings, samples(full_store(settings), last_wave_only=False)[0], "nl")
    assert (found.differences, found.plan, found.run) == ([], {}, [])
    assert any(row["property"].endswith("hadPrimarySource") for row in found.said)


# --- What is found --------------------


@pytest.mark.parametrize("kind", ["public", "full"])
def test_a_figure_that_was_changed_is_found_and_a_rebuild_puts_it_right(
    small: Settings, kind: str
) -> None:
    release = Release.current(small.home)
    assert release is not None
    store = Store(str(getattr(release, f"{kind}_store")))
    iri = f"<{small.base}{T1}>"
    store.update(
        f"{HEADS} DELETE {{ GRAPH ?g {{ {iri} imon:score ?s }} }} "
        f"INSERT {{ GRAPH ?g {{ {iri} imon:score 99.5 }} }} "
        f"WHERE {{ GRAPH ?g {{ {iri} imon:score ?s }} }}"
    )
    store.flush()
    del store
    (difference,) = explain(small, T1, "nl").differences
    assert difference.store == kind
    assert "99.5" in difference.published[0] and "99.5" not in difference.computed[0]
    done = command(small, T1)
    assert done.returncode == 2
    assert "VERSCHILLEND" in done.stdout and "99.5" in done.stdout
    assert rebuild(small)["different"] == []
    assert explain(small, T1, "nl").differences == []


def test_rules_that_changed_since_are_told_and_are_no_difference(
    told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = with_text(Library.load(), "derive/theme-score-exact", lambda text: f"{text}# .\n")
    monkeypatch.setattr(Library, "load", classmethod(lambda cls: other))
    found = explain(told, T1, "en")
    assert (found.other_run, found.differences) == (True, [])
    assert any("has another name now" in line for line in lines(found, "en"))


def test_rules_that_give_another_figure_are_a_difference(
    told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halved(text: str) -> str:
        return text.replace(
            "BIND(?gained * 1000000 / ?answered", "BIND(?gained * 500000 / ?answered"
        )

    other = with_text(Library.load(), "derive/theme-score-exact", halved)
    monkeypatch.setattr(Library, "load", classmethod(lambda cls: other))
    assert {row.property.rpartition("#")[2] for row in explain(told, T1, "en").differences} == {
        "score"
    }


def with_text(queries: Library, name: str, change: Callable[[str], str]) -> Library:
    """Return the queries with the text of one changed."""
    old = queries[name]
    text = change(old.text)
    assert text != old.text
    new = StoredQuery(old.area, old.name, text, old.head, old.parameters)
    return Library({**{row: queries[row] for row in queries}, name: new})


@pytest.mark.parametrize(
    "text", ["id/nowhere", "http://localhost:8000/id/nowhere", "no iri", "<x>"]
)
def test_an_unknown_observation_is_wrong_usage(told: Settings, text: str) -> None:
    with pytest.raises(UsageError, match=r"no observation|no IRI"):
        explain(told, text, "nl")
    done = command(told, text)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and text.strip("<>") in done.stderr


def test_without_a_release_it_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(UsageError, match="imonitor publish"):
        explain(settings, T1, "nl")
