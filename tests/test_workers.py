"""Query workers: every limit really stops the work, and nothing else stops the service."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import Store

from service.problems import (
    BadQuery,
    Problem,
    QueryMemory,
    QueryTimeout,
    ResultTooLarge,
    ServiceRefused,
    StoreUnavailable,
)
from service.store import address
from service.store.base import Dataset, Query
from service.store.caller import Caller, pool_in_thread
from service.store.keeper import Keeper
from service.store.limits import Limits
from tests.serving_release import write_release

pytestmark = pytest.mark.live

LIMITS = Limits(timeout=1.0, memory=256 << 20, result=4 << 20, slots=2, heavy=2, parked=2)
BUSY = 1.0  # seconds that a machine which does other work may add to a deadline
POINT = "SELECT ?n { <http://localhost:8000/id/uitgave> <https://w3id.org/imonitor/ns#number> ?n }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?a != ?e) }"
HUNGRY = "SELECT * { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f } ORDER BY ?f ?d ?b LIMIT 1"
LONG = "SELECT * { ?a ?p ?b . ?c ?q ?d }"


@dataclass
class Service:
    """A keeper that is stepped by a thread, and a pool in front of its zygotes."""

    home: Path
    folder: Path
    keeper: Keeper
    caller: Caller

    def number(self) -> int:
        """Return the release that answers a point query, as the data says it."""
        body = self.caller.query(Query(POINT, rows="csv")).body.decode()
        return int(body.split()[1])


@contextmanager
def serving(limits: Limits = LIMITS, size: int = 3000) -> Iterator[Service]:
    """Serve a release for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="imw") as name:
        home, folder = Path(name) / "home", Path(name) / "run"
        folder.mkdir(mode=0o700)
        write_release(home, 1, size=size)
        log: list[str] = []
        keeper = Keeper(home / "releases", folder, limits, log.append)
        stop = threading.Event()

        def tend() -> None:
            while not stop.wait(0.05):
                keeper.step()

        thread = threading.Thread(target=tend)
        thread.start()
        try:
            with pool_in_thread(folder, limits) as caller:
                until(lambda: caller.pool.release == 1)
                yield Service(home, folder, keeper, caller)
        finally:
            stop.set()
            thread.join()
            keeper.stop()


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until ``condition`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


def test_an_answer_is_whole_and_names_its_release(service: Service) -> None:
    result = service.caller.query(Query(POINT, rows="json"))
    assert result.media_type == "application/sparql-results+json"
    assert b'"value":"1"' in result.body
    assert result.release == 1


def test_the_default_graph_is_the_union_and_a_dataset_narrows_it(service: Service) -> None:
    def labels(text: str, dataset: Dataset | None = None) -> int:
        query = Query(text, rows="csv", dataset=dataset or Dataset())
        return int(service.caller.query(query).body.split()[1])

    count = "SELECT (COUNT(*) AS ?n) {} {{ ?s a ?o }}".format
    catalogue = "http://localhost:8000/graph/catalogus"
    assert labels(count("")) > 5
    assert labels(count(f"FROM <{catalogue}>")) == 3
    assert labels(count(""), Dataset(default=(catalogue,))) == 3
    assert labels(count(""), Dataset(named=(catalogue,))) == 0
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s a ?o } }"
    assert labels(named, Dataset(named=(catalogue,))) == 3
    assert labels(count("FROM <http://nowhere.example/>"), Dataset(default=(catalogue,))) == 3


def test_a_syntax_error_tells_line_and_column_and_keeps_the_worker(service: Service) -> None:
    with pytest.raises(BadQuery) as caught:
        service.caller.query(Query("SELECT * {\n ?s nonsense ?o }"))
    assert caught.value.members["line"] == 2
    assert service.number() == 1


def test_a_query_is_stopped_at_its_deadline(service: Service) -> None:
    overshoots = []
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(QueryTimeout) as caught:
            service.caller.query(Query(ENDLESS))
        overshoots.append(time.monotonic() - started - LIMITS.timeout)
        assert caught.value.members["budgetSeconds"] == LIMITS.timeout
    assert -0.01 < min(overshoots) < 0.1
    assert max(overshoots) < BUSY
    assert service.number() == 1


def test_a_caller_may_lower_the_deadline_but_not_raise_it(service: Service) -> None:
    for asked, allowed in ((0.3, 0.3), (60.0, LIMITS.timeout)):
        started = time.monotonic()
        with pytest.raises(QueryTimeout) as caught:
            service.caller.query(Query(ENDLESS, timeout=asked))
        assert caught.value.members["budgetSeconds"] == allowed
        assert time.monotonic() - started < allowed + BUSY


def test_a_query_over_its_memory_is_told_apart_from_one_over_its_time() -> None:
    limits = Limits(timeout=20, memory=64 << 20, result=4 << 20, slots=1, heavy=1)
    with serving(limits) as service:
        started = time.monotonic()
        with pytest.raises(QueryMemory) as caught:
            service.caller.query(Query(HUNGRY))
        assert time.monotonic() - started < limits.timeout
        assert caught.value.members["limitBytes"] == limits.memory
        assert service.number() == 1


def test_an_answer_over_the_limit_is_a_problem_and_never_a_part(service: Service) -> None:
    with pytest.raises(ResultTooLarge):
        service.caller.query(Query(LONG))


def test_an_update_and_a_service_clause_do_not_reach_a_worker(service: Service) -> None:
    before = service.caller.pool.metrics.value("queries_total", outcome="answered")
    with pytest.raises(ServiceRefused):
        service.caller.query(Query("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"))
    assert service.caller.pool.metrics.value("queries_total", outcome="answered") == before


def test_a_worker_cannot_call_out_even_when_the_guard_is_passed_by(service: Service) -> None:
    hits: list[int] = []
    canary = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{canary.getsockname()[1]}/"

    def listen() -> None:
        try:
            connection, _ = canary.accept()
        except OSError:
            return
        hits.append(1)
        connection.close()

    listener = threading.Thread(target=listen)
    listener.start()
    query = Query(f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")
    with pytest.raises(Problem):
        service.caller.run(service.caller.pool.ask(query, False))
    assert hits == []
    with pytest.raises(OSError, match=r"."):
        list(Store().query(query.text))
    listener.join(5)
    assert hits == [1], "the canary itself must work"
    canary.close()


def test_point_queries_go_on_while_runaways_fill_the_second_lane() -> None:
    limits = Limits(timeout=3.0, memory=256 << 20, result=4 << 20, slots=2, heavy=2, parked=8)
    with serving(limits) as service, ThreadPoolExecutor(8) as threads:
        runaways = [threads.submit(service.caller.query, Query(ENDLESS)) for _ in range(6)]
        time.sleep(0.7)
        times = []
        for _ in range(40):
            started = time.monotonic()
            assert service.number() == 1
            times.append(time.monotonic() - started)
        outcomes = [type(row.exception()) for row in runaways]
        assert outcomes.count(QueryTimeout) == 6
        assert service.caller.pool.metrics.value("queries_demoted_total") == 6
    assert sorted(times)[37] < 0.5


def test_more_heavy_queries_than_may_wait_are_sent_away_to_come_back() -> None:
    limits = Limits(timeout=2.0, memory=256 << 20, result=4 << 20, slots=4, heavy=1, parked=0)
    with serving(limits) as service, ThreadPoolExecutor(4) as threads:
        runaways = [threads.submit(service.caller.query, Query(ENDLESS)) for _ in range(4)]
        outcomes = sorted(type(row.exception()).__name__ for row in runaways)
    assert outcomes == ["QueryTimeout", *["StoreUnavailable"] * 3]
    problems = [row.exception() for row in runaways]
    assert all(
        "Retry-After" in row.headers for row in problems if isinstance(row, StoreUnavailable)
    )


def test_killed_idle_workers_are_replaced_without_a_failed_query(service: Service) -> None:
    killed = 0
    for _ in range(5):
        until(lambda: len(service.caller.pool._idle) > 0)
        for worker in list(service.caller.pool._idle):
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
        assert service.number() == 1
    assert killed >= 5


def test_a_worker_killed_at_work_gives_a_problem_that_says_come_back(service: Service) -> None:
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(service.caller.query, Query(ENDLESS))
        time.sleep(0.4)
        for pid in _children(service.keeper.active_pid or 0):
            os.kill(pid, signal.SIGKILL)
        assert isinstance(running.exception(), StoreUnavailable)
    assert service.number() == 1


def test_a_killed_zygote_is_replaced_and_its_queries_go_on() -> None:
    with serving() as service, ThreadPoolExecutor(1) as threads:
        old = service.keeper.active_pid
        running = threads.submit(service.caller.query, Query(ENDLESS))
        time.sleep(0.3)
        os.kill(old or 0, signal.SIGKILL)
        for _ in range(20):
            assert service.number() == 1
        assert isinstance(running.exception(), QueryTimeout)
        until(lambda: service.keeper.active_pid not in (None, old))
        assert service.number() == 1


def test_a_new_release_is_switched_to_without_a_failed_query() -> None:
    with serving() as service, ThreadPoolExecutor(4) as threads:
        stop = threading.Event()

        def ask() -> list[int]:
            seen = []
            while not stop.is_set():
                seen.append(service.number())
            return seen

        askers = [threads.submit(ask) for _ in range(4)]
        time.sleep(0.3)
        old = service.keeper.active_pid
        write_release(service.home, 2)
        until(lambda: service.caller.pool.release == 2)
        time.sleep(0.3)
        stop.set()
        answers = [row.result() for row in askers]
        assert sum(map(len, answers)) > 100
        for seen in answers:
            assert seen == sorted(seen), "an answer went back to the old release"
            assert {1, 2} == set(seen)
        until(lambda: not Path(f"/proc/{old}").exists())


def test_a_release_that_cannot_be_loaded_leaves_the_old_one_served() -> None:
    with serving() as service:
        broken = service.home / "releases" / "2"
        broken.mkdir()
        link = service.home / "releases" / "current"
        link.unlink()
        link.symlink_to("2")
        time.sleep(1)
        assert service.number() == 1
        write_release(service.home, 3)
        until(lambda: service.caller.pool.release == 3)


def test_without_a_release_the_answer_is_to_come_back() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="imw") as name,
        pool_in_thread(Path(name), LIMITS) as caller,
        pytest.raises(StoreUnavailable),
    ):
        caller.query(Query(POINT))


def test_workers_and_zygotes_end_with_the_service() -> None:
    with serving() as service:
        service.number()
        pid = service.keeper.active_pid or 0
        workers = _children(pid)
        assert workers
    assert not any(Path(f"/proc/{row}").exists() for row in [pid, *workers])
    assert address.current(service.folder) is None


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(row) for row in text.split()]
