"""What a running service takes: memory, descriptors, processes; as the kernel tells it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.live_service import Live

MIB = 1 << 20
CODE = 64 * MIB
CACHE = 128 * MIB
LEAST_ROOM = 256 * MIB
CONNECTIONS = 2048


@dataclass(frozen=True)
class State:
    """``memory`` is in bytes; ``descriptors`` are those of the processes that stay."""

    memory: int
    processes: int
    zombies: int
    descriptors: int


def bound(store: int, workers: int, memory: int, result: int) -> int:
    """Return the bytes that a service takes at most, as the operator page says.

    Each of three queries a worker takes its memory and may copy the store; those that wait stopped
    have one memory together. The front has its code, its cache, what is on its way, the heads and
    small answers of all connections, and for each query an answer that comes in, twice.
    """
    running = 3 * workers
    front = CODE + CACHE + CONNECTIONS * (192 << 10) + max(LEAST_ROOM, 8 * result)
    return (1 + running) * (store + memory) + 2 * running * result + front


def family(pid: int) -> list[int]:
    """Return a process and all its descendants, parents first."""
    found = [pid]
    for row in found:
        for task in Path(f"/proc/{row}/task").glob("*/children"):
            with suppress(OSError):  # it has ended meanwhile
                found.extend(int(child) for child in task.read_text().split())
    return found


def state(service: Live) -> State:
    """Return what a service takes now."""
    pids = family(service.process.pid)
    lasting = [pid for pid in pids if not _is_worker(pid)]
    zombies = sum(_field(pid, "status", r"State:\s+(\w)") == "Z" for pid in pids)
    descriptors = sum(_descriptors(pid) for pid in lasting)
    return State(memory(service), len(pids), zombies, descriptors)


def memory(service: Live) -> int:
    """Return the bytes of all processes together, shared pages counted once (PSS)."""
    return sum(_pss(pid) for pid in family(service.process.pid))


def store_bytes(service: Live) -> int:
    """Return the bytes of the process that holds the release."""
    sizes = [
        int(_field(pid, "smaps_rollup", r"Rss:\s+(\d+)") or 0)
        for pid in family(service.process.pid)
        if _runs(pid, b"service.store.zygote")
    ]
    return max(sizes) << 10


@contextmanager
def peak(service: Live, seconds: float = 0.25) -> Iterator[list[int]]:
    """Watch the memory of a service for the length of the block; gives the most so far."""
    most, stop = [memory(service)], threading.Event()

    def watch() -> None:
        while not stop.wait(seconds):
            most[0] = max(most[0], memory(service))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        stop.set()
        thread.join()


def _pss(pid: int) -> int:
    return int(_field(pid, "smaps_rollup", r"^Pss:\s+(\d+)") or 0) << 10


def _field(pid: int, file: str, pattern: str) -> str:
    """Return what a pattern finds in a file of a process; empty when it has ended."""
    with suppress(OSError):
        found = re.search(pattern, Path(f"/proc/{pid}/{file}").read_text(), re.M)
        return found[1] if found else ""
    return ""


def _runs(pid: int, module: bytes) -> bool:
    with suppress(OSError):
        return module in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _is_worker(pid: int) -> bool:
    """Tell whether a process is a query worker: its parent runs the same command, the zygote's."""
    parent = int(_field(pid, "status", r"PPid:\s+(\d+)") or 0)
    return all(_runs(row, b"service.store.zygote") for row in (pid, parent))


def _descriptors(pid: int) -> int:
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0
