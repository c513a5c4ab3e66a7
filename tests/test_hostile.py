"""The service under attack: each attack ends in time, in the right words, and harms nobody else.

What is measured stands in the output (``pytest -s``); `tests.siege` measures it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from service.problems import all_problems
from tests.docs_pages import page
from tests.home import made_once
from tests.hostile_clients import FORM, POINT, attack
from tests.hostile_queries import GRAPH_CALLS, QUERIES, TIME
from tests.live_service import MEMORY, RESULT_LIMIT, TIMEOUT, Live, address, live, until
from tests.raw_http import Talk
from tests.serving_release import AALTER, BASE, write_release
from tests.siege import DIRECT, LATE, STALLING, WORKERS, Report, Round, p95, read_report
from tests.test_guard import CALLS_OUT
from tests.watched import LEAST_ROOM, MIB, bound, memory, peak

pytestmark = [pytest.mark.live, pytest.mark.slow]

SIZE = 100_000
STATUS = {kind.slug: kind.status for kind in all_problems()} | {"answered": 200}
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n6\r\nASK {}\r\n"
ENDLESS = QUERIES["cross-product COUNT"].text


@pytest.fixture(scope="session")
def report(shared_folder: Path) -> Report:
    """What a siege of the service gave; it is measured once, also where tests run side by side."""
    home = shared_folder / "siege"
    with made_once(home / "report.json") as to_make:
        if to_make:
            (home / "report.json").write_bytes(besieged(home))
    return read_report((home / "report.json").read_text())


def besieged(folder: Path) -> bytes:
    """Return the report of a siege; one that other work on the machine broke off is begun again."""
    root = Path(__file__).resolve().parent.parent
    told = []
    for number in range(3):
        home = folder / str(number)
        home.mkdir(parents=True)
        write_release(home, 1, size=SIZE)
        command = [sys.executable, "-m", "tests.siege", str(home)]
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=300, check=False)
        if done.returncode == 0:
            return done.stdout
        told.append(done.stderr.decode()[-2000:])
    raise AssertionError("\n".join(told))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("hostile")
    write_release(home, 1, size=20_000)
    with live(home, workers=WORKERS, client_budget=0.0) as service:
        yield service


def test_each_hostile_query_ends_in_the_right_problem_document(report: Report) -> None:
    for row in report.ended:
        assert row.slug in QUERIES[row.name].ends, row
        assert row.status == STATUS[row.slug], row
        assert (row.slug == "answered") != (row.kind == "application/problem+json"), row
    assert {row.name for row in report.ended} == set(QUERIES)


def test_each_hostile_query_ends_within_its_budget_and_half_a_second(report: Report) -> None:
    slowest = max(report.ended + report.hogs, key=lambda row: row.seconds)
    print(f"the slowest of all: {slowest.seconds:.3f} s ({slowest.name})")
    assert slowest.seconds < LATE
    stopped = [row.seconds for row in report.ended if row.slug in TIME]
    assert min(stopped) > TIMEOUT - 0.1, "the time limit, and nothing else, ended these"


def test_others_are_slowed_to_half_at_most(report: Report) -> None:
    assert factor("hostile queries", report.rounds) <= 2


def test_clients_that_do_not_get_on_slow_others_to_half_at_most(report: Report) -> None:
    assert factor("clients that do not get on", report.stalled_rounds) <= 2


def factor(what: str, rounds: list[Round]) -> float:
    """Print the rounds of an attack and return the least growth of the 95th percentile.

    What disturbs a round from outside can only make it worse.
    """
    for row in rounds:
        print(
            f"{what}: 95th percentile of a point query {1000 * p95(row.quiet):.1f} ms in quiet "
            f"({len(row.quiet)} queries), {1000 * p95(row.during):.1f} ms under attack "
            f"({len(row.during)})"
        )
        assert min(len(row.quiet), len(row.during)) > 100
    return min(row.factor for row in rounds)


def test_clients_that_do_not_get_on_are_ended(report: Report) -> None:
    assert {row.kind for row in report.stalled} == set(STALLING)
    for row in report.stalled:
        assert row.slowest < LATE, row
        assert row.statuses == [0 if row.kind in ("head", "idle") else 408], row
    assert report.before is not None
    assert report.stalled_peak < report.before.memory + 192 * MIB


def test_the_memory_stays_under_its_stated_bound(report: Report) -> None:
    assert report.before is not None
    stated = bound(report.store, WORKERS, MEMORY * MIB, RESULT_LIMIT * MIB)
    print(
        f"memory: {report.before.memory // MIB} MiB before, {report.hogs_peak // MIB} MiB with 16 "
        f"hogs at once, bound {stated // MIB} MiB (store {report.store // MIB} MiB)"
    )
    assert report.hogs_peak < stated
    assert report.hogs_peak > report.before.memory + MEMORY * MIB, "no query came near its budget"
    ends = {"query-memory", "query-timeout", "store-unavailable", "bad-query", "result-too-large"}
    for row in report.hogs:
        assert row.slug in ends, row
        assert row.status == STATUS[row.slug], row


def test_the_operator_page_states_the_bound_of_the_defaults() -> None:
    text = page("operator.md")
    for workers, query_memory in ((4, 1024), (2, 256)):
        stated = bound(130 * MIB, workers, query_memory * MIB, 64 * MIB) // MIB
        assert f"{stated:,} MiB" in text


def test_the_metrics_tell_what_ended_the_workers(report: Report) -> None:
    told = {name: float(value) for name, _, value in (
        line.rpartition(" ") for line in report.metrics.splitlines() if line[0] != "#"
    )}  # fmt: skip
    endings = [row.slug for row in report.ended + report.hogs]
    for reason, slug in (("time", "query-timeout"), ("memory", "query-memory")):
        killed = told[f'imonitor_workers_killed_total{{reason="{reason}"}}']
        assert killed == endings.count(slug) > 0
        assert told[f'imonitor_queries_total{{outcome="{slug}"}}'] == killed
    assert told['imonitor_workers_killed_total{reason="given-up"}'] > 0
    for lane in ("first", "second"):
        assert told[f'imonitor_query_wait_seconds_total{{lane="{lane}"}}'] > 0
    text = page("operator.md")
    names = {name.partition("{")[0].removeprefix("imonitor_") for name in told}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_afterwards_the_service_is_as_before(report: Report) -> None:
    before, after = report.before, report.after
    assert before is not None
    assert after is not None
    print(f"memory: {before.memory // MIB} MiB before, {after.memory // MIB} MiB after all attacks")
    assert after.processes == before.processes
    assert after.descriptors <= before.descriptors
    assert after.zombies == 0
    assert after.memory < before.memory + 192 * MIB


def test_what_a_hog_takes_grows_with_its_budget(service: Live) -> None:
    """The budget is what stops it: with four times as much it takes more than one of these."""
    home = service.log.parent
    text = QUERIES["string doubled 60 times"].text
    with live(home, query_memory=4 * MEMORY, query_timeout=50.0) as other:
        start = memory(other)
        with peak(other, 0.02) as most:
            (ended,) = attack(other.port, [[("hog", text)]], 1)
    assert ended.slug == "query-memory"
    assert most[0] - start > 1.5 * MEMORY * MIB


@pytest.mark.parametrize(
    ("request_", "end", "status", "slug"),
    [
        (DIRECT + "Content-Length: 100\r\n\r\nASK {}", False, 408, "request-timeout"),
        (DIRECT + "Content-Length: 100\r\n\r\nASK {}", True, 400, "bad-request"),
        (DIRECT + CHUNKED, False, 408, "request-timeout"),
        (DIRECT + CHUNKED, True, 400, "bad-request"),
        (DIRECT + f"Content-Length: {2 << 20}\r\n\r\nASK {{}}", False, 413, "too-large"),
    ],
    ids=["half", "half, then closed", "half in chunks", "half in chunks, then closed", "long"],
)
def test_a_body_that_is_not_what_it_says_is_no_query(
    service: Live, request_: str, end: bool, status: int, slug: str
) -> None:
    started = time.monotonic()
    with Talk(service.port) as talk:
        talk.say(request_.encode(), end=end)
        answer = talk.hear()
        assert (answer.status, answer.problem["type"]) == (status, f"{BASE}problems/{slug}")
        assert talk.ended()
        assert time.monotonic() - started < LATE


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 6\r\nContent-Length: 7\r\n\r\nASK {}",
        "Content-Length: -6\r\n\r\nASK {}",
        "Content-Length: +6\r\n\r\nASK {}",
        "Content-Length: 6, 7\r\n\r\nASK {}",
        "Transfer-Encoding: xchunked\r\n\r\n6\r\nASK {}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nsix\r\nASK {}\r\n0\r\n\r\n",
    ],
)
def test_a_head_that_cannot_be_believed_is_refused(service: Live, head: str) -> None:
    with Talk(service.port) as talk:
        talk.say((DIRECT + head).encode())
        assert talk.hear().status in (0, 400)
        assert talk.ended()


@pytest.mark.parametrize(
    "head",
    [
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n",
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_two_lengths_are_read_in_chunks_and_end_the_connection(service: Live, head: str) -> None:
    body = "6\r\nASK {}\r\n0\r\n\r\n"
    with Talk(service.port) as talk:
        talk.say((DIRECT + head + body + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").encode())
        assert json.loads(talk.hear().body)["boolean"] is True
        assert talk.ended(), "what follows is not to be read (RFC 9112 §6.1)"


def test_what_follows_a_body_is_another_request(service: Live) -> None:
    with Talk(service.port) as talk:
        talk.say((DIRECT + "Content-Length: 6\r\n\r\nASK {} LIMIT 0\r\n\r\n").encode())
        first = talk.hear()
        assert (first.status, json.loads(first.body)["boolean"]) == (200, True)
        assert talk.hear().status == 400
        assert talk.ended()


def test_requests_in_a_row_are_answered_whole_and_in_order(service: Live) -> None:
    paths = [address(POINT + f" # {n}", format="csv") for n in range(5)]
    paths[2] = address(ENDLESS + " # in a row")
    started = time.monotonic()
    with Talk(service.port) as talk:
        talk.say("".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths).encode())
        answers = [talk.hear() for _ in paths]
    assert time.monotonic() - started < LATE + 0.5
    assert [row.status for row in answers] == [200, 200, 504, 200, 200]
    assert all(row.whole for row in answers)


def test_clients_that_do_not_read_cost_what_is_on_its_way_and_no_more(service: Live) -> None:
    parts = "SELECT ?s ?o { ?s ?p ?o } LIMIT 9000 OFFSET"
    paths = [address(f"{parts} {number}", format="csv") for number in range(1, 101)]
    size = len(service.ask(address(f"{parts} 0", format="csv")).body)
    assert size > MIB // 2
    before = memory(service)
    with ExitStack() as stack, peak(service) as most:
        for path in paths:
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: service.metric("queries_waiting") == 0, service.log)
        until(lambda: service.metric("queries_running") == 0, service.log)
        assert service.ask(address(POINT + " # meanwhile")).status == 200
    kept = int(service.metric("cache_bytes"))
    more = most[0] - before
    print(f"100 that do not read {size} bytes each: {more // MIB} MiB, {kept // MIB} of it cached")
    assert more < kept + LEAST_ROOM + 64 * MIB


@pytest.fixture
def canary() -> Iterator[tuple[str, list[int]]]:
    """A listener that counts who calls: its address, and the calls."""
    calls: list[int] = []
    server = socket.create_server(("127.0.0.1", 0), backlog=50)

    def listen() -> None:
        with suppress(OSError):
            while True:
                server.accept()[0].close()
                calls.append(1)

    thread = threading.Thread(target=listen)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x", calls
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_no_query_makes_the_service_call_out(service: Live, canary: tuple[str, list[int]]) -> None:
    url, calls = canary
    texts = [row.replace("URL", url) for row in CALLS_OUT.values()]
    texts += [row.replace("CALL", url) for row in GRAPH_CALLS]
    for text in texts:
        for more in ({}, {"default-graph-uri": url}, {"named-graph-uri": url}):
            asked = service.ask(address(text, **more))
            assert asked.status < 500, (text, asked.body)
            posted = urlencode({"query": text, **more}).encode()
            assert service.ask("/sparql", "POST", posted, FORM).status < 500
        service.ask("/sparql", "POST", urlencode({"update": text}).encode(), FORM)
    for path in (
        f"/graphs?graph={quote(url)}",
        f"/sparql?query=ASK%7B%7D&using-graph-uri={quote(url)}",
    ):
        assert service.ask(path).status < 500
    for name in ("Host", "X-Forwarded-For", "Forwarded", "Referer", "Origin", "Accept-Profile"):
        service.ask(address(f"DESCRIBE <{AALTER}>"), headers={name: url})
    assert calls == []
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2].removesuffix("/x")))):
        until(lambda: calls == [1], service.log, 5)
