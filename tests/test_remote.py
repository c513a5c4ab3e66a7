"""A remote endpoint that misbehaves: what it says is not passed on as an answer."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.problems import (
    BadQuery,
    Problem,
    QueryTimeout,
    ResultTooLarge,
    StoreUnavailable,
)
from service.store.base import Query, Result
from service.store.graph_store import GraphStore
from service.store.remote import Answers
from tests.store_servers import virtuoso

SELECT = "SELECT ?s { ?s ?p ?o }"
JSON = "Content-Type: application/sparql-results+json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
ROWS = json.dumps(
    {
        "head": {"vars": ["s"]},
        "results": {"bindings": [{"s": {"type": "uri", "value": "http://x/1"}}] * 5},
    }
)


def reply(headers: str, body: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {size}\r\n\r\n{body}".encode()


@contextmanager
def saying(answer: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that says ``answer`` to every POST, after a pause, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                if request.startswith(b"POST"):
                    time.sleep(pause)
                    connection.sendall(answer)
                else:
                    connection.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/query"
    finally:
        listener.close()
        thread.join(0.1)


def ask(address: str, text: str = SELECT, *, limit: int = 1 << 20, timeout: float = 1.0) -> Result:
    answers = Answers(address, "", "")
    return answers.query(Query(text), ("http://x/g",), limit, timeout, lambda: False)


def test_a_whole_answer_is_passed_on_byte_by_byte() -> None:
    with saying(reply(JSON, ROWS)) as address:
        assert ask(address).body == ROWS.encode()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (reply(JSON, ROWS, length=len(ROWS) + 10), StoreUnavailable),
        (f"HTTP/1.1 200 OK\r\n{JSON}\r\n{ROWS[:60]}".encode(), StoreUnavailable),
        (
            f"HTTP/1.1 200 OK\r\n{JSON}{CHUNKED}\r\n5\r\n{ROWS[:5]}\r\n".encode(),
            StoreUnavailable,
        ),
        (reply("Content-Type: text/html\r\n", "<p>hello"), StoreUnavailable),
        (reply("Location: http://127.0.0.1:1/\r\n", "", "302 Found"), StoreUnavailable),
        (reply(JSON + "X-SQL-State: S1TAT\r\n", ROWS), QueryTimeout),
        (reply(JSON + "X-SQL-Message: RC...\r\n", ROWS), ResultTooLarge),
        (reply(JSON + "X-SPARQL-MaxRows: 5\r\n", ROWS), ResultTooLarge),
        (reply("", "line 3, column 7: expected }", "400 Bad Request"), BadQuery),
        (reply("", "error at 3:7: expected }", "400 Bad Request"), BadQuery),
        (reply("", "Virtuoso S1T00 Error: timed out", "500 Error"), QueryTimeout),
        (reply("", "who are you", "401 Unauthorized"), StoreUnavailable),
        (reply("", "no", "503 Unavailable"), StoreUnavailable),
    ],
)
def test_what_is_no_whole_answer_is_a_problem(answer: bytes, problem: type[Problem]) -> None:
    with saying(answer) as address, pytest.raises(problem) as found:
        ask(address)
    if isinstance(found.value, BadQuery):
        assert (found.value.members["line"], found.value.members["column"]) == (3, 7)


def test_fewer_rows_than_the_maximum_are_all_of_them() -> None:
    with saying(reply(JSON + "X-SPARQL-MaxRows: 6\r\n", ROWS)) as address:
        assert ask(address).body == ROWS.encode()


def test_another_format_than_was_asked_for_is_rewritten() -> None:
    xml = (
        '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="s"/></head>'
        '<results><result><binding name="s"><uri>http://x/1</uri></binding></result></results>'
        "</sparql>"
    )
    with saying(reply("Content-Type: application/sparql-results+xml\r\n", xml)) as address:
        body = json.loads(ask(address).body)
    assert body["results"]["bindings"] == [{"s": {"type": "uri", "value": "http://x/1"}}]


def test_an_answer_over_the_limit_is_not_read_to_its_end() -> None:
    with saying(reply(JSON, ROWS)) as address, pytest.raises(ResultTooLarge):
        ask(address, limit=100)


def test_a_store_that_takes_too_long_is_given_up() -> None:
    with saying(reply(JSON, ROWS), pause=5) as address, pytest.raises(QueryTimeout) as found:
        ask(address, timeout=0.3)
    assert found.value.members["budgetSeconds"] == 0.3


@pytest.mark.parametrize(
    ("said", "yes"),
    [
        ('{"head": {}, "boolean": true}', True),
        ('{"head": {}, "boolean": false}', False),
        ('{"head": {}, "results": {"bindings": [{"x": {"value": "1"}}]}}', True),
        ('{"head": {}, "results": {"bindings": []}}', False),
    ],
)
def test_yes_and_no_are_understood_however_they_are_said(said: str, yes: bool) -> None:
    with saying(reply(JSON, said)) as address:
        result = ask(address, "ASK { ?s ?p ?o }")
    assert (result.kind, json.loads(result.body)["boolean"]) == ("boolean", yes)


def test_nobody_at_the_address_is_a_problem_that_says_come_back() -> None:
    with pytest.raises(StoreUnavailable) as found:
        ask("http://127.0.0.1:1/query")
    assert found.value.headers["Retry-After"] == "5"
    assert found.value.exit_code == 3
    with pytest.raises(StoreUnavailable):
        GraphStore("http://127.0.0.1:1/store", "", "")


@pytest.mark.live
@pytest.mark.slow
def test_an_answer_that_virtuoso_cuts_at_its_maximum_of_rows_is_refused(tmp_path: Path) -> None:
    with virtuoso(tmp_path, "ResultSetMaxRows = 10") as server:
        store = GraphStore(server.graphs, server.user, server.password)
        store.put("http://x/g", b"".join(b"<http://x/%d> <http://x/p> 1 .\n" % n for n in range(9)))
        assert ask(server.query, timeout=20).body.count(b'"uri"') == 9
        store.put(
            "http://x/g", b"".join(b"<http://x/%d> <http://x/p> 1 .\n" % n for n in range(11))
        )
        for text in (SELECT, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"):
            with pytest.raises(ResultTooLarge):
                ask(server.query, text, timeout=20)
        with pytest.raises(StoreUnavailable, match="401"):
            GraphStore(server.graphs, "dba", "wrong").put("http://x/g", b"")
