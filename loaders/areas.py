"""Working areas: one per NIS code, with a point inside and the areas that it touches.

The tables hold points and neighbours of the municipalities of 2016. For an area that came out of a
merger both follow from its parts, without a new measurement: a point inside a part lies inside the
whole, and the whole touches what a part touches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from loaders.documents import source_of
from loaders.inhabitants import latest_count
from loaders.register import GEMEENTE, Register, StateRow
from service import terms

REFNIS = "refnis"  # keys in sources.csv: refnis2019, refnis2025


@dataclass
class Geography:
    """Points and neighbours by NIS code, of all areas, those of mergers too."""

    points: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    touches: dict[str, set[str]] = field(default_factory=dict)
    gained: dict[tuple[date, str], set[str]] = field(default_factory=dict)
    """Day and NIS code of an area that grew and kept its code → what it touches only since."""

    def join(self, nis_a: str, nis_b: str) -> None:
        """Tell that two areas touch."""
        self.touches.setdefault(nis_a, set()).add(nis_b)
        self.touches.setdefault(nis_b, set()).add(nis_a)


def geography(register: Register) -> Geography:
    """Return points and neighbours of all areas; mergers are followed in the order of time."""
    found = Geography({row.nis: (row.lat, row.long) for row in register.points})
    for row in register.neighbours:
        for other in row.touches:
            found.join(row.nis, other)
    for day in sorted({merger.date for merger in register.mergers}):
        whole_of: dict[str, str] = {}
        for merger in register.mergers:
            if merger.date == day and len(merger.results) == 1:
                whole = merger.results[0]
                whole_of |= dict.fromkeys(merger.originals, whole)
                parts = [nis for nis in merger.originals if nis in found.points]
                largest = max(parts, key=lambda nis: latest_count(register, nis, day.year))
                found.points.setdefault(whole, found.points[largest])
        for part, whole in whole_of.items():
            for other in sorted(found.touches.get(part, set())):
                if register.at(other, GEMEENTE, day) or other in whole_of:
                    neighbour = whole_of.get(other, other)
                    if neighbour != whole:
                        known = found.touches.get(whole, set())
                        if whole in whole_of and neighbour == other and neighbour not in known:
                            found.gained.setdefault((day, whole), set()).add(neighbour)
                        found.join(whole, neighbour)
    return found


def area_lines(register: Register, base: str) -> Iterator[str]:
    """Yield the N-Triples of every working area."""
    found = geography(register)
    editions = {row.key: row.url for row in register.sources if row.key.startswith(REFNIS)}
    for nis in sorted({state.nis for state in register.states}):
        node = f"{base}id/werkingsgebied/{nis}"
        named = register.states_at.get((nis, GEMEENTE)) or []
        yield terms.triple(node, "rdf:type", terms.ref("prov:Location"))
        yield terms.triple(node, "skos:notation", terms.plain(nis))
        for state in named[-1:]:
            yield from _name_lines(node, state, editions)
        if nis in found.points:
            lat, long = found.points[nis]
            yield terms.triple(node, "wgs84:lat", terms.decimal(lat))
            yield terms.triple(node, "wgs84:long", terms.decimal(long))
        for other in sorted(found.touches.get(nis, set())):
            touched = terms.ref(f"{base}id/werkingsgebied/{other}")
            yield terms.triple(node, "geosparql:sfTouches", touched)
    sources = {row.source for row in register.points} | {row.source for row in register.neighbours}
    for source in sorted(sources):
        yield terms.triple(f"{base}graph/organisaties", "dct:source", source_of(source, base))


def _name_lines(node: str, state: StateRow, editions: Mapping[str, str]) -> Iterator[str]:
    """Yield the name and the codes of an area in other registers."""
    yield terms.triple(node, "rdfs:label", terms.text(state.name, "nl"))
    if edition := editions.get(REFNIS + state.refnis_edition):
        yield terms.triple(node, "skos:exactMatch", terms.ref(f"{edition}/{state.nis}"))
    if state.nuts:
        yield terms.triple(node, "skos:closeMatch", terms.ref(state.nuts))
