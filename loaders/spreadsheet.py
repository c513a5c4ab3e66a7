"""An Excel workbook (.xlsx, ECMA-376) as rows of text, looked through before it is opened.

A workbook is a zip of XML: a few hundred bytes can unpack to gigabytes. So the members are counted
and weighed from the zip's index first (Python's reader never unpacks more than the index says).
Then each XML part streams by once: no document type (no workbook has one, entity bombs need one),
and no row so full that it could not be held.
"""

from __future__ import annotations

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils.exceptions import InvalidFileException

from loaders.findings import Place, TableRefused, finding

MAX_MEMBERS = 1_000
MAX_UNPACKED = 128 << 20  # bytes; a wave of 100 k answers is about 30 MiB
MAX_RATIO = 200  # a sheet of repeated answers reaches about 40
MAX_PART = 16 << 20  # what is no sheet (shared texts, styles) is held whole
MAX_ELEMENTS = 50_000  # from one row to the next, which are held together
MAX_ROWS = 1_048_576  # the last row that Excel has
MAX_COLUMNS = 64
_SMALL = 1 << 20
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    SyntaxError,  # xml.etree's ParseError is one
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,  # a place in the file that cannot be
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
    expat.ExpatError,
)


def is_workbook(path: Path) -> bool:
    """Tell by its first bytes whether a file is a workbook.

    Raises:
        TableRefused: it is a workbook, or is called one, and cannot be read.
    """
    with path.open("rb") as handle:
        start = handle.read(8)
    if start.startswith(b"PK"):
        _guard(path)
        return True
    if start == _OLE:
        _refuse(path, "old-workbook")
    if start and path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
        _refuse(path, "not-a-workbook")
    return False


def _refuse(path: Path, code: str, **words: object) -> NoReturn:
    raise TableRefused([finding(code, Place(path.name), **words)])


def _guard(path: Path) -> None:
    """Look at the zip without unpacking it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members):
                _refuse(path, "old-workbook")
            if why := _too_big(members, path.stat().st_size):
                _refuse(path, "workbook-too-big", why=why)
            if "xl/workbook.xml" not in archive.namelist():
                _refuse(path, "not-a-workbook")
            for member in members:
                if _is_xml(member):
                    _scan(archive, member)
    except _TooFull as error:
        _refuse(path, "workbook-too-big", why=str(error))
    except _BROKEN:
        _refuse(path, "not-a-workbook")


def _is_xml(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith((".xml", ".rels", ".vml"))


def _too_big(members: list[zipfile.ZipInfo], size: int) -> str:
    """Return why the members weigh too much, or ""."""
    if len(members) > MAX_MEMBERS:
        return f"{len(members)} > {MAX_MEMBERS}"
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED:
        return f"{total} > {MAX_UNPACKED} bytes"
    if total > _SMALL and total > MAX_RATIO * size:
        return f"1:{total // max(size, 1)} > 1:{MAX_RATIO}"
    for member in members:
        name = member.filename.lower()
        if name.endswith((".zip", ".xlsx", ".xlsm", ".docx", ".gz", ".jar")):
            return "zip in zip"
        if "worksheets/" not in name and member.file_size > MAX_PART:
            return f"{member.file_size} > {MAX_PART} bytes"
    return ""


class _TooFull(Exception):
    """A row, or what stands between two rows, is too much to hold."""


def _scan(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Let an XML part stream by.

    Raises:
        ValueError: it has a document type.
        _TooFull: it has too many elements in one place, or a row beyond Excel's last.
        expat.ExpatError: it is not well-formed XML.
    """
    elements = 0

    def doctype(*_: object) -> None:
        raise ValueError("document type")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if name == "row":
            elements = 0
            if int(attributes.get("r", 0)) > MAX_ROWS:
                raise _TooFull(f"row {attributes['r']}")
        elif elements > MAX_ELEMENTS and "worksheets/" in member.filename:
            raise _TooFull(f"> {MAX_ELEMENTS} elements")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    with archive.open(member) as part:
        while chunk := part.read(1 << 16):
            parser.Parse(chunk)


def sheet_rows(path: Path, sheet: str = "") -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells as text, without the blank ones at the end) of one sheet.

    The sheet named ``sheet`` is read where there is one, else the first visible one.

    Raises:
        TableRefused: the parts of the workbook do not fit together.
    """
    try:
        with _quiet():
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        with closing(book):
            visible = [tab for tab in book.worksheets if tab.sheet_state == "visible"]
            tab = next((t for t in visible if t.title.lower() == sheet.lower()), visible[0])
            tab.reset_dimensions()  # what a file says of its own size is not to be trusted
            rows = tab.iter_rows(max_col=MAX_COLUMNS, max_row=MAX_ROWS)
            for number in count(1):
                with _quiet():
                    row = next(rows, None)
                if row is None:
                    return
                yield number, _trimmed([_text(cell) for cell in row])
    except _BROKEN:
        _refuse(path, "not-a-workbook")


@contextmanager
def _quiet() -> Iterator[None]:
    """Let openpyxl keep its remarks about styles, and dates beyond the calendar, to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(cell: Cell | MergedCell) -> str:
    """Return a cell as its user sees it: 3.0 is 3, a date cell is ISO 8601, 0.25 as % is 25%."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f" or not isinstance(
        value, (str, int, float, datetime.date, datetime.time)
    ):
        return "="  # a formula: its cached value is not what the user checked
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        percent = "%" in (cell.number_format or "")
        return _number(value, percent)
    if isinstance(value, datetime.datetime):
        whole_day = value.time() == datetime.time()
        return value.date().isoformat() if whole_day else value.isoformat(timespec="seconds")
    return value.isoformat()


def _number(value: int | float, percent: bool) -> str:
    number = Decimal(repr(value))
    if percent:
        number *= 100
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + "%" if percent else text
