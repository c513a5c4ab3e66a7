"""Numeric work that SPARQL cannot do: ranks over ties, percentiles, geometric means.

An analysis reads RDF through the store by a stored query and returns N-Triples; it is declared like
a derive query, recorded as a run like one, and of unit ``wave``.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from service.analysis import aggregation, positions
from service.analysis.given import AnalysisInput


@dataclass(frozen=True)
class Analysis:
    """A declared analysis; ``rules`` is the digest of its code and query."""

    name: str
    access: str
    reads: tuple[str, ...]
    order: int
    rules: str
    run: Callable[[AnalysisInput], bytes]


def _analysis(
    name: str,
    access: str,
    reads: tuple[str, ...],
    order: int,
    run: Callable[[AnalysisInput], bytes],
) -> Analysis:
    module = inspect.getmodule(run)
    text = inspect.getsource(module) if module else ""
    return Analysis(name, access, reads, order, hashlib.sha256(text.encode()).hexdigest(), run)


ANALYSES = {
    row.name: row
    for row in (
        _analysis(
            "position",
            "OPEN",
            ("organisaties", "scoreschema", "theme-score", "overall"),
            70,
            positions.positions,
        ),
        _analysis(
            "aggregation",
            "BEHEER",
            ("scoreschema", "theme-score-exact"),
            80,
            aggregation.geometric_overall,
        ),
    )
}
