"""Whole or not at all: processes are killed in the middle of answers, clients see no half one.

The kills are real and so is the service (`tests.dying_service`); what a client sees is read from a
bare socket.
"""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dying_front import STALL
from tests.live_service import Live, address, live, until
from tests.raw_http import Raw, Talk
from tests.serving_release import BASE, write_release
from tests.watched import family

pytestmark = [pytest.mark.live, pytest.mark.slow]

STEP = 4096
KERNEL = 6 << 20  # bytes: more than the kernel holds for one connection
ROWS = f"SELECT * {{ ?s <{BASE}x/p> ?o }} LIMIT 1500"
TRIPLES = f"CONSTRUCT WHERE {{ ?s <{BASE}x/p> ?o }} LIMIT 1500"
FORMATS = {
    "json": ROWS,
    "xml": ROWS,
    "csv": ROWS,
    "tsv": ROWS,
    "turtle": TRIPLES,
    "ntriples": TRIPLES,
    "rdfxml": TRIPLES,
    "jsonld": TRIPLES,
}
WAYS = [("1.0", "close"), ("1.0", "keep-alive"), ("1.1", "close"), ("1.1", "keep-alive")]
KILLED = "the query worker was ended from outside"


@dataclass(frozen=True)
class Case:
    """One kill: after ``after`` bytes of the body; ``whole`` is all of it."""

    form: str
    version: str
    connection: str
    after: int
    whole: bytes


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("dying")
    write_release(home, 1, size=3000)
    return home


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Live]:
    # The budget is not what is tried here: a busy machine shall not end these queries before.
    with live(home, "tests.dying_service", client_budget=0.0, query_timeout=15.0) as service:
        yield service


def request(path: str, version: str = "1.1", connection: str = "close") -> bytes:
    """Return a GET request."""
    return f"GET {path} HTTP/{version}\r\nHost: x\r\nConnection: {connection}\r\n\r\n".encode()


def cases(service: Live, form: str) -> list[Case]:
    """Return a kill at each boundary of a format, for each way to ask."""
    answer = service.ask(address(FORMATS[form], format=form))
    assert answer.status == 200
    assert len(answer.body) > 16 * STEP
    boundaries = range(0, len(answer.body), STEP)
    return [Case(form, *way, after, answer.body) for way in WAYS for after in boundaries]


def killed(service: Live, case: Case, who: str = "worker") -> Raw:
    """Ask with a query whose worker dies; return what comes, and see what can come after it."""
    text = f"{FORMATS[case.form]} # dies: {who} after {case.after} {case.version} {case.connection}"
    path = address(text, format=case.form)
    with Talk(service.port) as talk:
        talk.say(request(path, case.version, case.connection))
        answer = talk.hear()
        if case.version == "1.1" and case.connection == "keep-alive" and answer.status:
            talk.say(request(address("ASK {}"), "1.1", "close"))
            after = talk.hear()
            assert (after.status, after.whole) == (200, True), "the connection is out of step"
        assert case.connection == "keep-alive" or talk.ended(), "bytes that nobody announced"
    return answer


def verdict(answer: Raw, whole: bytes) -> str:
    """Say what a client may believe of an answer whose worker was killed."""
    if answer.status == 0:
        return "nothing"
    if answer.status >= 500 and answer.problem.get("detail") == KILLED:
        return "problem"
    if answer.problem:
        return str(answer.problem["detail"])
    return "whole" if answer.status == 200 and answer.body == whole else "half"


def verdicts(service: Live, found: list[Case]) -> Counter[str]:
    """Kill in every case; count what clients saw."""
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda case: killed(service, case), found))
    return Counter(verdict(row, case.whole) for row, case in zip(answers, found, strict=True))


@pytest.mark.parametrize("form", FORMATS)
def test_no_client_sees_half_of_an_answer_whose_worker_was_killed(service: Live, form: str) -> None:
    counted = 'queries_total{outcome="store-unavailable"}'
    before, found = service.metric(counted), cases(service, form)
    seen = verdicts(service, found)
    assert set(seen) <= {"problem", "nothing"}, seen
    assert seen["problem"] == len(found), "the service was there and should have said so"
    kills = service.metric(counted) - before
    assert kills == len(found) == len(WAYS) * -(-len(found[0].whole) // STEP)
    assert service.ask(address(FORMATS[form], format=form)).body == found[0].whole


def test_the_test_above_sees_half_answers_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONT", "lenient")
    write_release(tmp_path, 1, size=3000)
    with live(tmp_path, "tests.dying_service", client_budget=0.0) as service:
        for form in ("json", "ntriples"):
            found = [row for row in cases(service, form) if row.after][::5]
            assert verdicts(service, found) == {"half": len(found)}


def test_an_answer_is_whole_although_the_zygote_is_killed_in_the_middle(service: Live) -> None:
    for form in ("json", "turtle"):
        found = cases(service, form)
        for case in found[1 :: len(found) // 3]:
            served = _times_served(service)
            answer = killed(service, case, "zygote")
            assert verdict(answer, case.whole) == "whole"
            until(lambda served=served: _times_served(service) == served + 1, service.log)
            until(service.ready, service.log)


def test_a_page_whose_query_is_killed_half_way_is_a_whole_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYING_TEXT", f"{BASE}id/werkingsgebied/44084")
    write_release(tmp_path, 1)
    counted = 'queries_total{outcome="store-unavailable"}'
    with live(tmp_path, "tests.dying_service", client_budget=0.0) as service:
        for form, kind in (("text/turtle", "application/problem+json"), ("text/html", "text/html")):
            before = service.metric(counted)
            answer = service.ask("/doc/werkingsgebied/44084", headers={"Accept": form})
            assert (answer.status, answer.type) == (503, kind)
            assert len(answer.body) == int(answer.headers["content-length"])
            assert "retry-after" in answer.headers
            assert service.metric(counted) > before, "nothing was killed"


@pytest.mark.parametrize("path", ["/raises", "/exits"])
@pytest.mark.parametrize("way", WAYS)
def test_a_page_that_fails_half_way_is_a_whole_problem(
    service: Live, path: str, way: tuple[str, str]
) -> None:
    with Talk(service.port) as talk:
        talk.say(request(path, *way))
        answer = talk.hear()
    assert (answer.status, answer.whole) == (500, True)
    assert answer.problem["type"] == f"{BASE}problems/internal"
    assert b"xxx" not in answer.body
    assert service.ready()


def test_an_answer_whose_front_is_killed_does_not_look_whole(service: Live) -> None:
    text = f"SELECT * {{ ?s <{BASE}x/p> ?o . ?o <{BASE}x/p> ?x }}"
    whole = service.ask(address(text, format="csv"))
    assert whole.status == 200
    with Talk(service.port) as talk:
        for number in range(40):  # as many as the buffers between do not hold
            talk.say(request(address(f"{text} # {number}", format="csv"), "1.1", "keep-alive"))
        first = talk.hear()
        for pid in family(service.process.pid)[1:]:
            if _is_front(pid):
                os.kill(pid, signal.SIGKILL)
        answers = [first]
        while answers[-1].status and answers[-1].whole:
            answers.append(talk.hear())
    assert len(answers) < 40
    assert all(row.body == whole.body for row in answers[:-1])
    assert answers[-1].status == 0 or not answers[-1].whole
    until(service.ready, service.log)


def test_a_client_that_does_not_read_is_cut_off_and_does_not_take_it_for_whole(
    tmp_path: Path,
) -> None:
    write_release(tmp_path, 1, size=3000)
    path = address(
        f"SELECT * {{ ?s <{BASE}x/p> ?o . ?t <{BASE}x/p> ?u }} LIMIT 80000", format="csv"
    )
    with live(tmp_path, "tests.dying_service", client_budget=0.0, result_limit=16) as service:
        whole = service.ask(path)
        assert whole.status == 200
        assert len(whole.body) > KERNEL, "the server itself has to hold some of it"
        with ExitStack() as stack:
            waiting = [_reads_nothing(service, request(path), stack) for _ in range(20)]
            until(lambda: _connections(service.port) >= len(waiting), service.log)
            until(lambda: _connections(service.port) == 0, service.log, STALL + 25)
            for connection in waiting:
                assert len(_all_of(connection)) < len(whole.body)


def _all_of(connection: socket.socket) -> bytes:
    """Return what can still be read on a connection that has been cut."""
    parts = []
    with suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def _reads_nothing(service: Live, data: bytes, stack: ExitStack) -> socket.socket:
    """Send bytes on a connection with room for next to nothing."""
    connection = stack.enter_context(socket.socket())
    connection.settimeout(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", service.port))
    connection.sendall(data)
    return connection


def _connections(port: int) -> int:
    """Return how many connections a server has (proc(5), ``/proc/net/tcp``)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def _times_served(service: Live) -> int:
    """Return how many zygotes began to serve."""
    return service.log.read_text(errors="replace").count("is being served")


def _is_front(pid: int) -> bool:
    try:
        return b"tests.dying_front" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
