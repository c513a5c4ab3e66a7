"""One documented table, read as a stream: CSV in UTF-8 (`;`, `,` or tab) or an Excel workbook.

The reader knows columns, not their meaning. What is wrong with the file as a whole (encoding,
quotes, columns) raises `TableRefused`, and then nothing of the file counts; what is wrong with one
row goes with that row. Memory is bounded by one line, except for `redacted`, which holds the rows
without their personal columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_uppercase

from loaders import Finding
from loaders.findings import Place, TableRefused, finding
from loaders.spreadsheet import is_workbook, sheet_rows

MAX_LINE = 1 << 20  # bytes of one line; a row of answers has a few hundred
MAX_CELL = 10_000  # characters
DELIMITERS = ";,\t"
_NUMBER_SIGNS = "+-"
_STARTS_FORMULA = frozenset("=+-@\t\r")


@dataclass(frozen=True)
class Column:
    """A documented column; what is ``personal`` goes to the vault and nowhere else."""

    name: str
    title_nl: str
    title_en: str
    required: bool = True
    personal: bool = False
    datatype: str = "string"
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its first line, its cells by column name, and what is wrong with it.

    Of a row of a wrong width no cell can be trusted, since what is personal may have shifted;
    ``cells`` then holds the first cell only.
    """

    line: int
    cells: dict[str, str]
    findings: tuple[Finding, ...] = ()


def letter(index: int) -> str:
    """Return the spreadsheet name of a column: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = ascii_uppercase[rest] + name
    return name


@dataclass
class Table:
    """A file with one table; iterate it once.

    Raises (while iterating):
        TableRefused: see the module.
    """

    path: Path
    columns: Sequence[Column]
    sheet: str = ""
    names: list[str] = field(default_factory=list, init=False)
    rows: int = field(default=0, init=False)
    _redacted: io.StringIO = field(default_factory=io.StringIO, init=False, repr=False)

    @property
    def file(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def redacted(self) -> bytes:
        """The rows read so far as CSV, without personal columns and without unreadable rows."""
        return self._redacted.getvalue().encode()

    def where(self, name: str) -> str:
        """Return a column as a person finds it: its name and its letter."""
        return f"{name} ({letter(self.names.index(name))})" if name in self.names else name

    def header(self) -> list[str]:
        """Return the column names as they stand in the file; empty when it holds nothing.

        Raises:
            TableRefused: not even the first row can be read.
        """
        rows = self._source(is_workbook(self.path))
        return _column_names(next((cells for _, cells in rows if any(cells)), []))

    def _source(self, workbook: bool) -> Iterator[tuple[int, list[str]]]:
        return sheet_rows(self.path, self.sheet) if workbook else self._csv_rows()

    def __iter__(self) -> Iterator[Row]:
        workbook = is_workbook(self.path)
        rows = self._source(workbook)
        line, names = next((row for row in rows if any(row[1])), (0, []))
        if not names:
            raise TableRefused([finding("empty-file", Place(self.file))])
        self._read_head(line, names)
        public = [i for i, n in enumerate(self.names) if not self._column(n).personal]
        writer = csv.writer(self._redacted, delimiter=";", lineterminator="\n")
        writer.writerow([self.names[i] for i in public])
        width = len(self.names)
        for line, cells in rows:
            if any(cells):
                self.rows += 1
                if workbook:  # a sheet does not write the blank cells at the end of a row
                    cells += [""] * (width - len(cells))
                row = self._row(line, cells)
                if len(row.cells) == width:
                    writer.writerow([_harmless(cells[i]) for i in public])
                yield row
        if not self.rows:
            raise TableRefused([finding("empty-file", Place(self.file))])

    def _column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def _read_head(self, line: int, cells: Sequence[str]) -> None:
        """Check the column names; all problems are told at once."""
        self.names = _column_names(cells)
        known = [column.name for column in self.columns]
        expected = ", ".join(known)
        found: list[Finding] = []

        def wrong(code: str, column: str, **words: object) -> None:
            found.append(finding(code, Place(self.file, line, column), **words))

        for index, name in enumerate(self.names):
            # The text of an unknown column is not repeated: without a header row it is data.
            if name not in known:
                wrong("unknown-column", letter(index), letter=letter(index), expected=expected)
            elif name in self.names[:index]:
                wrong("double-column", letter(index), name=name)
        for column in self.columns:
            if column.required and column.name not in self.names:
                wrong("missing-column", column.name, name=column.name, expected=expected)
        if found:
            raise TableRefused(found)

    def _row(self, line: int, cells: list[str]) -> Row:
        width = len(self.names)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            wrong = finding("row-width", Place(self.file, line), found=len(cells), expected=width)
            return Row(line, {self.names[0]: cells[0].strip()}, (wrong,))
        found = []
        if any(cell and cell[0] in _STARTS_FORMULA for cell in cells):
            found = [
                finding("formula", self.place(line, name, cell))
                for name, cell in zip(self.names, cells, strict=True)
                if is_formula(cell, self._column(name).personal)
            ]
        found += [
            finding("cell-too-long", self.place(line, name), limit=MAX_CELL)
            for name, cell in zip(self.names, cells, strict=True)
            if len(cell) > MAX_CELL
        ]
        clean = {name: cell.strip() for name, cell in zip(self.names, cells, strict=True)}
        return Row(line, clean, tuple(found))

    def place(self, line: int, column: str, value: str | None = None, record: str = "") -> Place:
        """Return a cell of this table as a place; a personal value is left out."""
        personal = any(c.name == column and c.personal for c in self.columns)
        return Place(
            self.file, line, self.where(column), None if personal else value, record or None
        )

    def _csv_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (first line, cells) of a CSV file."""
        lines = self._lines()
        # Excel may write the separator on a line of its own ("sep=;"); the header shows it too.
        head = ((n, t) for n, t in enumerate(lines) if t.strip() and not t.startswith("sep="))
        skipped, first = next(head, (0, ""))
        delimiter = _delimiter(first, [column.name for column in self.columns])
        reader = csv.reader(_chain(first, lines), delimiter=delimiter, strict=True)
        line = skipped + 1
        try:
            for cells in reader:
                yield line, cells
                line = skipped + reader.line_num + 1
        except csv.Error as error:
            code = "line-ends" if "new-line" in str(error) else "quotes"
            raise TableRefused([finding(code, Place(self.file, line))]) from error

    def _lines(self) -> Iterator[str]:
        """Yield the lines of the file as text, none longer than `MAX_LINE` bytes."""
        with self.path.open("rb") as handle:
            number = 0
            while raw := handle.readline(MAX_LINE + 1):
                number += 1
                code, words = "", {}
                if len(raw) > MAX_LINE:
                    code, words = "line-too-long", {"limit": MAX_LINE}
                elif b"\0" in raw:
                    code = "not-text"
                elif number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                try:
                    text = "" if code else raw.decode()
                except UnicodeDecodeError as error:
                    code, words = "not-utf8", {"byte": error.start + 1}
                if code:
                    raise TableRefused([finding(code, Place(self.file, number), **words)])
                yield text


def _column_names(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def is_formula(cell: str, personal: bool = False) -> bool:
    """Tell whether a spreadsheet could take the text for a formula.

    A personal cell may begin with ``+`` or ``-`` (a telephone number, a remark): it never reaches a
    spreadsheet again.
    """
    if not cell or cell[0] not in _STARTS_FORMULA:
        return False
    if cell[0] in _NUMBER_SIGNS:
        return not personal and not _is_number(cell)
    return True


def _is_number(cell: str) -> bool:
    digits = cell[1:].replace(",", ".", 1).replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _harmless(cell: str) -> str:
    """Keep a stray e-mail address, or a formula, in a public column out of the archive."""
    return "" if "@" in cell or is_formula(cell) else cell


def _chain(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(head: str, known: Sequence[str]) -> str:
    """Return the separator under which most column names of the header are known."""

    def score(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"').lower() for cell in head.split(delimiter)]
        return sum(cell in known for cell in cells), len(cells)

    return max(DELIMITERS, key=score)
