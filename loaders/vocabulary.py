"""Our vocabulary as one graph: own terms, reused terms, alignments, profile, cubes, code lists.

The graph is ``graph/vocabulaire`` (OPEN). The Turtle holds no blank nodes: every term and concept
has an IRI that lasts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from loaders import Context, Reading
from loaders.turtle import Document
from service import data_dir

SOURCE = "vocabulary"


def bundled_files() -> list[Path]:
    """Return the Turtle of ``ontology/`` that makes the vocabulary, in a fixed order."""
    folder = data_dir("ontology")
    return [
        folder / "imonitor.ttl",
        *sorted((folder / "terms").glob("*.ttl")),
        *sorted((folder / "reused").glob("*.ttl")),
        folder / "alignments.ttl",
        folder / "profile.ttl",
        *(folder / name for name in ("components.ttl", "cubes.ttl", "datasets.ttl")),
        *sorted((folder / "codelists").glob("*.ttl")),
    ]


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read Turtle files into one graph; no path is the bundled vocabulary.

    Raises:
        OSError: a path cannot be read.
    """
    files = list(paths) or bundled_files()
    source = b"\n".join(path.read_bytes() for path in files)
    reading = Reading(
        source=SOURCE,
        kind="snapshot",
        file=", ".join(path.name for path in paths) or "ontology",
        redacted=source,
        original_sha256=hashlib.sha256(source).hexdigest(),
    )
    lines: set[str] = set()
    for path in files:
        document = Document.at(path, context.base)
        lines.update(f"{row.subject} {row.predicate} {row.object} .\n" for row in document)
        reading.findings += document.findings
        reading.rows += document.count
    if not any(row.severity == "violation" for row in reading.findings):
        graph = f"{context.base}graph/vocabulaire"
        reading.graphs[graph] = "OPEN"
        reading.snapshots[graph] = "".join(sorted(lines)).encode()
    yield reading
