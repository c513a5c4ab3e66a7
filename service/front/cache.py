"""The result cache: whole replies of the current release, bounded in bytes, each made once.

A key names everything that selects a representation, the release that answered first of all, so an
entry is never wrong; entries of an old release are the first to go since nobody asks for them. Of a
key, which may be as long as what a client sends, only the digest is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from service.metrics import Metrics
from service.replies import Reply, complete, compressed

Make = Callable[[], Awaitable[tuple[Hashable | None, Reply]]]

_OVERHEAD = 1024  # bytes that a key costs, and what hangs on it besides the bodies
_LARGEST_SHARE = 8  # an entry may take one of this many parts of the cache


@dataclass(frozen=True)
class Work:
    """How to get a reply: the key it may be found under (None: it is made anew), and the making.

    ``make`` returns the reply and the key to keep it under (None: not to be kept). Nobody else
    waits for a work that is made ``alone``: it may fail for a reason of its own.
    """

    key: Hashable | None
    make: Make
    alone: bool = False


@dataclass
class Entry:
    """A reply as it is and, by coding, as somebody asked for it (None: not worth it).

    ``keys`` is under how many keys it is kept.
    """

    plain: Reply
    coded: dict[str, Reply | None] = field(default_factory=dict)
    keys: int = 0

    @property
    def size(self) -> int:
        """Bytes that it takes under its first key; each further one costs `_OVERHEAD`."""
        coded = sum(len(reply.body) for reply in self.coded.values() if reply)
        return _OVERHEAD + len(self.plain.body) + coded


@dataclass
class _Flight:
    """A computation that several clients may wait for; the last to leave cancels it."""

    task: asyncio.Task[Entry]
    waiting: int = 0


class Cache:
    """Entries by key, least recently used out first."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._metrics = metrics
        metrics.gauge("cache_bytes", lambda: self._size)
        metrics.gauge("cache_entries", lambda: len(self._entries))

    def get(self, key: Hashable | None) -> Entry | None:
        """Return an entry, None when it is not there."""
        name = None if key is None else _name(key)
        entry = self._entries.get(name) if name else None
        if name and entry is not None:
            self._entries.move_to_end(name)
            self._metrics.count("cache_requests_total", outcome="hit")
        return entry

    def keep(self, key: Hashable, entry: Entry) -> None:
        """Let an entry be found under a key; it may be under others already."""
        if entry.size > self._limit // _LARGEST_SHARE:
            return
        name = _name(key)
        self._drop(name)
        self._size += _OVERHEAD if entry.keys else entry.size
        entry.keys += 1
        self._entries[name] = entry
        self._shrink()

    def made(self, work: Work) -> asyncio.Future[Entry]:
        """Return the entry of a work that is not here yet, made once for all who ask for it.

        The last who cancels what is returned here cancels the making.
        """
        self._metrics.count("cache_requests_total", outcome="miss")
        if work.key is None or work.alone:
            return asyncio.ensure_future(self._make(work.make))
        key = work.key
        flight = self._flights.get(key) or self._take_off(key, work.make)
        flight.waiting += 1

        def left(_: asyncio.Future[Entry]) -> None:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._flights.pop(key, None)
                flight.task.cancel()

        waiter = asyncio.shield(flight.task)
        waiter.add_done_callback(left)
        return waiter

    def _take_off(self, key: Hashable, make: Make) -> _Flight:
        flight = _Flight(asyncio.ensure_future(self._make(make)))
        self._flights[key] = flight

        def landed(task: asyncio.Task[Entry]) -> None:
            if self._flights.get(key) is flight:
                del self._flights[key]
            if not task.cancelled():
                task.exception()  # seen, also when every client has left

        flight.task.add_done_callback(landed)
        return flight

    async def _make(self, make: Make) -> Entry:
        key, reply = await make()
        entry = Entry(complete(reply))
        if key is not None:
            self.keep(key, entry)
        return entry

    async def coded(self, entry: Entry, coding: str) -> Reply:
        """Return the reply in a coding ("" for as it is), made once."""
        if not coding:
            return entry.plain
        if coding not in entry.coded:
            made = await asyncio.to_thread(compressed, entry.plain, coding)
            before, entry.coded[coding] = entry.size, made
            if entry.keys:
                self._size += entry.size - before
                self._shrink()
        return entry.coded[coding] or entry.plain

    def _drop(self, name: bytes) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            entry.keys -= 1
            self._size -= _OVERHEAD if entry.keys else entry.size

    def _shrink(self) -> None:
        while self._size > self._limit:
            self._drop(next(iter(self._entries)))


def _name(key: Hashable) -> bytes:
    return hashlib.blake2b(repr(key).encode(), digest_size=20).digest()
