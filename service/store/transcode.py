"""One RDF syntax to another, triple by triple: no graph is built."""

from __future__ import annotations

import io

from pyoxigraph import parse, serialize

from service.formats import Format
from service.vocab import PREFIXES


def transcode(document: bytes, source: Format, target: Format, base: str) -> bytes:
    """Return a document in another syntax; ``base`` resolves its relative IRIs.

    Raises:
        SyntaxError: the document does not parse.
    """
    if source == target:
        return document
    writer = io.BytesIO()
    quads = parse(document, source.rdf, base_iri=base)
    prefixes = dict(PREFIXES) if target.name in ("turtle", "rdfxml") else None
    serialize((quad.triple for quad in quads), writer, format=target.rdf, prefixes=prefixes)
    return writer.getvalue()
