"""The real service in a process of its own: ``python -m tests.live_service HOME PORT MORE``."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from service.front.serve import run
from service.settings import Settings
from tests.serving_release import BASE

TIMEOUT = 2.0
MEMORY = 256
RESULT_LIMIT = 1
_DEFAULTS = {
    "workers": 2,
    "query_timeout": TIMEOUT,
    "query_memory": MEMORY,
    "result_limit": RESULT_LIMIT,
}


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass
class Live:
    """A running service."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def raw(self, data: bytes) -> socket.socket:
        """Send bytes and return the open socket."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(data)
        return connection

    def metric(self, name: str) -> float:
        """Return a number of ``/metrics``, 0 when it is not there."""
        for line in self.ask("/metrics").body.decode().splitlines():
            if line.startswith(f"imonitor_{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about this service is so."""
        until(condition, self.log)

    def ready(self) -> bool:
        """Tell whether queries are answered."""
        try:
            return self.ask("/health/ready").status == 200
        except OSError:
            return False


def address(query: str, **more: str) -> str:
    """Return the address that asks a query."""
    return "/sparql?" + urlencode({"query": query, **more})


@contextmanager
def live(home: Path, module: str = "tests.live_service", **more: object) -> Iterator[Live]:
    """Run the service on a free port for the length of the block; ``more`` are settings.

    ``module`` is started with the home, the port and ``more`` as JSON (`settings_of`).
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = home / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(home), str(port), json.dumps(more)],
            cwd=Path(__file__).resolve().parent.parent,
            stdout=output,
            stderr=output,
            env={**os.environ, "NOT_FOR_READERS": "secret"},
        )
    service = Live(port, process, log)
    try:
        until(service.ready, log, 120)  # a demo of a million triples, on a busy machine
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def until(condition: object, log: Path, seconds: float = 30) -> None:
    """Wait until ``condition()`` holds; tell what the service wrote when it does not."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def settings_of(arguments: list[str]) -> Settings:
    """Return the settings of a service that `live` starts with these arguments."""
    home, port, more = arguments
    return Settings(home=Path(home), base=BASE, port=int(port), **(_DEFAULTS | json.loads(more)))


if __name__ == "__main__":
    run(settings_of(sys.argv[1:]))
