"""Published results: a percentage and a level per body, wave and indicator, as the owner has them.

They are not computed from answers: no bounds, no coverage, and a scheme of their own (semantics.md
"Real results"). The unit of acceptance is a row. The table of indicators comes with the results, in
a file of its own that is known by its columns.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from loaders import Context, Finding, Reading, Record
from loaders.answers import sha256_of
from loaders.bodies import find_body, name_of
from loaders.findings import Place, TableRefused, finding
from loaders.indicators import SCHEME, SOURCE, Indicators, read_indicators, root, scheme_iri
from loaders.reference import Body, Wave
from loaders.tables import Column, Row, Table
from service.release.names import WaveName
from service.terms import decimal, integer, ref, triple
from service.vocab import iri

COLUMNS = (
    Column("bestuur", "Bestuur", "Body"),
    Column("golf", "Golf", "Wave"),
    Column("indicator", "Indicator", "Indicator"),
    Column("percentage", "Percentage (0 tot 100)", "Percentage (0 to 100)", datatype="decimal"),
    Column("niveau", "Niveau (1 tot 5)", "Level (1 to 5)", datatype="integer"),
    Column("bron", "Bron", "Source"),
    Column("vervangt", "Verbetering (ja)", "Correction (ja)", required=False),
)
DATASET = "results"
_PERCENTAGE = re.compile(r"(-?\d{1,15}(?:[.,]\d{1,30})?)[\s\u00a0\u202f]*%?", re.ASCII)
_PLACES = Decimal("0.000001")
_SOURCE = re.compile(r"[A-Za-z0-9-]{1,32}")


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Yield one reading a file, those of indicators first."""
    found = Indicators()
    tables = [path for path in paths if "label_nl" in _header(path)]
    for path in tables:
        yield read_indicators(path, found, context)
    for path in paths:
        if path not in tables:
            yield _read(path, found, context)


def _name(row: Row) -> str:
    """Return what a row is called in a report: what it says of wave, body and indicator."""
    return " ".join(row.cells.get(name, "?") for name in ("golf", "bestuur", "indicator"))


def _header(path: Path) -> list[str]:
    try:
        return Table(path, COLUMNS).header()
    except TableRefused:
        return []  # told when the table is read


def _read(path: Path, indicators: Indicators, context: Context) -> Reading:
    table = Table(path, COLUMNS)
    reading = Reading(SOURCE, "records", file=table.file, original_sha256=sha256_of(path))
    results = _Results(table, indicators, context)
    try:
        if (indicators.refused or not indicators.lines) and table.header():
            raise TableRefused([finding("indicators-missing", Place(table.file))])
        for row in table:
            results.add(row)
    except TableRefused as refused:
        reading.findings = results.findings + refused.findings
        return reading
    reading.records = list(results.records.values())
    reading.graphs = {record.graph: "OPEN" for record in reading.records}
    reading.findings, reading.redacted, reading.rows = results.findings, table.redacted, table.rows
    return reading


@dataclass
class _Results:
    """The rows of one file: each result once."""

    table: Table
    indicators: Indicators
    context: Context
    findings: list[Finding] = field(default_factory=list)
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    _lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take in a row, or tell what is wrong with it."""
        if row.findings:
            self.findings += [replace(found, record=_name(row)) for found in row.findings]
            return
        check = _Check(row, self.table, self.indicators, self.context)
        record = check.record()
        self.findings += check.findings
        if record is None:
            return
        key = (record.wave, record.reference)
        if key in self._lines:
            self.records.pop(key, None)  # which of the two is meant, only the sender knows
            self._tell("result-twice", row, first=self._lines[key])
            return
        self._lines[key] = row.line
        if judged := self._judged(record, row):
            self.records[key] = judged

    def _judged(self, record: Record, row: Row) -> Record | None:
        """Return the record beside what the archive holds, or None when it adds nothing."""
        reference = self.context.reference
        current = reference.references.get((record.wave, record.reference))
        digest = hashlib.sha256(record.triples).hexdigest()
        if current and reference.digests.get(current) == digest:
            self._tell("already-accepted", row)
            return None
        if current and row.cells.get("vervangt") != "ja":
            self._tell("result-differs", row)
            return None
        # A value may come back later, so the record it follows is part of the name.
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{current or ''} {digest}")
        start = root(self.context.base, "/synthetisch/" in record.wave)
        return Record(
            iri=f"{start}resultaat/{name}",
            reference=record.reference,
            graph=record.graph,
            wave=record.wave,
            bodies=record.bodies,
            triples=record.triples,
            replaces=current,
        )

    def _tell(self, code: str, row: Row, **words: object) -> None:
        place = self.table.place(row.line, "indicator", row.cells["indicator"], _name(row))
        self.findings.append(finding(code, place, **words))


@dataclass
class _Check:
    """The checks of one row."""

    row: Row
    table: Table
    indicators: Indicators
    context: Context
    findings: list[Finding] = field(default_factory=list)

    def record(self) -> Record | None:
        """Return the row as a record whose IRI is not known yet, or None."""
        wave = self._wave()
        body = self._body(wave)
        indicator = self._indicator(wave)
        percentage, level, source = self._percentage(), self._level(), self._source()
        mark = self.row.cells.get("vervangt", "")
        if mark not in ("", "ja"):
            self._tell("yes-form", "vervangt", mark, cell="vervangt")
        if self.findings or wave is None or body is None:
            return None
        name = WaveName(str(wave.year), wave.synthetic)
        start = root(self.context.base, wave.synthetic)
        path = f"observatie/{DATASET}/{wave.year}/{body.kbo}/{indicator}/{SCHEME}"
        pairs = (
            ("rdf:type", ref("qb:Observation")),
            ("qb:dataSet", ref(f"{start}dataset/{DATASET}")),
            ("imon:body", ref(body.iri)),
            ("imon:wave", ref(wave.iri)),
            ("imon:indicator", ref(f"{start}indicator/{indicator}")),
            ("imon:scheme", ref(scheme_iri(self.context.base))),
            ("imon:percentage", decimal(percentage)),
            ("imon:level", integer(level)),
            ("sdmx-attribute:obsStatus", ref("sdmx-code:obsStatus-A")),
            ("prov:hadPrimarySource", ref(source)),
        )
        return Record(
            iri="",
            reference=f"{body.kbo}/{indicator}",
            graph=name.graph(DATASET, derived=False).iri(self.context.base),
            wave=wave.iri,
            bodies=(body.iri,),
            triples="".join(sorted(triple(start + path, p, o) for p, o in pairs)).encode(),
        )

    def _tell(self, code: str, column: str, value: str | None = None, **words: object) -> None:
        place = self.table.place(self.row.line, column, value, _name(self.row))
        self.findings.append(finding(code, place, **words))

    def _filled(self, column: str) -> str:
        value = self.row.cells[column]
        if not value:
            self._tell("cell-missing", column)
        return value

    def _wave(self) -> Wave | None:
        waves, name = self.context.reference.waves, self._filled("golf")
        if name and name not in waves:
            self._tell("unknown-wave", "golf", name, name=name, options=", ".join(sorted(waves)))
        return waves.get(name)

    def _body(self, wave: Wave | None) -> Body | None:
        text = self._filled("bestuur")
        found = find_body(text, self.context.reference) if text else ""
        if isinstance(found, str):
            if found:
                self._tell(found, "bestuur", text)
            return None
        if wave and not found.on(wave.reference_date):
            day = wave.reference_date.isoformat()
            self._tell("body-not-then", "bestuur", text, name=name_of(found), date=day)
        return found

    def _indicator(self, wave: Wave | None) -> str:
        code = self._filled("indicator")
        if code and wave and (wave.synthetic, code) not in self.indicators.lines:
            options = ", ".join(self.indicators.codes(wave.synthetic)) or "–"
            self._tell("unknown-indicator", "indicator", code, name=code, options=options)
        return code

    def _percentage(self) -> Decimal:
        text = self._filled("percentage")
        match = _PERCENTAGE.fullmatch(text)
        if not match:
            if text:
                self._tell("percentage-form", "percentage", text)
            return Decimal(0)
        value = Decimal(match[1].replace(",", "."))
        if not 0 <= value <= 100:
            self._tell("percentage-range", "percentage", text)
            return Decimal(0)
        rounded = value.quantize(_PLACES, ROUND_HALF_EVEN)
        return rounded.normalize() if rounded else Decimal(0)

    def _level(self) -> int:
        text = self._filled("niveau")
        if text and text not in ("1", "2", "3", "4", "5"):
            self._tell("level-range", "niveau", text)
            return 0
        return int(text or 0)

    def _source(self) -> str:
        """Return the IRI of a source: a web address, or the code of a document that we know."""
        text = self._filled("bron")
        if _SOURCE.fullmatch(text):
            return f"{self.context.base}id/bron/{text}"
        try:
            if text.startswith(("http:", "https:")):
                return iri(text)
        except ValueError:
            pass
        if text:
            self._tell("source-form", "bron", text)
        return ""
