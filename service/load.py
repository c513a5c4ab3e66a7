"""A load generator: clients on keep-alive connections that ask again as soon as they are answered.

They run in processes of their own (``python -m service.load DESCRIPTOR``), so that their processor
time is neither the server's nor that of whoever measures.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from urllib.parse import quote, urlsplit

from service.problems import StoreUnavailable

CUT = "cut"  # in place of a status: the server closed the connection
_SERIAL = b"0serial0"  # in a request: a number that differs each time
_CLIENTS_A_PROCESS = 16
_BUFFER = 1 << 18
_PATIENCE = 300.0  # seconds without any answer
_STATUS = slice(9, 12)  # of "HTTP/1.1 200 OK"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Plan:
    """What to ask: a whole HTTP request, by so many clients, until ``seconds`` have passed.

    Each client asks once at least and waits for its last answer.
    """

    host: str
    port: int
    request: bytes
    clients: int = 1
    seconds: float = 1.0


@dataclass
class Outcome:
    """What came of it: responses by status, seconds that each took, bytes, seconds in all.

    ``cpu`` are the seconds of processor time that the clients took.
    """

    statuses: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    received: int = 0
    elapsed: float = 0.0
    cpu: float = 0.0

    @property
    def count(self) -> int:
        """Responses of any status."""
        return sum(self.statuses.values())

    @property
    def answered(self) -> int:
        """Responses with status 200."""
        return self.statuses.get("200", 0)

    @property
    def rate(self) -> float:
        """Responses with status 200 a second."""
        return self.answered / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which a share (0 to 1) of the responses came."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[int(share * (len(ordered) - 1))] if ordered else 0.0

    def add(self, other: Outcome) -> None:
        """Take in what other clients met at the same time."""
        self.statuses = dict(Counter(self.statuses) + Counter(other.statuses))
        self.latencies += other.latencies
        self.received += other.received
        self.elapsed = max(self.elapsed, other.elapsed)
        self.cpu += other.cpu


def get(url: str, query: str, accept: str, *, fresh: bool = False) -> bytes:
    """Return the request that asks a query by GET; a ``fresh`` one differs each time it is sent."""
    parts = urlsplit(url)
    comment = f"%0A%23{_SERIAL.decode()}" if fresh else ""
    return (
        f"GET {parts.path}?query={quote(query, safe='')}{comment} HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\nAccept: {accept}\r\n\r\n"
    ).encode()


def run(plan: Plan) -> Outcome:
    """Let the clients ask, from as many processes as they need.

    Raises:
        StoreUnavailable: a connection was refused, or cut.
    """
    count = -(-plan.clients // _CLIENTS_A_PROCESS)
    outcome = Outcome()
    with _processes(count) as channels:
        for number, channel in enumerate(channels):
            share = len(range(number, plan.clients, count))
            channel.send(asdict(replace(plan, clients=share)))
        for word in ("connected", "done"):
            for channel in channels:
                outcome.add(_told(channel, word))
            if word == "connected":
                for channel in channels:
                    channel.send("go")
    return outcome


@contextmanager
def _processes(count: int) -> Iterator[list[Connection]]:
    """Start processes and yield a channel to each; they end with the block."""
    pids, channels = [], []
    try:
        for _ in range(count):
            ours, theirs = Pipe()
            os.set_inheritable(theirs.fileno(), True)
            command = [sys.executable, "-m", "service.load", str(theirs.fileno())]
            pids.append(os.posix_spawn(sys.executable, command, os.environ))
            theirs.close()
            channels.append(ours)
        yield channels
    finally:
        for channel in channels:
            channel.close()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _told(channel: Connection, word: str) -> Outcome:
    """Return what a process has measured; an error of its clients is raised here."""
    try:
        heard, more = channel.recv()
    except EOFError:
        raise StoreUnavailable("a load generator ended") from None
    if heard != word:
        raise StoreUnavailable(f"the server cannot be measured: {more}")
    return Outcome(**more)


class _Client:
    """One connection: sends a request, and counts down what is still to come of its response."""

    def __init__(self, plan: Plan, number: int) -> None:
        self._address = (plan.host, plan.port)
        self._before, self._mark, self._after = plan.request.partition(_SERIAL)
        self._serial = (os.getpid() * 1000 + number) * 10_000_000
        self._start = b""  # of the response, until its head is whole
        self._left: int | None = 0  # bytes; None in a chunked response, whose end tells
        self._end = b""
        self.status = ""
        self.asked = 0.0
        self.connect()

    def connect(self) -> None:
        """Open the connection."""
        self.socket = socket.create_connection(self._address, timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        """Send the request."""
        self._serial += 1
        self._start, self.status = b"", ""
        serial = b"%d" % self._serial if self._mark else b""
        self.asked = time.perf_counter()
        with suppress(ConnectionError):  # `take` will tell
            self.socket.sendall(self._before + serial + self._after)

    def take(self, buffer: memoryview) -> tuple[int, bool]:
        """Receive once; return how many bytes came and whether the response is over now.

        One that the server has cut off is over too, with the status `CUT`.
        """
        try:
            size = self.socket.recv_into(buffer)
        except ConnectionError:
            size = 0
        if size == 0:
            self.status = CUT
            return 0, True
        if not self.status:
            self._read_head(bytes(buffer[:size]))
        elif self._left is not None:
            self._left -= size
        self._end = (self._end + bytes(buffer[max(0, size - 7) : size]))[-7:]
        whole = self._end == _LAST_CHUNK if self._left is None else self._left == 0
        return size, bool(self.status) and whole

    def _read_head(self, data: bytes) -> None:
        self._start += data
        end = self._start.find(b"\r\n\r\n")
        if end >= 0:
            self.status = self._start[_STATUS].decode()
            found = _LENGTH.search(self._start, 0, end + 2)
            self._left = int(found[1]) - (len(self._start) - end - 4) if found else None


def _ask(clients: list[_Client], seconds: float) -> Outcome:
    """Let clients ask until the time is over and every answer is here."""
    outcome = Outcome()
    statuses, buffer = Counter[str](), memoryview(bytearray(_BUFFER))
    cpu, begun = time.process_time(), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask()
        waiting = len(clients)
        while waiting:
            ready = selector.select(_PATIENCE)
            if not ready:
                raise ConnectionError(f"no answer in {_PATIENCE:g} s")
            for key, _ in ready:
                client = key.data
                size, over = client.take(buffer)
                outcome.received += size
                if not over:
                    continue
                now = time.perf_counter()
                outcome.latencies.append(now - client.asked)
                statuses[client.status] += 1
                if client.status == CUT:
                    selector.unregister(client.socket)
                    client.socket.close()
                    client.connect()
                    selector.register(client.socket, selectors.EVENT_READ, client)
                if now - begun < seconds:
                    client.ask()
                else:
                    waiting -= 1
    outcome.statuses = dict(statuses)
    outcome.elapsed = time.perf_counter() - begun
    outcome.cpu = time.process_time() - cpu
    return outcome


def main(descriptor: int) -> None:
    """Do what comes over a connection: a plan, and the word to begin."""
    channel = Connection(descriptor)
    plan = Plan(**channel.recv())
    try:
        clients = [_Client(plan, number) for number in range(plan.clients)]
        channel.send(("connected", {}))
        channel.recv()
        channel.send(("done", asdict(_ask(clients, plan.seconds))))
    except OSError as error:
        channel.send(("failed", str(error)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
