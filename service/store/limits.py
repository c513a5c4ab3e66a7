"""The limits of one query and of the pool, in one value that goes to every process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from service.settings import Settings


@dataclass(frozen=True)
class Limits:
    """``timeout`` in seconds, ``memory`` and ``result`` in bytes.

    A release that takes more than ``in_memory`` bytes is read from disk.

    ``slots`` queries run in the first lane, for which ``ready`` workers wait; ``heavy`` in the
    second. ``parked`` may wait for the second, stopped, with ``memory`` bytes among them;
    ``waiting`` may wait for the first. ``light`` is how long (seconds) a query may stay in the
    first lane.
    """

    timeout: float = 30.0
    memory: int = 1024 << 20
    result: int = 64 << 20
    slots: int = 8
    ready: int = 4
    heavy: int = 4
    parked: int = 16
    waiting: int = 128
    light: float = 0.2
    in_memory: int = 4096 << 20

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits that the settings ask for."""
        workers = max(1, settings.workers)
        return cls(
            timeout=settings.query_timeout,
            memory=settings.query_memory << 20,
            result=settings.result_limit << 20,
            slots=2 * workers,
            ready=workers,
            heavy=workers,
            in_memory=settings.memory_store << 20,
        )

    def as_json(self) -> str:
        """Return it as text for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """Read what `as_json` wrote."""
        return cls(**json.loads(text))
