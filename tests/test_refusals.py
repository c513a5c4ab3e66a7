"""Bad input gets a located, human error and changes nothing else, through the whole gate."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.pipeline import Acceptance
from service import data_dir
from service.release.archive import Archive
from service.settings import Settings
from tests.home import HEADER, load, publish, response, write_answers

ARDOOIE, ARDOOIE_OCMW, AARTSELAAR = "0216771046", "0216771145", "0207508932"
MIB = 1 << 20
Rows = list[dict[str, str]]


def rows(kind: str = "B", bodies: tuple[str, ...] = (ARDOOIE,), **more: str) -> Rows:
    """Return one sound response, changed as the case wants it."""
    answers = {more.pop("vraag", "AB1"): more.pop("antwoord", "3"), "AB2": "2"}
    return response("FOUT", kind, bodies, answers, **more)


WRONG_ROWS: dict[str, tuple[Rows, str, str]] = {
    "a KBO number with a wrong check sum": (
        rows(bodies=("0216771047",)),
        "kbo-checksum",
        "bestuur",
    ),
    "an unknown body": (rows(bodies=("0403019261",)), "unknown-body", "bestuur"),
    "an unknown question": (rows(vraag="XX9"), "unknown-question", "vraag"),
    "a question that does not apply": (rows(vraag="AB5"), "not-applicable", "vraag"),
    "an option outside the scale": (rows(antwoord="9"), "unknown-option", "antwoord"),
    "two bodies on type B": (rows(bodies=(ARDOOIE, ARDOOIE_OCMW)), "second-body", "bestuur_2"),
    "two bodies on type C": (rows("C", (ARDOOIE_OCMW, ARDOOIE)), "second-body", "bestuur_2"),
    "a pair that is no pair": (rows("A", (AARTSELAAR, ARDOOIE_OCMW)), "no-pair", "bestuur_2"),
    "a date that does not exist": (rows(ingediend="2016-02-30"), "date-impossible", "ingediend"),
    "a cell that begins with =": (rows(antwoord="=1+1"), "formula", "antwoord"),
}


def unchanged(settings: Settings, load_it: Callable[[], list[Acceptance]]) -> Acceptance:
    """Load something bad: the archive stays as it is, and the report is findable."""
    before = [row.path.name for row in Archive(settings.archive).documents()]
    report = load_it()[0]
    assert [row.path.name for row in Archive(settings.archive).documents()] == before
    assert report.refused
    assert report.document is None
    kept = Path(report.refused_folder)
    assert (kept / "document").exists()
    written = json.loads((kept / "report.json").read_bytes())
    assert written["findings"]
    assert written["expires"]
    return report


def violations(report: Acceptance) -> list[tuple[str, int | None, str]]:
    """Return code, line and column of what was refused; every message is in both languages."""
    found = [row for row in report.findings if row.severity == "violation"]
    assert all(row.message_nl and row.message_en and row.file for row in found)
    return [(row.code, row.line, str(row.column)) for row in found]


@pytest.mark.parametrize("case", list(WRONG_ROWS))
def test_a_wrong_response_is_refused_and_its_neighbour_accepted(
    settings: Settings, tmp_path: Path, case: str
) -> None:
    wrong, code, column = WRONG_ROWS[case]
    good = response("GOED", "B", [AARTSELAAR], {"AB1": "3"})
    alone = write_answers(tmp_path / "alleen.csv", wrong)
    report = unchanged(settings, lambda: load(settings, "answers", alone))
    assert (code, 2) in {(name, line) for name, line, _ in violations(report)}
    assert any(column in where for _, _, where in violations(report))
    both = write_answers(tmp_path / "beide.csv", wrong + good)
    mixed = load(settings, "answers", both)[0]
    assert (mixed.accepted, mixed.refused) == (1, 1)
    held = {row.reference for doc in Archive(settings.archive).documents() for row in doc.records}
    assert held == {"GOED"}


def test_an_unnamed_second_response_is_refused_and_a_named_one_accepted(
    settings: Settings, tmp_path: Path
) -> None:
    first = write_answers(tmp_path / "1.csv", response("EEN", "B", [ARDOOIE], {"AB1": "3"}))
    assert load(settings, "answers", first)[0].accepted == 1
    second = write_answers(tmp_path / "2.csv", response("TWEE", "B", [ARDOOIE], {"AB1": "4"}))
    report = unchanged(settings, lambda: load(settings, "answers", second))
    assert violations(report)[0][0] == "second-response"
    assert "EEN" in report.findings[0].message_nl
    named = response("TWEE", "B", [ARDOOIE], {"AB1": "4"}, vervangt="EEN")
    third = write_answers(tmp_path / "3.csv", named)
    assert load(settings, "answers", third)[0].accepted == 1


def sound_text() -> str:
    lines = [";".join(HEADER)]
    lines += [";".join(row.get(name, "") for name in HEADER) for row in rows()]
    return "\n".join(lines) + "\n"


WRONG_BYTES: dict[str, tuple[Callable[[], bytes], str]] = {
    "Latin-1 bytes": (lambda: sound_text().replace("FOUT", "Fôut").encode("latin-1"), "not-utf8"),
    "a missing column": (lambda: sound_text().replace(";antwoord", "").encode(), "missing-column"),
    "a doubled column": (
        lambda: sound_text().replace("vervangt", "vraag").encode(),
        "double-column",
    ),
    "an empty file": (lambda: b"", "empty-file"),
    "a 100 MB single line": (
        lambda: sound_text().encode() + b"x" * (100 * MIB),
        "line-too-long",
    ),
}


@pytest.mark.parametrize("case", list(WRONG_BYTES))
def test_a_wrong_file_is_refused_as_a_whole(settings: Settings, tmp_path: Path, case: str) -> None:
    make, code = WRONG_BYTES[case]
    file = tmp_path / "antwoorden.csv"
    file.write_bytes(make())
    report = unchanged(settings, lambda: load(settings, "answers", file))
    assert code in {name for name, _, _ in violations(report)}


def test_a_zip_bomb_is_refused(settings: Settings, tmp_path: Path) -> None:
    bomb = tmp_path / "antwoorden.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 * MIB))
    assert bomb.stat().st_size < MIB
    report = unchanged(settings, lambda: load(settings, "answers", bomb))
    assert violations(report)[0][0] == "workbook-too-big"


def test_weights_that_do_not_sum_to_100_are_refused(settings: Settings, tmp_path: Path) -> None:
    tables = tmp_path / "instrument"
    shutil.copytree(data_dir("ontology") / "instrument", tables)
    weights = tables / "item-weights.csv"
    text = weights.read_text(encoding="utf-8")
    weights.write_text(text.replace("1.0,AB1,12", "1.0,AB1,13"), encoding="utf-8")
    report = unchanged(settings, lambda: load(settings, "instrument", tables))
    assert violations(report)[0][0] == "theme-sum"
    assert "101" in report.findings[0].message_nl


@pytest.mark.parametrize("iri", ["../ergens", "javascript:alert(1)"])
def test_turtle_with_a_dangerous_iri_is_refused(
    settings: Settings, tmp_path: Path, iri: str
) -> None:
    file = tmp_path / "besturen.ttl"
    file.write_text(f"<https://voorbeeld.test/a> <https://voorbeeld.test/p> <{iri}> .\n")
    report = unchanged(settings, lambda: load(settings, "lblod", file))
    code, line, _ = violations(report)[0]
    assert code.startswith("rdf-")
    assert line == 1


def test_a_refused_file_leaves_the_published_release_as_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    good = write_answers(tmp_path / "1.csv", response("EEN", "B", [ARDOOIE], {"AB1": "3"}))
    load(settings, "answers", good)
    publish(settings)
    bad = write_answers(tmp_path / "2.csv", rows(antwoord="9"))
    unchanged(settings, lambda: load(settings, "answers", bad))
    again = publish(settings)
    assert again.manifest["changes"] == {}
