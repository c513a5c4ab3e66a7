"""The table of sources: a new source is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loaders import (
    Loader,
    answers,
    instrument,
    lblod,
    organisations,
    results,
    service_levels,
    support,
    vocabulary,
    waves,
)


@dataclass(frozen=True)
class Source:
    """A source: its loader, what it is, and whether it has bundled data of its own."""

    name: str
    loader: Loader
    summary: str
    bundled: bool = False


SOURCES: Mapping[str, Source] = {
    row.name: row
    for row in (
        Source("vocabulary", vocabulary.load, "our vocabulary and code lists", bundled=True),
        Source("organisations", organisations.load, "gemeenten and OCMW's, states, mergers", True),
        Source("instrument", instrument.load, "questions, scales, weights, types", True),
        Source("support", support.load, "sign-ups, programme, partners, claims", True),
        Source("waves", waves.load, "synthetic waves", True),
        Source("answers", answers.load, "answers of a wave (CSV or XLSX)"),
        Source("results", results.load, "published results of a wave (CSV or XLSX)"),
        Source("service-levels", service_levels.load, "levels of products by criterion"),
        Source("lblod", lblod.load, "the LBLOD dump of bodies (Turtle)"),
    )
}

#: The order in which the bundled sources are loaded: each looks things up in those before it.
BUNDLED = tuple(row.name for row in SOURCES.values() if row.bundled)
