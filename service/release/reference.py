"""The reference graphs of a release in the making: organisations, instrument, schemes, waves.

They are read by every wave, so what is made from their lines is made once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from pyoxigraph import RdfFormat, Store

from service.queries import Library
from service.release.derivation import Scheme
from service.release.lines import subject, to_triples
from service.release.names import GraphName
from service.release.runs import Part, read_parts
from service.store.rows import select

_NODE = re.compile(rb"<[^>]*>")
# Answer → option → question → scale or theme: what shapes look at lies no further away.
_HOPS = 3


class ReferenceGraphs:
    """The lines of the reference graphs by IRI, and what follows from them."""

    def __init__(self, base: str, library: Library, graphs: dict[str, list[bytes]]) -> None:
        self._base = base
        self._library = library
        self._graphs = graphs
        self._triples: dict[str, bytes] = {}
        self._indexes: dict[str, dict[bytes, list[bytes]]] = {}

    def of(self, datasets: Iterable[str]) -> list[str]:
        """Return the IRIs of the graphs of some datasets."""
        wanted = set(datasets)
        return [row for row in self._graphs if GraphName.parse(row, self._base).dataset in wanted]

    def triples(self, graph: str) -> bytes:
        """Return a graph as N-Triples."""
        if graph not in self._triples:
            self._triples[graph] = to_triples(self._graphs[graph], graph)
        return self._triples[graph]

    def store(self, graphs: Iterable[str]) -> Store:
        """Return a store with these graphs in its default graph."""
        store = Store()
        for graph in graphs:
            store.load(self.triples(graph), format=RdfFormat.N_TRIPLES)
        return store

    @cached_property
    def schemes(self) -> list[Scheme]:
        """The scoring schemes by version."""
        store = self.store(self.of({"scoreschema"}))
        rows = select(store, self._library["lookup/schemes"].text)
        return [Scheme(row["scheme"], row["version"]) for row in rows]

    @cached_property
    def wave_schemes(self) -> dict[str, str]:
        """The IRI of each wave's own scheme."""
        store = self.store(self.of({"instrument", "golf"}))
        rows = select(store, self._library["lookup/wave-schemes"].text)
        return {row["wave"]: row["scheme"] for row in rows}

    @cached_property
    def datasets(self) -> dict[str, tuple[str, str]]:
        """The names of the datasets of observations by IRI: Dutch, English."""
        store = self.store(self.of({"vocabulaire"}))
        rows = select(store, self._library["lookup/cube-datasets"].text)
        return {row["dataset"]: (row["nl"], row["en"]) for row in rows}

    @cached_property
    def run_parts(self) -> list[Part]:
        """The parts of every scheme that runs are about."""
        graphs = self.of({"scoreschema", "instrument"})
        rows = select(self.store(graphs), self._library["lookup/run-parts"].text)
        indexes = [self._index(graph) for graph in graphs]

        def said_of(subject: str) -> list[bytes]:
            node = f"<{subject}>".encode()
            return [line for index in indexes for line in index.get(node, ())]

        return read_parts(rows, said_of)

    @cached_property
    def kbo(self) -> dict[str, str]:
        """The KBO number of every body."""
        store = self.store(self.of({"organisaties"}))
        rows = select(store, self._library["lookup/bodies"].text)
        return {row["body"]: row["kbo"] for row in rows}

    def around(self, data: bytes, graphs: Iterable[str]) -> bytes:
        """Return what ``graphs`` say of the nodes in ``data``, and of theirs, a few steps on.

        Args:
            data: N-Triples.
            graphs: where to look.
        """
        indexes = [self._index(graph) for graph in graphs]
        seen: set[bytes] = set()
        found: list[bytes] = []
        nodes = set(_NODE.findall(data))
        for _ in range(_HOPS):
            seen |= nodes
            rows = [row for index in indexes for node in nodes for row in index.get(node, ())]
            found += rows
            nodes = {node for row in rows for node in _NODE.findall(row)} - seen
        return b"".join(found)

    def _index(self, graph: str) -> dict[bytes, list[bytes]]:
        if graph not in self._indexes:
            index: dict[bytes, list[bytes]] = {}
            for line in self.triples(graph).splitlines(keepends=True):
                index.setdefault(subject(line), []).append(line)
            self._indexes[graph] = index
        return self._indexes[graph]
