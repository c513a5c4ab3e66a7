"""A release to a remote store: changed graphs only, to the half that nobody reads.

With two halves readers never notice; with one they are told to come back (503) while it changes.
A push that is interrupted goes on where it was: what a half holds is recorded graph by graph.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from service.problems import StoreUnavailable
from service.queries import Library
from service.release import lines
from service.release.files import write_durably
from service.release.manifest import GraphEntry, Release
from service.settings import Settings
from service.store.base import Query
from service.store.graph_store import GraphStore
from service.store.halves import Half, Held, State, halves_of, read_state, state_file
from service.store.remote import Answers

Progress = Callable[[str], None]
_COUNT_SECONDS = 300.0
_COUNT_BYTES = 16 << 20


def push(settings: Settings, release: Release, library: Library, progress: Progress) -> None:
    """Bring the remote store to a release; nothing happens where the store is embedded.

    Raises:
        StoreUnavailable: the store cannot be reached, refuses, or holds something else afterwards.
    """
    halves = halves_of(settings)
    if halves:
        _Push(settings, release, library, progress).to(halves)


class _Push:
    def __init__(
        self, settings: Settings, release: Release, library: Library, progress: Progress
    ) -> None:
        self._settings = settings
        self._release = release
        self._library = library
        self._progress = progress
        self._file = state_file(settings)
        self._state = read_state(self._file)

    def to(self, halves: list[Half]) -> None:
        """Push to the half that is not being read, and let readers turn to it."""
        active = [half for half in halves if half.name == self._state.active]
        if active and self._is_there(active[0]):
            return
        idle = [half for half in halves if half not in active] or halves
        half = idle[0]
        self._bring(half)
        self._check(half)
        held = replace(self._state.held(half), release=self._release.number, pushing=0)
        self._write(replace(self._state.with_half(half, held), active=half.name))

    def _is_there(self, half: Half) -> bool:
        held = self._state.held(half)
        return held.release == self._release.number and not held.pushing

    def _bring(self, half: Half) -> None:
        """Replace the graphs that differ and remove those that are gone, one after another."""
        user, password = self._settings.store_user, self._settings.store_password
        store = GraphStore(half.graphs, user, password)
        held = replace(self._state.held(half), pushing=self._release.number)
        self._note(half, held)
        wanted = self._release.graphs
        changed = [name for name, row in wanted.items() if held.graphs.get(name) != row.digest]
        for number, name in enumerate(sorted(changed), 1):
            self._progress(f"pushing graph {number} of {len(changed)} to {half.graphs}")
            held = self._without(half, held, name)
            store.put(name, self._triples(name, wanted[name]))
            held = replace(held, graphs={**held.graphs, name: wanted[name].digest})
            self._note(half, held)
        for name in sorted(set(held.graphs) - set(wanted)):
            store.delete(name)
            held = self._without(half, held, name)

    def _without(self, half: Half, held: Held, name: str) -> Held:
        """Note that a graph is not what it was, before it changes."""
        graphs = {key: value for key, value in held.graphs.items() if key != name}
        held = replace(held, graphs=graphs)
        self._note(half, held)
        return held

    def _triples(self, name: str, entry: GraphEntry) -> bytes:
        return lines.to_triples(lines.read(self._release.lines_file(entry)), name)

    def _check(self, half: Half) -> None:
        """Compare the number of triples of every graph with what the release says."""
        user, password = self._settings.store_user, self._settings.store_password
        graphs = tuple(sorted(self._release.graphs))
        text = self._library["lookup/graph-sizes"].text
        query = Query(text, rows="json")
        answers = Answers(half.query, user, password)
        result = answers.query(query, graphs, _COUNT_BYTES, _COUNT_SECONDS, lambda: False)
        rows = json.loads(result.body)["results"]["bindings"]
        found = {row["graph"]["value"]: int(row["triples"]["value"]) for row in rows}
        wrong = [
            name
            for name, entry in self._release.graphs.items()
            if found.get(name, 0) != entry.triples
        ]
        if wrong:
            self._note(half, Held(half.graphs))
            raise StoreUnavailable(f"after the push {len(wrong)} graphs differ, first <{wrong[0]}>")

    def _note(self, half: Half, held: Held) -> None:
        self._write(self._state.with_half(half, held))

    def _write(self, state: State) -> None:
        write_durably(self._file, state.as_json())
        self._state = state
