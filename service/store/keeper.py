"""Keeps one zygote alive for the current release, and changes over to the next without a gap."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from service.store import address
from service.store.children import Child
from service.store.limits import Limits

_SLOWEST_RETRY = 30.0


@dataclass
class _Zygote:
    process: Child
    socket: Path
    release: int
    started: float = field(default_factory=time.monotonic)


class Keeper:
    """Starts zygotes beside each other; call `step` a few times a second.

    The one whose socket the link names is active. The next is started when `releases/current` names
    another release or the active one has died; when it listens the link is switched, and the old
    one drains: it takes no connections and ends with its last worker.
    """

    def __init__(
        self, releases: Path, folder: Path, limits: Limits, log: Callable[[str], None]
    ) -> None:
        self._releases = releases
        self._folder = folder
        self._limits = limits
        self._log = log
        self._active: _Zygote | None = None
        self._next: _Zygote | None = None
        self._draining: list[_Zygote] = []
        self._serial = 0
        self._failures = 0
        self._failed: int | None = None
        self._not_before = 0.0

    @property
    def active_pid(self) -> int | None:
        """The process number of the active zygote."""
        return self._active.process.pid if self._active else None

    @property
    def _active_release(self) -> int | None:
        return self._active.release if self._active else None

    def wanted(self) -> int | None:
        """Return the number of the release that is to be served."""
        try:
            return int((self._releases / "current").readlink().name)
        except (OSError, ValueError):
            return None

    def step(self) -> None:
        """Look once at the releases and the zygotes, and do what is needed; never waits."""
        self._bury()
        wanted = self.wanted()
        if self._next is not None and self._next.release != wanted:
            self._drain(self._next)
            self._next = None
        if self._next is not None:
            if self._next.socket.exists():
                self._switch(self._next)
        elif wanted is not None and self._active_release != wanted:
            self._next = self._start(wanted)

    def stop(self) -> None:
        """End every zygote; workers get the time of their deadline."""
        children = [row for row in (self._active, self._next) if row is not None]
        for child in children + self._draining:
            child.process.terminate()
        for child in children + self._draining:
            child.process.wait(self._limits.timeout + 10)
        self._active = self._next = None
        self._draining = []

    def _bury(self) -> None:
        """Notice zygotes that have ended."""
        self._draining = [row for row in self._draining if not row.process.ended()]
        if self._active is not None and self._active.process.ended():
            self._log(f"zygote of release {self._active.release} ended; starting another")
            self._active.socket.unlink(missing_ok=True)
            self._active = None
        if self._next is not None and self._next.process.ended():
            self._failures = self._failures + 1 if self._failed == self._next.release else 1
            self._failed = self._next.release
            wait = min(_SLOWEST_RETRY, 2.0 ** (self._failures - 1))
            self._not_before = time.monotonic() + wait
            self._log(f"release {self._next.release} could not be loaded; again in {wait:g} s")
            self._next = None

    def _start(self, release: int) -> _Zygote | None:
        if release == self._failed and time.monotonic() < self._not_before:
            return None
        self._serial += 1
        path = address.socket_path(self._folder, release, self._serial)
        folder = self._releases / str(release)
        limits, triples = self._limits.as_json(), str(_triples(folder))
        arguments = (str(folder / "public"), str(path), str(release), limits, triples)
        return _Zygote(Child("service.store.zygote", *arguments), path, release)

    def _switch(self, child: _Zygote) -> None:
        address.switch(self._folder, child.socket)
        took = time.monotonic() - child.started
        self._log(f"release {child.release} is being served (loaded in {took:.1f} s)")
        if self._active is not None:
            self._drain(self._active)
        self._active, self._next, self._failed = child, None, None

    def _drain(self, child: _Zygote) -> None:
        child.process.terminate()
        self._draining.append(child)


def _triples(release: Path) -> int:
    """Return the size of a release; 0 when it is broken, which its zygote will tell."""
    try:
        return int(json.loads((release / "manifest.json").read_bytes())["triples"])
    except (OSError, ValueError, KeyError):
        return 0
