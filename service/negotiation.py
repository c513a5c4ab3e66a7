"""Content negotiation (RFC 9110 §12.5): the only place that reads ``Accept``.

The quality of an offer is that of the most specific range that matches it; parameters of a range
other than ``q`` (``charset``, ``profile``) do not stop it from matching. Between offers of equal
quality the more specific range wins, then the client's order, then the server's. No header, or one
with nothing readable in it, is ``*/*``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.problems import NotAcceptable
from service.replies import CODINGS

T = TypeVar("T")
_LONGEST = 4000  # characters of a header that are read
_PART = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_MEDIA = re.compile(r"\s*([\w.+\-!#$&^]+|\*)/([\w.+\-!#$&^]+|\*)\s*(?:;|$)")
_QUALITY = re.compile(r"0(?:\.\d*)?|\.\d+|1(?:\.0*)?")  # Java sends q=.2, others many digits


@dataclass(frozen=True)
class Offer(Generic[T]):
    """A representation that there is, and the media type it would go out as."""

    media_type: str
    value: T


@dataclass(frozen=True)
class _Range:
    kind: str
    subtype: str
    quality: float
    order: int

    @property
    def specificity(self) -> int:
        return (self.kind != "*") + (self.subtype != "*")

    def matches(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.kind in ("*", kind) and self.subtype in ("*", subtype)


def negotiate(accept: str | None, offers: Sequence[Offer[T]]) -> Offer[T]:
    """Return the best of ``offers`` (the server's favourite first).

    Raises:
        NotAcceptable: every offer is excluded; it lists what there is.
    """
    ranges = _ranges(accept or "")
    if not ranges:
        return offers[0]
    best: tuple[tuple[float, int, int], Offer[T]] | None = None
    for offer in offers:
        rank = _rank(offer.media_type, ranges)
        if rank is not None and (best is None or rank > best[0]):
            best = (rank, offer)
    if best is None:
        raise NotAcceptable(list(dict.fromkeys(offer.media_type for offer in offers)))
    return best[1]


def wants_page(accept: str | None) -> bool:
    """Tell whether ``text/html`` is asked for by name, and before any other type of its quality."""
    ranges = _ranges(accept or "")
    best = max(ranges, key=lambda row: (row.quality, row.specificity, -row.order), default=None)
    return best is not None and (best.kind, best.subtype) == ("text", "html") and best.quality > 0


def language(accept_language: str | None, asked: str | None = None) -> str:
    """Return "nl" or "en": what ``?lang=`` says, else the header (RFC 9110 §12.5.4), else Dutch."""
    if asked in ("nl", "en"):
        return asked
    best, quality = "nl", 0.0
    for part in (accept_language or "").split(","):
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        weight = _quality(part)
        if tag in ("nl", "en") and weight is not None and weight > quality:
            best, quality = tag, weight
    return best


def coding(accept_encoding: str | None) -> str:
    """Return "zstd", "gzip" or "" (as it is): what the client likes best (RFC 9110 §12.5.3)."""
    weights: dict[str, float] = {}
    for part in (accept_encoding or "").split(","):
        weights[part.partition(";")[0].strip().lower()] = _quality(part) or 0.0
    best, quality = "", weights.get("identity", 0.0)
    for name in reversed(CODINGS):
        weight = weights.get(name, weights.get("*", 0.0))
        if weight > 0 and weight >= quality:
            best, quality = name, weight
    return best


def _rank(media_type: str, ranges: Sequence[_Range]) -> tuple[float, int, int] | None:
    matching = [row for row in ranges if row.matches(media_type)]
    if not matching:
        return None
    row = max(matching, key=lambda row: (row.specificity, row.quality))
    return (row.quality, row.specificity, -row.order) if row.quality > 0 else None


def _ranges(accept: str) -> list[_Range]:
    found = []
    for order, part in enumerate(_PART.findall(accept[:_LONGEST])):
        media, quality = _MEDIA.match(part.lower()), _quality(part)
        if media and quality is not None and not (media[1] == "*" != media[2]):
            found.append(_Range(media[1], media[2], quality, order))
    return found


def _quality(part: str) -> float | None:
    """Return the weight of a list element, 1 when it names none, None when it is not a weight."""
    for name, value in _PARAMETER.findall(part):
        if name.lower() == "q":
            text = value.strip()
            return float(text) if _QUALITY.fullmatch(text) else None
    return 1.0
