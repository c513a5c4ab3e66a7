"""A finished release on disk, read only.

``manifest.json`` describes the public graphs; ``private.json`` (mode 0600) the rest and what each
graph was made from, which readers have no business with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

OPEN = "OPEN"


@dataclass(frozen=True)
class GraphEntry:
    """A graph of a release. ``changed`` is the instant of the publication that last changed it."""

    access: str
    triples: int
    digest: str
    slug: str
    dataset: str
    wave: str
    synthetic: bool
    derived: bool
    changed: str


@dataclass(frozen=True)
class Release:
    """The release in folder ``path``."""

    path: Path

    @classmethod
    def current(cls, home: Path) -> Release | None:
        """Return the release that readers are to open, or None before the first publish."""
        link = home / "releases" / "current"
        return cls(link.resolve()) if link.exists() else None

    @classmethod
    def numbered(cls, home: Path, number: int) -> Release | None:
        """Return release ``number`` if it is there."""
        path = home / "releases" / str(number)
        return cls(path) if (path / "manifest.json").exists() else None

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The file ``manifest.json``."""
        return dict(json.loads((self.path / "manifest.json").read_bytes()))

    @cached_property
    def private(self) -> dict[str, Any]:
        """The file ``private.json``."""
        return dict(json.loads((self.path / "private.json").read_bytes()))

    @property
    def number(self) -> int:
        """The release number, from 1."""
        return int(self.manifest["number"])

    @property
    def instant(self) -> str:
        """The publication instant, xsd:dateTime in UTC."""
        return str(self.manifest["instant"])

    @property
    def base(self) -> str:
        """The base IRI of its minted identifiers."""
        return str(self.manifest["base"])

    @cached_property
    def graphs(self) -> dict[str, GraphEntry]:
        """The OPEN graphs by IRI."""
        return _entries(self.manifest["graphs"])

    @cached_property
    def all_graphs(self) -> dict[str, GraphEntry]:
        """The graphs of every access level by IRI."""
        return {**self.graphs, **_entries(self.private["graphs"])}

    @property
    def public_store(self) -> Path:
        """The store that holds OPEN graphs only."""
        return self.path / "public"

    @property
    def full_store(self) -> Path:
        """The store that holds all graphs."""
        return self.path / "full"

    def lines_file(self, entry: GraphEntry) -> Path:
        """The sorted N-Quads of a graph, as one gzip member."""
        folder = "dumps" if entry.access == OPEN else "private"
        return self.path / folder / f"{entry.slug}.nq.gz"


def _entries(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, GraphEntry]:
    return {graph: GraphEntry(**row) for graph, row in rows.items()}


def as_json(entries: Mapping[str, GraphEntry]) -> dict[str, dict[str, Any]]:
    """Return entries for a manifest, ordered by IRI."""
    return {graph: asdict(entries[graph]) for graph in sorted(entries)}
