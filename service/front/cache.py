"""The result cache: whole replies of the current release, bounded in bytes, each made once.

A key names everything that selects a representation, the release that answered first of all, so an
entry is never wrong; entries of an old release are the first to go since nobody asks for them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from service.metrics import Metrics
from service.replies import Reply, compressed

Make = Callable[[], Awaitable[tuple[Hashable | None, Reply]]]

_OVERHEAD = 1024  # bytes that an entry costs besides its bodies
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
    """A reply as it is and, by coding, as somebody asked for it (None: not worth it)."""

    plain: Reply
    coded: dict[str, Reply | None] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
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
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._metrics = metrics
        metrics.gauge("cache_bytes", lambda: self._size)
        metrics.gauge("cache_entries", lambda: len(self._entries))

    def get(self, key: Hashable | None) -> Entry | None:
        """Return an entry, None when it is not there."""
        entry = None if key is None else self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        self._metrics.count("cache_requests_total", outcome="miss" if entry is None else "hit")
        return entry

    async def made(self, work: Work) -> Entry:
        """Return the entry of a work that is not here yet, made once for all who ask for it."""
        if work.key is None or work.alone:
            return await self._make(work.make)
        flight = self._flights.get(work.key)
        if flight is None:
            flight = self._take_off(work.key, work.make)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._flights.pop(work.key, None)
                flight.task.cancel()

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
        entry = Entry(reply)
        if key is not None:
            self._keep(key, entry)
        return entry

    async def coded(self, entry: Entry, coding: str) -> Reply:
        """Return the reply in a coding ("" for as it is), made once."""
        if not coding:
            return entry.plain
        if coding not in entry.coded:
            made = await asyncio.to_thread(compressed, entry.plain, coding)
            before, entry.coded[coding] = entry.size, made
            if any(row is entry for row in self._entries.values()):
                self._size += entry.size - before
                self._shrink()
        return entry.coded[coding] or entry.plain

    def _keep(self, key: Hashable, entry: Entry) -> None:
        if entry.size > self._limit // _LARGEST_SHARE:
            return
        old = self._entries.pop(key, None)
        self._size += entry.size - (old.size if old else 0)
        self._entries[key] = entry
        self._shrink()

    def _shrink(self) -> None:
        while self._size > self._limit:
            _, entry = self._entries.popitem(last=False)
            self._size -= entry.size
