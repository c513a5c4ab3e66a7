"""An answer as an Excel workbook: its rows with a head row, and a sheet that says what they are.

Equal answers of one release give equal bytes, so that a workbook has a tag like any other answer:
the times inside are those of the release.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import Cell as TextCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from service.problems import ResultTooLarge
from service.release.manifest import Release
from service.web.answers import Answer, plain
from service.web.site import Term

ANSWER, ABOUT = "antwoord", "over"
_MOST_ROWS = 1_048_575  # of a sheet, without the head row
_MOST_CHARACTERS = 32_767  # of a cell
_DIGITS = 15  # that a number of a spreadsheet holds
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a file in a zip
Cell = str | int | float | bool | Decimal | date | None

_WORDS = {
    "title": ("Vraag", "Question"),
    "query": ("Naam van de query", "Name of the query"),
    "parameter": ("Parameter", "Parameter"),
    "source": ("Bron", "Source"),
    "address": ("Adres van dit antwoord", "Address of this answer"),
    "release": ("Release", "Release"),
    "instant": ("Gepubliceerd op", "Published at"),
    "page": ("Bladzijde", "Page"),
    "synthetic": ("Synthetische gegevens", "Synthetic data"),
}
_NOTICE = (
    "Deze cijfers zijn verzonnen om de dienst te tonen en te testen. Ze zeggen niets over echte "
    "besturen.",
    "These figures are made up to show and test the service. They say nothing about real "
    "governments.",
)


def workbook(answer: Answer, release: Release, source: str, address: str, lang: str) -> bytes:
    """Return the workbook.

    Args:
        answer: the rows.
        release: where they come from.
        source: the IRI of the stored query.
        address: the URL of this answer.
        lang: "nl" or "en", of the words on the sheet "over".

    Raises:
        ResultTooLarge: more rows than a sheet can have.
    """
    if len(answer.rows) > _MOST_ROWS:
        raise ResultTooLarge(f"a sheet has {_MOST_ROWS} rows at most; take CSV")
    book = Workbook(write_only=True)
    rows = ([cell_of(row.get(name)) for name in answer.columns] for row in answer.rows)
    _sheet(book, ANSWER, answer.columns, rows)
    about = _about(answer, release, source, address, lang)
    _sheet(book, ABOUT, [], about)
    book.properties.creator = "I-Monitor Linked Data"
    made = datetime.fromisoformat(release.instant.replace("Z", "+00:00")).replace(tzinfo=None)
    book.properties.created = made
    target = io.BytesIO()
    book.save(target)
    return _settled(target.getvalue(), made)


def _about(
    answer: Answer, release: Release, source: str, address: str, lang: str
) -> Iterable[list[Cell]]:
    """Yield the lines of the sheet that says what the rows are."""
    asked, at = answer.asked, int(lang == "en")

    def line(what: str, *cells: Cell) -> list[Cell]:
        return [_WORDS[what][at], *cells]

    if answer.synthetic:
        yield line("synthetic", _NOTICE[at])
    yield line("title", str(asked.query.head["summary"][lang]))
    yield line("query", asked.query.name)
    for name, value in asked.written.items():
        yield line("parameter", name, " ".join(value) if isinstance(value, list) else str(value))
    if asked.page:
        yield line("page", asked.page.number, asked.page.size)
    yield line("source", source)
    yield line("address", address)
    yield line("release", release.number)
    yield line("instant", release.instant)


def cell_of(term: Term | None) -> Cell:
    """Return a term as a cell: numbers and days as such, everything else as text."""
    if term is None:
        return None
    datatype = term.datatype.rpartition("#")[2]
    try:
        if datatype == "date":
            return date.fromisoformat(term.value)
        value: Cell = plain(term)
        if isinstance(value, float):
            value = Decimal(term.value)
    except (ValueError, ArithmeticError):
        return term.value
    if isinstance(value, int | Decimal) and len(str(value).strip("-").replace(".", "")) > _DIGITS:
        return term.value
    return value


def _sheet(book: Workbook, title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = book.create_sheet(title)
    if head:
        sheet.freeze_panes = "A2"
        sheet.append([_text_cell(sheet, name, bold=True) for name in head])
    for row in rows:
        sheet.append([_text_cell(sheet, c) if isinstance(c, str) else c for c in row])


def _text_cell(sheet: WriteOnlyWorksheet, text: str, *, bold: bool = False) -> TextCell:
    """Return a cell that stays text: what begins with "=" is no formula."""
    shown = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_MOST_CHARACTERS]
    cell = WriteOnlyCell(sheet, value=shown)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _settled(data: bytes, made: datetime) -> bytes:
    """Return the file with the times of the release in it, not those of this moment."""
    target = io.BytesIO()
    moment = max(made.timetuple()[:6], _EARLIEST)
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", content)
            info = zipfile.ZipInfo(entry.filename, (moment[0], *moment[1:6]))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return target.getvalue()
