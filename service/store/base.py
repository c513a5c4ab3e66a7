"""What every store offers, named after the SPARQL 1.1 Protocol (§2): query, dataset, result."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from service.problems import ResultTooLarge

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@dataclass(frozen=True)
class Dataset:
    """The RDF dataset that a request names (SPARQL 1.1 Protocol §2.1.4); empty: all public graphs.

    A dataset in the request wins over ``FROM`` in the query text.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


@dataclass(frozen=True)
class Query:
    """One query and the syntax its answer is wanted in.

    Both syntaxes are given since only the engine is certain which kind of answer comes: one name of
    `service.formats` for rows and booleans, one for graphs. ``limit`` is in bytes, ``timeout`` in
    seconds; None leaves the store's own.
    """

    text: str
    rows: str = "json"
    graph: str = "turtle"
    dataset: Dataset = field(default=Dataset())
    limit: int | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Result:
    """A whole answer. ``kind`` is "solutions", "boolean" or "graph"; ``release`` answered it."""

    media_type: str
    body: bytes
    kind: str
    release: int = 0


class Store(Protocol):
    """Anything that answers queries."""

    def query(self, query: Query) -> Result:
        """Answer one query as a whole.

        Raises:
            Problem: it does not parse, is over a limit, or nothing can answer now.
        """
        ...


class AsyncStore(Protocol):
    """What answers the queries of one event loop: the workers here, or a store elsewhere."""

    async def start(self) -> None:
        """Get ready."""

    async def stop(self) -> None:
        """Let go of everything."""

    @property
    def release(self) -> int:
        """The release that new queries go to; 0 when none is served."""
        ...

    async def query(self, query: Query) -> Result:
        """Answer one query; see `Store.query`. Cancelling it stops the work."""
        ...

    async def ask(self, query: Query, dataset: bool) -> Result:
        """Answer a query that the guard has read (``dataset``: the text has FROM clauses)."""
        ...


class BoundedWriter(io.BytesIO):
    """A buffer that refuses to grow over ``limit`` bytes, so that no answer is ever cut.

    Raises:
        ResultTooLarge: on the write that would pass the limit.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: ReadableBuffer, /) -> int:
        """Append ``data``."""
        if self.tell() + memoryview(data).nbytes > self._limit:
            raise ResultTooLarge(
                f"the answer is over {self._limit / 2**20:g} MiB; narrow the query, "
                "page it with ORDER BY, LIMIT and OFFSET, or take the dump",
                members={"limitBytes": self._limit},
            )
        return super().write(data)
