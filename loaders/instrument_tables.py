"""The tables of an instrument: which there are, what their columns hold, and how they are read.

A folder of CSV files (UTF-8, comma or semicolon, first row names the columns) is one instrument.
Cells are read into strings, ``Decimal``, ``bool`` or tuples of codes; what does not fit becomes a
located finding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from loaders import Finding
from loaders.instrument_messages import fault
from service import data_dir

_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TRUE, _FALSE = frozenset(("true", "ja", "yes", "1")), frozenset(("false", "nee", "no", "0"))
_MAX_BYTES = 5_000_000


@dataclass(frozen=True)
class Table:
    """A table: its columns as ``name:kind``, the columns that may be left out, and its key.

    Kinds: ``code`` (part of an IRI), ``version``, ``codes`` (joined by ``|``), ``text``, ``truth``,
    ``letters`` (questionnaire types), ``date``, ``month`` (or day), ``number lowest highest``.
    """

    columns: str
    optional: str = ""
    key: str = ""
    needed: bool = False
    blank: str = ""

    @property
    def kinds(self) -> Mapping[str, str]:
        """Column name → kind, in order."""
        rows = (cell.strip().partition(":") for cell in self.columns.split(","))
        return {name: kind or "text" for name, _, kind in rows}

    @property
    def may_miss(self) -> frozenset[str]:
        """Columns that need not be in the file."""
        return frozenset(self.optional.split())

    @property
    def may_be_blank(self) -> frozenset[str]:
        """Columns whose cells may be blank."""
        return self.may_miss | frozenset(self.blank.split())


_LABELS = "label_nl, label_en"
_NOTES = "definition_nl, definition_en"
TABLES: Mapping[str, Table] = {
    "instrument": Table(
        f"code:code, {_LABELS}, note_nl, note_en, version:version, issued:date, "
        "reconstruction:truth",
        optional="note_nl note_en version issued reconstruction",
        key="code",
    ),
    "themes": Table(
        f"code:code, {_LABELS}, {_NOTES}",
        optional="definition_nl definition_en",
        key="code",
        needed=True,
    ),
    "scales": Table(
        f"scale:code, value:code, {_LABELS}, {_NOTES}, score:number 0 100",
        optional="definition_nl definition_en",
        key="scale value",
        blank="value score",
    ),
    "questions": Table(
        "code:code, theme:code, order:number 0 999999, scale:code, method:code, "
        f"applies_to:letters, {_LABELS}, text_nl, text_en",
        optional="order method label_nl label_en",
        key="code",
        needed=True,
    ),
    "options": Table(f"question:code, code:code, {_LABELS}", key="question code"),
    "products": Table(
        f"question:code, code:code, {_LABELS}, {_NOTES}, text_nl, text_en, applies_to:letters",
        optional="definition_nl definition_en text_nl text_en",
        key="code",
    ),
    "missing": Table(
        f"code:code, {_LABELS}, {_NOTES}, denominator:code, option:truth",
        optional="definition_nl definition_en option",
        key="code",
    ),
    "schemes": Table(
        "version:version, based_on:version, aggregation:code, publication_threshold:number 0 1, "
        "product_threshold:number 0 1, band_width:number 0 100, banded_theme:code, "
        f"{_LABELS}, {_NOTES}",
        optional="based_on publication_threshold product_threshold band_width banded_theme "
        "label_nl label_en definition_nl definition_en",
        key="version",
        needed=True,
        blank="aggregation",
    ),
    "theme-weights": Table(
        "scheme:version, theme:code, weight:number 0 1000, core:truth",
        optional="core",
        key="scheme theme",
        needed=True,
    ),
    "item-weights": Table(
        "scheme:version, question:code, weight:number 0 100", key="scheme question", needed=True
    ),
    "option-scores": Table(
        "scheme:version, scale:code, value:code, score:number 0 100", key="scheme scale value"
    ),
    "types": Table(
        "method:code, type:number 0 99, lower:number 0 100, upper:number 0 100, "
        f"{_LABELS}, {_NOTES}",
        optional="definition_nl definition_en",
        key="method type",
        blank="lower upper",
    ),
    "clusterings": Table("method:code, seed:number 0 999999999, draws:number 1 9999", key="method"),
    "gates": Table(
        "method:code, gate:code, theme:code, minimum:number 0 100, from_type:number 0 99, "
        f"{_LABELS}",
        key="method gate",
    ),
    "source-use": Table(
        f"kind:code, code:code, {_LABELS}, {_NOTES}, owner_nl, owner_en, channel, areas:codes, "
        "applies_to:letters",
        optional="definition_nl definition_en",
        key="kind code",
        blank="owner_nl owner_en channel areas applies_to",
    ),
    "waves": Table(
        "code:code, year:number 1900 2999, reference_date:date, launched:month, label_nl, "
        "label_en, alt_label_nl, alt_label_en, scheme:version, sources:codes",
        optional="launched alt_label_nl alt_label_en sources",
        key="code",
    ),
    "reference-profile": Table(
        f"profile:code, theme:code, target:number 0 100, {_LABELS}, note_nl, note_en",
        optional="note_nl note_en",
        key="profile theme",
        blank="theme target label_nl label_en",
    ),
    "recommendations": Table(
        "code:code, theme:code, method:code, type:number 0 99, gate:code, lower:number 0 100, "
        f"upper:number 0 100, priority:number 1 99, {_LABELS}, text_nl, text_en",
        optional="method type gate lower upper",
        key="code",
        blank="theme",
    ),
}


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and its cells as read (blank cells are absent)."""

    file: str
    line: int
    cells: Mapping[str, object]

    def text(self, column: str, default: str = "") -> str:
        """Return a cell as text."""
        return str(self.cells.get(column, default))

    def number(self, column: str, default: str = "0") -> Decimal:
        """Return a cell as an exact number."""
        value = self.cells.get(column, default)
        return value if isinstance(value, Decimal) else Decimal(str(value))

    def truth(self, column: str, default: bool = False) -> bool:
        """Return a cell as yes or no."""
        return bool(self.cells.get(column, default))

    def parts(self, column: str) -> tuple[str, ...]:
        """Return the letters or codes of a cell, in order."""
        value = self.cells.get(column, ())
        return value if isinstance(value, tuple) else ()

    def has(self, column: str) -> bool:
        """Tell whether the cell is filled in."""
        return column in self.cells


@dataclass
class Tables:
    """All tables of one instrument, and what was wrong with them."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    sources: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[Row]:
        """Return the rows of a table; a table that is not there has none."""
        return self.rows.get(name, [])

    def where(self, name: str, **wanted: str) -> list[Row]:
        """Return the rows whose cells have the given texts."""
        return [
            row
            for row in self[name]
            if all(row.text(column) == value for column, value in wanted.items())
        ]


def read_tables(paths: Sequence[Path]) -> Tables:
    """Read the tables of an instrument.

    A folder is an instrument of its own, in which ``scales.csv`` and ``missing.csv`` may be left
    out: then the bundled ones are used. A file takes the place of the bundled table of its name. No
    path means the bundled instrument. Faults of content become findings.

    Raises:
        OSError: a path cannot be read.
    """
    bundled = data_dir("ontology") / "instrument"
    folders = [path for path in paths if path.is_dir()] or [bundled]
    files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.csv"))}
    files.update({path.stem: path for path in paths if not path.is_dir()})
    tables = Tables()
    for name, path in sorted(files.items()):
        if name not in TABLES:
            tables.findings.append(
                fault("unknown-table", path.name, severity="warning", expected=", ".join(TABLES))
            )
    for name, table in TABLES.items():
        if name in files:
            _read_table(files[name], table, tables)
        elif table.needed:
            tables.findings.append(fault("table-missing", f"{name}.csv"))
        elif name in ("scales", "missing"):
            tables.findings.append(fault("bundled-table", f"{name}.csv", severity="info"))
            _read_table(bundled / f"{name}.csv", table, tables)
    return tables


def _read_table(path: Path, table: Table, tables: Tables) -> None:
    name = path.name
    with path.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    tables.sources[name] = data
    if len(data) > _MAX_BYTES:
        tables.findings.append(fault("too-big", name, limit=_MAX_BYTES))
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        tables.findings.append(fault("not-utf8", name, line))
        return
    rows = list(_lines(text, name, tables.findings))
    if not rows:
        tables.findings.append(fault("empty-table", name))
        return
    header = [cell.strip() for cell in rows[0][1]]
    if _header_fits(header, table, name, tables.findings):
        tables.rows[path.stem] = list(_rows(rows[1:], header, table, name, tables.findings))
        tables.findings.extend(_doubles(tables.rows[path.stem], table))


def _lines(text: str, name: str, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every row that is not blank; lines count from 1."""
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        findings.append(fault("csv-form", name, start, why=str(error)))


def _header_fits(header: list[str], table: Table, name: str, findings: list[Finding]) -> bool:
    kinds, before = table.kinds, len(findings)
    expected = ", ".join(kinds)
    for column in kinds:
        if column not in header and column not in table.may_miss:
            findings.append(fault("missing-column", name, 1, column, expected=expected))
    for column in dict.fromkeys(header):
        if header.count(column) > 1:
            findings.append(fault("double-column", name, 1, column))
    fits = len(findings) == before
    for column in header:
        if column not in kinds:
            findings.append(
                fault("unknown-column", name, 1, column, severity="warning", expected=expected)
            )
    return fits


def _rows(
    rows: Sequence[tuple[int, list[str]]],
    header: list[str],
    table: Table,
    name: str,
    findings: list[Finding],
) -> Iterator[Row]:
    for line, cells in rows:
        if len(cells) != len(header):
            findings.append(fault("row-width", name, line, found=len(cells), expected=len(header)))
            continue
        raw = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
        read: dict[str, object] = {}
        for column, kind in table.kinds.items():
            value = raw.get(column, "")
            if value:
                finding = _read_cell(value, kind, read, column)
                if finding:
                    findings.append(fault(finding[0], name, line, column, value, **finding[1]))
            elif column not in table.may_be_blank:
                findings.append(fault("cell-missing", name, line, column))
        yield Row(name, line, read)


def _read_cell(
    value: str, kind: str, read: dict[str, object], column: str
) -> tuple[str, dict[str, str]] | None:
    """Put the cell's value into ``read``, or return what is wrong with it."""
    word, _, bounds = kind.partition(" ")
    if word == "number":
        return _read_number(value, bounds, read, column)
    if word == "truth":
        if value.lower() not in _TRUE | _FALSE:
            return "truth-form", {}
        read[column] = value.lower() in _TRUE
    elif word == "letters":
        letters = re.sub(r"[\s|,;]", "", value.upper())
        if set(letters) - set("ABC"):
            return "letters-form", {}
        read[column] = tuple(sorted(set(letters)))
    elif word == "codes":
        read[column] = tuple(part.strip() for part in value.split("|") if part.strip())
    elif word in ("date", "month") and not _is_date(value, word):
        return "date-form", {}
    elif (word == "code" and not _CODE.fullmatch(value)) or (
        word == "version" and not _VERSION.fullmatch(value)
    ):
        return "code-form", {}
    else:
        read[column] = value
    return None


def _read_number(
    value: str, bounds: str, read: dict[str, object], column: str
) -> tuple[str, dict[str, str]] | None:
    if not _NUMBER.fullmatch(value):
        return "number-form", {}
    lowest, highest = bounds.split()
    number = Decimal(value)
    if not Decimal(lowest) <= number <= Decimal(highest):
        return "number-range", {"lowest": lowest, "highest": highest}
    read[column] = number
    return None


def _is_date(value: str, kind: str) -> bool:
    """Tell whether a text is an existing day, YYYY-MM-DD, or a month where that will do."""
    day = f"{value}-01" if kind == "month" and len(value) == len("2016-06") else value
    try:
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


def _doubles(rows: Sequence[Row], table: Table) -> Iterator[Finding]:
    """Find rows with the key of an earlier row."""
    columns = table.key.split()
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text(column) for column in columns)
        if key in seen:
            yield fault(
                "code-twice", row.file, row.line, columns[-1], " ".join(key), first=seen[key]
            )
        seen.setdefault(key, row.line)
