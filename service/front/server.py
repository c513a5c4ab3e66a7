"""``python -m service.front.server PARENT FOLDER``: granian with the front.

The settings come from the environment. granian forks its worker from a process that holds nothing
of ours yet; the zygotes are processes of their own (`service.store.keeper`), so no fork ever copies
a thread of the server.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from service import log
from service.front.application import Front
from service.settings import Settings
from service.store.children import die_with

_HEADER_SECONDS = 10.0
_HEAD_BYTES = 128 << 10  # of one request: its address may have 65,534
_CONNECTIONS = 2048
_OTHER_FILES = 512  # descriptors besides connections: three a worker, files, pages being made
_STOP_SECONDS = 10


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM."""
    parent, folder = int(arguments[0]), Path(arguments[1])
    settings = Settings.from_env(os.environ)
    log.configure(settings.log_format)
    die_with(parent)
    own = os.getpid()
    head = HTTP1Settings(
        header_read_timeout=int(min(_HEADER_SECONDS, settings.query_timeout) * 1000),
        max_buffer_size=_HEAD_BYTES,
    )
    server = Granian(
        "imonitor",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=head,
        websockets=False,
        backlog=_CONNECTIONS,
        backpressure=_connections(),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    )
    server.serve(target_loader=lambda: Front(settings, folder, own), wrap_loader=False)


def _connections() -> int:
    """Return how many connections may be open at once; asks for the descriptors that they take."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _CONNECTIONS + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, allowed - _OTHER_FILES)


if __name__ == "__main__":
    main(sys.argv[1:])
