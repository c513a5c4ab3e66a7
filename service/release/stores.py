"""The two stores of a release: ``public/`` with OPEN graphs only, ``full/`` with all.

The public store is written first and the full one starts as its backup, so that no private triple
is ever near the public one. A later release starts as a backup (hard links) of the one before and
takes only the difference.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store

from service.release import lines
from service.release.manifest import OPEN, Release

# Up to here one transactional update is cheaper than writing new table files by bulk load.
_UPDATE_LIMIT = 20_000


# What is loaded at once, in bytes of N-Quads: the lines of ten waves are gigabytes.
_BATCH = 64 * 1024 * 1024


@dataclass
class _Difference:
    """``added`` are files of lines, ``count`` how many lines they have together."""

    removed: list[bytes] = field(default_factory=list)
    added: list[Path] = field(default_factory=list)
    count: int = 0
    dropped: list[str] = field(default_factory=list)


class StoreWriter:
    """Collects differences and writes both stores of the release in ``folder``."""

    def __init__(self, folder: Path, previous: Release | None) -> None:
        self._folder = folder
        self._previous = previous
        self._open = _Difference()
        self._private = _Difference()

    def add(self, access: str, removed: list[bytes], added: Path, count: int) -> None:
        """Note what changed in a graph of this access level; ``added`` is a file of lines."""
        target = self._open if access == OPEN else self._private
        target.removed += removed
        target.added.append(added)
        target.count += count

    def drop(self, access: str, graph: str) -> None:
        """Note that a graph is gone, its name too."""
        target = self._open if access == OPEN else self._private
        target.dropped.append(graph)

    def finish(self) -> None:
        """Write both stores."""
        public, full = self._folder / "public", self._folder / "full"
        if self._previous is None:
            store = Store(str(public))
            _apply(store, self._open)
            store.backup(str(full))
            store = Store(str(full))
            _apply(store, self._private)
            full.chmod(0o700)
            return
        Store.read_only(str(self._previous.public_store)).backup(str(public))
        Store.read_only(str(self._previous.full_store)).backup(str(full))
        public_store, full_store = Store(str(public)), Store(str(full))
        _drop(public_store, self._open.dropped)
        # All of them first: a graph may come back in the same release at another access level.
        _drop(full_store, [*self._open.dropped, *self._private.dropped])
        _apply(public_store, self._open)
        _apply(full_store, self._open)
        _apply(full_store, self._private)
        full.chmod(0o700)


def _apply(store: Store, change: _Difference) -> None:
    """Remove and add lines; small changes in one atomic update."""
    if len(change.removed) + change.count <= _UPDATE_LIMIT:
        added = [line for path in change.added for line in lines.read(path)]
        text = _data("DELETE DATA", change.removed) + _data("INSERT DATA", added)
        if text:
            store.update(text)
    else:
        for start in range(0, len(change.removed), _UPDATE_LIMIT):
            store.update(_data("DELETE DATA", change.removed[start : start + _UPDATE_LIMIT]))
        for data in _batches(change.added):
            # Lenient: every line was parsed in full when it was accepted or made.
            store.bulk_load(data, format=RdfFormat.N_QUADS, lenient=True)
    store.flush()


def _batches(files: Iterable[Path]) -> Iterator[bytes]:
    """Yield the content of files of lines, some of them together."""
    parts: list[bytes] = []
    for path in files:
        parts.append(gzip.decompress(path.read_bytes()))
        if sum(map(len, parts)) >= _BATCH:
            yield b"".join(parts)
            parts = []
    yield b"".join(parts)


def _drop(store: Store, graphs: list[str]) -> None:
    for graph in graphs:
        store.remove_graph(NamedNode(graph))


def _data(verb: str, quads: list[bytes]) -> str:
    """Return a SPARQL update of N-Quads lines, which are grouped by graph."""
    graphs: dict[str, list[str]] = {}
    for line in quads:
        triple, _, graph = line.decode()[:-3].rpartition(" <")
        graphs.setdefault(graph, []).append(triple + " .")
    blocks = [f"GRAPH <{graph} {{\n" + "\n".join(rows) + "\n}" for graph, rows in graphs.items()]
    return f"{verb} {{\n" + "\n".join(blocks) + "\n};\n" if blocks else ""
