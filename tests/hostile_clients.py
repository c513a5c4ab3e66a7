"""Clients in processes of their own, so that neither the test nor each other slows them down.

``python -m tests.hostile_clients point PORT`` asks a point query, each time another text, until its
input ends; then it writes when each began and how long it took (seconds, JSON). ``… attack PORT
THREADS PAUSE`` reads a JSON list of batches of [name, query], posts each batch so many at a time,
pauses after each (seconds), and writes how each query ended.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from tests.serving_release import BASE

POINT = f"SELECT ?n {{ <{BASE}id/uitgave> <https://w3id.org/imonitor/ns#number> ?n }}"
PAUSE = 0.01
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Batches = Sequence[Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Ended:
    """How a hostile query ended; ``slug`` is "answered" when it was, ``began`` is monotonic."""

    name: str
    status: int
    kind: str
    slug: str
    began: float
    seconds: float


@dataclass(frozen=True)
class Point:
    """A point query: when it began (monotonic), and how long it took (seconds)."""

    began: float
    seconds: float


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, *arguments]
    root = Path(__file__).resolve().parent.parent
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=root, text=True, stdin=pipe, stdout=pipe)


@contextmanager
def point_client(port: int) -> Iterator[list[Point]]:
    """Ask a point query all the time; the list has each after the block."""
    points: list[Point] = []
    process = _start("point", str(port))
    try:
        yield points
    finally:
        output, _ = process.communicate(timeout=60)
    points.extend(Point(*row) for row in json.loads(output))


def attack(port: int, batches: Batches, threads: int, pause: float = 0.0) -> list[Ended]:
    """Post each query once."""
    process = _start("attack", str(port), str(threads), str(pause))
    output, _ = process.communicate(json.dumps(batches), timeout=600)
    return [Ended(*row) for row in json.loads(output)]


def in_batches(texts: Mapping[str, str], size: int) -> Batches:
    """Return queries in batches."""
    rows = list(texts.items())
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _points(port: int, stop: IO[str]) -> list[Point]:
    connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=60), list[Point]()
    while not select.select([stop], [], [], PAUSE)[0]:
        path = "/sparql?" + urlencode({"query": f"{POINT} # {os.getpid()} {len(found)}"})
        began = time.monotonic()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        found.append(Point(began, time.monotonic() - began))
        if response.status != 200:
            raise SystemExit(f"{response.status} {body!r}")
    return found


def _posted(port: int, name: str, text: str) -> Ended:
    body = urlencode({"query": text})
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/sparql", body, FORM)
    response = connection.getresponse()
    data = response.read()
    seconds = time.monotonic() - began
    connection.close()
    kind = response.getheader("Content-Type", "").partition(";")[0]
    slug = "answered"
    if kind == "application/problem+json":
        problem = json.loads(data)
        assert problem["status"] == response.status
        slug = problem["type"].rpartition("/")[2]
    return Ended(name, response.status, kind, slug, began, seconds)


def _attacked(port: int, count: int, pause: float, batches: Batches) -> list[Ended]:
    found = []
    with ThreadPoolExecutor(count) as threads:
        for batch in batches:
            rows = [threads.submit(_posted, port, *row) for row in batch]
            found += [row.result() for row in rows]
            time.sleep(pause)
    return found


def main(arguments: list[str]) -> None:
    """Be one of the clients."""
    kind, port, *more = arguments
    found: Sequence[Point | Ended]
    if kind == "point":
        found = _points(int(port), sys.stdin)
    else:
        found = _attacked(int(port), int(more[0]), float(more[1]), json.load(sys.stdin))
    json.dump([astuple(row) for row in found], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
