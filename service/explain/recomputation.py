"""A figure computed again: from the archive, by the same derivations, on no more than it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyoxigraph import NamedNode, Store

from service.problems import UsageError
from service.queries import Library
from service.release.archive import Archive
from service.release.build import Builder, reference_lines
from service.release.derivation import Derivation, derivations, load_lines
from service.release.manifest import Release
from service.release.names import GraphName, WaveName
from service.release.reference import ReferenceGraphs
from service.release.sources import Sources
from service.release.wave import WaveBuilder

Facts = frozenset[tuple[str, str]]


def facts(store: Store, subject: str, graph: str | None = None) -> Facts:
    """Return what a store says of a subject, as (property, term); of one graph, or the default."""
    where = NamedNode(graph) if graph else None
    found = store.quads_for_pattern(NamedNode(subject), None, None, where)
    return frozenset((row.predicate.value, str(row.object)) for row in found)


@dataclass
class Recomputation:
    """The documents that a release was made from, ready to be computed with again.

    Raises:
        UsageError: the archive has no record of the release.
    """

    archive: Archive
    release: Release
    library: Library

    @cached_property
    def _record(self) -> dict[str, Any]:
        for record in self.archive.publications():
            if record["number"] == self.release.number:
                return record
        raise UsageError(f"the archive has no record of release {self.release.number}")

    @cached_property
    def _sources(self) -> Sources:
        wanted = {tuple(row) for row in self._record["documents"]}
        documents = [r for r in self.archive.documents() if (r.sequence, r.sha256) in wanted]
        return Sources.of(documents, self.release.base)

    @cached_property
    def _builder(self) -> Builder:
        """A builder that knows the digests of the release; it is never asked to build."""
        return Builder(
            folder=self.release.path,
            record=self._record,
            base=self.release.base,
            archive=self.archive,
            library=self.library,
            sources=self._sources,
            previous=None,
            progress=lambda _: None,
            entries=dict(self.release.all_graphs),
        )

    def derivation(self, graph: GraphName) -> Derivation | None:
        """Return what makes a graph, None where it was accepted as it is."""
        steps = {step.name: step for step in derivations(self.library)}
        return steps.get(graph.dataset) if graph.derived else None

    def store(self, graph: GraphName, bodies: Sequence[str]) -> Store:
        """Return a store with the figures of a graph, and all that they follow from.

        Args:
            graph: a graph of observations.
            bodies: what the figures are about; a figure that looks at all bodies of a wave is
                computed with all of them.
        """
        step = self.derivation(graph)
        if step is None:
            return self._accepted(graph)
        wave = self.wave(WaveName(graph.wave, graph.synthetic))
        alone = step.unit == "body" and bool(bodies)
        return wave.again(self._behind(step.name), bodies if alone else None)

    def wave(self, name: WaveName) -> WaveBuilder:
        """Return what derives the steps of a wave again."""
        lines = reference_lines(self._sources, self.library)
        reference = ReferenceGraphs(self.release.base, self.library, lines)
        return WaveBuilder(self._builder, name, reference)

    def _accepted(self, graph: GraphName) -> Store:
        store = Store()
        iri = graph.iri(self.release.base)
        if iri in self._sources.graphs:
            load_lines(store, self._sources.graphs[iri].lines(), iri)
        return store

    def _behind(self, name: str) -> set[str]:
        """Return a derivation and all that it reads, directly or not."""
        steps = {step.name: step for step in derivations(self.library)}
        found: set[str] = set()
        waiting = [name]
        while waiting:
            step = steps.get(waiting.pop())
            if step and step.name not in found:
                found.add(step.name)
                waiting += step.reads
        return found
