"""One HTTP request on ASGI: its body within limits, the client's leaving, whole replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from service.problems import RequestTimeout, TooLarge
from service.replies import Reply
from service.web.download import CHUNK, Part

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_SECONDS = 15.0


class ClientGone(Exception):
    """The client has closed the connection: there is nobody to answer."""


class Exchange:
    """A request; header names are in lower case, repeated headers joined (RFC 9110 §5.3).

    ``begun`` is when it came (monotonic seconds), ``worked`` whether something was made for it.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers = _headers(scope["headers"])
        self.begun = time.monotonic()
        self.started = False
        self.worked = False
        self._receive = receive
        self._send = send
        self.read = b""

    def header(self, name: str) -> str | None:
        """Return a header, None when it is absent."""
        return self.headers.get(name)

    async def body(self, limit: int) -> None:
        """Read the whole body; from then on it is in ``read``.

        Raises:
            TooLarge: it is, or says that it is, over ``limit`` bytes.
            RequestTimeout: it was not whole in `BODY_SECONDS`.
            ClientGone: the client left before it was whole.
        """
        self._refuse_large(limit)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                self.read = await self._read(limit)
        except TimeoutError:
            raise RequestTimeout(f"the body must be here in {BODY_SECONDS:g} s") from None

    def _refuse_large(self, limit: int) -> None:
        declared = self.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise TooLarge(f"the body may have {limit} bytes", members={"limitBytes": limit})

    async def _read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"the body may have {limit} bytes", members={"limitBytes": limit})
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    async def gone(self) -> None:
        """Wait until the client leaves; the body must have been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def unless_gone(self, work: Awaitable[Any]) -> Any:
        """Return what ``work`` returns; cancel it when the client leaves.

        Raises:
            ClientGone: it left.
        """
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self.gone())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClientGone
        finally:
            for row in (task, gone):
                row.cancel()
            await asyncio.wait({task, gone})

    async def reply(self, reply: Reply) -> None:
        """Send a whole reply; to HEAD, and with 204 and 304, without its body."""
        bodiless = self.method == "HEAD" or reply.status in (204, 304)
        headers = dict(reply.headers)
        if reply.status not in (204, 304):
            headers.setdefault("Content-Length", str(len(reply.body)))
        await self._start(reply.status, headers)
        await self._send_all([] if bodiless else _slices(reply.body))

    async def stream(
        self, status: int, headers: Iterable[tuple[str, str]], parts: list[Part]
    ) -> None:
        """Send parts of files; the reading happens in threads, a slow client holds none."""
        await self._start(status, dict(headers))
        gone = asyncio.ensure_future(self.gone())
        try:
            for part in parts:
                if not await self._send_part(part, gone):
                    return
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _send_part(self, part: Part, gone: asyncio.Future[None]) -> bool:
        file = await asyncio.to_thread(part.path.open, "rb")
        try:
            file.seek(part.start)
            left = part.length
            while left > 0 and not gone.done():
                chunk = await asyncio.to_thread(file.read, min(CHUNK, left))
                left -= len(chunk)
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            file.close()
        return not gone.done()

    async def _start(self, status: int, headers: MutableMapping[str, str]) -> None:
        self.started = True
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def _send_all(self, slices: list[bytes]) -> None:
        for chunk in slices:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _slices(body: bytes) -> list[bytes]:
    """Cut a body up: each slice waits for the client, so that slow ones cost no memory."""
    view = memoryview(body)
    return [bytes(view[start : start + CHUNK]) for start in range(0, len(body), CHUNK)]


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
