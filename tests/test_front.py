"""The front in this process: bodies, cache, single flight, and what Flask gets to see."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Hashable
from typing import Any

import pytest
from flask import Flask, Response, request

from service.front import exchange as exchange_module
from service.front.cache import Cache, Entry, Work
from service.front.exchange import ClientGone, Exchange
from service.front.facade import Facade
from service.metrics import Metrics
from service.problems import BadRequest, NotFound, RequestTimeout, TooLarge
from service.replies import Reply, compressed, conditional, tag

Message = dict[str, Any]


def asked(
    *messages: Message, headers: dict[str, str] | None = None, method: str = "POST", path: str = "/"
) -> tuple[Exchange, list[Message]]:
    """Return an exchange whose client sends ``messages`` and then nothing more, and what it got."""
    waiting, sent = list(messages), list[Message]()

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait() and {}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": b"q=\xc3\xa9",
        "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
        "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "root_path": "",
        "server": ("localhost", 80),
    }  # fmt: skip
    return Exchange(scope, receive, send), sent


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def run(work: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def test_a_body_comes_in_parts() -> None:
    exchange, _ = asked(part(b"ab", True), part(b"cd"))
    run(exchange.body(4))
    assert exchange.read == b"abcd"


def test_a_body_over_the_limit_is_refused_as_soon_as_it_is_known() -> None:
    for exchange, _ in (asked(headers={"content-length": "5"}), asked(part(b"abcde", True))):
        with pytest.raises(TooLarge):
            run(exchange.body(4))


def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "BODY_SECONDS", 0.05)
    exchange, _ = asked(part(b"a", True))
    with pytest.raises(RequestTimeout):
        run(exchange.body(4))


def test_a_body_that_is_cut_off_is_a_bad_request() -> None:
    exchange, _ = asked(part(b"a", True), {"type": "http.disconnect"})
    with pytest.raises(BadRequest, match="ended before"):
        run(exchange.body(4))


def test_an_answer_to_half_a_request_ends_the_connection() -> None:
    exchange, sent = asked(part(b"abcde", True))
    with pytest.raises(TooLarge):
        run(exchange.body(4))
    run(exchange.reply(Reply(413, {}, b"no")))
    assert dict(sent[0]["headers"])[b"connection"] == b"close"
    exchange, sent = asked(part(b"abcd"))
    run(exchange.body(4))
    run(exchange.reply(Reply(200, {}, b"yes")))
    assert b"connection" not in dict(sent[0]["headers"])


def test_work_is_cancelled_when_the_client_leaves() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    exchange, _ = asked({"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        run(exchange.unless_gone(work()))
    assert ended == ["cancelled"]


def test_a_large_reply_goes_out_in_slices_and_with_its_length() -> None:
    exchange, sent = asked(method="GET")
    run(exchange.reply(Reply(200, {}, b"x" * 1_000_000)))
    assert dict(sent[0]["headers"])[b"content-length"] == b"1000000"
    assert b"".join(row["body"] for row in sent[1:]) == b"x" * 1_000_000
    assert max(len(row["body"]) for row in sent[1:]) < 300_000
    assert [row["more_body"] for row in sent[1:]][-2:] == [True, False]


class Maker:
    """Counts how often a reply is made, and holds it until told."""

    def __init__(self, key: Hashable = "key", body: bytes = b"x") -> None:
        self.count = 0
        self.go = asyncio.Event()
        self._key, self._body = key, body

    async def make(self) -> tuple[Hashable | None, Reply]:
        self.count += 1
        await self.go.wait()
        return self._key, Reply(200, {}, self._body)


def test_many_who_ask_at_once_are_answered_by_one_computation() -> None:
    async def main() -> None:
        cache, maker = Cache(1 << 20, Metrics()), Maker()
        work = Work("key", maker.make)
        waiting = [asyncio.ensure_future(cache.made(work)) for _ in range(20)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        maker.go.set()
        entries = await asyncio.gather(*waiting[1:])
        assert maker.count == 1
        assert len({id(row) for row in entries}) == 1
        assert cache.get("key") is entries[0]

    run(main())


def test_the_last_to_leave_cancels_the_computation() -> None:
    async def main() -> None:
        cache, maker = Cache(1 << 20, Metrics()), Maker()
        waiting = [asyncio.ensure_future(cache.made(Work("key", maker.make))) for _ in range(3)]
        await asyncio.sleep(0)
        for row in waiting:
            row.cancel()
        await asyncio.wait(waiting)
        await asyncio.sleep(0)
        maker.go.set()
        assert cache.get("key") is None
        await cache.made(Work("key", maker.make))
        assert maker.count == 2

    run(main())


def test_a_problem_reaches_all_who_wait_and_is_not_kept() -> None:
    async def fail() -> tuple[Hashable | None, Reply]:
        raise NotFound("x")

    async def main() -> None:
        cache = Cache(1 << 20, Metrics())
        found = await asyncio.gather(
            *(cache.made(Work("key", fail)) for _ in range(3)), return_exceptions=True
        )
        assert [type(row) for row in found] == [NotFound] * 3
        assert cache.get("key") is None

    run(main())


def test_the_cache_holds_no_more_than_its_bytes() -> None:
    async def main() -> None:
        metrics = Metrics()
        cache = Cache(100_000, metrics)
        for number in range(50):
            maker = Maker(key=number, body=b"x" * 5000)
            maker.go.set()
            await cache.made(Work(number, maker.make))
        huge = Maker(key="huge", body=b"x" * 50_000)
        huge.go.set()
        await cache.made(Work("huge", huge.make))
        assert cache.get("huge") is None
        assert cache.get(49) is not None
        assert cache.get(0) is None
        assert "imonitor_cache_bytes 96" in metrics.text()

    run(main())


def test_the_compressed_form_is_made_once_and_counted() -> None:
    async def main() -> None:
        metrics = Metrics()
        cache = Cache(1 << 20, metrics)
        headers = {"Content-Type": "text/turtle", "ETag": tag(b"x" * 5000)}

        async def make() -> tuple[Hashable | None, Reply]:
            return "key", Reply(200, headers, b"x" * 5000)

        entry = await cache.made(Work("key", make))
        first, second = await cache.coded(entry, "gzip"), await cache.coded(entry, "gzip")
        assert first is second
        assert first.headers["ETag"] == tag(first.body) != headers["ETag"]
        assert (await cache.coded(entry, "")).body == b"x" * 5000
        assert f"imonitor_cache_bytes {1024 + 5000 + len(first.body)}" in metrics.text()

    run(main())


def test_what_is_small_or_compressed_already_is_left_as_it_is() -> None:
    assert compressed(Reply(200, {"Content-Type": "text/csv"}, b"x" * 10), "gzip") is None
    assert compressed(Reply(200, {"Content-Type": "application/gzip"}, b"x" * 5000), "zstd") is None


@pytest.mark.parametrize(
    ("held", "since", "status"),
    [
        ('"a"', None, 304),
        ('W/"a"', None, 304),
        ('"b", "a"', None, 304),
        ("*", None, 304),
        ('"b"', None, 200),
        (None, "Sun, 22 Nov 2026 10:00:00 GMT", 304),
        (None, "Sun, 22 Nov 2026 09:59:59 GMT", 200),
        ('"b"', "Sun, 22 Nov 2026 10:00:00 GMT", 200),
        (None, "yesterday", 200),
    ],
)
def test_conditions_are_weighed_in_the_order_of_the_standard(
    held: str | None, since: str | None, status: int
) -> None:
    reply = Reply(200, {"ETag": '"a"', "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT"}, b"x")
    found = conditional(reply, held, since)
    assert found.status == status
    assert found.headers["ETag"] == '"a"'


@pytest.fixture
def echo() -> Flask:
    """An application that tells what it sees."""
    app = Flask(__name__)
    app.extensions["seen"] = {}

    @app.route("/<path:name>", methods=["GET", "POST"])
    def seen(name: str) -> Response:
        app.extensions["seen"].update(request.environ, body=request.get_data(), name=name)
        return Response("hello", headers={"X-Two": "1"})

    return app


def call(echo: Flask, *messages: Message, **more: Any) -> tuple[Reply, dict[str, Any]]:
    async def main() -> Reply:
        exchange, _ = asked(*messages, **more)
        await exchange.body(100)
        return (await Facade(echo).call(exchange))[0]

    return run(main()), echo.extensions["seen"]


def test_flask_sees_the_request_and_nothing_of_the_environment(
    echo: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "NOT_FOR_READERS", "secret")
    reply, seen = call(echo, part(b"body"), path="/a/é")
    assert (reply.status, reply.body) == (200, b"hello")
    assert (seen["name"], seen["body"]) == ("a/é", b"body")
    assert seen["QUERY_STRING"] == "q=%C3%A9"
    assert not {"NOT_FOR_READERS", "PATH", "HOME"} & set(seen)


def test_validators_and_codings_are_the_front_s_own(echo: Flask) -> None:
    headers = {"if-none-match": '"x"', "accept-encoding": "gzip", "accept": "text/html"}
    _, seen = call(echo, part(b""), headers=headers, method="HEAD", path="/x")
    assert "HTTP_IF_NONE_MATCH" not in seen
    assert "HTTP_ACCEPT_ENCODING" not in seen
    assert seen["HTTP_ACCEPT"] == "text/html"
    assert seen["REQUEST_METHOD"] == "GET", "HEAD is asked as GET, so that one entry serves both"


def test_entry_size_counts_both_codings() -> None:
    entry = Entry(Reply(200, {}, b"x" * 100))
    assert entry.size == 1124
