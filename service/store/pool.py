"""The asyncio side of the query workers: admission, two lanes, and what an end of a worker means.

A query takes a place in the first lane and a waiting worker. After ``light`` seconds it moves to
the second lane: the kernel runs it only when nothing else wants the processor, its place in the
first lane is free again and a new worker is forked for it. When the second lane is full the query
is stopped until it has room. Workers are handed out first in, first out, so that one that fails
goes to the back.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from service.metrics import Metrics
from service.problems import Problem, QueryMemory, QueryTimeout, StoreUnavailable
from service.store import address, frames, meter
from service.store.base import Query, Result
from service.store.connection import Connection, Ending, WorkerGone
from service.store.guard import read
from service.store.limits import Limits

_RECYCLE = 64 << 20  # bytes of its own after which a worker is not used again
_GRACE = 2.0  # seconds after a worker's own deadline until it is killed from here
_PATIENCE = 5.0  # seconds to wait for a zygote that is being replaced
_TEND = 0.2  # seconds between looks at the link
_ALMOST = 0.8  # of the deadline: a worker counts from before its taking was seen here
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)


class _Lane:
    """A bounded number of places; ``used`` of them are taken."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self._places = asyncio.Semaphore(size)

    @property
    def full(self) -> bool:
        return self._places.locked()

    async def enter(self) -> None:
        await self._places.acquire()
        self.used += 1

    def leave(self) -> None:
        self.used -= 1
        self._places.release()


class _Place:
    """The place of one query: in a lane, or in none; leaving twice does nothing."""

    def __init__(self) -> None:
        self.lane: _Lane | None = None

    async def take(self, lane: _Lane) -> None:
        await lane.enter()
        self.lane = lane

    def leave(self) -> None:
        if self.lane is not None:
            self.lane.leave()
            self.lane = None


class Pool:
    """Query workers of the current release, for one event loop."""

    def __init__(self, folder: Path, limits: Limits, metrics: Metrics | None = None) -> None:
        self.limits = limits
        self.metrics = metrics or Metrics()
        self._folder = folder
        self._idle: deque[Connection] = deque()
        self._light = _Lane(limits.slots)
        self._heavy = _Lane(limits.heavy)
        self._waiting = 0
        self._parked = 0
        self._busy = 0
        self._tender: asyncio.Task[None] | None = None
        self.metrics.gauge("workers_idle", lambda: len(self._idle))
        self.metrics.gauge("queries_running", lambda: self._busy)
        self.metrics.gauge("queries_waiting", lambda: self._waiting)
        self.metrics.gauge("release", lambda: self.release)

    async def start(self) -> None:
        """Begin to keep workers ready."""
        self._tender = asyncio.create_task(self._tend())

    async def stop(self) -> None:
        """Let go of every waiting worker."""
        if self._tender is not None:
            self._tender.cancel()
            with suppress(asyncio.CancelledError):
                await self._tender
        while self._idle:
            self._idle.popleft().close()

    @property
    def release(self) -> int:
        """The release that new queries go to; 0 when none is served."""
        where = address.current(self._folder)
        return where.release if where else 0

    async def query(self, query: Query) -> Result:
        """Answer one query; see `service.store.base.Store.query`.

        Cancelling it kills the worker.

        Raises:
            Problem: refused, does not parse, over a limit, or nothing can answer now.
        """
        return await self.ask(query, read(query.text).dataset)

    async def ask(self, query: Query, dataset: bool) -> Result:
        """Answer a query that the guard has read (``dataset``: the text has FROM clauses)."""
        place = _Place()
        await self._admit(place)
        self._busy += 1
        started = time.monotonic()
        outcome = "cancelled"
        try:
            result = await self._run(query, dataset, place)
            outcome = "answered"
        except Problem as problem:
            outcome = problem.slug
            raise
        finally:
            place.leave()
            self._busy -= 1
            self.metrics.count("queries_total", outcome=outcome)
            self.metrics.count("query_seconds_total", time.monotonic() - started)
        return result

    async def _admit(self, place: _Place) -> None:
        """Wait for a place in the first lane, in a queue of bounded length and time."""
        if self._waiting >= self.limits.waiting:
            raise StoreUnavailable("too many queries are waiting", retry_after=5)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.timeout):
                await place.take(self._light)
        except TimeoutError:
            raise StoreUnavailable("no query worker became free in time", 10) from None
        finally:
            self._waiting -= 1

    async def _run(self, query: Query, dataset: bool, place: _Place) -> Result:
        timeout = min(query.timeout or self.limits.timeout, self.limits.timeout)
        limit = min(query.limit or self.limits.result, self.limits.result)
        head = frames.query_head(query, dataset, limit, timeout)
        worker = await self._send(head, query.text.encode())
        started, keep = time.monotonic(), False
        answer = asyncio.create_task(worker.frame())
        try:
            await asyncio.wait({answer}, timeout=self.limits.light)
            if not answer.done():
                await self._demote(worker, place, started + timeout)
                await asyncio.wait({answer}, timeout=started + timeout + _GRACE - time.monotonic())
            if not answer.done():
                raise QueryTimeout(timeout)
            reply, body = answer.result()
            meter.spend(worker.count(reply["cpu"]))
            keep = place.lane is self._light and reply["private"] < _RECYCLE
            return frames.result_of(reply, body, worker.release)
        except WorkerGone:
            ending = await worker.ending()
            meter.spend(worker.count(ending.cpu))
            raise self._meaning(ending, timeout, time.monotonic() - started) from None
        finally:
            place.leave()
            await self._let_go(worker, answer, keep)

    async def _let_go(
        self, worker: Connection, answer: asyncio.Task[tuple[dict[str, object], bytes]], keep: bool
    ) -> None:
        """Put a worker back, or end it; its descriptors may close only when nobody reads them."""
        try:
            if not answer.done():
                meter.spend(worker.count(worker.cpu()))
                worker.signal(signal.SIGKILL)
                answer.cancel()
                await asyncio.wait({answer})
        finally:
            where = address.current(self._folder)
            if keep and worker.address == where and len(self._idle) < self.limits.slots:
                self._idle.append(worker)
            else:
                worker.close()

    async def _send(self, head: dict[str, object], text: bytes) -> Connection:
        """Give a query to the next worker; one that has died meanwhile did nothing, so go on."""
        until = time.monotonic() + _PATIENCE
        while True:
            worker = await self._next(until)
            try:
                async with asyncio.timeout(_PATIENCE):
                    await worker.send(head, text)
                return worker
            except (WorkerGone, TimeoutError):
                worker.signal(signal.SIGKILL)
                worker.close()
                self.metrics.count("workers_found_dead_total")
            except BaseException:
                worker.signal(signal.SIGKILL)
                worker.close()
                raise

    async def _next(self, until: float) -> Connection:
        """Return a waiting worker of the current release, or a new one."""
        while True:
            where = address.current(self._folder)
            while self._idle:
                worker = self._idle.popleft()
                if where is None or worker.address == where:
                    return worker
                worker.close()
            if where is not None:
                with suppress(OSError, WorkerGone):
                    return await self._open(where)
            if time.monotonic() > until or (where is None and self._tender is None):
                raise StoreUnavailable("no release is being served at this moment", 2)
            await asyncio.sleep(0.02)

    async def _open(self, where: address.Address) -> Connection:
        worker = await Connection.open(where)
        self.metrics.count("workers_started_total")
        return worker

    async def _demote(self, worker: Connection, place: _Place, deadline: float) -> None:
        """Move a running query to the second lane; it waits for it stopped.

        Raises:
            StoreUnavailable: too many queries wait for the second lane already.
        """
        self.metrics.count("queries_demoted_total")
        worker.idle()
        if self._heavy.full:
            if self._parked >= self.limits.parked:
                raise StoreUnavailable("too many heavy queries are running", retry_after=10)
            worker.signal(signal.SIGSTOP)
        place.leave()
        self._parked += 1
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await place.take(self._heavy)
        except TimeoutError:
            return  # the worker's own alarm is pending and ends it now
        finally:
            self._parked -= 1
            worker.signal(signal.SIGCONT)

    def _meaning(self, ending: Ending, timeout: float, elapsed: float) -> Problem:
        """Return the problem that the end of a worker stands for (never to be tried again)."""
        if ending.signal == signal.SIGALRM:
            return QueryTimeout(timeout)
        if ending.signal in _OUT_OF_MEMORY:
            return QueryMemory(
                f"stopped at its budget of {self.limits.memory >> 20} MiB; narrow the query, "
                "order or group fewer rows, or take the dump",
                members={"limitBytes": self.limits.memory},
            )
        if ending.signal == 0 and elapsed >= _ALMOST * timeout:
            return QueryTimeout(timeout)  # its zygote died before it, so nobody saw the alarm
        return StoreUnavailable("the query worker was ended from outside", retry_after=1)

    async def _tend(self) -> None:
        """Keep workers of the current release ready for the free places of the first lane."""
        while True:
            where = address.current(self._folder)
            if where is not None:
                await self._refill(where)
            await asyncio.sleep(_TEND)

    async def _refill(self, where: address.Address) -> None:
        for worker in [row for row in self._idle if row.address != where]:
            self._idle.remove(worker)
            worker.close()
        with suppress(OSError, WorkerGone):
            while len(self._idle) < self._light.size - self._light.used:
                worker = await self._open(where)
                self._idle.append(worker)
