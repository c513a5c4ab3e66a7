"""The archive: the append-only system of record that everything else is made from.

``documents/<sequence>-<sha256>.zip`` are accepted documents. A document is one file, so that one
rename accepts it whole. Its members:

=================  =============================================================================
``meta.json``      source, kind, file name, access level of each graph, digests, software version
``graph-<i>.nt``   kind "snapshot": the canonical triples of the i-th graph
``records.nt``     kind "records": the triples of all records, one after the other
``records.json``   the index: IRI, reference, wave, bodies, graph, what it replaces, byte range
``source``         the bytes as sent, without personal columns
``report.json``    what was refused or remarked
=================  =============================================================================

``publications/<number>.json`` are publication records (semantics.md "Time, identity");
``<number>-refused.json`` says why one became no release.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from service.problems import UsageError
from service.release.files import make_folder, sync_folder, write_durably
from service.release.lock import exclusive

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ArchivedRecord:
    """A record of a document: ``start`` and ``stop`` are its bytes in ``records.nt``."""

    iri: str
    reference: str
    graph: str
    wave: str
    bodies: tuple[str, ...]
    start: int
    stop: int
    digest: str
    replaces: str | None = None


@dataclass(frozen=True)
class Document:
    """An accepted document in the archive."""

    path: Path
    sequence: int
    sha256: str

    @cached_property
    def meta(self) -> dict[str, Any]:
        """The member ``meta.json``."""
        return dict(json.loads(self.read("meta.json")))

    @cached_property
    def records(self) -> tuple[ArchivedRecord, ...]:
        """The index of records; empty for a snapshot."""
        if self.meta["kind"] != "records":
            return ()
        rows = json.loads(self.read("records.json"))
        return tuple(ArchivedRecord(**{**row, "bodies": tuple(row["bodies"])}) for row in rows)

    @property
    def graphs(self) -> dict[str, str]:
        """Graph IRI → access level."""
        return dict(self.meta["graphs"])

    def snapshot(self, graph: str) -> bytes:
        """Return the canonical triples of one graph of a snapshot."""
        return self.read(f"graph-{list(self.meta['graphs']).index(graph)}.nt")

    def read(self, member: str) -> bytes:
        """Return one member of the document."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(member)


@dataclass(frozen=True)
class NewDocument:
    """A document about to be accepted; triples are canonical N-Triples lines."""

    source: str
    kind: str
    file: str
    base: str
    software: str
    graphs: Mapping[str, str]
    original_sha256: str
    redacted: bytes
    report: Sequence[Mapping[str, object]]
    snapshots: Mapping[str, bytes] = field(default_factory=dict)
    records: Sequence[tuple[Mapping[str, Any], bytes]] = ()

    def pack(self) -> bytes:
        """Return the document as one zip file; equal content gives equal bytes."""
        meta = {
            "source": self.source,
            "kind": self.kind,
            "file": self.file,
            "base": self.base,
            "software": self.software,
            "graphs": dict(self.graphs),
            "originalSha256": self.original_sha256,
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            _add(archive, "meta.json", _json(meta))
            _add(archive, "report.json", _json(list(self.report)))
            _add(archive, "source", self.redacted)
            for index, graph in enumerate(self.graphs):
                if self.kind == "snapshot":
                    _add(archive, f"graph-{index}.nt", self.snapshots[graph])
            if self.kind == "records":
                _add(archive, "records.json", _json(self._index()))
                _add(archive, "records.nt", b"".join(triples for _, triples in self.records))
        return buffer.getvalue()

    def _index(self) -> list[dict[str, Any]]:
        rows, start = [], 0
        for row, triples in self.records:
            digest = hashlib.sha256(triples).hexdigest()
            rows.append({**row, "start": start, "stop": start + len(triples), "digest": digest})
            start += len(triples)
        return rows


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _FIXED_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=False, indent=1).encode()


class Archive:
    """The folder ``HOME/archive``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._documents = root / "documents"
        self._publications = root / "publications"

    def open_for(self, base: str) -> None:
        """Create what is missing and check that the archive was made for ``base``.

        Raises:
            UsageError: it was made for another base IRI.
        """
        self._finish_moving()
        make_folder(self.root, 0o700)
        make_folder(self._documents)
        make_folder(self._publications)
        marker = self.root / "base"
        if not marker.exists():
            write_durably(marker, base.encode())
        recorded = marker.read_text(encoding="utf-8")
        if recorded != base:
            raise UsageError(
                f"{self.root} was made for the base IRI {recorded}, the settings say {base}; "
                f"run `imonitor rebuild --base {base}` to move it"
            )
        if not (self.root / "key").exists():
            write_durably(self.root / "key", secrets.token_bytes(32), mode=0o600)

    @property
    def moving(self) -> Path:
        """Where `imonitor rebuild --base` makes the copy that will take this archive's place."""
        return self.root.with_name(".archive-moving")

    @property
    def former(self) -> Path:
        """Where the archive of the former base IRI is kept after a move."""
        return self.root.with_name("archive-of-former-base")

    def _finish_moving(self) -> None:
        """Finish a move that was interrupted between its two renames: the copy is whole by then."""
        if not self.root.exists() and self.former.exists() and self.moving.exists():
            self.moving.rename(self.root)
            sync_folder(self.root.parent)

    @cached_property
    def key(self) -> bytes:
        """The secret that response IRIs and published digests of private inputs are made with."""
        return (self.root / "key").read_bytes()

    def seal(self, data: bytes) -> str:
        """Return the HMAC-SHA256 of private bytes, safe to publish."""
        return hmac.new(self.key, data, hashlib.sha256).hexdigest()

    @contextmanager
    def accepting(self) -> Iterator[None]:
        """Hold the archive while look-ups are made and a document is appended."""
        with exclusive(self.root / "accept.lock", wait=60):
            yield

    def documents(self) -> list[Document]:
        """Return all documents in the order in which they were accepted."""
        found = []
        for path in sorted(self._documents.glob("*.zip")):
            if path.name.startswith("."):
                continue
            sequence, _, digest = path.stem.partition("-")
            found.append(Document(path, int(sequence), digest))
        return found

    def append(self, document: NewDocument) -> Document:
        """Accept a document; when this returns, it is on disk. Call within `accepting`."""
        data = document.pack()
        digest = hashlib.sha256(data).hexdigest()
        existing = self.documents()
        sequence = existing[-1].sequence + 1 if existing else 1
        path = self._documents / f"{sequence:08d}-{digest}.zip"
        write_durably(path, data, mode=0o600)
        return Document(path, sequence, digest)

    def publications(self) -> list[dict[str, Any]]:
        """Return the publication records by number, those that were refused too."""
        paths = sorted(self._publications.glob("[0-9]*[0-9].json"))
        return [json.loads(path.read_bytes()) for path in paths]

    def refuse_publication(self, number: int, report: Mapping[str, Any]) -> None:
        """Record that publication ``number`` became no release, and why."""
        write_durably(self._publications / f"{number:06d}-refused.json", _json(report))

    def refusal(self, number: int) -> dict[str, Any] | None:
        """Return why publication ``number`` was refused, or None when it was not."""
        path = self._publications / f"{number:06d}-refused.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else None

    def add_publication(self, record: Mapping[str, Any]) -> None:
        """Write a publication record; its number must be new."""
        write_durably(self._publications / f"{record['number']:06d}.json", _json(record))
