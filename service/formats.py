"""One table of formats: media type, extension and kind of every syntax that is read or written."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import QueryResultsFormat, RdfFormat

from service.problems import NotFound


@dataclass(frozen=True)
class Format:
    """A syntax: ``kind`` is "solutions" (SPARQL results) or "graph" (RDF)."""

    name: str
    media_type: str
    extension: str
    kind: str
    label: str
    rdf: RdfFormat | None = None
    results: QueryResultsFormat | None = None

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``; CSV and TSV name their charset (SPARQL 1.1 CSV §3)."""
        return self.media_type + ("; charset=utf-8" if self.media_type.startswith("text/") else "")


FORMATS = (
    Format(
        "json", "application/sparql-results+json", "srj", "solutions", "SPARQL JSON",
        results=QueryResultsFormat.JSON,
    ),
    Format(
        "xml", "application/sparql-results+xml", "srx", "solutions", "SPARQL XML",
        results=QueryResultsFormat.XML,
    ),
    Format("csv", "text/csv", "csv", "solutions", "CSV", results=QueryResultsFormat.CSV),
    Format(
        "tsv", "text/tab-separated-values", "tsv", "solutions", "TSV",
        results=QueryResultsFormat.TSV,
    ),
    Format("turtle", "text/turtle", "ttl", "graph", "Turtle", rdf=RdfFormat.TURTLE),
    Format(
        "ntriples", "application/n-triples", "nt", "graph", "N-Triples", rdf=RdfFormat.N_TRIPLES
    ),
    Format("rdfxml", "application/rdf+xml", "rdf", "graph", "RDF/XML", rdf=RdfFormat.RDF_XML),
    Format(
        "jsonld", "application/ld+json", "jsonld", "graph", "JSON-LD", rdf=RdfFormat.JSON_LD
    ),
    Format("trig", "application/trig", "trig", "graph", "TriG", rdf=RdfFormat.TRIG),
    Format("nquads", "application/n-quads", "nq", "graph", "N-Quads", rdf=RdfFormat.N_QUADS),
)  # fmt: skip


def by_name(name: str) -> Format:
    """Return the format called ``name`` (also its extension or media type).

    Raises:
        NotFound: there is no such format.
    """
    for row in FORMATS:
        if name in (row.name, row.extension, row.media_type):
            return row
    raise NotFound(f"no format {name!r}; there are {', '.join(row.name for row in FORMATS)}")


def by_extension(extension: str) -> Format:
    """Return the format with this file name extension (without the dot); see `by_name`."""
    return by_name(extension)
