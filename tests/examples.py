"""The examples of ``ontology/examples``, and the bundled reference data that they stand beside."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from pyoxigraph import RdfFormat, parse, serialize
from rdflib import Graph

from loaders import Context
from loaders.reference import Reference, read_reference
from loaders.sources import BUNDLED, SOURCES
from service import data_dir
from service.release.lines import canonical_triples
from service.vocab import PREFIXES

BASE = "http://localhost:8000/"
EXAMPLES = sorted((data_dir("ontology") / "examples").glob("*.ttl"))
MADE_UP = BASE + "id/synthetisch/"
_NODE = re.compile(rb"<[^>]*>")


def name_of(path: Path) -> str:
    """Return the name of an example, for the report of a test."""
    return path.stem


def class_of(path: Path) -> str:
    """Return the class that an example shows: ``Wave.ttl``, or ``org-ChangeEvent.ttl``."""
    prefix, dash, local = path.stem.rpartition("-")
    return PREFIXES[prefix if dash else "imon"] + local


def triples(path: Path) -> bytes:
    """Return an example as the archive would take it in: sorted canonical N-Triples."""
    rows = parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE)
    return canonical_triples(serialize(rows, format=RdfFormat.N_TRIPLES) or b"")


def made_up(path: Path) -> bytes:
    """Return what an example says of made-up things."""
    rows = triples(path).splitlines(keepends=True)
    return b"".join(row for row in rows if row.startswith(f"<{MADE_UP}".encode()))


def graph(path: Path) -> Graph:
    """Return an example as it is written, for rdflib."""
    return Graph().parse(path, format="turtle", publicID=BASE)


@lru_cache(maxsize=1)
def reference() -> bytes:
    """Return all bundled reference data as canonical N-Triples."""
    found: list[bytes] = []
    for name in BUNDLED:
        known = read_reference(found, BASE) if found else Reference()
        for reading in SOURCES[name].loader([], Context(BASE, b"not a secret", known)):
            assert not [row for row in reading.findings if row.severity == "violation"]
            found += reading.snapshots.values()
    return canonical_triples(b"".join(found))


@lru_cache(maxsize=1)
def _by_subject() -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for line in reference().splitlines(keepends=True):
        found.setdefault(line.split(b" ", 1)[0], []).append(line)
    return found


def beside(data: bytes) -> bytes:
    """Return what the reference data say of what ``data`` refer to, and of what that refers to.

    Two steps: from an answer to its option, and on to the question.
    """
    found: dict[bytes, list[bytes]] = {}
    nodes = set(_NODE.findall(data))
    for _ in range(2):
        found |= {node: rows for node in nodes if (rows := _by_subject().get(node))}
        nodes = {node for rows in found.values() for row in rows for node in _NODE.findall(row)}
    return b"".join(row for rows in found.values() for row in rows)
