"""Answering one query on a pyoxigraph store in this process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    serialize,
)
from pyoxigraph import Store as Engine

from service.formats import Format, by_name
from service.problems import BadQuery, StoreUnavailable
from service.store.base import BoundedWriter, Query, Result
from service.store.guard import read
from service.vocab import PREFIXES

_PREFIXED = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML)
_LOOK_AHEAD = 2000
_PLACE = re.compile(r"error at (\d+):(\d+): ", re.S)


class EmbeddedStore:
    """A store in this process; for the command line, for tests, and inside the query workers.

    Nothing here can stop a query that runs (`service.store.pool` can).
    """

    def __init__(self, engine: Engine, limit: int, release: int = 0) -> None:
        self._engine = engine
        self._limit = limit
        self._release = release

    @classmethod
    def open(cls, public: Path, limit: int, release: int = 0) -> EmbeddedStore:
        """Open a release's public store on disk, read only.

        Raises:
            StoreUnavailable: it is not there or cannot be read.
        """
        try:
            return cls(Engine.read_only(str(public)), limit, release)
        except OSError as error:
            raise StoreUnavailable(f"the store cannot be opened: {error}") from error

    def query(self, query: Query) -> Result:
        """Answer one query; see `service.store.base.Store.query`."""
        reading = read(query.text)
        return evaluate(self._engine, query, query.limit or self._limit, reading.dataset)


def evaluate(engine: Engine, query: Query, limit: int, dataset: bool) -> Result:
    """Answer a query whole, in at most ``limit`` bytes.

    The default graph is the union of all graphs unless the request or the text (``dataset``) names
    one: the engine's union option would silently win over FROM.

    Raises:
        BadQuery: it does not parse, with line and column, or cannot be evaluated.
        ResultTooLarge: the answer passes the limit.
        StoreUnavailable: the disk does not give the store.
    """
    try:
        if query.dataset:
            results = engine.query(
                query.text,
                default_graph=[NamedNode(name) for name in query.dataset.default],
                named_graphs=[NamedNode(name) for name in query.dataset.named],
            )
        else:
            results = engine.query(query.text, use_default_graph_as_union=not dataset)
        writer = BoundedWriter(limit)
        kind, form = _write(results, query, writer)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise _bad_query(error, query.text) from error
    except OSError as error:
        raise StoreUnavailable(f"the store could not be read: {error}") from error
    return Result(form.media_type, writer.getvalue(), kind)


def _write(
    results: QuerySolutions | QueryBoolean | QueryTriples, query: Query, writer: BoundedWriter
) -> tuple[str, Format]:
    """Serialise into ``writer``; return the kind of answer and its format."""
    if isinstance(results, QueryTriples):
        form = by_name(query.graph)
        _write_graph(results, form.rdf or RdfFormat.TURTLE, writer)
        return "graph", form
    form = by_name(query.rows)
    results.serialize(writer, format=form.results)
    return ("boolean" if isinstance(results, QueryBoolean) else "solutions"), form


def _write_graph(results: QueryTriples, syntax: RdfFormat, writer: BoundedWriter) -> None:
    """Write triples; a short graph for people gets the prefixes it uses."""
    if syntax not in _PREFIXED:
        results.serialize(writer, format=syntax)
        return
    triples: Iterator[Triple] = iter(results)
    head = list(islice(triples, _LOOK_AHEAD))
    prefixes = _used(head) if len(head) < _LOOK_AHEAD else None
    serialize(chain(head, triples), writer, format=syntax, prefixes=prefixes)


def _used(triples: list[Triple]) -> dict[str, str]:
    text = "".join(map(str, triples))
    return {name: space for name, space in PREFIXES.items() if f"<{space}" in text}


def _bad_query(error: Exception, text: str) -> BadQuery:
    """Return the problem for an engine's complaint: the place, what stands there, what could."""
    message = str(error)
    place = _PLACE.search(message)
    if place is None:
        return BadQuery(message[:500])
    line, column = int(place[1]), int(place[2])
    rows = text.split("\n")
    there = rows[line - 1][column - 1 :][:40].strip() if line <= len(rows) else ""
    expected = message[place.end() :].split("\n", 1)[0][:200]
    return BadQuery(
        f"at {there!r}: {expected}" if there else f"at the end: {expected}", line, column
    )
