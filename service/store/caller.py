"""The query workers for callers that are not asyncio: the threads of Flask, commands, tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from service.metrics import Metrics
from service.problems import StoreUnavailable
from service.store.base import AsyncStore, Query, Result
from service.store.limits import Limits
from service.store.pool import Pool

T = TypeVar("T")


class Caller:
    """A `service.store.base.Store` in front of a pool that lives in another thread's loop."""

    def __init__(self, pool: AsyncStore, loop: asyncio.AbstractEventLoop) -> None:
        self.pool = pool
        self._loop = loop

    def query(self, query: Query) -> Result:
        """Answer one query; see `service.store.base.Store.query`."""
        if self._loop.is_closed():
            raise StoreUnavailable("the service is stopping", retry_after=5)
        return self.run(self.pool.query(query))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the pool on its loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def pool_in_thread(
    folder: Path, limits: Limits, metrics: Metrics | None = None
) -> Iterator[Caller]:
    """Run a pool on a loop of its own for the length of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="pool", daemon=True)
    thread.start()
    pool = Pool(folder, limits, metrics)
    asyncio.run_coroutine_threadsafe(pool.start(), loop).result()
    try:
        yield Caller(pool, loop)
    finally:
        asyncio.run_coroutine_threadsafe(pool.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
