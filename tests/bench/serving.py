"""Our service beside the engine's own server and rdflib-endpoint: in one run, taking turns.

CPU is that of all processes of a server; that of the clients is counted apart. An uncached request
has a comment of its own, so that no cache knows it; every server gets requests of this form.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from pyoxigraph import RdfFormat, Store, parse

from service.load import Plan, get, run
from service.release.manifest import Release
from service.settings import Settings
from tests.bench import peers
from tests.bench.cells import CACHED, DISK, MEMORY, OWN, RDFLIB, Cells
from tests.bench.kinds import SMALL, Kind, kinds
from tests.bench.peers import Peer
from tests.bench.publishing import waves_home
from tests.bench.verdict import report
from tests.home import publish, settings_for

_SLOW = 60.0  # seconds that one answer may take
_LONG = 5.0  # seconds of a turn after which there is no second one


@dataclass(frozen=True)
class Extent:
    """How much is measured: waves in the data, clients, turns of each, seconds of a turn."""

    waves: int
    clients: tuple[int, ...]
    turns: int
    seconds: float


FULL = Extent(waves=11, clients=(1, 8, 32), turns=3, seconds=1.5)
QUICK = Extent(waves=3, clients=(1, 8), turns=1, seconds=0.5)


@dataclass(frozen=True)
class Runner:
    """A server under a name; ``fresh``: each request is a new one to it."""

    name: str
    peer: Peer
    fresh: bool = True


def comparison(*, quick: bool, folder: Path | None) -> None:
    """Print the comparison. What is made for it stays in ``folder``, if any, for the next time."""
    extent = QUICK if quick else FULL
    with ExitStack() as stack:
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="imonitor-bench-")
            folder = Path(stack.enter_context(made))
        data = folder / f"waves-{extent.waves}"
        settings, quads = _release(data, extent.waves)
        store = Store.read_only(str(settings.releases / "current" / "public"))
        found = kinds(store)
        print(f"{len(store):,} triples, {extent.turns} × {extent.seconds:g} s each")
        cells = Cells()
        _engines(cells, settings, quads, data / "oxigraph", found, extent)
        _rdflib(cells, quads, folder / "rdflib", found, extent)
    report(cells)


def _release(folder: Path, waves: int) -> tuple[Settings, Path]:
    """Return a home with a release of so many waves, and its public quads as a file."""
    settings, quads = settings_for(folder / "home"), folder / "public.nq"
    if not quads.exists():
        folder.mkdir(parents=True)
        with waves_home(waves) as made:
            publish(made)
            shutil.move(made.home, settings.home)
        release = Release.current(settings.home)
        assert release is not None
        Store.read_only(str(release.public_store)).dump(quads, format=RdfFormat.N_QUADS)
    return settings, quads


def _engines(
    cells: Cells,
    settings: Settings,
    quads: Path,
    store: Path,
    found: Mapping[str, Kind],
    extent: Extent,
) -> None:
    """Measure our service and the engine's server, in turns."""
    with (
        peers.ours(settings) as own,
        peers.oxigraph_in_memory(quads) as memory,
        peers.oxigraph_on_disk(quads, store) as disk,
    ):
        runners = [
            Runner(OWN, own),
            Runner(CACHED, own, fresh=False),
            Runner(MEMORY, memory),
            Runner(DISK, disk),
        ]
        _measure(cells, runners, found.values(), extent)


def _rdflib(
    cells: Cells, quads: Path, environment: Path, found: Mapping[str, Kind], extent: Extent
) -> None:
    """Measure rdflib-endpoint by itself, on the kinds that it answers in time."""
    with peers.rdflib_endpoint(quads, environment) as peer:
        if peer is not None:
            some = Extent(extent.waves, (1, 8), 1, extent.seconds)
            _measure(cells, [Runner(RDFLIB, peer)], [found[name] for name in SMALL], some)


def _measure(
    cells: Cells, runners: Sequence[Runner], found: Iterable[Kind], extent: Extent
) -> None:
    for kind in found:
        counts = {row.name: _rows(row.peer, kind) for row in runners}
        assert len(set(counts.values())) == 1, f"{kind.name}: {counts}"
        print(f"  {kind.name}: {counts[runners[0].name]:,} {kind.unit}", flush=True)
        for clients in extent.clients:
            _turns(cells, runners, kind, clients, extent)


def _turns(
    cells: Cells, runners: Sequence[Runner], kind: Kind, clients: int, extent: Extent
) -> None:
    """Let each server answer a kind in turn, a few times."""
    over: set[str] = set()
    for _ in range(extent.turns):
        for row in runners:
            if row.name in over:
                continue
            address = urlsplit(row.peer.url)
            request = get(row.peer.url, kind.query, kind.accept, fresh=row.fresh)
            plan = Plan(str(address.hostname), address.port or 80, request, clients, extent.seconds)
            before = row.peer.cpu()
            outcome = run(plan)
            cells.add(row.name, kind.name, clients, outcome, row.peer.cpu() - before)
            if outcome.elapsed > _LONG:
                over.add(row.name)


def _rows(peer: Peer, kind: Kind) -> int:
    """Return the number of rows or triples of an answer; a server that is still busy gets time."""
    end = time.monotonic() + _SLOW
    while True:
        answer = requests.get(
            peer.url, {"query": kind.query}, headers={"Accept": kind.accept}, timeout=_SLOW
        )
        if answer.status_code == 200:
            break
        assert answer.status_code == 503 and time.monotonic() < end, answer.text
        time.sleep(1)
    if kind.is_graph:
        return sum(1 for _ in parse(answer.content, RdfFormat.TURTLE))
    return len(answer.json()["results"]["bindings"])
