"""Counters and gauges of one process, written as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Metrics:
    """Named numbers; ``count`` only grows, a gauge is asked for when the text is made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[_Key, float] = {}
        self._gauges: dict[str, Callable[[], float]] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add ``amount`` to a counter; its name ends in ``_total`` or ``_seconds_total``."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + amount

    def gauge(self, name: str, value: Callable[[], float]) -> None:
        """Let ``value()`` be read whenever the text is made."""
        self._gauges[name] = value

    def value(self, name: str, **labels: str) -> float:
        """Return a counter; 0 when nothing was counted."""
        return self._counts.get((name, tuple(sorted(labels.items()))), 0)

    def text(self) -> str:
        """Return all of it as Prometheus text."""
        with self._lock:
            counts = sorted(self._counts.items())
        lines: list[str] = []
        seen = ""
        for (name, labels), value in counts:
            if name != seen:
                lines.append(f"# TYPE imonitor_{name} counter")
                seen = name
            inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels)
            lines.append(
                f"imonitor_{name}{{{inside}}} {value:g}" if inside else _plain(name, value)
            )
        for name, gauge in sorted(self._gauges.items()):
            lines.append(f"# TYPE imonitor_{name} gauge")
            lines.append(_plain(name, gauge()))
        return "\n".join(lines) + "\n"


def _plain(name: str, value: float) -> str:
    return f"imonitor_{name} {value:g}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
