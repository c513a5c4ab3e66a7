"""Turtle texts as a store in memory, one named graph a text: for what is small and fixed."""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import NamedNode, RdfFormat, Store

from service.store.embedded import EmbeddedStore

_LIMIT = 16 << 20  # bytes of an answer


def in_memory(texts: Mapping[str, bytes], base: str) -> EmbeddedStore:
    """Return a store of Turtle by the IRI of its graph; ``base`` resolves relative IRIs.

    Raises:
        SyntaxError: a text does not parse.
    """
    store = Store()
    for graph, text in texts.items():
        store.load(text, RdfFormat.TURTLE, base_iri=base, to_graph=NamedNode(graph))
    return EmbeddedStore(store, _LIMIT)
