"""What an analysis works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from pyoxigraph import Store

from service.queries import Library

_SIX = Decimal("0.000001")


@dataclass(frozen=True)
class AnalysisInput:
    """The graphs that an analysis reads, in the default graph of ``store``.

    ``root`` is what IRIs of the wave's records begin with; ``schemes`` are (IRI, version).
    """

    store: Store
    library: Library
    root: str
    wave: str
    year: str
    schemes: Sequence[tuple[str, str]]
    run: str


def published(value: float | Decimal) -> Decimal:
    """Return a figure as it is published: a decimal of 6 places, half-even (semantics.md)."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(_SIX, ROUND_HALF_EVEN)
