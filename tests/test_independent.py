"""The release against a recomputation that shares nothing with the project but its tables.

Two dozen faults are planted in the formulae of the project, one at a time; each must show.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, RdfFormat

from service import analysis, data_dir
from service.explain.recomputation import Recomputation as Project
from service.queries import Library, parse
from service.release.archive import Archive
from service.release.derivation import derivations
from service.release.manifest import Release
from service.release.names import WaveName
from tests.independent import published, tables
from tests.independent.figures import Rules
from tests.independent.wave import Key, Recomputation, Values, Wave, waves

WAVES = (2016, 2020, 2025)
FAULTY = 2020  # after the mergers of 2019 and before those of 2025
SOME = 90  # responses that the faults are looked for in
ALL_CUBES = {"theme-score", "theme-bounds", "type", "position", "group-statistic", "back-cast"}


@dataclass
class Given:
    """What both sides work from."""

    home: Path

    @cached_property
    def instrument(self) -> tables.Instrument:
        return tables.instrument(data_dir("ontology") / "instrument", "1.0")

    @cached_property
    def register(self) -> tables.Register:
        return tables.register(data_dir("ontology") / "facts")

    @cached_property
    def kbo(self) -> Mapping[str, str]:
        """The KBO number of each body's IRI."""
        rows = tables.read(data_dir("ontology") / "facts" / "bodies.csv")
        return {row["iri"]: row["kbo"] for row in rows}

    @cached_property
    def waves(self) -> Mapping[int, Wave]:
        files = {year: self.home / f"antwoorden-synthetisch-{year}.csv" for year in WAVES}
        return waves(data_dir("ontology") / "facts" / "synthetic-waves.csv", files)

    def expected(self, wave: Wave, rules: Rules | None = None) -> dict[Key, Values]:
        return Recomputation(self.instrument, self.register, wave, rules or Rules()).figures()

    @cached_property
    def merged(self) -> set[str]:
        """The KBO numbers of all bodies that had part in a merger."""
        return {kbo for row in self.register.mergers for kbo in (*row.parts, row.result)}

    @cached_property
    def some(self) -> Wave:
        """A wave with the responses that the faults are looked for in.

        Those of merged bodies are among them: a part of them has no response.
        """
        wave = self.waves[FAULTY]
        first = [row for row in wave.responses if self.merged & set(row.bodies)]
        rest = [row for row in wave.responses if not self.merged & set(row.bodies)]
        return replace(wave, responses=[*first, *rest][:SOME])

    def derived(self, library: Library) -> dict[Key, Values]:
        """Return what the project makes of those responses by some rules."""
        release = Release.current(self.home)
        assert release is not None
        project = Project(Archive(self.home / "archive"), release, library)
        iris = {kbo: iri for iri, kbo in self.kbo.items()}
        answered = {kbo for row in self.some.responses for kbo in row.bodies}
        bodies = [iris[kbo] for kbo in sorted(answered | self.merged)]
        names = {"frame", "theme-score-exact", "overall", "overall-bounds", *ALL_CUBES}
        wave = project.wave(WaveName(str(FAULTY), synthetic=True))
        store = wave.again({*names, "back-cast-bounds"}, bodies)
        text = store.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph()) or b""
        return published.read(text.decode().splitlines(), self.kbo)


@pytest.fixture(scope="module")
def given(demo_home: Path) -> Given:
    return Given(demo_home)


@pytest.mark.parametrize("year", WAVES)
def test_every_published_figure_is_the_same(given: Given, year: int) -> None:
    release = Release.current(given.home)
    assert release is not None
    found = published.figures(release.path / "dumps", year, given.kbo)
    expected = given.expected(given.waves[year])
    assert {key[0] for key in found} >= ALL_CUBES - ({"back-cast"} if year == 2025 else set())
    assert found.keys() == expected.keys()
    assert [key for key in found if found[key] != expected[key]] == []
    print(f"{year}: {len(found)} observations are the same")


def test_the_part_that_faults_are_looked_for_in_is_right(given: Given) -> None:
    found = given.derived(Library.load())
    assert found == given.expected(given.some)
    assert {key[0] for key in found} >= {*ALL_CUBES, "back-cast-bounds"}
    statuses = {row.get("status") for row in found.values()}
    assert statuses == {"A", "B", "E", "M", None}


@dataclass(frozen=True)
class Fault:
    """A piece of a derive query (``name.rq``) or of an analysis (``name.py``), and what instead."""

    file: str
    right: str
    wrong: str


FAULTS = (
    Fault("theme-score-exact.rq", "SUM(?gain)", "AVG(?gain)"),
    Fault("theme-score-exact.rq", "imon:weightedScore ?gain", "imon:itemScore ?gain"),
    Fault("theme-score-exact.rq", "COALESCE(?due, 0) - ?outside", "COALESCE(?due, 0)"),
    Fault("theme-score-exact.rq", "?ticked * 100000000 / ?count", "100000000 / ?count"),
    Fault("theme-score-exact.rq", "?levels * 1000000 / ?valid", "?levels * 1000000 / ?products"),
    Fault("theme-score-exact.rq", "?valid >= ?threshold * ?applicable", "?valid >= ?applicable"),
    Fault("theme-score-exact.rq", "BIND(?products - ?inapplicable", "BIND(?products * 2"),
    Fault("theme-score-exact.rq", "* 1000000 / ?answered AS", "* 1000000 / ?all AS"),
    Fault("theme-score-exact.rq", "100 * (?all - ?answered)", "50 * (?all - ?answered)"),
    Fault("theme-score-exact.rq", "?answered >= ?published * ?all", "?answered >= ?all"),
    Fault("theme-score.rq", "?edge + ?width / 2", "?edge"),
    Fault("theme-score.rq", "BIND(IF(?banded, ?edge, ?trueLow)", "BIND(IF(?banded, ?edge, ?score)"),
    Fault("theme-score.rq", "?previous < ?date", "?day < ?date"),
    Fault("theme-bounds.rq", "IF(?banded, 0.0, ?trueLow)", "IF(?banded, 0.0, 0.0)"),
    Fault("overall.rq", "SUM(?w * ?s)", "SUM(?s)"),
    Fault("overall.rq", "FILTER(?themes = ?needed)", "FILTER(?themes >= ?needed - 1)"),
    Fault("overall-bounds.rq", "SUM(?w * ?h)", "SUM(?w * ?l)"),
    Fault("type.rq", "?score >= ?lower", "?score > ?lower + 2"),
    Fault("type.rq", "?reached < ?minimum", "?reached < ?minimum - 10"),
    Fault("type.rq", "?blocked - 1, ?n", "?blocked, ?n"),
    Fault("back-cast.rq", "SUM(?count * ?s)", "SUM(?count * (?s + 1))"),
    Fault("back-cast.rq", "FILTER(?scored = ?needed)", "FILTER(?scored > 0)"),
    Fault("back-cast-bounds.rq", "100 * (?people - ?known)", "0 * (?people - ?known)"),
    Fault("frame.rq", "(MAX(?y) AS ?known)", "(MIN(?y) AS ?known)"),
    Fault("positions.py", "scores.size - up_to + 1", "scores.size - up_to + 2"),
    Fault("positions.py", "in below + up_to]", "in 2 * below]"),
    Fault("group_statistics.py", "divided(total, len(scores))", "ordered[len(ordered) // 2]"),
    Fault("group_statistics.py", "FEWEST = 5", "FEWEST = 4"),
    Fault("group_statistics.py", "(len(ordered) - 1) * quarters", "len(ordered) * quarters"),
    Fault("group_statistics.py", "/ size)", "/ (size + 1))"),
)  # fmt: skip


def with_fault(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Return the stored queries with a fault; one in an analysis is put in its place."""
    queries = dict(Library.load())
    name = fault.file.removesuffix(".rq")
    if fault.file.endswith(".rq"):
        text = changed(queries[f"derive/{name}"].text, fault)
        queries[f"derive/{name}"] = parse("derive", name, text)
        return Library(queries)
    module = sys.modules[f"service.analysis.{fault.file.removesuffix('.py')}"]
    assert module.__file__ is not None
    path = folder / fault.file
    path.write_text(changed(Path(module.__file__).read_text("utf-8"), fault), "utf-8")
    spec = spec_from_file_location(module.__name__, path)
    assert spec is not None and spec.loader is not None
    other = module_from_spec(spec)
    spec.loader.exec_module(other)
    for row in [row for row in analysis.ANALYSES.values() if row.run.__module__ == module.__name__]:
        run: Callable[..., bytes] = vars(other)[row.run.__name__]
        monkeypatch.setitem(analysis.ANALYSES, row.name, replace(row, run=run))
    return Library(queries)


def changed(text: str, fault: Fault) -> str:
    assert text.count(fault.right) >= 1, f"{fault.file} has no {fault.right!r}"
    return text.replace(fault.right, fault.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda row: f"{row.file}: {row.right}")
def test_a_planted_fault_shows(
    given: Given, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = with_fault(fault, tmp_path, monkeypatch)
    assert derivations(library)
    found, expected = given.derived(library), given.expected(given.some)
    differ = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
    print(f"{len(differ)} of {len(expected)} observations differ")
    assert differ
