"""What the front does again for a request that it has answered before: next to nothing."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from service.front import application, protocol, sparql
from service.front import exchange as exchange_module
from service.front.application import Front
from service.front.cache import Cache, Entry
from service.front.exchange import Exchange
from service.metrics import Metrics
from service.replies import Reply, complete, tag
from service.settings import Settings
from service.store.base import Query, Result
from tests.serving_release import BASE, write_release

Message = dict[str, Any]
QUERY = "ASK { ?s ?p ?o }"


class FakeStore:
    """A store whose answers say which release gave them."""

    def __init__(self) -> None:
        self.release = 1
        self.asked: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def query(self, query: Query) -> Result:
        return await self.ask(query, False)

    async def ask(self, query: Query, dataset: bool) -> Result:
        self.asked.append(query.text)
        return Result("text/csv", b"release %d" % self.release, "solutions", self.release)


class Service:
    """The front over a fake store; each response is (status, headers, body)."""

    def __init__(self, front: Front, store: FakeStore) -> None:
        self.store = store
        self._front = front

    async def half_a_post(self) -> tuple[list[Message], weakref.ref[object]]:
        """Send half a body; return the response, and what lives as long as the server's end."""
        sent: list[Message] = []
        parts = iter([{"type": "http.request", "body": b"ASK", "more_body": True}])

        class End:
            def receive(self) -> asyncio.Future[Message]:
                future = asyncio.get_running_loop().create_future()
                for part in parts:
                    future.set_result(part)
                    break
                return future

            async def send(self, message: Any) -> None:
                sent.append(message)

        end = End()
        headers = {"content-type": "application/sparql-query", "content-length": "100"}
        await self._front(scope(b"", headers, "POST"), end.receive, end.send)
        return sent, weakref.ref(end)

    async def get(
        self,
        query: str = QUERY,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        path: str = "/sparql",
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Message] = []

        parts = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Message:
            return next(parts, None) or (await asyncio.Event().wait() and {})

        async def send(message: Any) -> None:
            sent.append(message)

        told = {"host": "localhost:8000", "accept": "text/csv", **(headers or {})}
        address = f"query={quote(query)}" if query else ""
        await self._front(scope(address.encode(), told, method, path), receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(row["body"] for row in sent[1:])


def scope(
    query: bytes, headers: Mapping[str, str], method: str = "GET", path: str = "/sparql"
) -> Message:
    return {
        "type": "http", "method": method, "path": path, "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "root_path": "",
        "server": ("localhost", 80),
    }  # fmt: skip


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Service], Coroutine[Any, Any, None]]], None]:
    """Run a coroutine with a service that has started, without anything of its process."""
    write_release(tmp_path, 1)
    store = FakeStore()
    monkeypatch.setattr(application, "_store", lambda *_: store)
    monkeypatch.setattr(application, "die_with", lambda _: None)
    monkeypatch.setattr(application, "end_stalled", lambda _: True)

    async def main(test: Callable[[Service], Coroutine[Any, Any, None]]) -> None:
        settings = Settings(home=tmp_path, base=BASE, client_budget=0.0)  # what is left changes
        front = Front(settings, tmp_path, 0)
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        started = asyncio.Event()
        over = asyncio.Event()

        async def receive() -> Message:
            event = next(events)
            if event["type"] == "lifespan.shutdown":
                started.set()
                await over.wait()
            return event

        async def send(_: Any) -> None: ...

        life = asyncio.create_task(front({"type": "lifespan"}, receive, send))
        await started.wait()
        try:
            await test(Service(front, store))
        finally:
            over.set()
            await life

    return lambda test: asyncio.run(main(test))


Run = Callable[[Callable[[Service], Coroutine[Any, Any, None]]], None]


def test_a_request_that_was_answered_is_not_read_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def parse(method: str, *rest: Any) -> Any:
        read.append(method)
        return protocol.parse(method, *rest)

    monkeypatch.setattr(sparql, "parse", parse)

    async def test(service: Service) -> None:
        first, second = await service.get(), await service.get()
        assert first == second
        assert (first[0], first[2]) == (200, b"release 1")
        assert first[1]["etag"] == tag(first[2])
        head = await service.get(method="HEAD")
        assert head == (200, first[1], b"")
        assert read == ["GET"]
        other = await service.get(headers={"accept": "text/csv;q=0.9"})
        assert other == first
        assert read == ["GET", "GET"], "what it asks is read, and is here already"
        assert len(service.store.asked) == 1

    run(test)


def test_a_slash_at_the_end_changes_nothing(run: Run) -> None:
    async def test(service: Service) -> None:
        first, second = await service.get(), await service.get(path="/sparql/")
        assert first == second
        assert len(service.store.asked) == 1
        allowed = await service.get(method="OPTIONS", path="/sparql/")
        assert (allowed[0], allowed[1]["allow"]) == (204, "GET, HEAD, POST, OPTIONS")

    run(test)


def test_nothing_is_kept_of_a_request_that_came_by_half(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server holds its connection open for as long as the rest might be read."""
    monkeypatch.setattr(exchange_module, "BODY_SECONDS", 0.05)

    async def test(service: Service) -> None:
        gc.disable()
        try:
            sent, end = await service.half_a_post()
            assert sent[0]["status"] == 408
            assert (b"connection", b"close") in sent[0]["headers"]
            assert end() is None
        finally:
            gc.enable()

    run(test)


def test_a_new_release_is_answered_from_at_once(run: Run) -> None:
    async def test(service: Service) -> None:
        assert (await service.get())[2] == b"release 1"
        service.store.release = 2
        await asyncio.sleep(0.02)
        assert (await service.get())[2] == b"release 2"
        assert (await service.get())[2] == b"release 2"
        assert len(service.store.asked) == 2

    run(test)


def test_what_may_differ_next_time_is_asked_again(run: Run) -> None:
    async def test(service: Service) -> None:
        for _ in range(2):
            status, headers, _ = await service.get("SELECT (NOW() AS ?now) {}")
            assert (status, headers["cache-control"]) == (200, "no-store")
        assert len(service.store.asked) == 2

    run(test)


def test_every_header_that_the_endpoint_reads_is_in_the_key(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    original = Exchange.header
    whole = sparql.Endpoint.work

    def header(exchange: Exchange, name: str) -> str | None:
        read.add(name)
        return original(exchange, name)

    async def work(endpoint: sparql.Endpoint, exchange: Exchange) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(Exchange, "header", header)
            return await whole(endpoint, exchange)

    monkeypatch.setattr(sparql.Endpoint, "work", work)

    async def test(service: Service) -> None:
        for query in (QUERY, "DESCRIBE <urn:x>", "no query", ""):
            for accept in ("text/html", "text/turtle", "*/*"):
                await service.get(query, {"accept": accept})

    run(test)
    assert {"accept", "accept-language", "host"} <= read
    assert read - {"content-type"} <= set(application._SELECTING), "GET has no content"


# --- The cache --------------------


def kept(body: bytes = b"x" * 1000) -> Entry:
    return Entry(Reply(200, {}, body))


def test_an_entry_under_two_keys_is_counted_once() -> None:
    metrics = Metrics()
    cache, entry = Cache(1 << 20, metrics), kept()
    for key in ("a", "b", "b"):
        cache.keep(key, entry)
    assert cache.get("a") is cache.get("b") is entry
    assert f"imonitor_cache_bytes {2 * 1024 + 1000}\n" in metrics.text()
    cache.keep("a", kept(b""))
    assert cache.get("b") is entry
    assert f"imonitor_cache_bytes {2 * 1024 + 1000}\n" in metrics.text()
    cache.keep("b", kept(b""))
    assert entry.keys == 0
    assert f"imonitor_cache_bytes {2 * 1024}\n" in metrics.text()


def test_many_keys_of_one_entry_cannot_pass_the_limit() -> None:
    metrics = Metrics()
    cache, entry = Cache(100_000, metrics), kept()
    for number in range(1000):
        cache.keep(number, entry)
    assert cache.get(999) is entry
    assert cache.get(0) is None
    assert "imonitor_cache_entries 96\n" in metrics.text()
    assert entry.keys == 96


def test_a_long_key_costs_no_more_than_a_short_one() -> None:
    cache = Cache(64 << 20, Metrics())
    cache.keep("warm", kept())
    tracemalloc.start()
    try:
        for number in range(50):
            cache.keep(("request", f"{number}" + "x" * 1_000_000), kept(b""))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 1_000_000
    assert cache.get(("request", "7" + "x" * 1_000_000)) is not None


# --- Replies --------------------


def test_headers_are_encoded_once_with_the_length() -> None:
    reply = Reply(200, {"ETag": '"a"'}, b"four")
    assert reply.wire is reply.wire
    assert reply.wire == [(b"etag", b'"a"'), (b"content-length", b"4")]
    assert Reply(304, {"ETag": '"a"'}).wire == [(b"etag", b'"a"')]


def test_a_reply_is_complete_with_what_varies_and_its_digest() -> None:
    reply = complete(Reply(200, {"ETag": tag(b"x"), "Vary": "Accept"}, b"x"))
    assert reply.headers["Vary"] == "Accept, Accept-Encoding"
    assert reply.headers["Repr-Digest"].startswith("sha-256=:")
    assert complete(reply) == reply


def test_a_small_reply_goes_out_at_once() -> None:
    sent: list[Message] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def never() -> Message:
        raise AssertionError("nothing is to be received")

    async def main() -> None:
        exchange = Exchange(scope(b"", {}), never, send)
        await exchange.body(100)
        await exchange.reply(Reply(200, {}, b"x"), {"RateLimit": "r"})

    asyncio.run(main())
    assert [row.get("more_body") for row in sent] == [None, False]
    assert (b"ratelimit", b"r") in sent[0]["headers"]
