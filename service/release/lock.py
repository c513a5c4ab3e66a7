"""One writer at a time, with an owner and an age that the next one can read."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.problems import Locked
from service.release.files import make_folder


@contextmanager
def exclusive(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path``; the kernel frees it when its owner dies.

    Args:
        path: the lock file.
        wait: seconds to wait for another owner.

    Raises:
        Locked: another process holds it still.
    """
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path, time.monotonic() + wait)
        owner = json.dumps({"pid": os.getpid(), "since": int(time.time())}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, owner, 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise Locked(_owner(path), retry_after=5) from None
        return


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_bytes())
    except ValueError:
        return f"{path} is held by a process that just started"
    age = int(time.time()) - int(owner["since"])
    return f"{path} is held by process {owner['pid']} for {age} s"
