"""Clients that stand still while they are sent an answer: the kernel ends their connections.

The server waits for them for ever, and what they have not read stays in memory.
"""

from __future__ import annotations

import socket
from pathlib import Path


def end_stalled(seconds: float) -> bool:
    """Let connections end on which nothing could be sent for ``seconds``.

    TCP_USER_TIMEOUT (tcp(7)) is set on each socket of this process that listens: those that it
    accepts have it too. Returns whether there is one; the server opens it after the application
    has started.
    """
    descriptors = [int(row.name) for row in Path("/proc/self/fd").iterdir()]
    return any([_set(row, int(seconds * 1000)) for row in descriptors])


def _set(descriptor: int, milliseconds: int) -> bool:
    """Set the time on a descriptor if it is a TCP socket that listens; tell whether it is."""
    try:
        copy = socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return False  # it was closed meanwhile
    try:
        if not copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    except OSError:
        return False  # not a socket, or not one of TCP
    else:
        return True
    finally:
        copy.close()
