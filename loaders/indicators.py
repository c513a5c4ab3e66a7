"""Indicators of published results: a table of codes, names and definitions, taken as a whole.

They are the owner's, not ours: an I-Monitor report names its own. Graph ``graph/[synthetisch/]
indicatoren`` (OPEN) also describes the scheme in which the results stand. An invented indicator is
marked in its row and lies below the synthetic path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loaders import Context, Finding, Reading
from loaders.answers import sha256_of
from loaders.findings import TableRefused, finding
from loaders.tables import Column, Row, Table
from service.release.names import GraphName
from service.terms import boolean, plain, ref, text, triple

COLUMNS = (
    Column("code", "Code van de indicator", "Code of the indicator"),
    Column("label_nl", "Naam (Nederlands)", "Name (Dutch)"),
    Column("label_en", "Naam (Engels)", "Name (English)"),
    Column("definitie_nl", "Definitie (Nederlands)", "Definition (Dutch)"),
    Column("definitie_en", "Definitie (Engels)", "Definition (English)"),
    Column("synthetisch", "Verzonnen indicator (ja)", "Invented indicator (ja)", required=False),
)
SOURCE = "results"
SCHEME = "resultaten"
_CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass
class Indicators:
    """The indicators of one run: which are real, which are invented (synthetic)."""

    lines: dict[tuple[bool, str], int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    refused: bool = False

    def codes(self, synthetic: bool) -> list[str]:
        """Return the codes, for a message."""
        return sorted(code for kind, code in self.lines if kind == synthetic)


def read_indicators(path: Path, found: Indicators, context: Context) -> Reading:
    """Read one table, add it to ``found`` and return it as a snapshot."""
    table = Table(path, COLUMNS)
    reading = Reading(SOURCE, "snapshot", file=table.file, original_sha256=sha256_of(path))
    rows: list[Row] = []
    try:
        for row in table:
            reading.findings += _problems(row, table, found.lines)
            rows.append(row)
    except TableRefused as refused:
        reading.findings += refused.findings
    reading.rows, reading.redacted = table.rows, table.redacted
    if reading.findings:
        found.refused = True
        return reading
    for synthetic in (False, True):
        chosen = [row for row in rows if is_synthetic(row) == synthetic]
        if chosen:
            graph = GraphName("indicatoren", synthetic=synthetic).iri(context.base)
            reading.snapshots[graph] = _describe(chosen, context.base, synthetic)
    reading.graphs = dict.fromkeys(reading.snapshots, "OPEN")
    return reading


def is_synthetic(row: Row) -> bool:
    """Tell whether the sender marked an indicator as invented."""
    return row.cells.get("synthetisch", "") == "ja"


def _problems(row: Row, table: Table, lines: dict[tuple[bool, str], int]) -> list[Finding]:
    if row.findings:
        return list(row.findings)
    found = [
        finding("cell-missing", table.place(row.line, column.name))
        for column in COLUMNS
        if column.required and not row.cells[column.name]
    ]
    code = row.cells["code"]
    place = table.place(row.line, "code", code)
    if code and not _CODE.fullmatch(code):
        found.append(finding("indicator-form", place))
    if row.cells.get("synthetisch", "") not in ("", "ja"):
        mark = table.place(row.line, "synthetisch", row.cells["synthetisch"])
        found.append(finding("yes-form", mark, cell="synthetisch"))
    key = (is_synthetic(row), code)
    if key in lines:
        found.append(finding("indicator-twice", place, name=code, first=lines[key]))
    lines.setdefault(key, row.line)
    return found


def root(base: str, synthetic: bool) -> str:
    """Return what the IRIs of indicators and results begin with."""
    return f"{base}id/{'synthetisch/' if synthetic else ''}"


def _describe(rows: Sequence[Row], base: str, synthetic: bool) -> bytes:
    scheme = scheme_iri(base)
    lines = list(_scheme(scheme))
    for row in rows:
        lines += _indicator(row, scheme, root(base, synthetic))
    return "".join(lines).encode()


def scheme_iri(base: str) -> str:
    """Return the IRI of the scheme of published results: no weights, no bounds."""
    return f"{base}id/scoreschema/{SCHEME}"


def _scheme(scheme: str) -> Iterator[str]:
    yield triple(scheme, "rdf:type", ref("imon:ScoringScheme"))
    yield triple(scheme, "rdf:type", ref("prov:Plan"))
    yield triple(scheme, "rdfs:label", text("Resultaten zoals gepubliceerd door de eigenaar", "nl"))
    yield triple(scheme, "rdfs:label", text("Results as published by the owner", "en"))


def _indicator(row: Row, scheme: str, start: str) -> Sequence[str]:
    subject = f"{start}indicator/{row.cells['code']}"
    pairs = [
        ("rdf:type", ref("imon:Indicator")),
        ("rdf:type", ref("skos:Concept")),
        ("skos:notation", plain(row.cells["code"])),
        ("imon:scheme", ref(scheme)),
        ("imon:synthetic", boolean("/synthetisch/" in start)),
    ]
    for language in ("nl", "en"):
        pairs.append(("skos:prefLabel", text(row.cells[f"label_{language}"], language)))
        pairs.append(("skos:definition", text(row.cells[f"definitie_{language}"], language)))
    return [triple(subject, predicate, term) for predicate, term in pairs]
