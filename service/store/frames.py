"""What goes over the Unix socket between a pool and a worker: frames, and one greeting.

A frame is the lengths of a JSON head and a body (``!IQ``), then both. A body is whole or the
connection has ended: nothing else tells the reader so, and nothing else needs to. The greeting
carries two descriptors: the worker's pidfd, and the end of a pipe on which the zygote writes how
the worker ended.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from service import problems
from service.store.base import Dataset, Query, Result

LENGTHS = struct.Struct("!IQ")
GREETING = struct.Struct("!II")
STATUS = struct.Struct("!id")  # wait status, processor seconds

Frame = tuple[dict[str, Any], bytes]
_PROBLEMS = {kind.slug: kind for kind in problems.all_problems()}


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """Return the lengths and the head of a frame; the body is sent after it as it is."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text


def send(connection: socket.socket, head: dict[str, Any], body: bytes = b"") -> None:
    """Send one frame."""
    connection.sendall(pack(head, body))
    connection.sendall(body)


def receive(connection: socket.socket) -> Frame | None:
    """Return the next frame, or None when the other side has closed."""
    lengths = _exactly(connection, LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = LENGTHS.unpack(lengths)
    head = _exactly(connection, head_size)
    body = _exactly(connection, body_size)
    if head is None or body is None:
        return None
    return json.loads(head), body


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        count = connection.recv_into(view[done:])
        if count == 0:
            return None
        done += count
    return bytes(data)


def query_head(query: Query, dataset: bool, limit: int, timeout: float) -> dict[str, Any]:
    """Return the head of a request; the query text is the body."""
    return {
        "rows": query.rows,
        "graph": query.graph,
        "default": query.dataset.default,
        "named": query.dataset.named,
        "dataset": dataset,
        "limit": limit,
        "timeout": timeout,
    }


def query_of(head: dict[str, Any], body: bytes) -> Query:
    """Return the query of a request."""
    dataset = Dataset(tuple(head["default"]), tuple(head["named"]))
    return Query(body.decode(), head["rows"], head["graph"], dataset)


def problem_head(problem: problems.Problem) -> dict[str, Any]:
    """Return the head of an answer that is a problem."""
    return {"problem": problem.slug, "detail": problem.detail, "members": problem.members}


def result_of(head: dict[str, Any], body: bytes, release: int) -> Result:
    """Return the answer in a frame.

    Raises:
        Problem: the one that the worker met.
    """
    if "problem" not in head:
        return Result(head["media_type"], body, head["kind"], release)
    kind = _PROBLEMS.get(head["problem"], problems.Problem)
    problem = kind.__new__(kind)
    problems.Problem.__init__(problem, head["detail"], members=head["members"])
    raise problem
