"""Scoring schemes that are told as the difference with an earlier one (column ``based_on``).

A scheme takes over from the scheme it is based on: the cells of ``schemes.csv`` that it leaves
blank; the weights of each theme, and the score of each option, for which it has none of its own.
The weights of the questions of a theme go together, since they add up to 100.
"""

from __future__ import annotations

from collections.abc import Iterator

from loaders import Finding
from loaders.instrument_checks import theme_of
from loaders.instrument_messages import fault
from loaders.instrument_tables import Row, Tables

_TABLES = ("theme-weights", "item-weights", "option-scores")
_TAKEN_OVER = (
    "aggregation",
    "publication_threshold",
    "product_threshold",
    "band_width",
    "banded_theme",
)


def inherit(tables: Tables) -> Iterator[Finding]:
    """Fill in ``tables`` what schemes take over, in order; yield what stands in the way."""
    known: dict[str, Row] = {}
    for row in tables["schemes"]:
        version, base = row.text("version"), row.text("based_on")
        if base and base not in known:
            yield fault(
                "scheme-base",
                row.file,
                row.line,
                "based_on",
                base,
                options=", ".join(known) or "—",
            )
            base = ""
        if base:
            row = _filled(row, known[base])
            _take_over(tables, version, base)
        elif not row.has("aggregation"):
            yield fault("cell-missing", row.file, row.line, "aggregation")
        known[version] = row
    tables.rows["schemes"] = list(known.values())


def _filled(row: Row, base: Row) -> Row:
    taken = {name: base.cells[name] for name in _TAKEN_OVER if base.has(name)}
    return Row(row.file, row.line, {**taken, **row.cells})


def _take_over(tables: Tables, version: str, base: str) -> None:
    """Add a copy of the rows of ``base`` for what ``version`` has no row for."""
    for name in _TABLES:
        own = {_subject(tables, row) for row in tables.where(name, scheme=version)}
        taken = [
            Row(row.file, row.line, {**row.cells, "scheme": version})
            for row in tables.where(name, scheme=base)
            if _subject(tables, row) not in own
        ]
        tables.rows[name] = [*tables[name], *taken]


def _subject(tables: Tables, row: Row) -> tuple[str, ...]:
    """Return what a row of a scheme speaks of: a theme, or an option of a scale."""
    if row.has("question"):
        return (theme_of(tables, row.text("question")),)
    return tuple(row.text(name) for name in ("theme", "scale", "value"))
