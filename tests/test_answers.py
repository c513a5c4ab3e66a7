"""The answers table: each response is accepted or refused by itself, with all that is wrong."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from pyoxigraph import RdfFormat, parse

from loaders import Context, Reading, answers
from loaders.answers import load
from loaders.findings import MESSAGES
from loaders.instants import read_instant
from loaders.response import MAX_ROWS, response_iri
from loaders.table_messages import TABLE
from service.release.lines import canonical_triples
from service.release.validation import local_shapes
from tests.answers_support import (
    BASE,
    COLUMNS,
    ENDED,
    GEMEENTE,
    KEY,
    NEW,
    OCMW,
    OTHER,
    OTHER_OCMW,
    PERSONAL,
    codes,
    context,
    place,
    read,
    reference,
    response,
    write_table,
)

Rows = list[dict[str, str]]
WAVE = f"{BASE}id/synthetisch/golf/2016"
DOCS = Path(__file__).parent.parent / "docs" / "answers-table.md"


def read_rows(path: Path, *groups: Rows, columns: tuple[str, ...] = COLUMNS) -> Reading:
    rows = [row for group in groups for row in group]
    return read(write_table(path / "a.csv", rows, columns))


def located(reading: Reading) -> list[tuple[str, int | None, str | None]]:
    return [(found.code, found.line, found.column) for found in reading.findings]


def test_a_sound_response_becomes_one_triple_an_answer(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path,
        response(
            vragenlijst="A",
            bestuur_2=OCMW,
            ingediend="2016-06-15T14:30:00+02:00",
            answers=(
                ("AB1", "3"),
                ("AB2", "ZD"),
                ("DI4", "privacy|kosten"),
                ("PD8.reispas", "4"),
                ("BR.ksz.welzijn", "m2m"),
            ),
        ),
    )
    assert reading.findings == []
    (record,) = reading.records
    subject = re.escape(record.iri)
    assert re.fullmatch(
        rf"{BASE}id/synthetisch/respons/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}",
        record.iri,
    )
    assert (record.reference, record.wave, record.replaces) == ("R1", WAVE, None)
    assert record.graph == f"{BASE}graph/synthetisch/antwoorden/2016"
    assert reading.graphs == {record.graph: "BESTUUR"}
    bodies = reference().bodies
    assert record.bodies == (bodies[GEMEENTE].iri, bodies[OCMW].iri)
    lines = record.triples.decode().splitlines()
    assert all(re.match(rf"<{subject}> <", line) for line in lines)
    short = {
        line.split(" ", 1)[1]
        .replace("https://w3id.org/imonitor/ns#", "imon:")
        .replace("https://w3id.org/imonitor/concept/", "imc:")
        for line in lines
    }
    assert short == {
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <imon:Response> .",
        f"<imon:wave> <{WAVE}> .",
        "<imon:questionnaireType> <imc:vragenlijsttype/A> .",
        f"<imon:coversBody> <{bodies[GEMEENTE].iri}> .",
        f"<imon:coversBody> <{bodies[OCMW].iri}> .",
        "<http://purl.org/dc/terms/dateSubmitted> "
        '"2016-06-15T12:30:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .',
        "<imon:answer> <imc:vraag/AB1/optie/3> .",
        "<imon:answer> <imc:vraag/AB2/optie/ZD> .",
        "<imon:answer> <imc:vraag/DI4/optie/privacy> .",
        "<imon:answer> <imc:vraag/DI4/optie/kosten> .",
        "<imon:answer> <imc:vraag/PD8.reispas/optie/4> .",
        "<imon:answer> <imc:vraag/BR.ksz.welzijn/optie/m2m> .",
    }


def test_triples_are_canonical_and_pass_the_local_shapes(tmp_path: Path) -> None:
    (record,) = read_rows(tmp_path, response()).records
    assert canonical_triples(record.triples) == record.triples
    assert list(parse(record.triples, format=RdfFormat.N_TRIPLES))
    assert not local_shapes().validate(record.triples).results


@pytest.mark.parametrize("name", ["0216771046", "0216.771.046", "216771046", "BE 0216.771.046"])
def test_a_kbo_number_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    reading = read_rows(tmp_path, response(bestuur=name))
    assert [record.bodies for record in reading.records] == [(reference().bodies[GEMEENTE].iri,)]


def test_a_body_is_found_by_ovo_code_and_by_iri(tmp_path: Path) -> None:
    body = reference().bodies[GEMEENTE]
    for name in (body.ovo, body.iri):
        (record,) = read_rows(tmp_path, response(bestuur=name)).records
        assert record.bodies == (body.iri,)


def test_header_cells_may_be_blank_after_the_first_row(tmp_path: Path) -> None:
    first, second = response()
    blank = {"golf": second["golf"], "vraag": second["vraag"], "antwoord": second["antwoord"]}
    (full,) = read_rows(tmp_path, [first, second]).records
    (short,) = read_rows(tmp_path, [first, blank]).records
    assert full == short


def test_the_iri_hangs_on_key_wave_and_reference_only(tmp_path: Path) -> None:
    (first,) = read_rows(tmp_path, response()).records
    (again,) = read_rows(tmp_path, response(bestuur=OTHER, answers=(("AB1", "0"),))).records
    assert first.iri == again.iri
    wave = reference().waves["synthetisch/2016"]
    other_wave = reference().waves["synthetisch/2020"]
    here = context()
    elsewhere = Context(BASE, b"another key", here.reference)
    iris = {
        response_iri(here, wave, "R1"),
        response_iri(here, wave, "R2"),
        response_iri(here, other_wave, "R1"),
        response_iri(elsewhere, wave, "R1"),
    }
    assert len(iris) == 4 and first.iri in iris
    moved = Context("https://data.voorbeeld.be/", KEY, here.reference)
    assert response_iri(moved, wave, "R1").rpartition("/")[2] == first.iri.rpartition("/")[2]


def test_a_real_wave_has_no_synthetic_iris(tmp_path: Path) -> None:
    (record,) = read_rows(tmp_path, response(golf="2016")).records
    assert record.graph == f"{BASE}graph/antwoorden/2016"
    assert record.iri.startswith(f"{BASE}id/respons/")
    assert b"synthetisch" not in record.triples


CASES: Mapping[str, tuple[dict[str, Any], list[tuple[str, int, str]]]] = {
    "wrong KBO check sum": (
        {"bestuur": "0216771047"},
        [("kbo-checksum", 2, "bestuur")],
    ),
    "unknown body": ({"bestuur": "0403199702"}, [("unknown-body", 2, "bestuur")]),
    "a name is no body": ({"bestuur": "Ardooie"}, [("unknown-body", 2, "bestuur")]),
    "body ended": (
        {"golf": "synthetisch/2020", "bestuur": ENDED, "ingediend": "2020-07-01"},
        [("body-not-then", 2, "bestuur")],
    ),
    "body not begun": ({"bestuur": NEW}, [("body-not-then", 2, "bestuur")]),
    "no body": ({"bestuur": ""}, [("body-missing", 2, "bestuur")]),
    "unknown question": ({"answers": (("AB99", "3"),)}, [("unknown-question", 2, "vraag")]),
    "no question": ({"answers": (("", "3"),)}, [("question-missing", 2, "vraag")]),
    "module": ({"answers": (("PD8", "3"),)}, [("module-question", 2, "vraag")]),
    "not applicable": ({"answers": (("AB5", "3"),)}, [("not-applicable", 2, "vraag")]),
    "option outside the scale": (
        {"answers": (("AB1", "6"),)},
        [("unknown-option", 2, "antwoord")],
    ),
    "no response is no answer": (
        {"answers": (("AB1", "NR"),)},
        [("unknown-option", 2, "antwoord")],
    ),
    "two options of one scale": (
        {"answers": (("AB1", "2|3"),)},
        [("unknown-option", 2, "antwoord")],
    ),
    "unknown tick": ({"answers": (("DI4", "privacy|moed"),)}, [("unknown-option", 2, "antwoord")]),
    "tick twice": ({"answers": (("DI4", "kosten|kosten"),)}, [("option-twice", 2, "antwoord")]),
    "none and a tick": ({"answers": (("DI4", "geen|kosten"),)}, [("option-alone", 2, "antwoord")]),
    "reason and a tick": ({"answers": (("DI4", "ZD|kosten"),)}, [("option-alone", 2, "antwoord")]),
    "no answer to a question": ({"answers": (("AB1", ""),)}, [("answer-missing", 2, "antwoord")]),
    "question twice": (
        {"answers": (("AB1", "3"), ("IV2", "1"), ("AB1", "3"))},
        [("question-twice", 4, "vraag")],
    ),
    "two bodies on B": ({"bestuur_2": OCMW}, [("second-body", 2, "bestuur_2")]),
    "two bodies on C": (
        {"vragenlijst": "C", "bestuur": OCMW, "bestuur_2": GEMEENTE},
        [("second-body", 2, "bestuur_2")],
    ),
    "one body on A": ({"vragenlijst": "A"}, [("second-body-missing", 2, "bestuur_2")]),
    "B for an OCMW": ({"bestuur": OCMW}, [("wrong-class", 2, "bestuur")]),
    "C for a gemeente": ({"vragenlijst": "C"}, [("wrong-class", 2, "bestuur")]),
    "OCMW of elsewhere": (
        {"vragenlijst": "A", "bestuur_2": OTHER_OCMW},
        [("no-pair", 2, "bestuur_2")],
    ),
    "two gemeenten": ({"vragenlijst": "A", "bestuur_2": OTHER}, [("no-pair", 2, "bestuur_2")]),
    "one body twice": ({"vragenlijst": "A", "bestuur_2": GEMEENTE}, [("no-pair", 2, "bestuur_2")]),
    "unknown questionnaire": ({"vragenlijst": "D"}, [("unknown-questionnaire", 2, "vragenlijst")]),
    "unknown wave": ({"golf": "synthetisch/2017"}, [("unknown-wave", 2, "golf")]),
    "no date": ({"ingediend": ""}, [("date-missing", 2, "ingediend")]),
    "date in another order": ({"ingediend": "15/06/2016"}, [("date-form", 2, "ingediend")]),
    "date that does not exist": (
        {"ingediend": "2016-02-30"},
        [("date-impossible", 2, "ingediend")],
    ),
    "time that does not exist": (
        {"ingediend": "2016-06-15T25:00:00"},
        [("date-impossible", 2, "ingediend")],
    ),
    "replaces nothing": ({"vervangt": "R0"}, [("replaces-unknown", 2, "vervangt")]),
    "no answers": ({"answers": (("", ""),)}, [("no-answers", 2, "antwoord")]),
    "formula": ({"answers": (("AB1", "=1+2"),)}, [("formula", 2, "antwoord")]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_response_is_refused_at_its_cell_and_the_next_one_accepted(
    tmp_path: Path, name: str
) -> None:
    changes, expected = CASES[name]
    bad = response("R1", **changes)
    reading = read_rows(tmp_path, bad, response("R2", bestuur=OTHER))
    assert located(reading) == [(code, line, place(column)) for code, line, column in expected]
    assert all(
        (found.record, found.file, found.severity) == ("R1", "a.csv", "violation")
        for found in reading.findings
    )
    assert [record.reference for record in reading.records] == ["R2"]


def test_all_that_is_wrong_in_a_response_is_told(tmp_path: Path) -> None:
    bad = response(
        golf="2017",
        vragenlijst="X",
        bestuur="0216771047",
        ingediend="gisteren",
        answers=(("AB1", "9"), ("XX", "1"), ("AB1", "1")),
    )
    assert set(codes(read_rows(tmp_path, bad))) == {
        "unknown-wave",
        "unknown-questionnaire",
        "kbo-checksum",
        "date-form",
        "unknown-option",
        "unknown-question",
        "question-twice",
    }


def test_messages_say_what_to_do(tmp_path: Path) -> None:
    cases = {
        "Kies uit: 0, 1, 2, 3, 4, 5, GA, GW, NB, NVT, RS, ZD.": {"answers": (("AB1", "6"),)},
        "geen, gegevens, inclusie, koppelingen, kosten": {"answers": (("DI4", "x"),)},
        "Bedoelt u AB1?": {"answers": (("AB01", "3"),)},
        "Gekende golven: 2016, synthetisch/2016": {"golf": "2015"},
        "Bij Ardooie hoort OCMW Ardooie (0216771145)": {"vragenlijst": "A", "bestuur_2": OTHER},
        "Aalter bestond niet op 2016-06-01": {"bestuur": NEW},
        "voor een gemeente, maar dit bestuur is een OCMW": {"bestuur": OCMW},
        "bijvoorbeeld PD8.": {"answers": (("PD8", "3"),)},
    }
    for text, changes in cases.items():
        (found,) = read_rows(tmp_path, response(**changes)).findings
        assert text in found.message_nl, found.message_nl


def test_submitted_before_the_wave_is_a_warning(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, response(ingediend="2014-12-31"))
    assert located(reading) == [("submitted-early", 2, place("ingediend"))]
    assert reading.findings[0].severity == "warning"
    assert len(reading.records) == 1


def test_header_cells_that_differ_are_refused(tmp_path: Path) -> None:
    first, second = response()
    reading = read_rows(tmp_path, [first, {**second, "bestuur": OTHER, "ingediend": "2016-06-16"}])
    assert located(reading) == [
        ("header-differs", 3, place("bestuur")),
        ("header-differs", 3, place("ingediend")),
    ]
    assert "regel 2" in reading.findings[0].message_nl
    assert reading.records == []


def test_rows_in_two_places_refuse_both_parts(tmp_path: Path) -> None:
    first, second = response()
    reading = read_rows(tmp_path, [first], response("R2", bestuur=OTHER), [second])
    assert located(reading) == [("not-contiguous", 5, place("respons"))]
    assert "2 en 5" in reading.findings[0].message_nl
    assert [record.reference for record in reading.records] == ["R2"]


def test_the_same_response_twice_in_a_file_is_told_and_taken_once(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, response(), response("R2", bestuur=OTHER), response())
    assert codes(reading) == ["already-accepted"]
    assert [record.reference for record in reading.records] == ["R1", "R2"]


def test_the_same_bytes_again_change_nothing(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", response())
    first = read(path)
    again = read(path, context([first]))
    assert again.records == []
    assert [(found.code, found.severity) for found in again.findings] == [
        ("already-accepted", "info")
    ]


def test_a_reference_with_other_content_is_refused(tmp_path: Path) -> None:
    first = read(write_table(tmp_path / "a.csv", response()))
    changed = write_table(tmp_path / "b.csv", response(answers=(("AB1", "4"),)))
    again = read(changed, context([first]))
    assert located(again) == [("reference-reused", 2, place("respons"))]
    assert again.records == []


def test_an_unnamed_second_response_is_refused_and_names_the_first(tmp_path: Path) -> None:
    first = read(write_table(tmp_path / "a.csv", response()))
    second = read(write_table(tmp_path / "b.csv", response("R2")), context([first]))
    assert located(second) == [("second-response", 2, place("bestuur"))]
    assert "'R1'" in second.findings[0].message_nl and "Ardooie" in second.findings[0].message_nl
    both = read_rows(tmp_path, response("R1"), response("R2"))
    assert codes(both) == ["second-response"] and len(both.records) == 1


def test_a_joint_response_stands_in_the_way_of_a_single_one(tmp_path: Path) -> None:
    joint = response("R1", vragenlijst="A", bestuur_2=OCMW)
    single = response("R2", vragenlijst="C", bestuur=OCMW)
    reading = read_rows(tmp_path, joint, single)
    assert codes(reading) == ["second-response"]
    assert "OCMW Ardooie" in reading.findings[0].message_en


def test_a_named_replacement_supersedes(tmp_path: Path) -> None:
    first = read(write_table(tmp_path / "a.csv", response()))
    path = write_table(tmp_path / "b.csv", response("R2", vervangt="R1", answers=(("AB1", "4"),)))
    second = read(path, context([first]))
    assert second.findings == []
    (record,) = second.records
    assert record.replaces == first.records[0].iri
    assert f"<http://purl.org/dc/terms/replaces> <{record.replaces}>" in record.triples.decode()
    # the replaced one, sent again, is known; another one that names it is too late
    later = context([first, second])
    assert codes(read(tmp_path / "a.csv", later)) == ["already-accepted"]
    third = write_table(tmp_path / "c.csv", response("R3", vervangt="R1"))
    (found,) = read(third, later).findings
    assert found.code == "replaces-superseded" and "R2" in found.message_nl


def test_a_chain_of_replacements_in_one_file_is_followed(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path,
        response("R1"),
        response("R2", vervangt="R1"),
        response("R3", vervangt="R2"),
    )
    assert reading.findings == []
    first, second, third = reading.records
    assert (second.replaces, third.replaces) == (first.iri, second.iri)


def test_a_replacement_may_come_in_a_later_file_of_the_same_load(tmp_path: Path) -> None:
    paths = [
        write_table(tmp_path / "a.csv", response("R1")),
        write_table(tmp_path / "b.csv", response("R2", vervangt="R1")),
    ]
    readings = list(load(paths, context()))
    assert [len(reading.records) for reading in readings] == [1, 1]


def test_a_response_of_another_body_cannot_be_replaced(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, response("R1"), response("R2", bestuur=OTHER, vervangt="R1"))
    assert located(reading) == [("replaces-other", 4, place("vervangt"))]


def test_a_joint_response_may_replace_a_single_one_and_the_other_way_round(tmp_path: Path) -> None:
    joint = response("R2", vragenlijst="A", bestuur_2=OCMW, vervangt="R1")
    assert codes(read_rows(tmp_path, response("R1"), joint)) == []
    single = response("R3", vervangt="R2")
    reading = read_rows(tmp_path, response("R1"), joint, single)
    assert codes(reading) == ["body-dropped"] and len(reading.records) == 3
    assert "OCMW Ardooie" in reading.findings[0].message_nl
    # and then the OCMW is free again
    alone = response("R4", vragenlijst="C", bestuur=OCMW)
    assert len(read_rows(tmp_path, response("R1"), joint, single, alone).records) == 4


def test_a_joint_response_cannot_take_the_place_of_two_with_one_name(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path,
        response("R1"),
        response("R2", vragenlijst="C", bestuur=OCMW),
        response("R3", vragenlijst="A", bestuur_2=OCMW, vervangt="R1"),
    )
    assert codes(reading) == ["replaces-other"]
    assert "R2" in reading.findings[0].message_nl


def test_a_blank_or_personal_reference_is_refused(tmp_path: Path) -> None:
    blank = response("")
    assert codes(read_rows(tmp_path, blank)) == ["reference-missing"]
    reading = read_rows(tmp_path, response("jan@voorbeeld.invalid"))
    assert codes(reading) == ["reference-form"]
    assert "jan@" not in repr(reading.findings) and b"jan@" not in reading.redacted


def test_a_row_of_a_wrong_width_refuses_its_response(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", [*response("R1"), *response("R2", bestuur=OTHER)])
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] += ";extra"
    path.write_text("\n".join(lines), encoding="utf-8")
    reading = read(path)
    assert [(f.code, f.line, f.record) for f in reading.findings] == [("row-width", 3, "R1")]
    assert [record.reference for record in reading.records] == ["R2"]


def test_a_response_has_a_greatest_number_of_rows(tmp_path: Path) -> None:
    many = response(answers=[("AB1", "3")] * (MAX_ROWS + 5))
    reading = read_rows(tmp_path, many, response("R2", bestuur=OTHER))
    assert "too-many-rows" in codes(reading)
    assert [record.reference for record in reading.records] == ["R2"]


def test_findings_are_counted_beyond_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MAX_FINDINGS", 3)
    reading = read_rows(tmp_path, response(answers=[("XX", "1")] * 10))
    assert codes(reading) == ["unknown-question"] * 3 + ["more-findings"]
    assert "7" in reading.findings[-1].message_en


def test_a_file_that_breaks_off_half_way_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", [*response("R1"), *response("R2", bestuur=OTHER)])
    path.write_bytes(path.read_bytes() + b"R3;synthetisch/2016;caf\xe9;;;;;;\n")
    reading = read(path)
    assert [(f.code, f.line) for f in reading.findings] == [("not-utf8", 6)]
    assert (reading.records, reading.graphs, reading.redacted) == ([], {}, b"")
    assert reading.original_sha256


def test_personal_cells_go_to_the_record_only(tmp_path: Path) -> None:
    person = {
        "contact_naam": "Jan Peeters",
        "contact_email": "jan@voorbeeld.invalid",
        "contact_telefoon": "+32 470 00 00 00",
        "contact_functie": "ICT",
        "opmerking": "eerste",
    }
    first, second = response()
    rows = [{**first, **person}, {**second, "opmerking": "tweede"}]
    reading = read_rows(tmp_path, rows, columns=(*COLUMNS, *PERSONAL))
    (record,) = reading.records
    assert record.personal == {**person, "opmerking": "eerste\ntweede"}
    for word in ("Peeters", "voorbeeld.invalid", "+32 470", "eerste", "tweede"):
        assert word.encode() not in record.triples + reading.redacted
        assert word not in repr(reading)
    assert reading.redacted.decode().splitlines()[0] == ";".join(COLUMNS)
    assert reading.redacted.count(b"\n") == 3


def test_personal_cells_that_differ_are_told_without_their_value(tmp_path: Path) -> None:
    first, second = response()
    rows = [{**first, "contact_naam": "Jan"}, {**second, "contact_naam": "Piet"}]
    reading = read_rows(tmp_path, rows, columns=(*COLUMNS, *PERSONAL))
    assert located(reading) == [("header-differs", 3, place("contact_naam"))]
    assert "Piet" not in repr(reading.findings) and "Jan" not in repr(reading.findings)


def test_a_workbook_as_spreadsheet_users_send_it(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Uitleg"
    book.active.append(["Vul het blad Antwoorden in"])
    sheet = book.create_sheet("Antwoorden")
    sheet.append([*COLUMNS, "contact_naam"])
    head = ["synthetisch/2016", "B", int(GEMEENTE), None, datetime(2016, 6, 15), None]
    sheet.append(["R1", *head, "AB1", 3.0, "Jan"])
    sheet.append(["R1", *[None] * 6, "IV2", 1])
    sheet.append([])
    book.save(tmp_path / "a.xlsx")
    reading = read(tmp_path / "a.xlsx")
    assert reading.findings == []
    (record,) = reading.records
    (csv_record,) = read_rows(tmp_path, response()).records
    assert record.triples == csv_record.triples
    assert record.personal == {"contact_naam": "Jan"}
    assert b"Jan" not in reading.redacted and reading.redacted.startswith(b"respons;golf;")


@pytest.mark.slow
def test_a_long_file_is_read_in_little_memory(tmp_path: Path) -> None:
    codes_of_b = sorted(
        code for code, q in reference().questions.items() if "B" in q.applies and q.options
    )
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as handle:
        handle.write(";".join(COLUMNS) + "\n")
        for number in range(100_000 // len(codes_of_b) + 1):
            head = f"R{number};synthetisch/2016;B;{GEMEENTE};;2016-06-15;"
            handle.writelines(f"{head};{code};ZD\n" for code in codes_of_b)
    given = context()
    tracemalloc.start()
    reading = read(path, given)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.rows >= 100_000
    # what stays are the rows without personal columns, and the compact records until judged
    assert peak < 60 << 20, f"{peak >> 20} MiB"
    assert len(reading.records) == 1


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2016-06-15", "2016-06-15T00:00:00+00:00"),
        ("2016-06-15 09:30", "2016-06-15T09:30:00+00:00"),
        ("2016-06-15T09:30:00Z", "2016-06-15T09:30:00+00:00"),
        ("2016-06-15T00:30:00+02:00", "2016-06-14T22:30:00+00:00"),
    ],
)
def test_instants_are_read_as_utc(text: str, instant: str) -> None:
    assert read_instant(text).isoformat() == instant


@pytest.mark.parametrize("text", ["20160615", "2016-W24-3", "2016-6-15", "15-06-2016", "42536"])
def test_other_forms_of_a_date_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date-form"):
        read_instant(text)


def test_the_page_for_senders_explains_every_code_and_no_other() -> None:
    page = DOCS.read_text(encoding="utf-8")
    tables = page.split("| code | meaning |\n")[1:]
    explained = [
        code
        for table in tables
        for code in re.findall(r"^\| `([a-z0-9-]+)` \|", table.split("\n\n")[0], re.MULTILINE)
    ]
    assert sorted(explained) == sorted(MESSAGES)
    assert set(TABLE) < set(MESSAGES)


def test_the_example_of_the_page_is_accepted(tmp_path: Path) -> None:
    page = DOCS.read_text(encoding="utf-8")
    example = re.search(r"```csv\n(.*?)```", page, re.DOTALL)
    assert example
    path = tmp_path / "voorbeeld.csv"
    path.write_text(example[1], encoding="utf-8")
    reading = read(path)
    assert reading.findings == [] and len(reading.records) == 2
