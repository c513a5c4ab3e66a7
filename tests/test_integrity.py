"""The integrity constraints of the RDF Data Cube vocabulary (IC-1 to IC-21) over whole releases.

`test_cubes` shows that each check finds what it is for; here is what they are run on: scores of
synthetic and of real waves, and results that the owner published. All figures are invented.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from loaders.vocabulary import bundled_files
from service.problems import ShapeViolation
from service.queries import Library
from service.release import lines
from service.release.manifest import GraphEntry, Release
from service.settings import Settings
from service.store.rows import select
from tests.home import full_answers, gemeenten, load, publish, response, write_answers
from tests.test_cubes import SNIPPETS, expected
from tests.test_results import HEAD, INDICATORS, row
from tests.test_results_release import load_results

CONSTRAINTS = [check for check in Library.load().area("check") if check.name.startswith("ic-")]
DATASETS = """
PREFIX qb: <http://purl.org/linked-data/cube#>
SELECT ?dataset (COUNT(DISTINCT ?observation) AS ?count) WHERE { ?observation qb:dataSet ?dataset }
GROUP BY ?dataset
"""
ANOTHER_ATTRIBUTE = """
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix qb: <http://purl.org/linked-data/cube#> .
<id/structuur/results> qb:component <id/structuur/onderdeel/wasGeneratedBy> .
"""


def merged(release: Release, graphs: dict[str, GraphEntry]) -> Store:
    """Return graphs of a release as one graph, in which each triple stands once."""
    store = Store()
    for graph, entry in graphs.items():
        found = list(lines.read(release.lines_file(entry)))
        store.bulk_load(lines.to_triples(found, graph), format=RdfFormat.N_TRIPLES)
    return store


def broken(store: Store) -> list[str]:
    """Return the constraints that do not hold."""
    return [check.name for check in CONSTRAINTS if list(select(store, check.bind()))]


def with_observations(store: Store) -> set[str]:
    """Return the datasets that have observations, without the base IRI."""
    return {found["dataset"].partition("/id/")[2] for found in select(store, DATASETS)}


def publish_real(settings: Settings, folder: Path) -> Release:
    """Publish invented answers and results as if they were of the real wave of 2016."""
    answers = [
        cells
        for number, body in enumerate(gemeenten(settings, 3))
        for cells in response(str(number), "B", [body], full_answers(settings, "B", number), "2016")
    ]
    reports = load(settings, "answers", write_answers(folder / "real.csv", answers))
    (folder / "results.csv").write_text(f"{HEAD}\n{row(golf='2016')}\n", "utf-8")
    (folder / "indicators.csv").write_text(INDICATORS.replace(";ja\n", ";\n"), "utf-8")
    reports += load(settings, "results", folder / "results.csv", folder / "indicators.csv")
    assert not any(report.refused for report in reports), reports
    return publish(settings)


def test_each_constraint_has_a_check_and_a_snippet_that_breaks_it() -> None:
    numbers = {f"ic-{number:02}" for number in range(1, 22)}
    found = {expectation for snippet in SNIPPETS for expectation in expected(snippet)}
    for names in ({check.name for check in CONSTRAINTS}, found):
        assert {re.sub(r"-[a-z]+$", "", name) for name in names if name[:3] == "ic-"} == numbers


@pytest.mark.slow
@pytest.mark.parametrize("private", [False, True], ids=["public", "all"])
def test_the_demo_keeps_every_constraint(demo_home: Path, private: bool) -> None:
    release = Release.current(demo_home)
    assert release is not None
    store = merged(release, release.all_graphs if private else release.graphs)
    analyses = {"group-statistic", "cluster", "cluster-profile", "robustness", "question-influence"}
    names = analyses | {"theme-score", "theme-bounds", "type", "position"}
    names |= {"back-cast", "back-cast-bounds", "scheme-difference", "service-maturity"}
    names |= {"source-use-count"}
    exact = {"theme-score-exact", "theme-bounds-exact", "type-exact"}
    wanted = {f"synthetisch/dataset/{name}" for name in (names | exact if private else names)}
    assert with_observations(store) == wanted
    assert broken(store) == []


@pytest.mark.slow
def test_a_real_wave_with_results_keeps_every_constraint(
    settings: Settings, tmp_path: Path
) -> None:
    release = publish_real(settings, tmp_path)
    store = merged(release, release.all_graphs)
    found = with_observations(store)
    assert {"dataset/theme-score", "dataset/type", "dataset/position", "dataset/results"} <= found
    assert not any("synthetisch" in name for name in found)
    assert broken(store) == []


@pytest.mark.slow
def test_published_results_are_held_against_the_constraints(
    settings: Settings, tmp_path: Path
) -> None:
    load_results(settings, tmp_path / "1", row())
    own = tmp_path / "own.ttl"
    own.write_text(ANOTHER_ATTRIBUTE, encoding="utf-8")
    reports = load(settings, "vocabulary", *bundled_files(), own)
    assert not any(report.refused for report in reports), reports
    with pytest.raises(ShapeViolation, match="ic-13") as refused:
        publish(settings)
    assert refused.value.members["rows"]
