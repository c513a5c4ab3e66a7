"""``imonitor serve``: one process that keeps the others: zygotes beside it, the front behind it.

It has no threads and holds no data. SIGTERM and SIGINT end all of them in order, SIGHUP changes
nothing: the releases are looked at every quarter of a second anyway.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from service import log
from service.front.budget import Clients
from service.problems import StoreUnavailable, UsageError
from service.settings import PREFIX, Settings
from service.store.children import Child
from service.store.halves import halves_of
from service.store.keeper import Keeper
from service.store.limits import Limits

_STEP = 0.25
_FRONT_STOP = 15.0
_QUICK = 2.0  # a front that ends sooner than this many seconds after its start did not start
_TRIES = 3
_SLOWEST = 5.0  # seconds between two starts of a front that keeps ending
_LINKS = ("", "sparql", "catalog", "api", "health/ready")


def run(settings: Settings) -> None:
    """Serve the current release, and each later one, until told to stop.

    Raises:
        UsageError: something else listens on the port, or a setting has no meaning.
        StoreUnavailable: the front cannot be started.
    """
    log.configure(settings.log_format)
    Clients(settings.trusted_proxies)  # what is wrong with it is told now, not by the front
    _check_port(settings)
    folder = Path(tempfile.mkdtemp(prefix="imonitor-"))  # short: a socket's path has 108 bytes
    try:
        _Service(settings, folder).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Service:
    """The processes of one service."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._keeper = Keeper(settings.releases, folder, Limits.of(settings), log.event)
        self._remote = bool(halves_of(settings))
        self._stopping = False
        self._front: Child | None = None
        self._front_started = 0.0
        self._front_not_before = 0.0
        self._quick_ends = 0
        self._announced = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: None)
        if not self._remote and self._keeper.wanted() is None:
            log.event("nothing has been published yet; answering 503 until it is")
        try:
            while not self._stopping:
                if not self._remote:
                    self._keeper.step()
                self._keep_front()
                self._announce()
                time.sleep(_STEP)
        finally:
            self._end()

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _keep_front(self) -> None:
        """Start the front, and again when it has ended."""
        if self._front is not None and not self._front.ended():
            return
        if self._front is not None:
            self._note_end(self._front)
        if time.monotonic() < self._front_not_before:
            return
        self._front_started = time.monotonic()
        self._front = Child(
            "service.front.server", str(self._folder), environment=_environment(self._settings)
        )

    def _note_end(self, front: Child) -> None:
        """Decide when the front is started again; one that cannot start is not, in the end."""
        self._front = None
        quick = time.monotonic() - self._front_started < _QUICK and not front.killed
        self._quick_ends = self._quick_ends + 1 if quick else 0
        if self._quick_ends >= _TRIES and not self._announced:
            raise StoreUnavailable("the web server does not start; see its messages")
        log.event("the web server ended; starting it again")
        self._front_not_before = time.monotonic() + min(_SLOWEST, _STEP * self._quick_ends)

    def _announce(self) -> None:
        """Print the links once there is something to see at them."""
        ready = self._remote or self._keeper.active_pid is not None
        if self._announced or not ready or not _answers(self._settings):
            return
        self._announced = True
        for path in _LINKS:
            log.event(f"  {self._settings.base}{path}")

    def _end(self) -> None:
        if self._front is not None:
            self._front.terminate()
            self._front.wait(_FRONT_STOP)
        self._keeper.stop()


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment that has the same settings in it, and no other of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ours = {
        f"{PREFIX}{row.name.upper()}": str(getattr(settings, row.name)) for row in fields(settings)
    }
    return {**kept, **ours}


def _check_port(settings: Settings) -> None:
    """Refuse a port in use: the server would share it with whoever has it (SO_REUSEPORT)."""
    try:
        family, *_, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(f"cannot listen on {settings.host}:{settings.port}: {error}") from error


def _answers(settings: Settings) -> bool:
    with suppress(OSError), socket.create_connection((settings.host, settings.port), 0.2):
        return True
    return False
