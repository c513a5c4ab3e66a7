"""Checks across the tables of the register: what one row says must fit the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from typing import Any, TypeVar

from loaders.facts_tables import Layout, Tables
from loaders.identifiers import province_of
from loaders.register import (
    BODIES,
    CENTRE_CITIES,
    CLASSES,
    DEFECTS,
    INHABITANTS,
    MERGERS,
    NEIGHBOURS,
    POINTS,
    SOURCES,
    STATES,
    Register,
)

T = TypeVar("T")


def check(register: Register, tables: Tables) -> None:
    """Add a finding to ``tables`` for each row that contradicts another."""
    _check_keys(register, tables)
    _check_bodies(register, tables)
    _check_states(register, tables)
    _check_codes(register, tables)
    _check_mergers(register, tables)


def _unique(
    tables: Tables,
    layout: Layout[T],
    rows: Iterable[T],
    column: str,
    key: Callable[[T], Hashable],
    line: Callable[[T], int],
) -> None:
    seen: dict[Hashable, int] = {}
    for row in rows:
        first = seen.setdefault(key(row), line(row))
        if first != line(row):
            tables.wrong(layout, line(row), column, "fact-twice", first=first)


def _check_keys(register: Register, tables: Tables) -> None:
    """No body, figure, point or source twice."""
    bodies, states, counts = register.bodies, register.states, register.inhabitants
    _unique(tables, BODIES, bodies, "iri", lambda r: r.iri, lambda r: r.line)
    _unique(tables, BODIES, bodies, "kbo", lambda r: r.kbo, lambda r: r.line)
    _unique(tables, BODIES, bodies, "ovo", lambda r: r.ovo, lambda r: r.line)
    _unique(tables, STATES, states, "valid_from", lambda r: (r.kbo, r.valid_from), lambda r: r.line)
    _unique(tables, INHABITANTS, counts, "year", lambda r: (r.nis, r.year), lambda r: r.line)
    _unique(tables, POINTS, register.points, "nis", lambda r: r.nis, lambda r: r.line)
    cities = register.centre_cities
    _unique(tables, CENTRE_CITIES, cities, "nis", lambda r: r.nis, lambda r: r.line)
    _unique(tables, SOURCES, register.sources, "key", lambda r: r.key, lambda r: r.line)
    _unique(tables, DEFECTS, register.defects, "id", lambda r: r.id, lambda r: r.line)


def _check_bodies(register: Register, tables: Tables) -> None:
    """Gemeente and OCMW point at each other, and every body has a state."""
    for body in register.bodies:
        other = register.by_iri.get(body.counterpart_iri)
        if (
            other is None
            or other.classification == body.classification
            or other.counterpart_iri != body.iri
        ):
            tables.wrong(BODIES, body.line, "counterpart_iri", "fact-counterpart")
        if body.kbo not in register.states_of:
            words = {"name": body.kbo, "table": STATES.file}
            tables.wrong(BODIES, body.line, "kbo", "fact-unknown", **words)


def _check_states(register: Register, tables: Tables) -> None:
    """One state a day, of a known body, in the province of its code."""
    for state in register.states:
        if state.kbo not in register.by_kbo:
            words = {"name": state.kbo, "table": BODIES.file}
            tables.wrong(STATES, state.line, "kbo", "fact-unknown", **words)
        if state.last < state.first:
            tables.wrong(STATES, state.line, "valid_to", "fact-reversed")
        if (expected := province_of(state.nis)) != state.province:
            words = {"name": state.nis, "expected": str(expected)}
            tables.wrong(STATES, state.line, "province", "fact-province", **words)
    for groups in (register.states_of, register.states_at):
        for states in groups.values():
            for one, next_one in pairwise(states):
                if next_one.first <= one.last:
                    tables.wrong(
                        STATES, next_one.line, "valid_from", "fact-overlap", first=one.line
                    )


def _check_codes(register: Register, tables: Tables) -> None:
    """Every NIS code and every source that is named is there."""
    codes = {state.nis for state in register.states}
    named: list[tuple[Layout[Any], int, str, str]] = [
        *((INHABITANTS, row.line, "nis", row.nis) for row in register.inhabitants),
        *((POINTS, row.line, "nis", row.nis) for row in register.points),
        *((NEIGHBOURS, row.line, "nis", row.nis) for row in register.neighbours),
        *(
            (NEIGHBOURS, row.line, "touches", nis)
            for row in register.neighbours
            for nis in row.touches
        ),
        *((CENTRE_CITIES, row.line, "nis", row.nis) for row in register.centre_cities),
    ]
    for layout, line, column, nis in named:
        if nis not in codes:
            tables.wrong(layout, line, column, "fact-unknown", name=nis, table=STATES.file)
    keys = {source.key for source in register.sources}
    sourced: list[tuple[Layout[Any], int, str]] = [
        *((BODIES, row.line, row.source) for row in register.bodies),
        *((STATES, row.line, row.source) for row in register.states),
        *((INHABITANTS, row.line, row.source) for row in register.inhabitants),
        *((MERGERS, row.line, row.source) for row in register.mergers),
        *((POINTS, row.line, row.source) for row in register.points),
        *((NEIGHBOURS, row.line, row.source) for row in register.neighbours),
        *((CENTRE_CITIES, row.line, row.source) for row in register.centre_cities),
        *((DEFECTS, row.line, row.source) for row in register.defects),
    ]
    for layout, line, key in sourced:
        if key not in keys:
            tables.wrong(layout, line, "source", "fact-unknown", name=key, table=SOURCES.file)


def _check_mergers(register: Register, tables: Tables) -> None:
    """Each code of a merger has a state on the eve, or on the day itself."""
    for merger in register.mergers:
        for classification in CLASSES:
            before, after = register.before_and_after(merger, classification)
            for column, codes, states in (
                ("originals", merger.originals, before),
                ("results", merger.results, after),
            ):
                for nis in sorted(set(codes) - {state.nis for state in states}):
                    tables.wrong(MERGERS, merger.line, column, "fact-merger", name=nis)
