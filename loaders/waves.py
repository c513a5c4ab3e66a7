"""Synthetic waves: what a reader must know of a wave whose answers are made up.

Each fills a graph of its own, ``graph/synthetisch/golf/{year}`` (OPEN), below the synthetic path
and labelled as such (semantics.md "Graphs"); real waves come with the instrument.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from loaders import Context, Finding, Reading
from loaders.answers import sha256_of
from loaders.findings import TableRefused, finding
from loaders.instants import read_instant
from loaders.tables import Column, Row, Table
from service import data_dir
from service.release.names import GraphName, WaveName
from service.terms import boolean, ref, text, triple
from service.terms import date as date_term
from service.terms import year as year_term

SOURCE = "waves"
COLUMNS = (
    Column("year", "Jaar", "Year", datatype="gYear"),
    Column("reference_date", "Peildatum", "Reference date", datatype="date"),
    Column("scheme", "Versie van het scoreschema", "Version of the scoring scheme"),
    Column("label_nl", "Naam (Nederlands)", "Name (Dutch)"),
    Column("label_en", "Naam (Engels)", "Name (English)"),
)
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,32}")
_YEAR = re.compile(r"[12]\d{3}", re.ASCII)


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read tables of synthetic waves; no path is the bundled one. A table is taken as a whole."""
    for path in paths or [data_dir("ontology") / "facts" / "synthetic-waves.csv"]:
        yield _read(path, context)


def wave_table(years: Sequence[int], day: date) -> str:
    """Return a table of waves that all have the same reference date, for measurements."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in COLUMNS])
    for year in years:
        nl, en = f"I-Monitor {year} (synthetische gegevens)", f"I-Monitor {year} (synthetic data)"
        writer.writerow([year, day.isoformat(), "1.0", nl, en])
    return out.getvalue()


def _read(path: Path, context: Context) -> Reading:
    table = Table(path, COLUMNS)
    reading = Reading(SOURCE, "snapshot", file=table.file, original_sha256=sha256_of(path))
    lines: dict[str, int] = {}
    try:
        for row in table:
            found = _problems(row, table, lines)
            reading.findings += found
            if not found:
                _describe(row, context.base, reading)
    except TableRefused as refused:
        reading.findings += refused.findings
        reading.snapshots.clear()
    reading.rows, reading.redacted = table.rows, table.redacted
    if reading.findings:
        reading.snapshots.clear()
    reading.graphs = dict.fromkeys(reading.snapshots, "OPEN")
    return reading


def _problems(row: Row, table: Table, lines: dict[str, int]) -> list[Finding]:
    if row.findings:
        return list(row.findings)
    found = [
        finding("cell-missing", table.place(row.line, name))
        for name, value in row.cells.items()
        if not value
    ]
    year, day, scheme = (row.cells[name] for name in ("year", "reference_date", "scheme"))
    if year and not _YEAR.fullmatch(year):
        found.append(finding("year-form", table.place(row.line, "year", year)))
    if year in lines:
        place = table.place(row.line, "year", year)
        found.append(finding("wave-twice", place, name=year, first=lines[year]))
    lines.setdefault(year, row.line)
    if scheme and not _VERSION.fullmatch(scheme):
        found.append(finding("scheme-form", table.place(row.line, "scheme", scheme)))
    try:
        if day:
            read_instant(day)
    except ValueError as error:
        found.append(finding(str(error), table.place(row.line, "reference_date", day)))
    return found


def _describe(row: Row, base: str, reading: Reading) -> None:
    name = WaveName(row.cells["year"], synthetic=True)
    wave = name.iri(base)
    pairs = (
        ("rdf:type", ref("imon:Wave")),
        ("rdf:type", ref("disco:Study")),
        ("dct:isPartOf", ref(f"{base}id/instrument/imonitor")),
        ("imon:year", year_term(name.year)),
        ("imon:referenceDate", date_term(read_instant(row.cells["reference_date"]).date())),
        ("imon:scheme", ref(f"{base}id/scoreschema/{row.cells['scheme']}")),
        ("imon:synthetic", boolean(True)),
        ("rdfs:label", text(row.cells["label_nl"], "nl")),
        ("rdfs:label", text(row.cells["label_en"], "en")),
    )
    graph = GraphName("golf", name.year, synthetic=True).iri(base)
    lines = (triple(wave, predicate, term) for predicate, term in pairs)
    reading.snapshots[graph] = "".join(lines).encode()
