"""How many bytes may be on their way at once: bodies that come in, answers that go out.

A slow client holds what it sends, or is sent, for as long as it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.problems import StoreUnavailable

SMALL = 64 << 10  # bytes up to which nothing is counted: these always pass
PIPE = 768 << 10  # bytes that the server holds of an answer which its client does not read


class Room:
    """Bytes of all that is on its way, ``limit`` at most."""

    def __init__(self, limit: int) -> None:
        self.used = 0
        self._limit = limit
        self._answers: Counter[int] = Counter()  # how many are being sent the body with this id

    @contextmanager
    def for_request(self, size: int) -> Iterator[None]:
        """Hold ``size`` bytes of a request for the length of the block.

        Raises:
            StoreUnavailable: there is no room for them now.
        """
        taken = self._take(size) if size > SMALL else 0
        try:
            yield
        finally:
            self.used -= taken

    @contextmanager
    def for_answer(self, body: bytes) -> Iterator[None]:
        """Hold an answer for the length of the block; it is counted once if many are sent it.

        Raises:
            StoreUnavailable: there is no room for it now.
        """
        if len(body) <= SMALL:
            yield
            return
        name, alone = id(body), id(body) not in self._answers
        piped = min(PIPE, len(body))
        self._take(piped + len(body) if alone else piped)
        self._answers[name] += 1
        try:
            yield
        finally:
            self.used -= piped
            self._answers[name] -= 1
            if not self._answers[name]:
                del self._answers[name]
                self.used -= len(body)

    def _take(self, size: int) -> int:
        if self.used + size > self._limit:
            raise StoreUnavailable("too much is being sent at this moment", retry_after=5)
        self.used += size
        return size
