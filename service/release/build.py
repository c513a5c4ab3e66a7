"""Builds one release in a folder: graphs, derivations, validation, stores, change set, manifest.

Nothing here calls the clock: every time comes from the publication record.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import Store

from service.queries import Library
from service.release import lines
from service.release.archive import Archive
from service.release.catalogue import catalogue_lines
from service.release.derivation import Derivation, derivations, load_lines, run_construct
from service.release.manifest import OPEN, GraphEntry, Release, as_json
from service.release.names import GraphName
from service.release.plans import PLANS, Plans
from service.release.reference import ReferenceGraphs
from service.release.sources import ANSWERS, SourceGraph, Sources
from service.release.stores import StoreWriter
from service.release.validation import run_checks, validate_catalogue
from service.release.wave import WaveBuilder


@dataclass
class Change:
    """What a release changed in one graph."""

    removed: int
    added: int


@dataclass
class Builder:
    """One release in the making."""

    folder: Path
    record: dict[str, Any]
    base: str
    archive: Archive
    library: Library
    sources: Sources
    previous: Release | None
    progress: Callable[[str], None]
    entries: dict[str, GraphEntry] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    private_changes: dict[str, Change] = field(default_factory=dict)

    def build(self) -> None:
        """Make the whole release in ``folder``.

        Raises:
            ShapeViolation: a wave or the catalogue does not conform, or a check query found
                something.
        """
        for name, mode in (("", 0o755), ("dumps", 0o755), ("changes", 0o755), ("private", 0o700)):
            (self.folder / name).mkdir(mode=mode, parents=not name)
        self.stores = StoreWriter(self.folder, self.previous)
        if self.record["rollbackOf"]:
            self._take_over(int(self.record["rollbackOf"]))
        else:
            reference = ReferenceGraphs(self.base, self.library, self._reference_graphs())
            for wave in self.sources.waves():
                self.progress(f"golf {wave.year}{' (synthetisch)' if wave.synthetic else ''}")
                WaveBuilder(self, wave, reference).build()
            self._plans(reference)
            self._catalogue()
        self._drop_gone()
        self.stores.finish()
        self._write_manifest()

    def _take_over(self, number: int) -> None:
        """Take all graphs of an older release as they are, whatever the rules say today."""
        old = Release(self.folder.parent / str(number))
        for graph, entry in old.all_graphs.items():
            found = lines.read(old.lines_file(entry))
            self.put(graph, entry.access, found, old.private["inputs"][graph])

    def _reference_graphs(self) -> dict[str, list[bytes]]:
        """Put the graphs that are no answers; return their lines by IRI."""
        found: dict[str, list[bytes]] = {}
        for graph, source in sorted(self.sources.graphs.items()):
            if GraphName.parse(graph, self.base).dataset == ANSWERS:
                continue
            found[graph] = self.put_source(source)
        if self.previous is None or any(graph in self.changes for graph in found):
            store = _store_of(found)
            run_checks(store, self.library, "reference")
            run_checks(store, self.library, "wave")  # published results: observations of no answers
        for step in derivations(self.library):
            if step.unit == "release":
                found |= self._put_release_step(step, found)
        return found

    def _put_release_step(
        self, step: Derivation, reference: dict[str, list[bytes]]
    ) -> dict[str, list[bytes]]:
        """Derive what follows from the reference graphs alone; waves can read it."""
        graph = GraphName(step.name, derived=True).iri(self.base)
        read = [row for row in reference if GraphName.parse(row, self.base).dataset in step.reads]
        key = " ".join([step.rules, *(self.entries[row].digest for row in read)])
        if self.unchanged(graph, key):
            return {graph: self.keep(graph)}
        made = _release_lines(step, graph, {row: reference[row] for row in read})
        self.put(graph, step.access, made, key)
        return {graph: made}

    def _plans(self, reference: ReferenceGraphs) -> None:
        """Describe how each dataset is made."""
        found = Plans(self.base, self.library, reference.datasets).lines()
        self.put(GraphName(PLANS).iri(self.base), OPEN, found, lines.digest(found))

    def put_source(self, source: SourceGraph) -> list[bytes]:
        """Put a source graph; unchanged input is taken from the previous release."""
        if self.unchanged(source.graph, source.key):
            return self.keep(source.graph)
        found = source.lines()
        self.put(source.graph, source.access, found, source.key)
        return found

    def unchanged(self, graph: str, key: str) -> bool:
        """Tell whether the previous release made ``graph`` from the same input."""
        return self.previous is not None and self.previous.private["inputs"].get(graph) == key

    def previous_lines(self, graph: str) -> list[bytes]:
        """Return the lines of a graph in the previous release, none where it had none."""
        entry = self.previous.all_graphs.get(graph) if self.previous else None
        return lines.read(self.previous.lines_file(entry)) if self.previous and entry else []

    def current_lines(self, graph: str) -> list[bytes]:
        """Return the lines of a graph that is in this release already."""
        return lines.read(Release(self.folder).lines_file(self.entries[graph]))

    def keep(self, graph: str, *, read: bool = True) -> list[bytes]:
        """Take a graph over from the previous release: the same file, by hard link."""
        if self.previous is None:
            raise ValueError(f"no previous release to keep {graph} from")
        entry = self.previous.all_graphs[graph]
        target = Release(self.folder).lines_file(entry)
        target.hardlink_to(self.previous.lines_file(entry))
        self.entries[graph] = entry
        self.inputs[graph] = self.previous.private["inputs"][graph]
        return lines.read(target) if read else []

    def put(self, graph: str, access: str, found: list[bytes], key: str) -> None:
        """Put the lines of a graph, and what changed in it, into the release."""
        name = GraphName.parse(graph, self.base)
        digest = lines.digest(found)
        old = self.previous.all_graphs.get(graph) if self.previous else None
        if old and old.digest == digest and old.access == access:
            self.keep(graph, read=False)
            self.inputs[graph] = key
            return
        entry = GraphEntry(
            access=access,
            triples=len(found),
            digest=digest,
            slug=name.slug,
            dataset=name.dataset,
            wave=name.wave,
            synthetic=name.synthetic,
            derived=name.derived,
            changed=self.record["instant"],
        )
        path = Release(self.folder).lines_file(entry)
        lines.write(path, found)
        self.entries[graph], self.inputs[graph] = entry, key
        self._change(entry, graph, found)

    def _change(self, entry: GraphEntry, graph: str, found: list[bytes]) -> None:
        before = self.previous_lines(graph)
        old = self.previous.all_graphs.get(graph) if self.previous else None
        if old and old.access != entry.access:
            self._take_out(old, graph)
            before = []
        removed, added = lines.difference(before, found) if before else ([], found)
        folder = self._note(entry, graph, Change(len(removed), len(added)))
        target = folder / f"{entry.slug}.added.nq.gz"
        if before:
            lines.write(target, added)
            lines.write(folder / f"{entry.slug}.removed.nq.gz", removed)
        else:
            target.hardlink_to(Release(self.folder).lines_file(entry))
        self.stores.add(entry.access, removed, target, len(added))

    def _note(self, entry: GraphEntry, graph: str, change: Change) -> Path:
        """Note a change among those of its access level; return the folder of its files."""
        is_open = entry.access == OPEN
        (self.changes if is_open else self.private_changes)[graph] = change
        return self.folder / ("changes" if is_open else "private")

    def _take_out(self, entry: GraphEntry, graph: str) -> None:
        """Take a graph of the previous release out of the store of its access level."""
        gone = self.previous_lines(graph)
        folder = self._note(entry, graph, Change(len(gone), 0))
        lines.write(folder / f"{entry.slug}.removed.nq.gz", gone)
        self.stores.drop(entry.access, graph)

    def _catalogue(self) -> None:
        """Describe the open graphs; what did not change keeps its dates, and so its lines.

        Raises:
            ShapeViolation: harvesters of DCAT-AP-VL would refuse the catalogue.
        """
        graph = GraphName("catalogus").iri(self.base)
        described = {row: entry for row, entry in self.entries.items() if entry.access == OPEN}
        latest = max(entry.changed for entry in described.values())
        found = catalogue_lines(self.base, described, latest)
        validate_catalogue(lines.to_triples(found, graph))
        self.put(graph, OPEN, found, lines.digest(found))

    def _drop_gone(self) -> None:
        """Take graphs that no document fills any more out of the stores."""
        for graph, entry in (self.previous.all_graphs if self.previous else {}).items():
            if graph not in self.entries:
                self._take_out(entry, graph)

    def _write_manifest(self) -> None:
        is_open = {graph: row for graph, row in self.entries.items() if row.access == OPEN}
        private = {graph: row for graph, row in self.entries.items() if row.access != OPEN}
        manifest = {
            "number": self.record["number"],
            "instant": self.record["instant"],
            "software": self.record["software"],
            "base": self.base,
            "rollbackOf": self.record["rollbackOf"],
            "previous": self.previous.number if self.previous else None,
            "triples": sum(row.triples for row in is_open.values()),
            "graphs": as_json(is_open),
            "changes": {graph: vars(row) for graph, row in sorted(self.changes.items())},
        }
        rest = {
            "graphs": as_json(private),
            "inputs": self.inputs,
            "changes": {graph: vars(row) for graph, row in sorted(self.private_changes.items())},
            "rules": [row.name for row in derivations(self.library)],
        }
        secret = self.folder / "private.json"
        secret.touch(mode=0o600)
        secret.write_text(json.dumps(rest, indent=1), encoding="utf-8")
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (self.folder / "manifest.json").write_text(text, encoding="utf-8")


def reference_lines(sources: Sources, library: Library) -> dict[str, list[bytes]]:
    """Return the graphs that are no answers, and what is derived from them alone, by IRI."""
    found = {
        graph: source.lines()
        for graph, source in sorted(sources.graphs.items())
        if GraphName.parse(graph, sources.base).dataset != ANSWERS
    }
    for step in derivations(library):
        if step.unit == "release":
            graph = GraphName(step.name, derived=True).iri(sources.base)
            parsed = {row: GraphName.parse(row, sources.base).dataset for row in found}
            read = {row: found[row] for row in found if parsed[row] in step.reads}
            found[graph] = _release_lines(step, graph, read)
    return found


def _release_lines(step: Derivation, graph: str, read: dict[str, list[bytes]]) -> list[bytes]:
    return lines.to_quads(run_construct(step, _store_of(read)), graph)


def _store_of(graphs: dict[str, list[bytes]]) -> Store:
    store = Store()
    for graph, found in graphs.items():
        load_lines(store, found, graph)
    return store
