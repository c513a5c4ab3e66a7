"""Rebuild: every release again from the archive alone, and the digest of every graph compared.

No loader is needed: the archive holds the accepted RDF. With another base IRI the archive is copied
with its IRIs moved, and the releases are made from the copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.problems import UsageError
from service.release.archive import Archive, NewDocument
from service.release.files import make_folder, remove_trees, sync_folder, write_durably
from service.release.lock import exclusive
from service.release.manifest import Release
from service.release.publish import Publisher
from service.settings import Settings


def rebuild(
    settings: Settings,
    new_base: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Make all recorded releases again and put them in place of the old ones.

    Releases that come out different (the rules have changed since) are not put in place.

    Returns:
        ``releases`` and ``graphs`` counted, how many releases were ``compared`` with what was there
        (none after a move to another base IRI), and ``different``: "release: graph" of each
        difference.

    Raises:
        UsageError: there is no publication to rebuild, or the base IRI is not the archive's.
    """
    with exclusive(settings.home / "publish.lock"):
        if new_base:
            settings = replace(settings, base=new_base)
            _move_base(Archive(settings.archive), settings.base)
        publisher = Publisher(settings, progress)
        publisher.archive.open_for(settings.base)
        return _rebuild(settings, publisher, compare=new_base is None)


def _rebuild(settings: Settings, publisher: Publisher, *, compare: bool) -> dict[str, Any]:
    made_in = settings.home / ".rebuilding"
    remove_trees([made_in])
    make_folder(made_in)
    archive = publisher.archive
    records = [row for row in archive.publications() if archive.refusal(row["number"]) is None]
    if not records:
        raise UsageError("nothing was published yet")
    different: list[str] = []
    graphs = compared = 0
    for record in records:
        publisher.progress(f"release {record['number']}")
        made = publisher.make(record, made_in)
        graphs += len(made.all_graphs)
        old = Release.numbered(settings.home, made.number)
        if compare and old is not None:
            compared += 1
            different += _differences(old, made)
    if not different:
        _put_in_place(made_in, settings)
    return {
        "releases": len(records),
        "graphs": graphs,
        "compared": compared,
        "different": different,
    }


def _differences(old: Release, made: Release) -> list[str]:
    graphs = sorted(set(old.all_graphs) | set(made.all_graphs))
    return [
        f"{made.number}: {graph}"
        for graph in graphs
        if getattr(old.all_graphs.get(graph), "digest", None)
        != getattr(made.all_graphs.get(graph), "digest", None)
    ]


def _put_in_place(made_in: Path, settings: Settings) -> None:
    """Swap the folders; readers that have the old release open keep it."""
    old = settings.home / ".releases-before-rebuild"
    remove_trees([old])
    if settings.releases.exists():
        settings.releases.rename(old)
    made_in.rename(settings.releases)
    sync_folder(settings.home)
    remove_trees([old])


def _move_base(archive: Archive, new_base: str) -> None:
    """Replace the archive by a copy whose IRIs have another base; nothing is accepted meanwhile."""
    if not archive.root.exists():
        raise UsageError(f"there is no archive in {archive.root}")
    with archive.accepting():
        old_base = (archive.root / "base").read_text(encoding="utf-8")
        if old_base == new_base:
            return
        _copy(archive, Archive(archive.moving), old_base, new_base)
        remove_trees([archive.former])
        archive.root.rename(archive.former)
        archive.moving.rename(archive.root)
        sync_folder(archive.root.parent)


def _copy(archive: Archive, copy: Archive, old_base: str, new_base: str) -> None:
    remove_trees([copy.root])
    copy.open_for(new_base)
    write_durably(copy.root / "key", archive.key, mode=0o600)
    moved: dict[str, list[Any]] = {}
    for document in archive.documents():
        new = copy.append(_moved(document.read, document.meta, old_base, new_base))
        moved[document.sha256] = [new.sequence, new.sha256]
    for record in archive.publications():
        documents = [moved[sha256] for _, sha256 in record["documents"]]
        copy.add_publication({**record, "documents": documents})
        refusal = archive.refusal(record["number"])
        if refusal is not None:
            copy.refuse_publication(record["number"], refusal)


def _moved(read: Callable[[str], bytes], meta: dict[str, Any], old: str, new: str) -> NewDocument:
    def move(data: bytes) -> bytes:
        return b"".join(
            sorted(data.replace(f"<{old}".encode(), f"<{new}".encode()).splitlines(keepends=True))
        )

    def move_text(text: str) -> str:
        return new + text[len(old) :] if text.startswith(old) else text

    graphs = {move_text(graph): access for graph, access in meta["graphs"].items()}
    snapshots, records = {}, []
    if meta["kind"] == "snapshot":
        snapshots = {graph: move(read(f"graph-{index}.nt")) for index, graph in enumerate(graphs)}
    else:
        body = read("records.nt")
        for row in json.loads(read("records.json")):
            triples = move(body[row.pop("start") : row.pop("stop")])
            row.pop("digest")
            for name in ("iri", "graph", "wave", "replaces"):
                row[name] = row[name] and move_text(row[name])
            records.append((row, triples))
    return NewDocument(
        source=meta["source"],
        kind=meta["kind"],
        file=meta["file"],
        base=new,
        software=meta["software"],
        graphs=graphs,
        original_sha256=meta["originalSha256"],
        redacted=read("source"),
        report=json.loads(read("report.json")),
        snapshots=snapshots,
        records=records,
    )
