"""Published results: a percentage and a level per body, wave and indicator, as the owner has them.

They are not computed from answers: no bounds, no coverage, and a scheme of their own (semantics.md
"Real results"). The unit of acceptance is a row. The table of indicators comes with the results, in
a file of its own that is known by its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from loaders import Context, Finding, Reading, Record
from loaders.answers import sha256_of
from loaders.findings import Place, TableRefused, finding
from loaders.indicators import SCHEME, SOURCE, Indicators, read_indicators, root, scheme_iri
from loaders.reference import Wave
from loaders.tables import Column, Row, Table
from loaders.wave_rows import Kind, WaveRow, WaveRows
from service.release.names import WaveName
from service.terms import decimal, integer, ref, triple

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
_KIND = Kind("resultaat", ("golf", "bestuur", "indicator"), "result-twice", "result-differs")


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Yield one reading a file, those of indicators first."""
    found = Indicators()
    tables = [path for path in paths if "label_nl" in _header(path)]
    for path in tables:
        yield read_indicators(path, found, context)
    for path in paths:
        if path not in tables:
            yield _read(path, found, context)


def _header(path: Path) -> list[str]:
    try:
        return Table(path, COLUMNS).header()
    except TableRefused:
        return []  # told when the table is read


def _read(path: Path, indicators: Indicators, context: Context) -> Reading:
    table = Table(path, COLUMNS)
    reading = Reading(SOURCE, "records", file=table.file, original_sha256=sha256_of(path))

    def record(row: Row) -> tuple[Record | None, list[Finding]]:
        check = _Check(row, table, context, _KIND.named, indicators=indicators)
        return check.record(), check.findings

    results = WaveRows(_KIND, table, context, record)
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
class _Check(WaveRow):
    """The checks of one row."""

    indicators: Indicators = field(kw_only=True)

    def record(self) -> Record | None:
        """Return the row as a record whose IRI is not known yet, or None."""
        wave = self.wave()
        body = self.body(wave)
        indicator = self._indicator(wave)
        percentage, level, source = self._percentage(), self._level(), self.source()
        self.correction()
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

    def _indicator(self, wave: Wave | None) -> str:
        code = self.filled("indicator")
        if code and wave and (wave.synthetic, code) not in self.indicators.lines:
            options = ", ".join(self.indicators.codes(wave.synthetic)) or "–"
            self.tell("unknown-indicator", "indicator", code, name=code, options=options)
        return code

    def _percentage(self) -> Decimal:
        text = self.filled("percentage")
        match = _PERCENTAGE.fullmatch(text)
        if not match:
            if text:
                self.tell("percentage-form", "percentage", text)
            return Decimal(0)
        value = Decimal(match[1].replace(",", "."))
        if not 0 <= value <= 100:
            self.tell("percentage-range", "percentage", text)
            return Decimal(0)
        rounded = value.quantize(_PLACES, ROUND_HALF_EVEN)
        return rounded.normalize() if rounded else Decimal(0)

    def _level(self) -> int:
        text = self.filled("niveau")
        if text and text not in ("1", "2", "3", "4", "5"):
            self.tell("level-range", "niveau", text)
            return 0
        return int(text or 0)
