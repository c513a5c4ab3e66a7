"""Facts on the support programme, and what sources say: ``graph/ondersteuning``, ``graph/claims``.

The facts stand in ``ontology/facts``: ``support.ttl`` and ``claims.ttl`` with relative IRIs, the 27
enrolments of 2 March 2017 and the source documents as tables.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loaders import Context, Finding, Reading
from loaders.documents import source_lines, source_of
from loaders.facts_tables import KBO, Layout, Tables, day, several, text
from loaders.register import BODIES, SOURCES, BodyRow, SourceRow
from loaders.turtle import Document
from service import data_dir, terms

SUPPORT, CLAIMS = "graph/ondersteuning", "graph/claims"
CALL = "id/oproep/2016"
_FILES = {SUPPORT: "support.ttl", CLAIMS: "claims.ttl"}
# The documents and pages that claims rest on; sources of the register stand with the register.
_DOCUMENTS = frozenset({"D0", "D1", "D2", "D3", "D4", "P1", "P2", "P3", "P4"})


@dataclass(frozen=True)
class EnrolmentRow:
    """One line of the answer to parliament: the label as it stands there, and its bodies."""

    slug: str
    label: str
    bodies: tuple[str, ...]
    known_at: datetime.date
    source: str
    line: int


ENROLMENTS = Layout(
    "enrolments.csv",
    EnrolmentRow,
    {"slug": text(), "label": text(), "bodies": several(KBO), "known_at": day(), "source": text()},
)


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read the bundled facts; a file in ``paths`` takes the place of that of the same name."""
    tables = Tables.of(paths, (ENROLMENTS, BODIES, SOURCES), tuple(_FILES.values()))
    enrolments, bodies = tables.read(ENROLMENTS), tables.read(BODIES)
    sources = tables.read(SOURCES)
    known = {body.kbo: body for body in bodies}
    _check(enrolments, known, sources, tables)
    documents = {graph: _document(_FILES[graph], tables, context.base) for graph in _FILES}
    lines = {graph: list(document_lines(document)) for graph, document in documents.items()}
    lines[SUPPORT] += _enrolment_lines(enrolments, known, context.base)
    lines[CLAIMS] += source_lines(sources, _DOCUMENTS, context.base)
    findings = [*tables.findings, *(f for d in documents.values() for f in d.findings)]
    redacted = tables.redacted + b"".join(_bytes(document) for document in documents.values())
    yield Reading(
        source="support",
        kind="snapshot",
        file=", ".join(path.name for path in paths) or "ontology/facts",
        graphs={context.base + graph: "OPEN" for graph in lines},
        snapshots=_snapshots(lines, findings, context.base),
        findings=findings,
        redacted=redacted,
        original_sha256=hashlib.sha256(redacted).hexdigest(),
        rows=tables.rows + sum(document.count for document in documents.values()),
    )


def document_lines(document: Document) -> Iterator[str]:
    """Yield the statements of a document as N-Triples."""
    for statement in document:
        yield f"{statement.subject} {statement.predicate} {statement.object} .\n"


def _document(name: str, tables: Tables, base: str) -> Document:
    path = tables.sent.get(name, data_dir("ontology") / "facts" / name)
    return Document.at(path, base)


def _bytes(document: Document) -> bytes:
    data = document.data
    return data.read_bytes() if isinstance(data, Path) else data


def _snapshots(
    lines: dict[str, list[str]], findings: Sequence[Finding], base: str
) -> dict[str, bytes]:
    if any(found.severity == "violation" for found in findings):
        return {}
    return {base + graph: "".join(rows).encode() for graph, rows in lines.items()}


def _check(
    enrolments: Sequence[EnrolmentRow],
    bodies: dict[str, BodyRow],
    sources: Sequence[SourceRow],
    tables: Tables,
) -> None:
    """Every body and source that an enrolment names is there; no enrolment stands twice."""
    keys = {source.key for source in sources}
    seen: dict[str, int] = {}
    for row in enrolments:
        if seen.setdefault(row.slug, row.line) != row.line:
            tables.wrong(ENROLMENTS, row.line, "slug", "fact-twice", first=seen[row.slug])
        if row.source not in keys:
            words = {"name": row.source, "table": SOURCES.file}
            tables.wrong(ENROLMENTS, row.line, "source", "fact-unknown", **words)
        for kbo in row.bodies:
            if kbo not in bodies:
                words = {"name": kbo, "table": BODIES.file}
                tables.wrong(ENROLMENTS, row.line, "bodies", "fact-unknown", **words)


def _enrolment_lines(
    enrolments: Sequence[EnrolmentRow], bodies: dict[str, BodyRow], base: str
) -> Iterator[str]:
    for row in enrolments:
        node = f"{base}id/intekening/{row.slug}"
        yield terms.triple(node, "rdf:type", terms.ref("imon:Enrolment"))
        yield terms.triple(node, "imon:call", terms.ref(base + CALL))
        yield terms.triple(node, "imon:sourceLabel", terms.text(row.label, "nl"))
        yield terms.triple(node, "imon:knownAt", terms.date(row.known_at))
        yield terms.triple(node, "prov:hadPrimarySource", source_of(row.source, base))
        for kbo in row.bodies:
            if kbo in bodies:
                yield terms.triple(node, "imon:coversBody", terms.ref(bodies[kbo].iri))
