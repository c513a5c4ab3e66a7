"""Numbers that look random and are a pure function of their labels.

`random.Random` promises equal numbers over Python versions for one method only; a synthetic wave
must be the same everywhere, so its numbers come from a hash (BLAKE2b, RFC 7693).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b
from statistics import NormalDist

_EIGHT = struct.Struct("<8Q")
_NORMAL = NormalDist()
_UNIT = 2.0**-53


class Draws:
    """A stream of numbers; equal labels give equal streams."""

    def __init__(self, *labels: object) -> None:
        name = "/".join(str(label) for label in labels)
        self._key = blake2b(name.encode()).digest()
        self._round = 0
        self._left: list[int] = []

    def uniform(self) -> float:
        """Return a number above 0 and below 1."""
        if not self._left:
            self._round += 1
            block = blake2b(self._round.to_bytes(8, "little"), key=self._key).digest()
            self._left = list(_EIGHT.unpack(block))
        return ((self._left.pop() >> 11) + 0.5) * _UNIT

    def normal(self) -> float:
        """Return a number of the standard normal distribution."""
        return _NORMAL.inv_cdf(self.uniform())

    def happens(self, chance: float) -> bool:
        """Return True with this chance."""
        return self.uniform() < chance

    def pick(self, items: Sequence[str]) -> str:
        """Return one of the items."""
        return items[int(self.uniform() * len(items))]
