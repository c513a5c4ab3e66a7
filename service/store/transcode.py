"""One RDF syntax to another, triple by triple: no graph is built."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Quad, Triple, parse, serialize

from service.formats import Format
from service.vocab import PREFIXES


def transcode(document: bytes, source: Format, target: Format, base: str) -> bytes:
    """Return a document in another syntax; ``base`` resolves its relative IRIs.

    Blank nodes are numbered in the order in which they appear, so equal documents give equal bytes.

    Raises:
        SyntaxError: the document does not parse.
    """
    if source == target:
        return document
    writer = io.BytesIO()
    quads = parse(document, source.rdf, base_iri=base)
    prefixes = dict(PREFIXES) if target.name in ("turtle", "rdfxml") else None
    serialize(_numbered(quads), writer, format=target.rdf, prefixes=prefixes)
    return writer.getvalue()


def _numbered(quads: Iterable[Quad]) -> Iterator[Triple]:
    """Yield triples whose blank nodes are called b0, b1, …; a parser gives them random names."""
    names: dict[BlankNode, BlankNode] = {}
    for quad in quads:
        subject, value = quad.subject, quad.object
        if isinstance(subject, BlankNode):
            subject = names.setdefault(subject, BlankNode(f"b{len(names)}"))
        if isinstance(value, BlankNode):
            value = names.setdefault(value, BlankNode(f"b{len(names)}"))
        yield Triple(subject, quad.predicate, value)
