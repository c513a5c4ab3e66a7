"""Our own tables of facts (``ontology/facts/*.csv``) as typed rows.

A table is a CSV in UTF-8 with a header. Each column has a parser; a cell that it refuses becomes a
finding with file, line and column, and the row is left out. A user may send a table of the same
file name in place of the bundled one (new inhabitants, say): the same checks hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Generic, TypeVar

from loaders import Finding, identifiers
from loaders.facts_messages import finding
from loaders.findings import Place, TableRefused
from loaders.tables import Column, Row, Table
from service import data_dir
from service.vocab import iri

T = TypeVar("T")
SEPARATOR = "|"


@dataclass(frozen=True)
class Field:
    """How the cells of a column are read; a refused one gives the finding ``code``.

    ``default`` is the value of a blank cell; without it a blank cell is refused.
    """

    parse: Callable[[str], Any]
    code: str = "fact-empty"
    words: Mapping[str, object] = field(default_factory=dict)
    optional: bool = False
    default: Any = None


@dataclass(frozen=True)
class Layout(Generic[T]):
    """A table: its file name, what makes a row of the parsed cells (and ``line``), its columns."""

    file: str
    make: Callable[..., T]
    fields: Mapping[str, Field]


@dataclass
class Tables:
    """The tables of one load: those sent, and the bundled ones in place of what was not sent."""

    sent: Mapping[str, Path] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    parts: list[bytes] = field(default_factory=list)

    @classmethod
    def of(
        cls, paths: Sequence[Path], layouts: Sequence[Layout[Any]], others: Sequence[str] = ()
    ) -> Tables:
        """Match the files that were sent with the tables (and ``others``) by file name."""
        known = sorted([*others, *(layout.file for layout in layouts)])
        tables = cls({path.name: path for path in paths})
        for name in tables.sent:
            if name not in known:
                place = Place(name)
                tables.findings.append(finding("unknown-table", place, expected=", ".join(known)))
        return tables

    def read(self, layout: Layout[T]) -> list[T]:
        """Read one table; what is wrong with it goes to ``findings``."""
        path = self.sent.get(layout.file, data_dir("ontology") / "facts" / layout.file)
        table = Table(path, [Column(name, name, name) for name in layout.fields])
        made = []
        try:
            for row in table:
                if values := self._values(layout, table, row):
                    made.append(layout.make(line=row.line, **values))
        except TableRefused as refused:
            self.findings.extend(refused.findings)
        self.rows += table.rows
        self.parts.append(f"# {layout.file}\n".encode() + table.redacted)
        return made

    def _values(self, layout: Layout[T], table: Table, row: Row) -> dict[str, Any]:
        """Return the parsed cells, or nothing where one of them is refused."""
        self.findings.extend(row.findings)
        good = not row.findings
        values: dict[str, Any] = {}
        for name, spec in layout.fields.items() if good else ():
            text = row.cells[name]
            code = spec.code
            try:
                if text:
                    values[name] = spec.parse(text)
                elif spec.optional:
                    values[name] = spec.default
                else:
                    code = "fact-empty"
                    raise ValueError(name)
            except (ValueError, InvalidOperation):
                place = table.place(row.line, name, text)
                self.findings.append(finding(code, place, **spec.words))
                good = False
        return values if good else {}

    def wrong(
        self, layout: Layout[Any], line: int, column: str, code: str, **words: object
    ) -> None:
        """Tell what a row contradicts in another row or table."""
        self.findings.append(finding(code, Place(layout.file, line, column), **words))

    @property
    def refused(self) -> bool:
        """Whether something is a violation."""
        return any(found.severity == "violation" for found in self.findings)

    @property
    def redacted(self) -> bytes:
        """All tables read, one after another, each under a line with its name."""
        return b"".join(self.parts)


def text(*, optional: bool = False) -> Field:
    """A column of plain text; blank is the empty text."""
    return Field(str, optional=optional, default="")


def choice(*options: str, optional: bool = False) -> Field:
    """A column of codes."""

    def parse(cell: str) -> str:
        if cell not in options:
            raise ValueError(cell)
        return cell

    words = {"options": ", ".join(options)}
    return Field(parse, "fact-choice", words, optional=optional, default="")


def day(*, optional: bool = False) -> Field:
    """A column of dates (YYYY-MM-DD); blank is None."""
    return Field(date.fromisoformat, "fact-date", optional=optional)


def number(low: int, high: int) -> Field:
    """A column of decimal numbers from ``low`` to ``high``."""

    def parse(cell: str) -> Decimal:
        value = Decimal(cell)
        if not low <= value <= high:
            raise ValueError(cell)
        return value

    return Field(parse, "fact-number", {"low": low, "high": high})


def whole(low: int, high: int) -> Field:
    """A column of whole numbers from ``low`` to ``high``."""

    def parse(cell: str) -> int:
        value = int(cell)
        if not low <= value <= high:
            raise ValueError(cell)
        return value

    return Field(parse, "fact-number", {"low": low, "high": high})


def several(item: Field, *, optional: bool = False) -> Field:
    """A column of values joined by ``|``; none is the empty tuple."""

    def parse(cell: str) -> tuple[Any, ...]:
        return tuple(item.parse(part) for part in cell.split(SEPARATOR))

    return Field(parse, item.code, item.words, optional=optional, default=())


def _flemish(cell: str) -> str:
    code = identifiers.nis(cell)
    if identifiers.province_of(code) is None:
        raise ValueError(cell)
    return code


IRI = Field(iri, "fact-iri")
KBO = Field(identifiers.kbo, "fact-kbo")
OVO = Field(identifiers.ovo, "fact-ovo")
NIS = Field(_flemish, "fact-nis")
