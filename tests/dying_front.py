"""The front as it is, with pages that fail half-way; see `dying_service`.

``FRONT=lenient`` in the environment takes a protection away: an answer of a worker that stops is
believed to be whole.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response

from service.front import application, server
from service.store.connection import Connection, WorkerGone

STALL = 2.0
_create_app = application.create_app


def create_app(*arguments: Any) -> Flask:
    """Return the facade with two pages more, whose bodies break off."""
    app = _create_app(*arguments)

    def parts(error: BaseException) -> Iterator[bytes]:
        yield b"<!doctype html>" + b"x" * 100_000
        yield b"y" * 100_000
        raise error

    app.add_url_rule("/raises", "raises", lambda: Response(parts(ValueError("half-way"))))
    app.add_url_rule("/exits", "exits", lambda: Response(parts(SystemExit(1))))
    return app


async def lenient(self: Connection, size: int) -> bytes:
    """Read as `Connection._exactly` does, but take what came when the other side stops."""
    data = b""
    while len(data) < size:
        chunk = await asyncio.get_running_loop().sock_recv(self.channel, size - len(data))
        if not chunk and not data:
            raise WorkerGone("connection ended")
        if not chunk:
            break
        data += chunk
    return data


if __name__ == "__main__":
    application.create_app, application.STALL_SECONDS = create_app, STALL
    if os.environ.get("FRONT") == "lenient":
        Connection._exactly = lenient
    server.main(sys.argv[1:])
