"""Flask behind the front: requests go to it through an adapter, whole replies come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from service.front.exchange import Exchange, Message
from service.problems import StoreUnavailable
from service.replies import Reply, vary
from service.web.download import PARTS, Part

THREADS = 16
_MOST_INSIDE = 256
_DOWNLOADS = "/download/"
_FRAMING = (b"content-length", b"transfer-encoding")  # the body is whole now, however it came
_FRONT_S_OWN = (b"if-none-match", b"if-modified-since", b"accept-encoding")


class Facade:
    """Calls Flask in threads. Validators and codings are the front's own, so it is not asked."""

    def __init__(self, wsgi: Any) -> None:
        self._adapter: Any = WSGIMiddleware(_contained(wsgi), workers=THREADS)
        self._inside = 0

    async def call(self, exchange: Exchange) -> tuple[Reply, list[Part]]:
        """Return Flask's reply to a request whose body has been read.

        A download has its body as parts of files instead.

        Raises:
            StoreUnavailable: too many requests are inside already.
        """
        if self._inside >= _MOST_INSIDE:
            raise StoreUnavailable("too many requests at once", retry_after=5)
        parts: list[Part] = []
        collected = _Collected()
        call = self._adapter(_scope(exchange, parts), _replay(exchange.read), collected.send)
        task = asyncio.ensure_future(call)
        self._inside += 1
        task.add_done_callback(self._left)
        await asyncio.shield(task)  # a view in a thread cannot be stopped, so it is let finish
        return collected.reply(keep_length=bool(parts)), parts

    def _left(self, task: asyncio.Task[None]) -> None:
        self._inside -= 1
        if not task.cancelled():
            task.exception()  # seen, also when the client has left


def _contained(wsgi: Any) -> Any:
    """Return the application with an exit in a view as an error: it would end the event loop."""

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        parts: Any = ()
        try:
            parts = wsgi(environ, start_response)
            yield from parts
        except SystemExit as error:
            raise RuntimeError("a view wanted to end the process") from error
        finally:
            getattr(parts, "close", lambda: None)()

    return application


class _Collected:
    """The messages of one response."""

    def __init__(self) -> None:
        self._status = 500
        self._headers: dict[str, str] = {}
        self._chunks: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            for name, value in message["headers"]:
                self._add(name.decode("latin-1").title(), value.decode("latin-1"))
        else:
            self._chunks.append(message.get("body", b""))

    def _add(self, name: str, value: str) -> None:
        name = "ETag" if name == "Etag" else name
        self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value

    def reply(self, *, keep_length: bool) -> Reply:
        """Return them as one; the length is known again when the body is what it will be."""
        headers = {**self._headers, "Vary": vary(self._headers, "Accept-Encoding")}
        if not keep_length:
            headers.pop("Content-Length", None)
        return Reply(self._status, headers, b"".join(self._chunks))


def _scope(exchange: Exchange, parts: list[Part]) -> MutableMapping[str, Any]:
    """Return the scope for Flask. HEAD is asked as GET, so that both are cached as one."""
    dropped = _FRAMING if exchange.path.startswith(_DOWNLOADS) else (*_FRAMING, *_FRONT_S_OWN)
    headers = [row for row in exchange.scope["headers"] if row[0].lower() not in dropped]
    headers.append((b"content-length", str(len(exchange.read)).encode()))
    return {
        **exchange.scope,
        "method": "GET" if exchange.method == "HEAD" else exchange.method,
        "query_string": quote_from_bytes(exchange.query, safe=_PRINTABLE).encode(),
        "headers": headers,
        PARTS: parts,
    }


_PRINTABLE = bytes(code for code in range(0x21, 0x7F))


def _replay(body: bytes) -> Any:
    """Return a ``receive`` that gives a body which has been read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def is_download(exchange: Exchange) -> bool:
    """Tell whether a request is for a file: streamed, not cached."""
    return exchange.path.startswith(_DOWNLOADS)
