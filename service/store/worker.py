"""The life of a query worker: a process forked by the zygote that answers on one connection.

It holds the release in memory, or open on disk, may be killed at any instant, and can reach
nothing: no new file descriptor, no memory over its budget, no time over its deadline. The kernel
enforces all three, also while the engine computes and Python sees no signal.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from pathlib import Path

from pyoxigraph import Store

from service.problems import Problem, QueryMemory
from service.store import frames
from service.store.embedded import evaluate
from service.store.limits import Limits

_LITTLE = 64 << 20  # bytes: a worker may always own as many


def run(connection: socket.socket, source: Store | Path, limits: Limits) -> None:
    """Answer queries until the other side closes. The process must be a fresh fork.

    Args:
        connection: to the pool.
        source: the release in memory, or where it is on disk.
        limits: of one query.

    Raises:
        OSError: the store cannot be opened.
    """
    let_go(connection.fileno())
    engine = Store.read_only(str(source)) if isinstance(source, Path) else source
    confine(limits.memory)
    worn = may_own(source, limits)
    while (request := frames.receive(connection)) is not None:
        frames.send(connection, {"accepted": True})
        signal.setitimer(signal.ITIMER_REAL, request[0]["timeout"])
        head, body = _answer(engine, *request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        used = {"worn": private_memory() > worn, "cpu": time.process_time()}
        frames.send(connection, {**head, **used}, body)


def may_own(source: Store | Path, limits: Limits) -> int:
    """Return how many bytes a worker may have taken and still be used again.

    Reading a store in memory copies the pages that it lies on, so one that has read much is two to
    four times as fast as a new one. It may own a copy of the whole, as long as all workers may.
    """
    if isinstance(source, Path):
        return _LITTLE
    store = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return _LITTLE + min(store, limits.in_memory // (limits.slots + limits.heavy))


def _answer(engine: Store, head: dict[str, object], text: bytes) -> tuple[dict[str, object], bytes]:
    """Return the head and body of the answer frame."""
    try:
        query = frames.query_of(head, text)
        result = evaluate(engine, query, int(str(head["limit"])), bool(head["dataset"]))
    except Problem as problem:
        return frames.problem_head(problem), b""
    except MemoryError:
        return frames.problem_head(QueryMemory()), b""
    return {"media_type": result.media_type, "kind": result.kind}, result.body


def let_go(connection: int) -> None:
    """Give up everything of the zygote's but the connection."""
    for name in (signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends us
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    os.closerange(3, connection)
    os.closerange(connection + 1, os.sysconf("SC_OPEN_MAX"))


def confine(memory: int) -> None:
    """Let nothing be opened any more; ``memory`` bytes may be taken above the present.

    The descriptor limit comes last and is final (hard limit 0): no socket, no file, no fork of a
    helper. A store on disk has opened its files before. Core dumps are off since an abort is how
    the engine says that memory ran out.
    """
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def private_memory() -> int:
    """Return how many bytes are this process's own or have been, in constant time.

    Nearly every page that is not shared with the zygote was taken by a minor fault since the fork
    (`service.store.children.take_small_pages`).
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize()
