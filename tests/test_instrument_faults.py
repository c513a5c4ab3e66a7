"""What is wrong with the tables of an instrument is found, located and told in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loaders import Finding, Reading
from loaders.instrument_messages import MESSAGES
from tests.instrument_tables import TINY, folder, read

FAULTS: list[tuple[str, str, Callable[[str], str | bytes | None], int | None]] = [
    # code, table, change of the table, line
    ("table-missing", "questions", lambda _: None, None),
    ("bundled-table", "missing", lambda _: None, None),
    ("unknown-table", "iets", lambda _: "a;b\n", None),
    ("too-big", "themes", lambda text: text + " " * 5_000_001, None),
    ("not-utf8", "themes", lambda text: text.encode() + b"A4;Caf\xe9;Cafe\n", 5),
    ("csv-form", "themes", lambda text: text + 'A4;"Vier"x;Four\n', 5),
    ("empty-table", "themes", lambda _: "\n\n", None),
    ("missing-column", "themes", lambda text: text.replace(";label_en", ";label"), 1),
    ("double-column", "themes", lambda text: text.replace("label_en", "label_nl"), 1),
    ("unknown-column", "themes", lambda text: text.replace("label_en", "label_en;kleur", 1)
     .replace("One", "One;").replace("Two", "Two;").replace("Three", "Three;"), 1),
    ("row-width", "themes", lambda text: text + "A4;Vier\n", 5),
    ("cell-missing", "themes", lambda text: text + "A4;;Four\n", 5),
    ("number-form", "item-weights", lambda text: text.replace("40", "40,0"), 2),
    ("number-range", "scales", lambda text: text.replace(";60", ";160"), 4),
    ("truth-form", "theme-weights", lambda text: text.replace("2;true", "2;misschien"), 2),
    ("letters-form", "questions", lambda text: text.replace(";B;", ";BD;"), 4),
    ("date-form", "waves", lambda text: text.replace("2016-06-01", "2016-06-31"), 2),
    ("code-form", "themes", lambda text: text + "A/4;Vier;Four\n", 5),
    ("code-twice", "themes", lambda text: text + "A1;Weer;Again\n", 5),
    ("unknown-theme", "questions", lambda text: text.replace("Q2;A1", "Q2;A9"), 3),
    ("unknown-scale", "questions", lambda text: text.replace("Q2;A1;JN", "Q2;A1;XX"), 3),
    ("unknown-question", "item-weights", lambda text: text + "7;Q9;1\n", 7),
    ("unknown-scheme", "item-weights", lambda text: text + "9;Q1;1\n", 7),
    ("scheme-base", "schemes", lambda text: text.replace(";agg", ";based_on;agg")
     .replace("meetkundig", "9;"), 2),
    ("unknown-reference", "gates", lambda text: text.replace("E;a1", "F;a1"), 2),
    ("unknown-value", "schemes", lambda text: text.replace("meetkundig", "mediaan"), 2),
    ("reserved-code", "themes", lambda text: text + "TOTAL;Alles;All\n", 5),
    ("weight-zero", "theme-weights", lambda text: text.replace("A2;1", "A2;0"), 3),
    ("theme-sum", "item-weights", lambda text: text.replace("Q3;25", "Q3;24.999999"), None),
    ("theme-weight-missing", "theme-weights", lambda text: text.replace("7;A2;1;true\n", ""), None),
    ("question-weight-missing", "questions", lambda text: text + "Q6;A2;JN;;A;Nog?;More?\n", None),
    ("core-missing", "theme-weights", lambda text: text.replace("true", "false"), None),
    ("score-missing", "scales", lambda text: text.replace(";60", ";"), 4),
    ("scale-empty", "questions", lambda text: text.replace("Q2;A1;JN", "Q2;A1;ML"), 3),
    ("options-missing", "options", lambda text: text.partition("\n")[0] + "\n", 5),
    ("options-unused", "options", lambda text: text + "Q1;x;x;x\n", 5),
    ("products-missing", "products", lambda text: text.partition("\n")[0] + "\n", 6),
    ("products-unused", "products", lambda text: text + "Q1;x;x;x;A\n", 3),
    ("type-bounds", "types", lambda text: text.replace("E;2;50", "E;2;51"), 3),
    ("whole-number", "types", lambda text: text.replace("E;2;50", "E;2.5;50"), 3),
    ("advice-condition", "recommendations", lambda text: text.replace("E;2;;;", ";;;;"), 3),
    ("advice-band", "recommendations", lambda text: text.replace("0;50", ";50"), 2),
    ("advice-theme", "recommendations", lambda text: text.replace("c;;", "c;A2;"), 4),
    ("advice-gap", "recommendations", lambda text: text.replace("0;50", "0;49"), None),
    ("source-incomplete", "source-use", lambda text: text.replace("zorg;ABC", ";ABC"), 2),
]  # fmt: skip


def broken(
    tmp_path: Path, table: str, change: Callable[[str], str | bytes | None]
) -> tuple[Reading, list[Finding]]:
    path = folder(tmp_path)
    changed = change(TINY.get(table, ""))
    file = path / f"{table}.csv"
    if changed is None:
        file.unlink(missing_ok=True)
    elif isinstance(changed, bytes):
        file.write_bytes(changed)
    else:
        file.write_text(changed, "utf-8")
    reading = read(path)
    return reading, reading.findings


@pytest.mark.parametrize(
    ("code", "table", "change", "line"), FAULTS, ids=[row[0] for row in FAULTS]
)
def test_a_fault_is_found_and_located_and_nothing_is_taken(
    code: str,
    table: str,
    change: Callable[[str], str | bytes | None],
    line: int | None,
    tmp_path: Path,
) -> None:
    reading, findings = broken(tmp_path, table, change)
    found = [row for row in findings if row.code == code]
    assert found, [row.code for row in findings]
    assert found[0].line == line
    violation = any(row.severity == "violation" for row in findings)
    assert violation == (found[0].severity == "violation")
    assert bool(reading.snapshots) != violation


def test_every_message_is_tripped_by_a_fault_above() -> None:
    assert {code for code, *_ in FAULTS} == set(MESSAGES)


def test_a_sum_that_is_not_100_names_theme_sum_and_file(tmp_path: Path) -> None:
    _, findings = broken(tmp_path, "item-weights", lambda text: text.replace("Q2;35", "Q2;36"))
    (found,) = (row for row in findings if row.code == "theme-sum")
    for message in (found.message_nl, found.message_en):
        assert all(word in message for word in ("A1", "101", "item-weights.csv", "100"))


def test_reserved_codes_are_refused_wherever_they_would_clash(tmp_path: Path) -> None:
    for number, (table, row) in enumerate(
        [
            ("options", "Q4;geen;geen;none\n"),
            ("options", "Q4;ZD;weet niet;does not know\n"),
            ("scales", "JN;NVT;niet;not;0\n"),
            ("questions", "BR;A1;JN;;ABC;Bron?;Source?\n"),
        ]
    ):
        place = tmp_path / str(number)
        place.mkdir()
        _, findings = broken(place, table, lambda text, row=row: text + row)
        assert "reserved-code" in {found.code for found in findings}
