"""A weight that changes in a scheme changes the figures that follow from it, and no others.

The change set of the release names them: a figure's run is known by what it follows from, so a
figure that does not follow from the weight keeps its run too. All responses are made up.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from loaders.pipeline import current_reference
from service import data_dir
from service.release import lines
from service.release.archive import Archive
from service.release.check import check_home
from service.release.manifest import Release
from service.release.rebuild import rebuild
from service.settings import Settings
from tests.home import copy_home, full_answers, load, made_once, publish, response, write_answers

pytestmark = pytest.mark.slow

#: Cubes of which a figure follows from the scores of its own theme, or from the overall score.
BY_THEME = frozenset(
    (
        "theme-score",
        "theme-bounds",
        "theme-score-exact",
        "theme-bounds-exact",
        "position",
        "group-statistic",
        "scheme-difference",
        "question-influence",
        "back-cast",
        "back-cast-bounds",
    )
)
#: Cubes of which every figure follows from all core themes.
BY_ALL = frozenset(("type", "type-exact", "cluster", "cluster-profile", "robustness"))
#: Cubes that follow from answers alone.
BY_NONE = frozenset(("service-maturity", "source-use", "source-use-count"))
#: The one graph with figures by other schemes that is OPEN.
DIFFERENCES = "synthetisch/derived/scheme-difference/2016"
_OBSERVATION = re.compile(r"/id/synthetisch/observatie/([^/]+)/2016/([^>]+)>")


@dataclass(frozen=True)
class Figure:
    """An observation: its cube, theme (or none) and scheme, read from what is said of it."""

    cube: str
    theme: str
    scheme: str


@pytest.fixture(scope="module")
def published(
    bundled_home: Path, shared_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home with a small synthetic wave of 14 gemeenten and 8 OCMW's, published."""
    home = shared_folder / "scheme-changes"
    with made_once(home) as to_make:
        if to_make:
            making = copy_home(bundled_home, home.with_name("scheme-changes.making"))
            table = tmp_path_factory.mktemp("wave") / "golf.csv"
            reports = load(making, "answers", write_answers(table, list(_responses(making))))
            assert reports[0].accepted == 22, reports[0].findings
            publish(making)
            making.home.rename(home)
    return home


def _responses(settings: Settings) -> Iterator[dict[str, str]]:
    reference = current_reference(Archive(settings.archive), settings.base)
    day = reference.waves["synthetisch/2016"].reference_date
    for kind, classification, count in (("B", "gemeente", 14), ("C", "ocmw", 8)):
        choices = [full_answers(settings, kind, choice) for choice in range(5)]
        bodies = [row for row in reference.bodies.values() if row.classification == classification]
        for number, kbo in enumerate(sorted(row.kbo for row in bodies if row.on(day))[:count]):
            answers = {
                code: choices[(number + place) % 5][code]
                for place, code in enumerate(sorted(choices[0]))
            }
            if number == 3:  # a theme that is withheld, and an overall score with it
                answers = {code: row for code, row in answers.items() if code[:2] != "DI"}
            yield from response(f"{kind}{number}", kind, [kbo], answers)


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Settings:
    """A copy of the published home."""
    return copy_home(published, tmp_path / "home")


def with_tables(settings: Settings, folder: Path, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Load the bundled instrument with some texts of its tables replaced."""
    shutil.copytree(data_dir("ontology") / "instrument", folder)
    for name, texts in changes.items():
        path = folder / f"{name}.csv"
        text = path.read_text("utf-8")
        for old, new in texts.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
    (report,) = load(settings, "instrument", folder)
    assert not report.refused, report.findings


def figures(release: Release) -> dict[str, Figure]:
    """Return every observation of a release by IRI."""
    said: dict[str, dict[str, str]] = {}
    for entry in release.all_graphs.values():
        for line in lines.read(release.lines_file(entry)):
            text = line.decode()
            found = _OBSERVATION.search(text.split(" ", 1)[0])
            if found:
                subject, predicate, node = text.split(" ", 3)[:3]
                row = said.setdefault(subject, {"cube": found[1]})
                row[predicate.rpartition("#")[2].strip("<>")] = node.rpartition("/")[2].strip(">")
    return {
        iri: Figure(row["cube"], row.get("theme", "") or _theme_of(row), row["scheme"])
        for iri, row in said.items()
    }


def _theme_of(row: Mapping[str, str]) -> str:
    """Return the theme of a figure on a question."""
    if "question" not in row:
        return ""
    with (data_dir("ontology") / "instrument" / "questions.csv").open(encoding="utf-8") as handle:
        return next(r["theme"] for r in csv.DictReader(handle) if r["code"] == row["question"])


def changed(release: Release) -> set[str]:
    """Return the observations that the change set names, of every access level."""
    found: set[str] = set()
    for folder, record in (("changes", release.manifest), ("private", release.private)):
        for graph in record["changes"]:
            slug = release.all_graphs[graph].slug
            for kind in ("added", "removed"):
                path = release.path / folder / f"{slug}.{kind}.nq.gz"
                if path.exists():
                    nodes = {line.split(b" ", 1)[0].decode() for line in lines.read(path)}
                    found |= {node for node in nodes if _OBSERVATION.search(node)}
    return found


def dependent(themes: frozenset[str], schemes: frozenset[str]) -> Callable[[Figure], bool]:
    """Return what tells whether a figure follows from some themes (or TOTAL) of some schemes."""

    def follows(figure: Figure) -> bool:
        if figure.cube in BY_NONE:
            return False
        assert figure.cube in BY_THEME | BY_ALL, f"say what {figure.cube} follows from"
        # A difference follows from the wave's own scheme as well as from its own.
        used = {figure.scheme, "1.0"} if figure.cube == "scheme-difference" else {figure.scheme}
        if not used & schemes:
            return False
        return figure.theme in themes if figure.cube in BY_THEME else "TOTAL" in themes

    return follows


CASES = {
    # what is changed in which table → the themes and the schemes that follow from it
    "two weights of theme T1": (
        {"item-weights": {"1.0,AB1,12": "1.0,AB1,10", "1.0,AB2,14": "1.0,AB2,16"}},
        frozenset({"T1", "TOTAL"}),
        frozenset({"1.0", "dvn-nl"}),  # 1.1 has weights of its own for T1
    ),
    "the weight of a theme": (
        {"theme-weights": {"1.0,T5,20,true": "1.0,T5,25,true"}},
        frozenset({"TOTAL"}),
        frozenset({"1.0", "1.1", "dvn-nl"}),
    ),
    "a theme outside the core": (
        {"item-weights": {"1.0,BC1,20": "1.0,BC1,15", "1.0,BC2,20": "1.0,BC2,25"}},
        frozenset({"T6"}),
        frozenset({"1.0", "1.1", "dvn-nl"}),
    ),
    "a weight of another scheme": (
        {"item-weights": {"1.1,PR1,10": "1.1,PR1,12", "1.1,PR3,10": "1.1,PR3,8"}},
        frozenset({"T4", "TOTAL"}),
        frozenset({"1.1"}),
    ),
    "the score of an option": (
        {"option-scores": {"dvn-nl,DVN,3,66": "dvn-nl,DVN,3,67"}},
        frozenset({"T5", "TOTAL"}),
        frozenset({"dvn-nl"}),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_in_a_scheme_changes_exactly_what_follows_from_it(
    home: Settings, tmp_path: Path, case: str
) -> None:
    changes, themes, schemes = CASES[case]
    before = Release.current(home.home)
    assert before is not None
    with_tables(home, tmp_path / "tables", changes)
    after = publish(home)
    follows = dependent(themes, schemes)
    known = figures(before) | figures(after)
    wanted = {iri for iri, figure in known.items() if follows(figure)}
    found = changed(after)
    assert wanted, "nothing follows from the change"
    assert found - wanted == set(), "changed, and does not follow from the weight"
    assert wanted - found == set(), "follows from the weight, and is not in the change set"
    assert wanted != set(known)
    if "1.0" not in schemes:
        told = {graph.removeprefix(f"{home.base}graph/") for graph in after.manifest["changes"]}
        assert told == {"catalogus", *(f"scoreschema/{name}" for name in schemes), DIFFERENCES}
    assert check_home(home) == []


def test_a_release_with_a_changed_scheme_is_made_again_from_the_archive(
    home: Settings, tmp_path: Path
) -> None:
    with_tables(home, tmp_path / "tables", CASES["two weights of theme T1"][0])
    publish(home)
    assert rebuild(home)["different"] == []
