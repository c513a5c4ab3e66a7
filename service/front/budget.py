"""What one client may use: seconds of processor time, as a bucket that refills (RFC 6585 §4).

Time is counted rather than requests: a thousand look-ups cost less than one runaway. The headers
are those of draft-ietf-httpapi-ratelimit-headers: ``r`` seconds of work are left, the bucket is
full again after ``t`` seconds.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from service.problems import TooManyRequests, UsageError

BURST_MINUTES = 5  # a bucket holds what flows into it in so many minutes
LEAST = 0.002  # seconds that any request costs, so that many cheap ones are seen too
_MOST_CLIENTS = 100_000
_POLICY = "work"


@dataclass
class _Bucket:
    level: float
    at: float


class Budgets:
    """Buckets by client; ``per_minute`` seconds of work flow into each, 0 for no limit."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._size = per_minute * BURST_MINUTES
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def check(self, client: str) -> None:
        """Let a request begin.

        Raises:
            TooManyRequests: nothing is left; ``Retry-After`` says when there is again.
        """
        if not self._rate or (level := self._level(client)) > 0:
            return
        wait = max(1, math.ceil(-level / self._rate))
        raise TooManyRequests(
            f"your budget of {self._rate * 60:g} s of processor time a minute is spent; "
            f"come back in {wait} s, or take the dumps",
            members={"retryAfterSeconds": wait},
            headers={"Retry-After": str(wait), **self.headers(client)},
        )

    def charge(self, client: str, seconds: float) -> None:
        """Take the work of a request out of the client's bucket; it may go below nothing."""
        if self._rate:
            self._level(client)
            self._buckets[client].level -= seconds

    def headers(self, client: str) -> dict[str, str]:
        """Return ``RateLimit-Policy`` and ``RateLimit`` for a client, none without a limit."""
        if not self._rate:
            return {}
        level = self._level(client)
        full = math.ceil((self._size - level) / self._rate)
        return {
            "RateLimit-Policy": f'"{_POLICY}";q={self._size:.0f};qu="seconds";'
            f"w={BURST_MINUTES * 60}",
            "RateLimit": f'"{_POLICY}";r={max(0, math.floor(level))};t={full}',
        }

    def _level(self, client: str) -> float:
        now = self._clock()
        bucket = self._buckets.get(client)
        if bucket is None:
            bucket = self._buckets[client] = _Bucket(self._size, now)
            if len(self._buckets) > _MOST_CLIENTS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(client)
        bucket.level = min(self._size, bucket.level + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket.level


class Clients:
    """Who a request comes from, behind proxies that are believed."""

    def __init__(self, trusted: str) -> None:
        """Read addresses and networks, by commas.

        Raises:
            UsageError: one of them is neither.
        """
        try:
            names = [row.strip() for row in trusted.split(",") if row.strip()]
            self._trusted = [ip_network(name, strict=False) for name in names]
        except ValueError as error:
            raise UsageError(f"IMONITOR_TRUSTED_PROXIES: {error}") from error

    def name(self, peer: str, forwarded: str | None) -> str:
        """Return the address that pays: the last one that no trusted proxy stands for.

        An IPv6 client is its /64, since it can choose any address within.
        """
        hops: Sequence[str] = [row.strip() for row in (forwarded or "").split(",") if row.strip()]
        found = peer
        for hop in reversed(hops):
            if not self._is_trusted(found):
                break
            found = hop
        return _pooled(found)

    def _is_trusted(self, name: str) -> bool:
        address = _address(name)
        return any(address in network for network in self._trusted if address is not None)


def _pooled(name: str) -> str:
    address = _address(name)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address or name)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a name is, None when it is none; a mapped IPv4 one is that."""
    try:
        address = ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
