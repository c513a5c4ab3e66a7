"""Source graphs: what the accepted documents say now, superseded records left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from service.release.archive import ArchivedRecord, Document
from service.release.lines import to_quads
from service.release.names import GraphName, WaveName

ANSWERS = "antwoorden"
ASSESSMENTS = "dienstbeoordelingen"


@dataclass
class SourceGraph:
    """One source graph and the documents it stands in, in order of acceptance."""

    graph: str
    access: str
    documents: list[Document] = field(default_factory=list)
    records: dict[str, tuple[Document, ArchivedRecord]] = field(default_factory=dict)
    superseded: dict[str, tuple[int, ArchivedRecord]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the graph is made from: equal keys, equal lines."""
        return " ".join(f"{row.sequence}:{row.sha256}" for row in self.documents)

    def lines(self) -> list[bytes]:
        """Return the graph's canonical lines."""
        if not self.records:
            return to_quads(self.documents[-1].snapshot(self.graph), self.graph)
        return to_quads(b"".join(self.triples(self.records)), self.graph)

    def triples(self, iris: Iterable[str]) -> Iterator[bytes]:
        """Yield the triples of some of the current records, each document read once."""
        bodies: dict[int, bytes] = {}
        for iri in iris:
            document, record = self.records[iri]
            if document.sequence not in bodies:
                bodies[document.sequence] = document.read("records.nt")
            yield bodies[document.sequence][record.start : record.stop]

    def since(self, sequence: int) -> tuple[list[ArchivedRecord], list[ArchivedRecord]]:
        """Return (new, superseded) records of the documents after ``sequence``.

        A record that came and was superseded after ``sequence`` is in neither list.
        """
        new = [row for document, row in self.records.values() if document.sequence > sequence]
        born = {row.sequence for row in self.documents if row.sequence > sequence}
        gone = [
            row
            for when, row in self.superseded.values()
            if when in born and not self._born_after(row, sequence)
        ]
        return new, gone

    def _born_after(self, record: ArchivedRecord, sequence: int) -> bool:
        return any(
            document.sequence > sequence and any(row.iri == record.iri for row in document.records)
            for document in self.documents
        )


@dataclass
class Sources:
    """All source graphs, by IRI."""

    base: str
    graphs: dict[str, SourceGraph] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[Document], base: str) -> Sources:
        """Read the documents in order; a later snapshot replaces an earlier one."""
        sources = cls(base)
        for document in documents:
            for graph, access in document.graphs.items():
                source = sources.graphs.setdefault(graph, SourceGraph(graph, access))
                source.access = access
                if document.meta["kind"] == "snapshot":
                    source.documents = [document]
                else:
                    source.documents.append(document)
            sources._add_records(document)
        return sources

    def _add_records(self, document: Document) -> None:
        for record in document.records:
            source = self.graphs[record.graph]
            if record.replaces and record.replaces in source.records:
                _, old = source.records.pop(record.replaces)
                source.superseded[old.iri] = (document.sequence, old)
            source.records[record.iri] = (document, record)

    def waves(self) -> list[WaveName]:
        """Return the waves that have answers, in order."""
        names = (GraphName.parse(graph, self.base) for graph in self.graphs)
        return sorted(
            {WaveName(row.wave, row.synthetic) for row in names if row.dataset == ANSWERS}
        )

    def reference(self) -> list[SourceGraph]:
        """Return the graphs that are no records: organisations, instrument, schemes, waves."""
        return [row for graph, row in sorted(self.graphs.items()) if not row.records]
