"""The load generator, against servers that say how they were asked; and ``imonitor bench``."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from service.cli import cli
from service.load import Outcome, Plan, get, run
from service.problems import StoreUnavailable, UsageError
from service.queries import NAMED, Library
from tests.live_service import Live, live
from tests.serving_release import write_release


class Server(ThreadingHTTPServer):
    """Answers with a status and a body, in one piece or in chunks; ``asked`` are the paths.

    Status 0: it closes the connection in the middle of the body.
    """

    daemon_threads = True

    def __init__(self, status: int, body: bytes, *, chunked: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.clients: set[tuple[str, int]] = set()
        self.status, self.body, self.chunked = status, body, chunked

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sparql"

    def plan(self, clients: int = 1, *, fresh: bool = False) -> Plan:
        request = get(self.url, "ASK {}", "text/csv", fresh=fresh)
        return Plan("127.0.0.1", self.server_address[1], request, clients, 0.1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.clients.add(self.client_address)
        if self.server.status == 0:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
            self.close_connection = True
            return
        self.send_response(self.server.status)
        if self.server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(self.server.body), 7000):
                part = self.server.body[start : start + 7000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n")
            self.wfile.flush()
            self.wfile.write(b"\r\n")
        else:
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(status: int = 200, body: bytes = b"x", *, chunked: bool = False) -> Iterator[Server]:
    with Server(status, body, chunked=chunked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 600_000])
def test_each_response_is_counted_once_when_it_is_whole(size: int, chunked: bool) -> None:
    with serving(body=b"x" * size, chunked=chunked) as server:
        outcome = run(server.plan())
    assert outcome.answered == outcome.count == len(outcome.latencies) == len(server.asked)
    assert outcome.received >= size * outcome.count
    assert len(server.clients) == 1, "the connection is kept"
    assert outcome.elapsed > 0
    assert set(server.asked) == {"/sparql?query=ASK%20%7B%7D"}


def test_many_clients_have_a_connection_each() -> None:
    with serving() as server:
        outcome = run(server.plan(20))
    assert len(server.clients) == 20
    assert outcome.count == len(server.asked)


def test_no_two_fresh_requests_are_the_same() -> None:
    with serving() as server:
        run(server.plan(20, fresh=True))
    assert len(server.asked) == len(set(server.asked)) > 20
    assert all(path.startswith("/sparql?query=ASK%20%7B%7D%0A%23") for path in server.asked)


def test_refusals_are_no_answers() -> None:
    with serving(status=503) as server:
        outcome = run(server.plan())
    assert outcome.count > 0
    assert (outcome.answered, outcome.rate) == (0, 0)


def test_a_response_that_is_cut_off_is_no_answer() -> None:
    with serving(status=0) as server:
        outcome = run(server.plan())
    assert outcome.statuses.keys() == {"cut"}
    assert len(server.clients) >= outcome.count > 1, "the client comes back"


def test_a_server_that_is_not_there_is_told() -> None:
    with serving() as server:
        plan = server.plan()
    with pytest.raises(StoreUnavailable, match="cannot be measured"):
        run(plan)


def test_percentiles_are_of_the_times_in_order() -> None:
    outcome = Outcome(latencies=[0.003, 0.001, 0.002])
    assert [outcome.percentile(share) for share in (0, 0.5, 1)] == [1, 2, 3]
    assert Outcome().percentile(0.5) == 0


# --- imonitor bench --------------------


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("measured")
    write_release(home, 1)
    with live(home) as running:
        yield running


@pytest.mark.live
@pytest.mark.slow
def test_a_running_service_is_measured_uncached_and_cached(service: Live) -> None:
    report = measured(service.url, "--clients", "2", "--seconds", "0.1", "--json")
    found = json.loads(report)
    queries = {query.name: query for query in Library.load().area("api") if query.access == "OPEN"}
    assert set(found["queries"]) == set(queries)
    for name, kinds in found["queries"].items():
        for row in (kinds["uncached"], kinds["cached"]):
            if any(each.kind in NAMED for each in queries[name].parameters):
                assert set(row["statuses"]) <= {"200", "400"}, "this release may not have it"
                continue
            assert set(row["statuses"]) == {"200"}
            assert 0 < row["p50"] <= row["p95"]
            assert row["rate"] > 0
    hits = service.metric('cache_requests_total{outcome="hit"}')
    assert hits > service.metric('cache_requests_total{outcome="miss"}') > 0


@pytest.mark.live
@pytest.mark.slow
def test_without_a_service_one_is_started_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path, 1)
    monkeypatch.setenv("IMONITOR_HOME", str(tmp_path))
    found = json.loads(measured("--clients", "1", "--seconds", "0.1", "--json"))
    assert found["queries"]["cq01"]["uncached"]["statuses"].keys() == {"200"}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(found["url"]).port or 0))


@pytest.mark.slow
def test_the_table_tells_what_was_refused() -> None:
    with serving(status=429) as server:
        text = measured(server.url.removesuffix("sparql"), "--clients", "1", "--seconds", "0.1")
    lines = text.splitlines()
    names = [query.name for query in Library.load().area("api") if query.access == "OPEN"]
    assert [line.split()[0] for line in lines[3 : 3 + len(names)]] == names
    assert re.fullmatch(r"\d+ answers had status 429 \(the budget of a client .*\)", lines[-1])


@pytest.mark.parametrize("url", ["https://localhost/", "localhost:8000", "http:///x"])
def test_what_cannot_be_measured_is_wrong_usage(url: str) -> None:
    assert isinstance(asked(url).exception, UsageError)


def test_without_a_release_there_is_nothing_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMONITOR_HOME", str(tmp_path))
    assert isinstance(asked().exception, StoreUnavailable)


def measured(*arguments: str) -> str:
    """Return what the command prints."""
    done = asked(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["bench", *arguments], catch_exceptions=True)
