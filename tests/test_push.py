"""A release to a remote store: only what changed, resumed when interrupted, unseen by readers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.problems import StoreUnavailable, UsageError
from service.queries import Library
from service.release.manifest import Release
from service.release.push import push
from service.settings import Settings
from service.store.graph_store import GraphStore
from service.store.halves import halves_of, read_state, state_file
from tests.live_service import address, live
from tests.serving_release import BASE, write_release
from tests.store_servers import Server, oxigraph

pytestmark = [pytest.mark.live, pytest.mark.slow]

LABEL = f"SELECT ?l {{ <{BASE}id/golf/2016> ?p ?l }}"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    with oxigraph(folders[0]) as first, oxigraph(folders[1]) as second:
        yield first, second


@pytest.fixture
def puts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The graphs that were put, as they are."""
    seen: list[str] = []
    real = GraphStore.put

    def put(store: GraphStore, graph: str, ntriples: bytes) -> None:
        real(store, graph, ntriples)
        seen.append(graph.removeprefix(BASE))

    monkeypatch.setattr(GraphStore, "put", put)
    return seen


def pushed(settings: Settings) -> Release:
    release = Release.current(settings.home)
    assert release
    push(settings, release, Library.load(), lambda _: None)
    return release


def triples(server: Server) -> int:
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    accept = {"Accept": "application/sparql-results+json"}
    answer = requests.post(server.query, data={"query": query}, headers=accept, timeout=20)
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_only_changed_graphs_are_pushed_and_gone_ones_removed(
    tmp_path: Path, servers: tuple[Server, Server], puts: list[str]
) -> None:
    settings = Settings(home=tmp_path, base=BASE, **servers[0].settings())
    write_release(tmp_path, 1)
    release = pushed(settings)
    assert len(puts) == len(release.graphs)
    assert triples(servers[0]) == release.manifest["triples"]
    puts.clear()
    pushed(settings)
    assert puts == []
    write_release(tmp_path, 2, note="changed")
    manifest = tmp_path / "releases" / "2" / "manifest.json"
    row = json.loads(manifest.read_bytes())
    del row["graphs"][f"{BASE}graph/organisaties"]
    manifest.write_text(json.dumps(row), "utf-8")
    release = pushed(settings)
    assert sorted(puts) == ["graph/golf/2016", "graph/instrument"]
    assert triples(servers[0]) == sum(entry.triples for entry in release.graphs.values())


def test_an_interrupted_push_goes_on_where_it_was(
    tmp_path: Path,
    servers: tuple[Server, Server],
    puts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(home=tmp_path, base=BASE, **servers[0].settings())
    write_release(tmp_path, 1)
    real = GraphStore.put

    def failing(store: GraphStore, graph: str, ntriples: bytes) -> None:
        if len(puts) == 3:
            raise StoreUnavailable("pulled the plug")
        real(store, graph, ntriples)

    with monkeypatch.context() as patch:
        patch.setattr(GraphStore, "put", failing)
        with pytest.raises(StoreUnavailable):
            pushed(settings)
    done = list(puts)
    assert len(done) == 3
    state = read_state(state_file(settings))
    assert (state.active, state.halves["a"].pushing) == ("", 1)
    puts.clear()
    release = pushed(settings)
    assert not set(done) & set(puts)
    assert len(done) + len(puts) == len(release.graphs)
    assert triples(servers[0]) == release.manifest["triples"]


def test_a_store_that_lost_triples_is_found_and_filled_again(
    tmp_path: Path, servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, base=BASE, **servers[0].settings())
    write_release(tmp_path, 1)
    real = GraphStore.put

    def losing(store: GraphStore, graph: str, ntriples: bytes) -> None:
        real(store, graph, ntriples[: ntriples.index(b"\n") + 1])

    with monkeypatch.context() as patch:
        patch.setattr(GraphStore, "put", losing)
        with pytest.raises(StoreUnavailable, match="graphs differ"):
            pushed(settings)
    release = pushed(settings)
    assert triples(servers[0]) == release.manifest["triples"]


def test_with_two_halves_readers_see_the_old_until_the_new_is_whole(
    tmp_path: Path, servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {**servers[0].settings(), **servers[1].settings("_b")}
    settings = Settings(home=tmp_path, base=BASE, **more)
    write_release(tmp_path, 1, note="old")
    pushed(settings)
    real, seen = GraphStore.put, []
    with live(tmp_path, **more) as service:

        def looked_at(store: GraphStore, graph: str, ntriples: bytes) -> None:
            seen.append(service.ask(address(LABEL, n=str(len(seen)))))
            real(store, graph, ntriples)

        monkeypatch.setattr(GraphStore, "put", looked_at)
        write_release(tmp_path, 2, note="new")
        pushed(settings)
        assert read_state(state_file(settings)).active == "b"
        service.until(lambda: b"golf new" in service.ask(address(LABEL)).body)
    assert seen
    assert {answer.status for answer in seen} == {200}
    assert all(b"golf old" in answer.body for answer in seen)


def test_with_one_half_readers_are_told_to_come_back_while_it_changes(
    tmp_path: Path, servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = servers[0].settings()
    settings = Settings(home=tmp_path, base=BASE, **more)
    write_release(tmp_path, 1, note="old")
    pushed(settings)
    real, seen = GraphStore.put, []
    with live(tmp_path, **more) as service:

        def looked_at(store: GraphStore, graph: str, ntriples: bytes) -> None:
            real(store, graph, ntriples)
            service.until(lambda: service.ask(address(LABEL)).status == 503)
            seen.append(service.ask(address(LABEL)))

        monkeypatch.setattr(GraphStore, "put", looked_at)
        write_release(tmp_path, 2, note="new")
        pushed(settings)
        service.until(lambda: b"golf new" in service.ask(address(LABEL)).body)
    assert seen
    assert all(answer.headers["retry-after"] for answer in seen)


def test_half_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="STORE_GRAPHS"):
        halves_of(Settings(home=tmp_path, base=BASE, store="http://localhost:1/query"))
