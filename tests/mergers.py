"""Mergers followed forwards in time, for what queries work out backwards.

Nothing but the register is read; the rules are those of domain.md §5.6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pyoxigraph import Store

from service.store.rows import select
from tests.reckoning import six

_EVENTS = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX org: <http://www.w3.org/ns/org#>
SELECT ?event ?date ?old ?new WHERE {
  ?event a org:ChangeEvent ; dct:date ?date ; org:originalOrganization ?old ;
    org:resultingOrganization ?new .
}
"""
_PEOPLE = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?body ?year ?count WHERE {
  ?n a imon:InhabitantCount ; imon:body ?body ; imon:year ?year ; imon:count ?count
}
"""


@dataclass(frozen=True)
class Event:
    """One merger: the bodies before and after a day."""

    iri: str
    date: str
    originals: frozenset[str]
    results: frozenset[str]


def events_of(store: Store) -> list[Event]:
    """Return the mergers that a store tells of."""
    dates: dict[str, str] = {}
    sides: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for row in select(store, _EVENTS, union=True):
        dates[row["event"]] = row["date"]
        sides[row["event"]][0].add(row["old"])
        sides[row["event"]][1].add(row["new"])
    return [
        Event(iri, dates[iri], frozenset(old), frozenset(new))
        for iri, (old, new) in sorted(sides.items())
    ]


def predecessors(events: Iterable[Event], day: str) -> dict[str, frozenset[str]]:
    """Return the bodies of ``day`` behind each later merger: event → bodies."""
    parts: dict[str, frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    later = [event for event in events if event.date > day]
    for date in sorted({event.date for event in later}):
        made: dict[str, frozenset[str]] = {}
        for event in (event for event in later if event.date == date):
            behind = [parts.get(body, frozenset({body})) for body in event.originals]
            found[event.iri] = frozenset().union(*behind)
            made |= dict.fromkeys(event.results, found[event.iri])
        parts |= made
    return found


def people_at(store: Store, year: int) -> dict[str, int]:
    """Return the latest number of inhabitants known at a year, else the first after it."""
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for row in select(store, _PEOPLE, union=True):
        counts[row["body"]][int(row["year"])] = int(row["count"])
    found = {}
    for body, known in counts.items():
        before = [row for row in known if row <= year]
        found[body] = known[max(before) if before else min(known)]
    return found


def bounds_of(
    bodies: Iterable[str],
    figures: Mapping[str, Mapping[str, str]],
    people: Mapping[str, int],
) -> tuple[Decimal, Decimal]:
    """Return (low, high) of bodies together; one without a figure counts from 0 to 100."""
    low = high = Fraction(0)
    total = 0
    for body in bodies:
        row = figures.get(body, {})
        low += Fraction(row.get("low", "0")) * people[body]
        high += Fraction(row.get("high", "100")) * people[body]
        total += people[body]
    return six(low / total), six(high / total)
