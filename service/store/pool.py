"""The asyncio side of the query workers: admission, two lanes, and what an end of a worker means.

A query takes a place in the first lane and a waiting worker. After `_BRIEF` seconds the kernel runs
it only when nothing else wants the processor. After ``light`` seconds, or when others wait and the
second lane has room, it moves there: its place in the first is free again and a new worker is
forked for it. When the second lane is full the query is stopped until it has room. Workers are
handed out first in, first out, so that one that fails goes to the back.

The budget of a query begins when it comes: waiting counts. A place is free again when the memory of
its worker is, so that the lanes bound what all workers take together.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.metrics import Metrics
from service.problems import Problem, QueryMemory, QueryTimeout, StoreUnavailable
from service.store import address, frames, meter
from service.store.base import Query, Result
from service.store.connection import Connection, Ending, WorkerGone
from service.store.guard import read
from service.store.limits import Limits

_BRIEF = 0.05  # seconds that a query runs on a par with everything else
_GRACE = 0.2  # seconds after its deadline at which a query ends although its worker has not
_LEAST = 0.01  # seconds of its budget with which a query still begins
_BURIAL = 10.0  # seconds that a killed worker may take to end
_PATIENCE = 5.0  # seconds to wait for a zygote that is being replaced
_TEND = 0.2  # seconds between looks at the link
_ALMOST = 0.8  # of the deadline: a worker counts from before its taking was seen here
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGBUS)
_OUT_OF_STACK = signal.SIGSEGV
_REASONS: dict[type[Problem], str] = {QueryTimeout: "time", QueryMemory: "memory"}


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


class _Turn:
    """One query: its budget in seconds, and its place in a lane or in none.

    Leaving twice does nothing.
    """

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.lane: _Lane | None = None
        self._deadline = time.monotonic() + budget

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; below 0 when it is over."""
        return self._deadline - time.monotonic()

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
        self._parked: list[int] = []  # bytes of each worker that is stopped
        self._burials: set[asyncio.Task[None]] = set()
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
        for burial in self._burials:
            burial.cancel()
        if self._burials:
            await asyncio.wait(self._burials)

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
        turn = _Turn(min(query.timeout or self.limits.timeout, self.limits.timeout))
        await self._admit(turn)
        self._busy += 1
        started = time.monotonic()
        outcome = "cancelled"
        try:
            result = await self._run(query, dataset, turn)
            outcome = "answered"
        except Problem as problem:
            outcome = problem.slug
            raise
        finally:
            turn.leave()
            self._busy -= 1
            self.metrics.count("queries_total", outcome=outcome)
            self.metrics.count("query_seconds_total", time.monotonic() - started)
        return result

    async def _admit(self, turn: _Turn) -> None:
        """Wait for a place in the first lane, in a queue of bounded length and time."""
        if self._waiting >= self.limits.waiting:
            raise StoreUnavailable("too many queries are waiting", retry_after=5)
        self._waiting += 1
        try:
            with self._timed("first"):
                async with asyncio.timeout(turn.left):
                    await turn.take(self._light)
        except TimeoutError:
            raise StoreUnavailable("no query worker became free in time", 10) from None
        finally:
            self._waiting -= 1

    @contextmanager
    def _timed(self, lane: str) -> Iterator[None]:
        """Count how long a query waits for a lane (seconds)."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.metrics.count("query_wait_seconds_total", time.monotonic() - started, lane=lane)

    async def _run(self, query: Query, dataset: bool, turn: _Turn) -> Result:
        worker = await self._send(query, dataset, turn)
        keep = False
        answer = asyncio.create_task(worker.frame())
        try:
            await self._attend(worker, answer, turn)
            if not answer.done():
                raise QueryTimeout(turn.budget)
            reply, body = answer.result()
            meter.spend(worker.count(reply["cpu"]))
            keep = not reply["worn"] and (not worker.idled or worker.normal())
            return frames.result_of(reply, body, worker.release)
        except WorkerGone:
            ending = await worker.ending(max(0.0, turn.left) + _GRACE)
            meter.spend(worker.count(ending.cpu))
            problem = self._meaning(ending, turn)
            self._count_kill(_REASONS.get(type(problem), "outside"))
            raise problem from None
        finally:
            await self._let_go(worker, answer, turn, keep)

    async def _attend(
        self, worker: Connection, answer: asyncio.Task[frames.Frame], turn: _Turn
    ) -> None:
        """Wait for an answer till its deadline; the longer it takes, the less the worker gets."""
        light = time.monotonic() + self.limits.light
        await asyncio.wait({answer}, timeout=_BRIEF)
        if not answer.done():
            worker.idle()
        while not answer.done() and time.monotonic() < light:
            if self._waiting and not self._heavy.full:
                break
            await asyncio.wait({answer}, timeout=_BRIEF)
        if not answer.done():
            await self._demote(worker, turn)
            await asyncio.wait({answer}, timeout=max(0.0, turn.left + _GRACE))

    async def _let_go(
        self, worker: Connection, answer: asyncio.Task[frames.Frame], turn: _Turn, keep: bool
    ) -> None:
        """Put a worker back, or end it; its descriptors may close only when nobody reads them."""
        try:
            if not answer.done():
                self._count_kill("time" if turn.left <= 0 else "given-up")
                meter.spend(worker.count(worker.cpu()))
                worker.signal(signal.SIGKILL)
                answer.cancel()
                await asyncio.wait({answer})
        finally:
            spare: Connection | None = worker
            if keep and worker.address == address.current(self._folder):
                self._idle.append(worker)
                spare = self._spare(turn.lane)
            if spare is not None:
                self._bury(spare, turn.lane)
                turn.lane = None

    def _spare(self, leaving: _Lane | None) -> Connection | None:
        """Take out a worker that is one too many: that which has done least, and is slowest."""
        if len(self._idle) <= self._wanted(leaving):
            return None
        spare = min(self._idle, key=lambda row: row.counted)
        self._idle.remove(spare)
        return spare

    def _wanted(self, leaving: _Lane | None = None) -> int:
        """Return how many workers may wait: none for a place that is taken."""
        free = self._light.size - self._light.used + (leaving is self._light)
        return min(self.limits.ready, free)

    def _bury(self, worker: Connection, lane: _Lane | None) -> None:
        """End a worker; its place is free when it has ended. Nobody waits for that here."""

        async def bury() -> None:
            try:
                await worker.end(_BURIAL)
            finally:
                if lane is not None:
                    lane.leave()

        burial = asyncio.create_task(bury())
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)

    async def _send(self, query: Query, dataset: bool, turn: _Turn) -> Connection:
        """Give a query to the next worker; one that has died meanwhile did nothing, so go on."""
        limit = min(query.limit or self.limits.result, self.limits.result)
        until = time.monotonic() + min(_PATIENCE, turn.left)
        while True:
            worker = await self._next(until)
            try:
                if turn.left < _LEAST:
                    raise StoreUnavailable("the query had to wait too long", retry_after=10)
                head = frames.query_head(query, dataset, limit, turn.left)
                async with asyncio.timeout(min(_PATIENCE, turn.left)):
                    await worker.send(head, query.text.encode())
                return worker
            except (WorkerGone, TimeoutError):
                self._bury(worker, None)
                self.metrics.count("workers_found_dead_total")
            except BaseException:
                self._bury(worker, None)
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

    async def _demote(self, worker: Connection, turn: _Turn) -> None:
        """Move a running query to the second lane; it waits for it stopped.

        Raises:
            StoreUnavailable: too many queries, or too much of their memory, wait for it already.
        """
        self.metrics.count("queries_demoted_total")
        parked = 0
        if self._heavy.full:
            worker.signal(signal.SIGSTOP)
            parked = worker.private()
            too_many = len(self._parked) >= self.limits.parked
            if too_many or sum(self._parked) + parked > self.limits.memory:
                raise StoreUnavailable("too many heavy queries are running", retry_after=10)
        turn.leave()
        self._parked.append(parked)
        try:
            with self._timed("second"):
                async with asyncio.timeout(max(0.0, turn.left)):
                    await turn.take(self._heavy)
        except TimeoutError:
            return  # the worker's own alarm is pending and ends it now
        finally:
            self._parked.remove(parked)
            worker.signal(signal.SIGCONT)

    def _count_kill(self, reason: str) -> None:
        """Count a worker that was ended while it worked.

        ``time`` and ``memory`` are the limits, ``given-up`` is a client that left or a second lane
        without room, ``outside`` what nobody here did.
        """
        self.metrics.count("workers_killed_total", reason=reason)

    def _meaning(self, ending: Ending, turn: _Turn) -> Problem:
        """Return the problem that the end of a worker stands for (never to be tried again)."""
        if ending.signal == signal.SIGALRM:
            return QueryTimeout(turn.budget)
        if ending.signal in _OUT_OF_MEMORY:
            return QueryMemory(
                f"stopped at its budget of {self.limits.memory >> 20} MiB; narrow the query, "
                "order or group fewer rows, or take the dump",
                members={"limitBytes": self.limits.memory},
            )
        if ending.signal == _OUT_OF_STACK:
            return QueryMemory(
                "its parts are too many, or nested too deeply; write a list of terms as VALUES",
                members={"limitBytes": self.limits.memory},
            )
        if ending.signal == 0 and turn.left < (1 - _ALMOST) * turn.budget:
            return QueryTimeout(turn.budget)  # its zygote died before it, so nobody saw the alarm
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
            while len(self._idle) < self._wanted():
                self._idle.append(await self._open(where))
                if spare := self._spare(None):  # one came back meanwhile
                    spare.close()
