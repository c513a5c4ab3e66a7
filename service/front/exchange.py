"""One HTTP request on ASGI: its body within limits, the client's leaving, whole replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from service.problems import BadRequest, RequestTimeout, TooLarge
from service.replies import Reply, encoded
from service.web.download import CHUNK, Part

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_SECONDS = 15.0
_SLICE = (
    64 << 10
)  # bytes of an answer that the server gets at once, and a few times of which it holds
_UNWATCHED = 0.05  # seconds that a work may take before the client is watched: most are done


class ClientGone(Exception):
    """The client has closed the connection: there is nobody to answer."""


class Exchange:
    """A request; header names are in lower case, repeated headers joined (RFC 9110 §5.3).

    ``begun`` is when it came (monotonic seconds), ``worked`` whether something was made for it,
    ``all_read`` whether its body has been read.
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
        self.all_read = self.is_read

    def header(self, name: str) -> str | None:
        """Return a header, None when it is absent."""
        return self.headers.get(name)

    @property
    def is_read(self) -> bool:
        """Whether it reads, and comes without a body: what it says is in its head."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        return self.method in ("GET", "HEAD") and not framed

    def announced(self, limit: int) -> int:
        """Return how many bytes the body may have, at most ``limit``.

        Raises:
            TooLarge: it says that it is over the limit.
        """
        if self.is_read:
            return 0
        chunked = "transfer-encoding" in self.headers
        declared = self.headers.get("content-length", str(limit if chunked else 0))
        size = int(declared) if declared.isdigit() else limit
        if size > limit:
            raise TooLarge(f"the body may have {limit} bytes", members={"limitBytes": limit})
        return size

    async def body(self, limit: int, seconds: float = BODY_SECONDS) -> None:
        """Read the whole body; from then on it is in ``read``.

        Raises:
            TooLarge: it is, or says that it is, over ``limit`` bytes.
            RequestTimeout: it was not whole in ``seconds``, `BODY_SECONDS` at most.
            BadRequest: it ended before it was whole.
        """
        if self.is_read:
            return
        self.announced(limit)
        seconds = min(seconds, BODY_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                self.read = await self._read(limit)
                self.all_read = True
        except TimeoutError:
            raise RequestTimeout(f"the body must be here in {seconds:g} s") from None

    async def _read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("the body ended before it was whole")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"the body may have {limit} bytes", members={"limitBytes": limit})
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def let_go(self) -> None:
        """Give up what the server gave; nothing can be read or sent any more.

        It waits for the rest of a body for as long as somebody might read it, and an error whose
        traceback leads back to itself keeps this exchange until the collector comes by.
        """
        del self._receive, self._send

    async def gone(self) -> None:
        """Wait until the client leaves; the body must have been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def unless_gone(self, work: Awaitable[Any]) -> Any:
        """Return what ``work`` returns; cancel it when the client leaves.

        Raises:
            ClientGone: it left.
        """
        tasks = {asyncio.ensure_future(work)}
        (task,) = tasks
        try:
            await asyncio.wait(tasks, timeout=_UNWATCHED)
            if not task.done():
                tasks.add(asyncio.ensure_future(self.gone()))
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClientGone
        finally:
            left = {row for row in tasks if row.cancel()}
            if left:
                await asyncio.wait(left)

    async def reply(self, reply: Reply, more: Mapping[str, str] | None = None) -> None:
        """Send a whole reply with ``more`` headers; to HEAD without its body."""
        headers = reply.wire + encoded(more) if more else reply.wire
        if not self.all_read:  # what is left of the body is not to be taken for a request
            headers = [*headers, (b"connection", b"close")]
        await self._start(reply.status, headers)
        body = reply.body if reply.has_body and self.method != "HEAD" else b""
        if len(body) > _SLICE:
            for start in range(0, len(body), _SLICE):  # each slice waits for the client, so that
                chunk = body[start : start + _SLICE]  # slow ones cost little memory
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            body = b""
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def stream(
        self, status: int, headers: Iterable[tuple[str, str]], parts: list[Part]
    ) -> None:
        """Send parts of files; the reading happens in threads, a slow client holds none."""
        await self._start(status, encoded(dict(headers)))
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

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
