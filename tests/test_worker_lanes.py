"""Lanes and lives of query workers: what each may take, when it is used again, when it ends."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import Store

from service.problems import QueryMemory, QueryTimeout, StoreUnavailable
from service.store import address, frames
from service.store.base import Query, Result
from service.store.connection import Connection
from service.store.limits import Limits
from service.store.worker import may_own
from tests.test_workers import ENDLESS, HUNGRY, Service, serving, until

pytestmark = pytest.mark.live

MIB = 1 << 20
LIMITS = Limits(timeout=1.0, memory=256 * MIB, result=4 * MIB, slots=2, ready=2, heavy=2, parked=2)
LARGE = "SELECT * { ?a ?p ?b . ?c ?q ?d } ORDER BY ?d ?b LIMIT 1"  # tens of MiB, then an answer
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d FILTER(?a != ?d) }"  # takes little memory
NESTED = "SELECT * { FILTER(" + "!" * 90_000 + "true) }"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(LIMITS) as service:
        yield service


def ready(service: Service) -> list[int]:
    """Return the workers that wait, once there are as many as there should be."""
    pool = service.caller.pool
    until(lambda: len(pool._idle) == LIMITS.ready)
    return [worker.pid for worker in pool._idle]


@contextmanager
def at_work(service: Service, query: Query) -> Iterator[tuple[int, Future[Result]]]:
    """Let a query run for the length of the block; gives its worker and what comes of it."""
    before = {pid: _ticks(pid) for pid in ready(service)}
    found: list[int] = []

    def begun() -> bool:
        found[:] = [pid for pid, ticks in before.items() if _ticks(pid) > ticks + 1]
        return bool(found)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(service.caller.query, query)
        until(begun)
        yield found[0], running


def test_a_worker_that_took_little_is_used_again(service: Service) -> None:
    before = sorted(ready(service))
    for _ in range(2 * LIMITS.ready):
        assert service.number() == 1
    assert sorted(ready(service)) == before


def test_a_worker_that_took_much_is_not_used_again() -> None:
    limits = Limits(timeout=20.0, memory=1024 * MIB, result=4 * MIB, slots=1, ready=1, light=20.0)
    with serving(limits, size=600) as service:
        pool = service.caller.pool
        until(lambda: len(pool._idle) == 1)
        before = pool._idle[0].pid
        assert service.caller.query(Query(LARGE)).kind == "solutions"
        assert pool.metrics.value("queries_demoted_total") == 0, "it ended in the first lane"
        until(lambda: len(pool._idle) == 1)
        assert pool._idle[0].pid != before
        until(lambda: not Path(f"/proc/{before}").exists())


def test_a_worker_comes_back_from_the_second_lane_in_the_place_of_one_that_did_nothing() -> None:
    limits = Limits(timeout=20.0, memory=256 * MIB, result=4 * MIB, slots=1, ready=1, light=0.05)
    with serving(limits, size=2000) as service:
        pool = service.caller.pool
        until(lambda: len(pool._idle) == 1)
        first = pool._idle[0].pid
        until(lambda: service.caller.query(Query(SLOW)).kind == "solutions", 60)
        assert pool.metrics.value("queries_demoted_total") == 1
        assert [worker.pid for worker in pool._idle] == [first]
        assert os.sched_getscheduler(first) == os.SCHED_OTHER
        assert pool.metrics.value("workers_started_total") == 2, "one took its place meanwhile"
        assert service.number() == 1
        assert [worker.pid for worker in pool._idle] == [first]


def test_a_worker_may_own_a_copy_of_the_store_as_long_as_all_may() -> None:
    store = Store()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    assert may_own(store, Limits(in_memory=1 << 40)) == 64 * MIB + own
    limits = Limits(in_memory=1200 * MIB, slots=8, heavy=4)
    assert may_own(store, limits) == 64 * MIB + min(own, 100 * MIB)
    assert may_own(Path("store"), limits) == 64 * MIB


def test_a_worker_ends_at_its_deadline_also_when_nobody_watches(service: Service) -> None:
    where = address.current(service.folder)
    assert where is not None
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(where.path))
        _, descriptors, *_ = socket.recv_fds(channel, frames.GREETING.size, 2)
        head = frames.query_head(Query(ENDLESS), False, MIB, 0.5)
        channel.sendall(frames.pack(head, ENDLESS.encode()) + ENDLESS.encode())
        obituary = os.read(descriptors[1], frames.STATUS.size)
        for descriptor in descriptors:
            os.close(descriptor)
    status, cpu = frames.STATUS.unpack(obituary)
    assert os.WTERMSIG(status) == signal.SIGALRM
    assert 0.1 < cpu < 0.6


def test_a_query_ends_in_time_when_its_worker_does_not(service: Service) -> None:
    started = time.monotonic()
    with at_work(service, Query(ENDLESS)) as (pid, running):
        os.kill(pid, signal.SIGSTOP)  # as when it never gets the processor: its alarm waits
        assert isinstance(running.exception(), QueryTimeout)
        assert time.monotonic() - started < LIMITS.timeout + 0.5
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_the_time_in_the_queue_is_part_of_the_budget() -> None:
    limits = Limits(timeout=1.0, memory=256 * MIB, result=4 * MIB, slots=1, ready=1, light=10.0)
    with serving(limits) as service, ThreadPoolExecutor(3) as threads:
        started = time.monotonic()
        running = [threads.submit(service.caller.query, Query(ENDLESS)) for _ in range(3)]
        ended = [type(row.exception()) for row in running]
        assert time.monotonic() - started < limits.timeout + 0.5
    assert set(ended) <= {QueryTimeout, StoreUnavailable}
    assert ended.count(QueryTimeout) >= 1


def test_what_waits_stopped_has_one_budget_of_memory_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits(timeout=2.0, memory=256 * MIB, result=4 * MIB, slots=4, ready=4, heavy=1)
    monkeypatch.setattr(Connection, "private", lambda _: 150 * MIB)
    with serving(limits) as service, ThreadPoolExecutor(4) as threads:
        pool = service.caller.pool
        running = [threads.submit(service.caller.query, Query(ENDLESS)) for _ in range(4)]
        ended = [type(row.exception()) for row in running]
        assert ended.count(QueryTimeout) == 2, "one ran, one waited stopped"
        assert ended.count(StoreUnavailable) == 2
        assert pool._parked == []


def test_page_faults_tell_what_a_worker_took(service: Service) -> None:
    with at_work(service, Query(HUNGRY)) as (pid, running):
        worker = Connection(address.Address(Path(), 0), socket.socket(), pid, 0, -1, -1)
        before = worker.private()  # it may have worked before
        until(lambda: worker.private() > before + 48 * MIB or running.done())
        os.kill(pid, signal.SIGSTOP)
        until(lambda: _state(pid) == "T")
        told, rollup = worker.private(), Path(f"/proc/{pid}/smaps_rollup").read_text()
        os.kill(pid, signal.SIGKILL)
        worker.channel.close()
        running.exception()
    own = sum(int(row) for row in re.findall(r"^Private_\w+:\s+(\d+)", rollup, re.M)) << 10
    assert 32 * MIB < own < 1.05 * told


def test_a_place_is_free_again_when_the_memory_is(service: Service) -> None:
    pool = service.caller.pool
    with at_work(service, Query(ENDLESS, timeout=0.3)) as (pid, running):
        assert isinstance(running.exception(), QueryTimeout)
    until(lambda: pool._light.used + pool._heavy.used == 0)
    assert not Path(f"/proc/{pid}").exists() or _state(pid) == "Z"


def test_too_many_parts_are_told_apart_from_too_many_rows(service: Service) -> None:
    with pytest.raises(QueryMemory, match="too many, or nested too deeply"):
        service.caller.query(Query(NESTED))
    assert service.number() == 1


def test_a_worker_can_open_nothing_and_take_no_more_than_its_budget(service: Service) -> None:
    for pid in ready(service):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert _limit(limits, "Max open files") == 0
        assert _limit(limits, "Max core file size") == 0
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        above = _limit(limits, "Max address space") - size
        assert LIMITS.memory - 32 * MIB < above <= LIMITS.memory
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 4, "3 × /dev/null, 1 socket"
        status = Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^THP_enabled:\s*0$", status, re.M), "or page faults do not tell memory"


def test_a_long_query_gets_the_processor_only_when_nothing_else_wants_it(service: Service) -> None:
    with at_work(service, Query(ENDLESS)) as (pid, running):
        until(lambda: os.sched_getscheduler(pid) == os.SCHED_IDLE)
        assert isinstance(running.exception(), QueryTimeout)
    assert all(os.sched_getscheduler(row) == os.SCHED_OTHER for row in ready(service))


def _limit(text: str, name: str) -> int:
    found = re.search(rf"^{name}\s+(\d+)", text, re.M)
    assert found, text
    return int(found[1])


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _ticks(pid: int) -> int:
    """Return the processor time of a process, in hundredths of a second; 0 when it has ended."""
    try:
        return sum(
            map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])
        )
    except OSError:
        return 0
