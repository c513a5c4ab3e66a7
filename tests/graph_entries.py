"""Graphs as a release lists them, for a catalogue that is made without a release."""

from __future__ import annotations

from service.release.manifest import OPEN, GraphEntry
from service.release.names import GraphName

FIRST = "2026-01-01T10:00:00Z"


def entry(name: GraphName, changed: str = FIRST) -> GraphEntry:
    """Return the entry of an open graph of ten triples."""
    return GraphEntry(
        access=OPEN,
        triples=10,
        digest="0" * 64,
        slug=name.slug,
        dataset=name.dataset,
        wave=name.wave,
        synthetic=name.synthetic,
        derived=name.derived,
        changed=changed,
    )
