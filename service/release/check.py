"""Do archive, releases and stores agree? Every digest is computed again, nothing is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Store

from service.queries import Library
from service.release import lines
from service.release.archive import Archive
from service.release.manifest import GraphEntry, Release
from service.settings import Settings
from service.store.rows import select


def check_home(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Return every disagreement as a sentence; an empty list is a consistent data folder.

    Raises:
        UsageError: the archive was made for another base IRI.
    """
    archive = Archive(settings.archive)
    archive.open_for(settings.base)
    faults = list(_documents(archive))
    known = {(row.sequence, row.sha256) for row in archive.documents()}
    for record in archive.publications():
        missing = [row for row in record["documents"] if tuple(row) not in known]
        faults += [f"publication {record['number']} names document {row[0]}" for row in missing]
    current = Release.current(settings.home)
    if current is None:
        return [*faults, "there is no current release"] if archive.publications() else faults
    progress(f"release {current.number}")
    return faults + list(_release(current))


def _documents(archive: Archive) -> Iterator[str]:
    for position, document in enumerate(archive.documents(), start=1):
        if document.sequence != position:
            yield f"document {position} is missing from the archive"
        digest = hashlib.sha256(document.path.read_bytes()).hexdigest()
        if digest != document.sha256:
            yield f"document {document.sequence} does not have the digest in its name"


def _release(release: Release) -> Iterator[str]:
    for graph, entry in release.all_graphs.items():
        if lines.digest(lines.read(release.lines_file(entry))) != entry.digest:
            yield f"{graph}: the dump differs from the manifest"
    yield from _store(release.public_store, release.graphs, "public")
    yield from _store(release.full_store, release.all_graphs, "full")
    yield from _runs(release.full_store)


def _runs(path: Path) -> Iterator[str]:
    """Yield what lacks its provenance: every figure has a run that is described, or a source."""
    query = Library.load()["lookup/undescribed"].text
    for row in select(Store.read_only(str(path)), query, union=True):
        what = f"run {row['run']} is not described" if row["run"] else "no run and no source"
        yield f"{what}: {row['observations']} observations, such as {row['observation']}"


def _store(path: Path, entries: dict[str, GraphEntry], name: str) -> Iterator[str]:
    store = Store.read_only(str(path))
    found = {node.value for node in store.named_graphs() if isinstance(node, NamedNode)}
    for graph in sorted(found ^ set(entries)):
        if graph in found or entries[graph].triples:
            yield f"{name} store: graph {graph} is {'extra' if graph in found else 'missing'}"
    for graph in sorted(found & set(entries)):
        if lines.digest(lines.store_lines(store, graph)) != entries[graph].digest:
            yield f"{name} store: {graph} differs from the manifest"
