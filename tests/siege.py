"""A service under siege, and what is measured meanwhile: ``python -m tests.siege HOME``.

It writes a `Report` as JSON. Service and clients are one session of their own with a large share of
the processor: kernels that schedule by session (autogroup, sched(7)) then leave what else runs on
the machine out of what is measured, as far as they can. Without the right to ask for that share it
stays as it is. Quiet and attack take turns within each round, so that what disturbs from outside
disturbs both.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.hostile_clients import Ended, Point, attack, in_batches, point_client
from tests.hostile_queries import QUERIES
from tests.live_service import TIMEOUT, Live, live, until
from tests.watched import State, peak, state, store_bytes

WORKERS = 2
ROUNDS = 3
LATE = TIMEOUT + 0.5
DIRECT = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
# Clients that do not get on: what they send first, and how many there are. What "slow" and "head"
# begin they go on with, a byte at a time.
STALLING = {
    "slow": (DIRECT + "Content-Length: 5000\r\n\r\nASK {}", 200),
    "half": (DIRECT + "Content-Length: 100\r\n\r\nASK {}", 200),
    "chunk": (DIRECT + "Transfer-Encoding: chunked\r\n\r\n6\r\nASK {}\r\n", 50),
    "head": ("GET / HTTP/1.1\r\nHost: x\r\nX-Endless: ", 200),
    "idle": ("", 1000),
}

_WARM = 50  # requests of a client before it counts
_BATCH = 4  # hostile queries between two pauses
_QUIET = 0.8  # seconds of such a pause
_SETTLING = 0.3  # seconds after an attack that are neither quiet nor attack
_WAVES = 3  # of clients that do not get on, in a round
_HOGS = 16  # at once

Span = tuple[float, float]


@dataclass(frozen=True)
class Round:
    """Seconds that point queries took."""

    quiet: list[float]
    during: list[float]

    @property
    def factor(self) -> float:
        """By how much the 95th percentile has grown."""
        return p95(self.during) / p95(self.quiet)


@dataclass(frozen=True)
class Stalled:
    """What became of the clients of one kind: the time of the last end, and all statuses.

    Status 0: the connection was closed without an answer.
    """

    kind: str
    slowest: float
    statuses: list[int]


@dataclass
class Report:
    """All that was measured; memory in bytes."""

    store: int = 0
    before: State | None = None
    after: State | None = None
    ended: list[Ended] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    hogs: list[Ended] = field(default_factory=list)
    hogs_peak: int = 0
    stalled: list[Stalled] = field(default_factory=list)
    stalled_rounds: list[Round] = field(default_factory=list)
    stalled_peak: int = 0
    metrics: str = ""


def read_report(text: str) -> Report:
    """Return a report from its JSON."""
    data = json.loads(text)
    for name, kind in (("before", State), ("after", State)):
        data[name] = kind(**data[name])
    for name, row in (("ended", Ended), ("hogs", Ended), ("stalled", Stalled)):
        data[name] = [row(**value) for value in data[name]]
    for name in ("rounds", "stalled_rounds"):
        data[name] = [Round(**value) for value in data[name]]
    return Report(**data)


def p95(times: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(times)[int(len(times) * 0.95)]


def sorted_out(points: list[Point], attacks: list[Span]) -> Round:
    """Tell the point queries of the attacks from those of quiet times."""
    quiet, during = [], []
    for point in points[_WARM:]:
        end = point.began + point.seconds
        if any(point.began < stop and end > start for start, stop in attacks):
            during.append(point.seconds)
        elif not any(start < point.began < stop + _SETTLING for start, stop in attacks):
            quiet.append(point.seconds)
    return Round(quiet, during)


def rounds(service: Live, attacked: Callable[[], list[Span]]) -> list[Round]:
    """Attack while a client asks point queries, again while it is slowed to more than half.

    What disturbs a round from outside can only make it worse.
    """
    found = list[Round]()
    while len(found) < ROUNDS and (not found or found[-1].factor > 2):
        with point_client(service.port) as points:
            time.sleep(2 * _QUIET)
            spans = attacked()
        found.append(sorted_out(points, spans))
    return found


def settled(service: Live) -> State:
    """Return the state of the service once all its workers wait."""
    until(lambda: service.metric("workers_idle") == WORKERS, service.log)
    until(lambda: service.metric("queries_running") == 0, service.log)
    return state(service)


def at_rest(service: Live, before: State) -> State:
    """Return the state of the service once nothing is left open; the last state if it never is."""
    found = settled(service)

    def is_as_before() -> bool:
        nonlocal found
        found = settled(service)
        return (found.processes, found.descriptors) <= (before.processes, before.descriptors)

    with suppress(AssertionError):
        until(is_as_before, service.log)
    return found


def queries(service: Live, report: Report) -> None:
    """Post every hostile query, two at a time."""
    batches = in_batches({name: row.text for name, row in QUERIES.items()}, _BATCH)

    def attacked() -> list[Span]:
        ended = attack(service.port, batches, WORKERS, _QUIET)
        report.ended += ended
        return [(row.began, row.began + row.seconds) for row in ended]

    report.rounds = rounds(service, attacked)


def hogs(service: Live, report: Report) -> None:
    """Post those that take memory, twice each, many at once."""
    names = [name for name, row in QUERIES.items() if "query-memory" in row.ends]
    texts = {
        f"{name} {copy}": f"{QUERIES[name].text} # {copy}" for copy in (1, 2) for name in names
    }
    with peak(service, 0.1) as most:
        report.hogs = attack(service.port, [list(texts.items())], _HOGS)
    report.hogs_peak = most[0]


def stalling(service: Live, report: Report) -> None:
    """Let clients come that do not get on."""

    def attacked() -> list[Span]:
        spans = []
        for _ in range(_WAVES):
            started = time.monotonic()
            report.stalled += stalled(service, most)
            spans.append((started, time.monotonic()))
            time.sleep(2 * _QUIET)
        return spans

    most = [0]
    report.stalled_rounds = rounds(service, attacked)
    report.stalled_peak = most[0]


def stalled(service: Live, most: list[int]) -> list[Stalled]:
    """Open all connections of `STALLING`; ``most`` gets the memory while they are open."""
    with ExitStack() as stack:
        groups = {
            kind: [stack.enter_context(service.raw(data.encode())) for _ in range(count)]
            for kind, (data, count) in STALLING.items()
        }
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.5):
                for talk in groups["slow"] + groups["head"]:
                    with suppress(OSError):
                        talk.send(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        most[0] = max(most[0], state(service).memory)
        heard = said([talk for row in groups.values() for talk in row], LATE + 5)
        stop.set()
        thread.join()
        return [
            Stalled(
                kind,
                max(heard[talk][0] for talk in talks),
                sorted({heard[talk][1] for talk in talks}),
            )
            for kind, talks in groups.items()
        ]


def said(talks: list[socket.socket], seconds: float) -> dict[socket.socket, tuple[float, int]]:
    """Return when each connection was closed by the other side, and the status it gave first.

    Those that stay open count as closed in a thousand seconds.
    """
    started, heard = time.monotonic(), dict.fromkeys(talks, (1000.0, 0))
    with selectors.DefaultSelector() as selector:
        for talk in talks:
            selector.register(talk, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < started + seconds:
            for key, _ in selector.select(0.1):
                talk = key.fileobj
                assert isinstance(talk, socket.socket)
                data = b""
                with suppress(ConnectionError):
                    data = talk.recv(1 << 16)
                if data.startswith(b"HTTP/"):
                    heard[talk] = (1000.0, int(data.split()[1]))
                elif not data:
                    heard[talk] = (time.monotonic() - started, heard[talk][1])
                    selector.unregister(talk)
    return heard


def apart() -> None:
    """Go into a session of one's own, with a larger share of the processor than others have."""
    os.setsid()
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("-20")


def main(arguments: list[str]) -> None:
    """Besiege a service with the release in a home."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the connections of `STALLING`
    apart()
    report = Report()
    with live(Path(arguments[0]), workers=WORKERS, client_budget=0.0) as service:
        with point_client(service.port):
            time.sleep(1)
        report.before = settled(service)
        report.store = store_bytes(service)
        for part in (queries, hogs, stalling):
            part(service, report)
            settled(service)
        report.after = at_rest(service, report.before)
        report.metrics = service.ask("/metrics").body.decode()
    json.dump(asdict(report), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
