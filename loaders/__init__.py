"""Loaders: from a source's file to RDF that can be accepted.

A loader reads one source and yields `Reading` objects; it prints nothing, stores nothing and knows
nothing of the archive. `loaders.sources` lists them; `loaders.pipeline` accepts what they make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loaders.reference import Reference


@dataclass(frozen=True)
class Finding:
    """One located problem or remark, for a person who has to mend the file.

    ``severity`` is "violation" (the record is refused), "warning" or "info"; ``value`` is never of
    a personal column; ``record`` is the sender's own reference.
    """

    code: str
    message_nl: str
    message_en: str
    file: str = ""
    line: int | None = None
    column: str | None = None
    value: str | None = None
    record: str | None = None
    severity: str = "violation"


@dataclass(frozen=True)
class Record:
    """A unit of acceptance: one response, or one result row.

    ``triples`` are N-Triples lines; ``replaces`` is the IRI of the record that this one supersedes;
    ``personal`` goes to the vault and to no RDF.
    """

    iri: str
    reference: str
    graph: str
    wave: str
    bodies: tuple[str, ...]
    triples: bytes
    replaces: str | None = None
    personal: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass
class Reading:
    """What a loader made of one source.

    ``kind`` "records": the records add to their graphs. ``kind`` "snapshot": each graph in
    ``snapshots`` (N-Triples) takes the place of what an earlier document said of that graph.
    ``graphs`` gives the access level of every graph that is filled. ``redacted`` are the source
    bytes without personal columns; ``original_sha256`` the digest of the file as it was sent.
    """

    source: str
    kind: str
    file: str = ""
    graphs: dict[str, str] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    snapshots: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    redacted: bytes = b""
    original_sha256: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Context:
    """What a loader may know: the base IRI, the archive's secret key and the look-ups."""

    base: str
    key: bytes = field(repr=False)
    reference: Reference


class Loader(Protocol):
    """Read files of one source; an empty list of paths means the bundled data."""

    def __call__(self, paths: Sequence[Path], context: Context) -> Iterator[Reading]:
        """Yield one reading per document."""
