"""Child processes of this interpreter: started with ``-m module``, never through a shell."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping

_STEP = 0.02
_PR_SET_PDEATHSIG = 1
_PR_SET_THP_DISABLE = 41


class Child:
    """A running ``python -m module PARENT arguments…``; it inherits the output.

    ``PARENT`` is the number of this process, for `die_with`.
    """

    def __init__(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-m", module, str(os.getpid()), *arguments]
        self.pid = os.posix_spawn(sys.executable, command, environment or os.environ)
        self._status: int | None = None

    def ended(self) -> bool:
        """Tell whether it has ended; reaps it."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    @property
    def killed(self) -> bool:
        """Whether it ended by a signal, and not by itself."""
        return self._status is not None and os.WIFSIGNALED(self._status)

    def terminate(self) -> None:
        """Ask it to end."""
        if not self.ended():
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for its end; one that is not gone by then is killed."""
        until = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(_STEP)


def die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent ends (prctl(2), PR_SET_PDEATHSIG).

    One that has ended before sends nothing any more, so its number is compared.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the process that started this one has ended")


def take_small_pages() -> None:
    """Let this process and those it forks take memory by the page, not by 2 MiB (prctl(2)).

    The page faults then tell how much they took.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
