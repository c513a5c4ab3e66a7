"""A graph as sorted canonical N-Quads lines: difference, digest and dump come from this one thing.

Without blank nodes the sorted canonical N-Quads of a graph are what RDFC-1.0 (RDF Dataset
Canonicalization §4.4) would return, so their sha256 is the RDFC-1.0 hash; a test proves it.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store

# Level 1: private and public graphs together are about 0.2 GB per million triples, and the
# difference to level 6 on disk is small against the time it takes.
_LEVEL = 1


def canonical_triples(data: bytes) -> bytes:
    """Return N-Triples in the form in which the store gives them back, sorted, without doubles.

    Raises:
        ValueError: a blank node occurs.
        SyntaxError: not N-Triples.
    """
    store = Store()
    store.load(data, format=RdfFormat.N_TRIPLES)
    lines = sorted(_dump(store).splitlines(keepends=True))
    for line in lines:
        if line.startswith(b"_:") or b" _:" in _outside_literals(line):
            raise ValueError(f"blank node: {line[:200]!r}")
    return b"".join(lines)


def _outside_literals(line: bytes) -> bytes:
    return line.split(b'"', 1)[0]


def _dump(store: Store) -> bytes:
    data = store.dump(format=RdfFormat.N_QUADS)
    return data or b""


def to_quads(triples: bytes, graph: str) -> list[bytes]:
    """Return canonical N-Quads lines of N-Triples ``triples``, sorted and without doubles."""
    end = b" <" + graph.encode() + b"> .\n"
    # A literal holds no line end, so this is the end of each line; what comes sorted stays so.
    quads = dict.fromkeys(triples.replace(b" .\n", end).splitlines(keepends=True))
    quads.pop(b"\n", None)
    return sorted(quads)


def to_triples(quads: Iterable[bytes], graph: str) -> bytes:
    """Return the N-Triples of N-Quads lines of one graph."""
    cut = -len(b" <" + graph.encode() + b"> .\n")
    return b"".join(line[:cut] + b" .\n" for line in quads)


def digest(quads: Iterable[bytes]) -> str:
    """Return the sha256 of the sorted lines."""
    return hashlib.sha256(b"".join(quads)).hexdigest()


def difference(old: list[bytes], new: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return (removed, added) lines, sorted."""
    before, after = set(old), set(new)
    return sorted(before - after), sorted(after - before)


def write(path: Path, quads: list[bytes]) -> None:
    """Write the lines as one gzip member; equal lines give equal bytes."""
    path.write_bytes(gzip.compress(b"".join(quads), _LEVEL, mtime=0))


def read(path: Path) -> list[bytes]:
    """Return the lines of a file made by `write`."""
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def store_lines(store: Store, graph: str) -> list[bytes]:
    """Return the lines of a graph as a store returns them."""
    data = store.dump(format=RdfFormat.N_TRIPLES, from_graph=NamedNode(graph)) or b""
    return to_quads(data, graph)


def subject(line: bytes) -> bytes:
    """Return the subject of a line, with its angle brackets."""
    return line[: line.index(b"> ") + 1]
