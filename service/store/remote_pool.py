"""The asyncio side of a remote store: the admission, limits and problems that the workers have.

A request that waits in a thread cannot be taken back. The client gets its problem in time; the
place of the thread is free again when the store has answered, or when its time is over.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

from service.metrics import Metrics
from service.problems import Problem, QueryTimeout, StoreUnavailable
from service.settings import Settings
from service.store import meter
from service.store.base import Query, Result
from service.store.guard import read
from service.store.halves import Half, State, halves_of, read_state, state_file
from service.store.limits import Limits
from service.store.remote import Answers

_LOOK = 0.2  # seconds between looks at which half is active
_GRACE = 0.2
_LEAST = 0.01  # seconds that a query gets which had to wait for nearly all of its budget


class RemotePool:
    """Queries to the active half of the remote store, for one event loop."""

    def __init__(self, settings: Settings, limits: Limits, metrics: Metrics | None = None) -> None:
        self.limits = limits
        self.metrics = metrics or Metrics()
        self._file = state_file(settings)
        self._halves = {half.name: half for half in halves_of(settings)}
        user, password = settings.store_user, settings.store_password
        self._answers = {
            half.name: Answers(half.query, user, password) for half in self._halves.values()
        }
        self._threads = ThreadPoolExecutor(limits.ready, thread_name_prefix="remote")
        self._places = asyncio.Semaphore(limits.ready)
        self._waiting = 0
        self._state, self._looked = State(), 0.0
        self.metrics.gauge("queries_waiting", lambda: self._waiting)
        self.metrics.gauge("release", lambda: self.release)

    async def start(self) -> None:
        """Nothing has to be ready: connections are opened when they are needed."""

    async def stop(self) -> None:
        """Take no more queries; those that run end with their own time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def release(self) -> int:
        """The release that the active half holds; 0 while there is none."""
        found = self._active()
        return found[1] if found else 0

    async def query(self, query: Query) -> Result:
        """Answer one query; see `service.store.base.Store.query`."""
        return await self.ask(query, read(query.text).dataset)

    async def ask(self, query: Query, dataset: bool) -> Result:
        """Answer a query that the guard has read."""
        started, outcome = time.monotonic(), "cancelled"
        try:
            result = await self._run(query)
            outcome = "answered"
        except Problem as problem:
            outcome = problem.slug
            raise
        finally:
            seconds = time.monotonic() - started
            self.metrics.count("queries_total", outcome=outcome)
            self.metrics.count("query_seconds_total", seconds)
            meter.spend(seconds)  # what the store's processor did is not known here
        return result

    async def _run(self, query: Query) -> Result:
        timeout = min(query.timeout or self.limits.timeout, self.limits.timeout)
        deadline = time.monotonic() + timeout
        await self._admit(timeout)
        limit = min(query.limit or self.limits.result, self.limits.result)
        stopped = Event()
        try:
            half, release, graphs = self._serving()
            left = max(_LEAST, deadline - time.monotonic())
            ask = partial(
                self._answers[half.name].query, query, graphs, limit, left, stopped.is_set
            )
            work = asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except BaseException:
            self._places.release()
            raise
        work.add_done_callback(self._left)
        try:
            result = await asyncio.wait_for(asyncio.shield(work), left + _GRACE)
        except (TimeoutError, QueryTimeout):
            raise QueryTimeout(timeout) from None
        finally:
            stopped.set()
        return replace(result, release=release)

    def _left(self, work: asyncio.Future[Result]) -> None:
        self._places.release()
        if not work.cancelled():
            work.exception()  # seen, also when nobody waits any more

    async def _admit(self, seconds: float) -> None:
        """Wait for a place, in a queue of bounded length and time."""
        if self._waiting >= self.limits.waiting:
            raise StoreUnavailable("too many queries are waiting", retry_after=5)
        self._waiting += 1
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            raise StoreUnavailable("no connection became free in time", 10) from None
        finally:
            self._waiting -= 1
            waited = time.monotonic() - started
            self.metrics.count("query_wait_seconds_total", waited, lane="first")

    def _serving(self) -> tuple[Half, int, tuple[str, ...]]:
        found = self._active()
        if found is None:
            raise StoreUnavailable("the store is being filled at this moment", 10)
        return found

    def _active(self) -> tuple[Half, int, tuple[str, ...]] | None:
        """Return the half that is asked, its release and its graphs; None while it is changing."""
        now = time.monotonic()
        if now - self._looked > _LOOK:
            self._state, self._looked = read_state(self._file), now
        half = self._halves.get(self._state.active)
        held = self._state.held(half) if half else None
        if half is None or held is None or held.pushing or not held.release:
            return None
        return half, held.release, tuple(sorted(held.graphs))
