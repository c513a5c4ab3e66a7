"""What an analysis works on, and how it reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from service.queries import Library

T = TypeVar("T")
PLACES = 6
ONE = 1_000_000
_SIX = Decimal(1).scaleb(-PLACES)


@dataclass(frozen=True)
class AnalysisInput:
    """The graphs that an analysis reads, in the default graph of ``store``.

    ``root`` is what IRIs of the wave's records begin with; ``schemes`` are (IRI, version),
    ``own`` is the IRI of the wave's own.
    ``run_of(scheme, inputs)`` gives the run of figures that follow from these inputs (texts and
    numbers, in a fixed order) by a scheme: tell no more than they follow from, so that a change
    elsewhere leaves them as they are. ``run`` is one run for everything, by all schemes.
    ``memo`` keeps what analyses of one wave read alike: it lives as long as what they read stays.
    """

    store: Store
    library: Library
    root: str
    wave: str
    year: str
    schemes: Sequence[tuple[str, str]]
    own: str
    run: str
    run_of: Callable[[str | Sequence[str], Iterable[object]], str]
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def once(self, kind: type[T], key: object, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, from the memo when it was made before."""
        found = self.memo.get((kind, key))
        if not isinstance(found, kind):
            found = self.memo[kind, key] = make()
        return found

    def table(self, name: str, **values: object) -> list[list[str]]:
        """Return the rows of the stored query ``analysis/{name}`` as texts, in its order.

        They are read as CSV (SPARQL 1.1 Query Results CSV), which costs a third of one object a
        cell; an unbound variable gives an empty text.

        Raises:
            TypeError: the query is no SELECT.
        """
        result = self.store.query(self.library[f"analysis/{name}"].bind(**values))
        if not isinstance(result, QuerySolutions):
            raise TypeError(f"analysis/{name} is no SELECT")
        text = (result.serialize(format=QueryResultsFormat.CSV) or b"").decode()
        return list(csv.reader(io.StringIO(text, newline="")))[1:]

    def dataset(self, name: str) -> str:
        """Return the IRI of a cube of this kind of wave, real or synthetic."""
        return f"{self.root}dataset/{name}"


def published(value: float | Decimal) -> Decimal:
    """Return a figure as it is published: a decimal of 6 places, half-even (semantics.md)."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(_SIX, ROUND_HALF_EVEN)


def millionths(text: str) -> int:
    """Return a published figure in millionths: "62.5" is 62,500,000."""
    whole, _, part = text.partition(".")
    number = int(f"{whole}{part:0<{PLACES}}")
    return number


def divided(numerator: int, denominator: int) -> int:
    """Divide whole numbers, half-even; the denominator is positive."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))
