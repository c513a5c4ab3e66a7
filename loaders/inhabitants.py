"""Inhabitants per body and year: counted figures, and estimates for bodies that grew by a merger.

A body without a figure for the year of its merger gets the sum of the latest figures of its
predecessors, with status E (estimated) and a derivation (semantics.md "Bodies"). The sums are never
stored in a table: they follow from ``inhabitants.csv`` and ``mergers.csv``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from loaders.documents import source_of
from loaders.register import CLASSES, Register, StateRow
from service import terms

ESTIMATED = "afleiding-fusie"


@dataclass(frozen=True)
class Count:
    """The inhabitants of the area of a body on 1 January of ``year``."""

    state: StateRow
    year: int
    count: int
    status: str
    source: str
    parts: tuple[tuple[str, int], ...] = ()  # (KBO number, year) of the figures it is the sum of

    def iri(self, base: str) -> str:
        """Return the IRI of the figure."""
        return f"{base}id/inwoners/{self.state.kbo}/{self.year}"


def latest_count(register: Register, nis: str, year: int) -> int:
    """Return the latest counted figure of an area up to a year, or 0."""
    rows = [row for row in register.inhabitants if row.nis == nis and row.year <= year]
    return max(rows, key=lambda row: row.year).count if rows else 0


def counts(register: Register) -> list[Count]:
    """Return all figures of all bodies, counted and estimated."""
    found: dict[str, list[Count]] = {}
    for classification in CLASSES:
        for row in register.inhabitants:
            state = register.at(row.nis, classification, datetime.date(row.year, 1, 1))
            if state:
                count = Count(state, row.year, row.count, row.status, row.source)
                found.setdefault(state.kbo, []).append(count)
        for merger in sorted(register.mergers, key=lambda row: row.date):
            before, after = register.before_and_after(merger, classification)
            year = merger.date.year
            if len(after) != 1 or any(c.year == year for c in found.get(after[0].kbo, [])):
                continue
            latest = [
                max(found[state.kbo], key=lambda count: count.year)
                for state in before
                if state.kbo in found
            ]
            if latest and len(latest) == len(merger.originals):
                parts = tuple((count.state.kbo, count.year) for count in latest)
                total = sum(count.count for count in latest)
                estimate = Count(after[0], year, total, "E", ESTIMATED, parts)
                found.setdefault(after[0].kbo, []).append(estimate)
    return [count for rows in found.values() for count in rows]


def inhabitant_lines(register: Register, base: str) -> Iterator[str]:
    """Yield the N-Triples of every figure, linked from the state that it is about."""
    for count in counts(register):
        node = count.iri(base)
        state = f"{base}id/toestand/{count.state.kbo}/{count.state.valid_from or 'begin'}"
        body = register.by_kbo[count.state.kbo].iri
        status = terms.ref(f"sdmx-code:obsStatus-{count.status}")
        yield terms.triple(state, "imon:inhabitants", terms.ref(node))
        yield terms.triple(node, "rdf:type", terms.ref("imon:InhabitantCount"))
        yield terms.triple(node, "imon:body", terms.ref(body))
        yield terms.triple(node, "imon:year", terms.year(count.year))
        yield terms.triple(node, "imon:count", terms.integer(count.count))
        yield terms.triple(node, "sdmx-attribute:obsStatus", status)
        yield terms.triple(node, "prov:hadPrimarySource", source_of(count.source, base))
        for kbo, year in count.parts:
            part = terms.ref(f"{base}id/inwoners/{kbo}/{year}")
            yield terms.triple(node, "prov:wasDerivedFrom", part)
