"""A zygote whose workers die, or kill it, after so many bytes of an answer; see `dying_service`.

The query says so in a comment, ``# dies: worker after 4096``. For queries that the service asks
itself ``DYING_TEXT`` in the environment is a text: who answers a query with it dies half-way.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from typing import Any

from service.store import frames, zygote

_WISH = re.compile(r"# dies: (worker|zygote) after (\d+)")
_receive, _send = frames.receive, frames.send
_zygote = os.getpid()  # workers are forked: theirs is another, and their parent may have ended
_text = ""


def receive(connection: socket.socket) -> frames.Frame | None:
    """Receive a request and remember its query."""
    global _text
    request = _receive(connection)
    _text = request[1].decode() if request else ""
    return request


def send(connection: socket.socket, head: dict[str, Any], body: bytes = b"") -> None:
    """Send a frame as far as the query says, kill, and send the rest if still there."""
    wish, listed = _WISH.search(_text), os.environ.get("DYING_TEXT")
    after = int(wish[2]) if wish else len(body) // 2 if listed and listed in _text else len(body)
    if after >= len(body):
        _send(connection, head, body)
        return
    connection.sendall(frames.pack(head, body) + body[:after])
    os.kill(_zygote if wish and wish[1] == "zygote" else os.getpid(), signal.SIGKILL)
    connection.sendall(body[after:])


if __name__ == "__main__":
    frames.receive, frames.send = receive, send
    sys.exit(zygote.main(sys.argv[1:]))
