"""Reading a table: what spreadsheets write is understood, what is broken is refused and located."""

from __future__ import annotations

import datetime
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from loaders import spreadsheet
from loaders.findings import MESSAGES, TableRefused
from loaders.tables import MAX_CELL, MAX_LINE, Column, Row, Table, is_formula, letter

COLUMNS = (
    Column("kenmerk", "Kenmerk", "Reference"),
    Column("waarde", "Waarde", "Value"),
    Column("naam", "Naam", "Name", required=False, personal=True),
)
MIB = 1 << 20


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bytes")


def table(path: Path, content: bytes | str, name: str = "t.csv") -> Table:
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return Table(file, COLUMNS)


def rows(path: Path, content: bytes | str, name: str = "t.csv") -> list[Row]:
    return list(table(path, content, name))


def cells(path: Path, content: bytes | str) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in rows(path, content)]


def refusal(path: Path, content: bytes | str, name: str = "t.csv") -> list[tuple[str, int | None]]:
    with pytest.raises(TableRefused) as caught:
        rows(path, content, name)
    assert all(found.file == name for found in caught.value.findings)
    return [(found.code, found.line) for found in caught.value.findings]


@contextmanager
def peak_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "kenmerk;waarde\nR1;é\n",
        "kenmerk,waarde\nR1,é\n",
        "kenmerk\twaarde\nR1\té\n",
        "\ufeffkenmerk;waarde\r\nR1;é\r\n",
        'sep=;\n"Kenmerk";" WAARDE "\n"R1";"é"\n',
        "\n\nkenmerk;waarde\nR1; é \n;\n",
    ],
    ids=["semicolon", "comma", "tab", "bom-and-crlf", "sep-line-and-quotes", "blank-lines"],
)
def test_csv_is_read_whatever_the_spreadsheet_chose(tmp_path: Path, text: str) -> None:
    assert cells(tmp_path, text) == [("R1", "é")]


def test_the_column_order_is_free_and_lines_are_counted_over_quoted_line_ends(
    tmp_path: Path,
) -> None:
    found = rows(tmp_path, 'waarde;kenmerk\n"een\ntwee";R1\ndrie;R2\n')
    assert [(row.line, row.cells["kenmerk"]) for row in found] == [(2, "R1"), (4, "R2")]
    assert found[0].cells["waarde"] == "een\ntwee"


@pytest.mark.parametrize("content", ["", "\n \n", "kenmerk;waarde\n", "kenmerk;waarde\n;\n"])
def test_a_table_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, content) == [("empty-file", None)]


def test_latin_1_is_refused_with_line_byte_and_what_to_do(tmp_path: Path) -> None:
    file = table(tmp_path, "kenmerk;waarde\nR1;a\nR2;café\n".encode("latin-1"))
    with pytest.raises(TableRefused) as caught:
        list(file)
    (found,) = caught.value.findings
    assert (found.code, found.line) == ("not-utf8", 3)
    assert "Byte 7 of line 3" in found.message_en
    assert "CSV UTF-8" in found.message_nl


def test_nul_bytes_and_utf_16_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"kenmerk;waarde\nR1;a\0b\n") == [("not-text", 2)]
    assert refusal(tmp_path, "kenmerk;waarde\nR1;a\n".encode("utf-16-le")) == [("not-text", 1)]


def test_a_lone_carriage_return_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "kenmerk;waarde\rR1;a\rR2;b\r") == [("line-ends", 1)]


@pytest.mark.parametrize(
    "text", ['kenmerk;waarde\nR1;a\n"R2;b\nR3;c\n', 'kenmerk;waarde\nR1;a\n"R2"x;b\n']
)
def test_unbalanced_quotes_are_located_where_they_begin(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text) == [("quotes", 3)]


def test_a_quote_that_never_closes_is_not_read_into_memory(tmp_path: Path) -> None:
    text = 'kenmerk;waarde\n"R1;a\n' + "R2;bbbbbbbbbbbbbbbb\n" * 500_000
    file = table(tmp_path, text)
    with peak_below(4 * MIB), pytest.raises(TableRefused) as caught:
        list(file)
    assert [(f.code, f.line) for f in caught.value.findings] == [("quotes", 2)]


def test_a_line_of_100_megabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as handle:
        handle.write(b"kenmerk;waarde\nR1;a\nR2;")
        for _ in range(100):
            handle.write(b"b" * MIB)
    with peak_below(8 * MIB), pytest.raises(TableRefused) as caught:
        list(Table(path, COLUMNS))
    (found,) = caught.value.findings
    assert (found.code, found.line) == ("line-too-long", 3)
    assert str(MAX_LINE) in found.message_en


def test_all_problems_of_the_header_are_told_at_once(tmp_path: Path) -> None:
    file = table(tmp_path, "kenmerk;kenmerk;rijksregisternummer\nR1;a;b\n")
    with pytest.raises(TableRefused) as caught:
        list(file)
    found = {(f.code, f.line, f.column) for f in caught.value.findings}
    assert found == {
        ("double-column", 1, "B"),
        ("unknown-column", 1, "C"),
        ("missing-column", 1, "waarde"),
    }
    # Without a header row the first row is data: its text is not repeated.
    assert "rijksregisternummer" not in "".join(f.message_en for f in caught.value.findings)


@pytest.mark.parametrize("line", ["R2", "R2;b;c;d", "R2;b;jan@voorbeeld.invalid;x"])
def test_a_row_of_a_wrong_width_is_told_and_not_trusted(tmp_path: Path, line: str) -> None:
    file = table(tmp_path, f"kenmerk;waarde;naam\nR1;a;Jan\n{line}\nR3;c;\n")
    found = list(file)
    assert [[f.code for f in row.findings] for row in found] == [[], ["row-width"], []]
    assert found[1].findings[0].line == 3
    assert found[1].cells == {"kenmerk": "R2"}
    assert b"R2" not in file.redacted


@pytest.mark.parametrize(
    ("cell", "formula"),
    [
        ("=1+1", True),
        ("@SUM(A1)", True),
        ("+cmd|' /C calc'!A0", True),
        ("-cmd", True),
        ("\tx", True),
        ("-5", False),
        ("+5,25", False),
        ("a=b", False),
        ("", False),
    ],
)
def test_what_a_spreadsheet_would_compute_is_a_formula(cell: str, formula: bool) -> None:
    assert is_formula(cell) is formula


def test_a_formula_is_refused_at_its_cell_and_kept_out_of_the_archive(tmp_path: Path) -> None:
    file = table(tmp_path, "kenmerk;waarde;naam\nR1;=HYPERLINK(1);\nR2;b;+32 470 00 00 00\n")
    first, second = file
    assert [(f.code, f.line, f.column) for f in first.findings] == [("formula", 2, "waarde (B)")]
    assert second.findings == ()  # a telephone number may begin with +
    assert b"HYPERLINK" not in file.redacted


def test_a_personal_value_is_in_no_finding_and_not_in_the_redacted_bytes(tmp_path: Path) -> None:
    file = table(tmp_path, "kenmerk;naam;waarde\nR1;=Jan Peeters;jan@voorbeeld.invalid\nR2;An;b\n")
    found = list(file)
    assert "Jan" not in repr(found[0].findings)
    assert file.redacted.decode() == "kenmerk;waarde\nR1;\nR2;b\n"


def test_a_cell_has_a_greatest_length(tmp_path: Path) -> None:
    found = rows(tmp_path, f"kenmerk;waarde\nR1;{'x' * (MAX_CELL + 1)}\n")
    assert [f.code for f in found[0].findings] == ["cell-too-long"]


@given(st.binary(max_size=200), st.sampled_from([b"", b"kenmerk;waarde\n", b"PK\x03\x04"]))
def test_any_bytes_are_read_or_refused(shared: Path, content: bytes, start: bytes) -> None:
    try:
        rows(shared, start + content)
    except TableRefused as refused:
        assert refused.findings


def test_column_letters_go_on_after_z() -> None:
    assert [letter(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


def test_every_message_says_something_in_both_languages() -> None:
    for code, (severity, dutch, english) in MESSAGES.items():
        assert severity in ("violation", "warning", "info"), code
        assert dutch != english and dutch.endswith((".", "?", "}")), code
        assert english.endswith((".", "?", "}")), code


# --- workbooks -----------------------------------------------------------------------------------


def workbook(
    path: Path, *table_rows: tuple[object, ...], **sheets: list[tuple[object, ...]]
) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "Blad1"
    for row in table_rows:
        sheet.append(row)
    for title, content in sheets.items():
        extra = book.create_sheet(title)
        for row in content:
            extra.append(row)
    file = path / "t.xlsx"
    book.save(file)
    return file


def rewritten(source: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Write the workbook again with changed parts."""
    target = source.with_name("changed.xlsx")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return target


def refused_workbook(path: Path) -> list[str]:
    with peak_below(16 * MIB), pytest.raises(TableRefused) as caught:
        list(Table(path, COLUMNS))
    return [found.code for found in caught.value.findings]


def test_a_workbook_gives_text_as_its_user_sees_it(tmp_path: Path) -> None:
    file = workbook(
        tmp_path,
        ("Kenmerk ", "WAARDE", None),
        (207508932, 3.0),
        (None, None),
        ("R2", datetime.datetime(2016, 6, 1)),
        ("R3", datetime.datetime(2016, 6, 1, 14, 30)),
        ("R4", True),
        ("R5", 14.25),
        ("R6", None),
    )
    found = list(Table(file, COLUMNS))
    assert [(row.line, *row.cells.values()) for row in found] == [
        (2, "207508932", "3"),
        (4, "R2", "2016-06-01"),
        (5, "R3", "2016-06-01T14:30:00"),
        (6, "R4", "true"),
        (7, "R5", "14.25"),
        (8, "R6", ""),
    ]


def test_a_percentage_cell_is_read_as_shown(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["kenmerk", "waarde"])
    book.active.append(["R1", 0.1425])
    book.active["B2"].number_format = "0.00%"
    book.save(tmp_path / "t.xlsx")
    assert [row.cells["waarde"] for row in Table(tmp_path / "t.xlsx", COLUMNS)] == ["14.25%"]


def test_the_named_sheet_is_read_else_the_first_visible_one(tmp_path: Path) -> None:
    head = ("kenmerk", "waarde")
    file = workbook(tmp_path, head, ("R1", "eerste"), Antwoorden=[head, ("R2", "genoemd")])
    named = Table(file, COLUMNS, "antwoorden")
    assert [row.cells["kenmerk"] for row in named] == ["R2"]
    assert [row.cells["kenmerk"] for row in Table(file, COLUMNS, "elders")] == ["R1"]


def test_a_formula_cell_is_refused_even_if_it_has_a_cached_value(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "=1+2"))
    cached = rewritten(file, lambda _, data: data.replace(b"<v></v>", b"<v>3</v>"))
    (row,) = Table(cached, COLUMNS)
    assert [(f.code, f.line, f.column) for f in row.findings] == [("formula", 2, "waarde (B)")]


def test_a_row_wider_than_the_header_is_told(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a", "b"))
    (row,) = Table(file, COLUMNS)
    assert [f.code for f in row.findings] == ["row-width"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.ods"])
def test_a_text_that_is_called_a_workbook_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, "kenmerk;waarde\nR1;a\n", name) == [("not-a-workbook", None)]


def test_old_and_encrypted_workbooks_are_refused(tmp_path: Path) -> None:
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)
    assert refusal(tmp_path, ole, "t.xls") == [("old-workbook", None)]
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    data = bytearray(file.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + 8] |= 1  # the "encrypted" flag of the first member in the zip's index
    assert refusal(tmp_path, bytes(data), "locked.xlsx") == [("old-workbook", None)]


def test_a_cut_or_foreign_zip_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a")).read_bytes()
    assert refusal(tmp_path, whole[: len(whole) // 2], "cut.xlsx") == [("not-a-workbook", None)]
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    assert refused_workbook(tmp_path / "z.zip") == ["not-a-workbook"]


def test_a_sheet_that_is_no_xml_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    broken = rewritten(
        file, lambda name, data: data[: len(data) // 2] if "sheet1" in name else data
    )
    assert refused_workbook(broken) == ["not-a-workbook"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    bomb = rewritten(
        file, lambda name, data: data + b" " * (60 * MIB) if "sheet1" in name else data
    )
    assert bomb.stat().st_size < MIB
    assert refused_workbook(bomb) == ["workbook-too-big"]


def test_a_zip_bomb_that_lies_about_its_size_does_no_harm(tmp_path: Path) -> None:
    size = 60 * MIB + 7
    bomb = tmp_path / "lie.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * size)
    lie = bomb.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000))
    bomb.write_bytes(lie)
    assert refused_workbook(bomb) == ["not-a-workbook"]


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_MEMBERS", 3), ("MAX_UNPACKED", 1000), ("MAX_PART", 100), ("MAX_ELEMENTS", 2)],
)
def test_members_sizes_and_rows_have_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    assert len(list(Table(file, COLUMNS))) == 1
    monkeypatch.setattr(spreadsheet, limit, value)
    assert refused_workbook(file) == ["workbook-too-big"]


def test_a_zip_in_the_zip_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/embeddings/inner.xlsx", b"PK\x03\x04")
    assert refused_workbook(file) == ["workbook-too-big"]


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    def change(name: str, data: bytes) -> bytes:
        if "sheet1" not in name:
            return data
        head, mark, rest = data.partition(b"<worksheet")
        return head + b"<!--" + b"x" * 10_000 + b"-->" + entities + mark + rest

    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    assert refused_workbook(rewritten(file, change)) == ["not-a-workbook"]


def test_a_row_of_a_million_cells_is_refused_before_it_is_held(tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if "sheet1" not in name:
            return data
        noise = b"".join(b'<c r="A1"><v>%d</v></c>' % number for number in range(60_000))
        return data.replace(b"</row>", noise + b"</row>", 1)

    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    assert refused_workbook(rewritten(file, change)) == ["workbook-too-big"]


def test_a_row_beyond_the_last_of_excel_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    changed = rewritten(file, lambda _, data: data.replace(b'<row r="2"', b'<row r="999999999"'))
    assert refused_workbook(changed) == ["workbook-too-big"]


def test_a_cell_far_to_the_right_does_not_widen_every_row(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["kenmerk", "waarde"])
    for number in range(200):
        book.active.append([f"R{number}", "a"])
    book.active["XFD201"] = "far"
    book.save(tmp_path / "t.xlsx")
    with peak_below(16 * MIB):
        assert len(list(Table(tmp_path / "t.xlsx", COLUMNS))) == 200


ODD_CELLS = (
    '<c t="s"><v>99</v></c>',
    '<c t="s"><v>x</v></c>',
    "<c><v>1e999</v></c>",
    "<c><v>NaN</v></c>",
    '<c t="d"><v>2016-13-45</v></c>',
    '<c t="e"><v>#N/A</v></c>',
    '<c t="inlineStr"/>',
    '<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>',
    '<c t="zzz"><v>1</v></c>',
    '<c s="9999"><v>1</v></c>',
    '<c r="A0"><v>1</v></c>',
    '<c r="ZZZZ9"><v>1</v></c>',
    '<c><f t="shared" si="0">A1</f></c>',
    '<c><f t="array" ref="A1:B2">A1</f></c>',
    '<c><f t="dataTable" ref="A1:B2"/></c>',
    "<c/>",
    '<row r="-4"/>',
)


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_an_odd_cell_is_read_or_the_workbook_refused(tmp_path: Path, cell: str) -> None:
    file = workbook(tmp_path, ("kenmerk", "waarde"), ("R1", "a"))
    odd = rewritten(file, lambda _, data: data.replace(b'<c r="B2"', f'{cell}<c r="C2"'.encode()))
    try:
        assert list(Table(odd, COLUMNS))
    except TableRefused as refused:
        assert [found.code for found in refused.findings] == ["not-a-workbook"]


def test_a_date_beyond_the_calendar_is_text(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["kenmerk", "waarde"])
    book.active.append(["R1", 99_999_999_999])
    book.active["B2"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "t.xlsx")
    assert [row.cells["waarde"] for row in Table(tmp_path / "t.xlsx", COLUMNS)] == ["#VALUE!"]
