"""HTTP/1 on a bare socket: what the server sent, byte by byte, and whether it is whole."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Raw:
    """One answer as it came; ``status`` 0: nothing came. ``whole``: as long as it said."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document that it is; empty when it is none, or not all of one."""
        if self.headers.get("content-type") != "application/problem+json" or not self.whole:
            return {}
        found = dict(json.loads(self.body))
        return found if found["status"] == self.status else {}


class Talk:
    """A connection on which requests are sent and answers read; for ``with``."""

    def __init__(self, port: int, timeout: float = 20) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def say(self, data: bytes, *, end: bool = False) -> None:
        """Send bytes; ``end``: and say that no more will come."""
        self._socket.sendall(data)
        if end:
            self._socket.shutdown(socket.SHUT_WR)

    def hear(self) -> Raw:
        """Read one answer, as far as it comes."""
        try:
            first = self._file.readline()
            if not first:
                return Raw()
            status = int(first.split()[1])
            headers = self._headers()
            size = int(headers["content-length"])
            body = self._file.read(size)
        except ConnectionError:
            return Raw()
        return Raw(status, headers, body, len(body) == size)

    def ended(self) -> bool:
        """Tell whether the server has closed; waits for it."""
        try:
            return self._file.read(1) == b""
        except ConnectionError:
            return True

    def _headers(self) -> dict[str, str]:
        found = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            found[name.lower()] = value.strip()
        return found
