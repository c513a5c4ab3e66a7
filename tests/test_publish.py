"""Publish: numbered immutable releases, made by difference, made again from the archive."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, RdfFormat, Store, parse

from loaders.pipeline import accept, current_reference
from service.analysis import ANALYSES
from service.problems import Locked, ShapeViolation, UsageError
from service.release import lines
from service.release.archive import Archive
from service.release.check import check_home
from service.release.lock import exclusive
from service.release.manifest import Release
from service.release.publish import Publisher
from service.release.rebuild import rebuild
from service.release.wave import WaveBuilder
from service.settings import Settings
from tests.home import copy_home, full_answers, load, publish, response, write_answers

ARDOOIE, ARDOOIE_OCMW = "0216771046", "0216771145"
AARTSELAAR, ANTWERPEN = "0207508932", "0207500123"


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """A home with three responses of 2016, published."""
    rows = [
        *response("J1", "A", [ARDOOIE, ARDOOIE_OCMW], full_answers(settings, "A", 1)),
        *response("G1", "B", [AARTSELAAR], full_answers(settings, "B", 2)),
        *response("G2", "B", [ANTWERPEN], full_answers(settings, "B", 3)),
    ]
    report = load(settings, "answers", write_answers(tmp_path / "eerste.csv", rows))[0]
    assert report.accepted == 3, report.findings
    publish(settings)
    return settings


def correct(settings: Settings, tmp_path: Path) -> None:
    """Load a response that replaces G1."""
    answers = full_answers(settings, "B", 4)
    rows = response("G1-bis", "B", [AARTSELAAR], answers, vervangt="G1")
    report = load(settings, "answers", write_answers(tmp_path / "correctie.csv", rows))[0]
    assert report.accepted == 1, report.findings


def digests(release: Release) -> dict[str, str]:
    return {graph: entry.digest for graph, entry in release.all_graphs.items()}


def without_catalogue(release: Release) -> dict[str, str]:
    """The catalogue tells when each graph changed, so it depends on the moment of publishing."""
    return {g: digest for g, digest in digests(release).items() if not g.endswith("/catalogus")}


def test_publishing_nothing_new_gives_an_empty_change_set(small: Settings) -> None:
    first = Release.current(small.home)
    second = publish(small)
    assert first is not None
    assert (second.number, second.manifest["changes"], second.private["changes"]) == (2, {}, {})
    assert digests(second) == digests(first)
    assert check_home(small) == []


def test_publish_if_changed_makes_no_release_of_the_same_content(small: Settings) -> None:
    assert Publisher(small).publish(if_changed=True).number == 1


def test_a_correction_changes_only_the_triples_of_its_body(small: Settings, tmp_path: Path) -> None:
    correct(small, tmp_path)
    release = publish(small)
    graph = f"{small.base}graph/synthetisch/derived/theme-score/2016"
    entry = release.graphs[graph]
    added = lines.read(release.path / "changes" / f"{entry.slug}.added.nq.gz")
    assert added
    assert all(AARTSELAAR.encode() in lines.subject(line) for line in added)
    assert check_home(small) == []


def test_the_way_by_unit_gives_the_lines_of_the_whole_way(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(small, tmp_path)
    other = copy_home(small.home, tmp_path / "other")
    ways: list[str] = []
    for name in ("_build_units", "_build_whole"):
        original = getattr(WaveBuilder, name)
        monkeypatch.setattr(
            WaveBuilder, name, lambda self, n=name, o=original: (ways.append(n), o(self))
        )
    by_unit = publish(small)
    monkeypatch.setattr(WaveBuilder, "_only_answers_grew", lambda self: False)
    whole = publish(other)
    assert ways == ["_build_units", "_build_whole"]
    assert without_catalogue(by_unit) == without_catalogue(whole)


def test_rebuild_from_the_archive_gives_the_same_digest_for_every_graph(
    small: Settings, tmp_path: Path
) -> None:
    correct(small, tmp_path)
    before = [digests(publish(small)), digests(publish(small))]
    for name in ("releases", "vault", "refused"):
        folder = small.home / name
        if folder.exists():
            folder.rename(tmp_path / f"away-{name}")
    report = rebuild(small)
    assert report["different"] == []
    assert report["releases"] == 3
    found = [Release.numbered(small.home, number) for number in (2, 3)]
    assert [digests(row) for row in found if row] == before
    current = Release.current(small.home)
    assert current is not None
    assert current.number == 3
    assert check_home(small) == []


def test_rebuild_compares_with_the_releases_that_are_there(small: Settings) -> None:
    manifest = small.releases / "1" / "manifest.json"
    content = json.loads(manifest.read_bytes())
    graph = next(iter(content["graphs"]))
    content["graphs"][graph]["digest"] = "0" * 64
    manifest.write_text(json.dumps(content))
    assert rebuild(small)["different"] == [f"1: {graph}"]


def test_rebuild_moves_everything_to_another_base(small: Settings) -> None:
    moved = replace(small, base="https://voorbeeld.test/imonitor/")
    with pytest.raises(UsageError, match="rebuild --base"):
        publish(moved)
    report = rebuild(small, "https://voorbeeld.test/imonitor/")
    assert report["releases"] == 1
    current = Release.current(small.home)
    assert current is not None
    assert all(graph.startswith(moved.base) for graph in current.all_graphs)
    assert check_home(moved) == []
    for entry in current.all_graphs.values():
        assert small.base.encode() not in b"".join(lines.read(current.lines_file(entry)))


def test_rollback_publishes_old_content_as_a_new_release(small: Settings, tmp_path: Path) -> None:
    first = Release.current(small.home)
    correct(small, tmp_path)
    publish(small)
    back = Publisher(small).rollback(1)
    assert first is not None
    assert back.number == 3
    assert digests(back) == digests(first)
    assert check_home(small) == []
    again = publish(small)
    second = Release.numbered(small.home, 2)
    assert second is not None
    assert without_catalogue(again) == without_catalogue(second)
    assert rebuild(small)["different"] == []


def test_a_rollback_that_drops_a_wave_leaves_no_empty_graph(
    small: Settings, tmp_path: Path
) -> None:
    answers = full_answers(small, "B", 1)
    rows = response("L1", "B", [AARTSELAAR], answers, wave="synthetisch/2020")
    assert load(small, "answers", write_answers(tmp_path / "2020.csv", rows))[0].accepted == 1
    publish(small)
    back = Publisher(small).rollback(1)
    assert not [graph for graph in back.all_graphs if graph.endswith("/antwoorden/2020")]
    assert "antwoorden" not in str(back.manifest), "a private graph is named to nobody"
    assert check_home(small) == []


def test_a_move_that_was_interrupted_between_its_renames_is_finished(small: Settings) -> None:
    archive = Archive(small.archive)
    archive.root.rename(archive.former)
    archive.former.with_name("x").mkdir()
    archive.former.with_name("x").rename(archive.moving)
    archive.open_for(small.base)
    assert archive.root.exists()
    assert not archive.moving.exists()


def test_one_publisher_at_a_time_and_the_other_is_told_who(small: Settings) -> None:
    with exclusive(small.home / "publish.lock"), pytest.raises(Locked, match="held by process"):
        publish(small)


def test_an_interrupted_publication_is_finished_by_the_next(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(small, tmp_path)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("service.release.publish.sync_tree", stop)
        with pytest.raises(KeyboardInterrupt):
            publish(small)
    current = Release.current(small.home)
    assert current is not None
    assert current.number == 1
    release = publish(small)
    finished = Release.numbered(small.home, 2)
    assert finished is not None
    assert finished.manifest["changes"]
    assert (release.number, release.manifest["changes"]) == (3, {})
    assert not list(small.releases.glob(".building-*"))


def test_a_release_that_does_not_conform_is_not_published(
    small: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(small, tmp_path)

    def refuse(*_: object) -> None:
        raise ShapeViolation("1 results of the shapes", members={"report": [{"focus": "x"}]})

    with monkeypatch.context() as patch:
        patch.setattr("service.release.wave.validate_wave", refuse)
        with pytest.raises(ShapeViolation):
            publish(small)
    current = Release.current(small.home)
    assert current is not None
    assert current.number == 1
    refusal = Archive(small.archive).refusal(2)
    assert refusal is not None
    assert refusal["report"] == [{"focus": "x"}]
    assert publish(small).number == 3


def test_the_digest_of_sorted_lines_is_the_rdfc_hash(small: Settings) -> None:
    release = Release.current(small.home)
    assert release is not None
    store = Store.read_only(str(release.full_store))
    for graph, entry in release.all_graphs.items():
        dataset = Dataset(store.quads_for_pattern(None, None, None, NamedNode(graph)))
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        canonical = sorted(f"{quad} .\n".encode() for quad in dataset)
        stored = lines.store_lines(store, graph)
        assert lines.digest(stored) == entry.digest, graph
        parsed = {str(quad) for quad in parse(b"".join(stored), format=RdfFormat.N_QUADS)}
        assert parsed == {str(quad) for quad in dataset}, graph
        assert len(canonical) == len(stored)


def test_the_public_store_has_no_private_graph(small: Settings) -> None:
    release = Release.current(small.home)
    assert release is not None
    private = set(release.all_graphs) - set(release.graphs)
    assert any("antwoorden" in graph for graph in private)
    for path, expected in (
        (release.public_store, set(release.graphs)),
        (release.full_store, set(release.all_graphs)),
    ):
        found = {node.value for node in Store.read_only(str(path)).named_graphs()}
        assert found == {graph for graph in expected if release.all_graphs[graph].triples}
    assert release.full_store.stat().st_mode & 0o077 == 0
    assert (release.path / "private").stat().st_mode & 0o077 == 0


def test_a_graph_that_is_no_longer_open_leaves_the_public_store(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = f"{small.base}graph/synthetisch/derived/position/2016"
    opened = ANALYSES["position"]
    for access in ("BEHEER", "OPEN"):
        monkeypatch.setitem(ANALYSES, "position", replace(opened, access=access))
        release = publish(small)
        assert release.all_graphs[graph].access == access
        told = release.manifest["changes"][graph]
        assert bool(told["removed"]) == (access == "BEHEER")
        public = Store.read_only(str(release.public_store))
        assert public.contains_named_graph(NamedNode(graph)) == (access == "OPEN")
        assert check_home(small) == []


def test_check_finds_a_changed_document_and_a_changed_store(small: Settings) -> None:
    release = Release.current(small.home)
    assert release is not None
    store = Store(str(release.public_store))
    store.update("DELETE WHERE { GRAPH ?g { ?s <http://www.w3.org/2002/07/owl#sameAs> ?o } }")
    store.flush()
    del store
    document = Archive(small.archive).documents()[-1]
    document.path.write_bytes(document.path.read_bytes() + b" ")
    faults = check_home(small)
    assert any("public store" in row for row in faults)
    assert any("digest in its name" in row for row in faults)


def test_loading_the_same_bytes_again_changes_nothing(small: Settings, tmp_path: Path) -> None:
    count = len(Archive(small.archive).documents())
    assert all(report.already for report in load(small, "answers", tmp_path / "eerste.csv"))
    assert all(report.already for report in load(small, "organisations"))
    assert len(Archive(small.archive).documents()) == count


def test_the_reference_knows_what_was_accepted(small: Settings) -> None:
    reference = current_reference(Archive(small.archive), small.base)
    wave = f"{small.base}id/synthetisch/golf/2016"
    assert {name for key, name in reference.references if key == wave} == {"J1", "G1", "G2"}
    assert len([key for key in reference.accepted if key[0] == wave]) == 4


def test_an_unknown_source_is_wrong_usage(small: Settings) -> None:
    with pytest.raises(UsageError, match="unknown source"):
        list(accept("nothing", [], small))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], 0),
        (["publish", "--json"], 0),
        (["load", "answers", "nowhere.csv"], 1),
        (["nonsense"], 1),
        (["releases", "list"], 0),
    ],
)
def test_the_command_line_leaves_with_the_promised_code(
    small: Settings, arguments: list[str], code: int
) -> None:
    environment = {"IMONITOR_HOME": str(small.home), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "service.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
