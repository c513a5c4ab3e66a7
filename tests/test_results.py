"""Published results: percentage and level per body, wave and indicator. All rows are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from loaders import Context, Reading
from loaders.results import COLUMNS, load
from service.release.lines import canonical_triples
from tests.answers_support import BASE, ENDED, GEMEENTE, OTHER, codes, context, reference

HEAD = "bestuur;golf;indicator;percentage;niveau;bron;vervangt"
LETTERS = dict(zip([column.name for column in COLUMNS], "ABCDEFG", strict=True))
INDICATORS = (
    "code;label_nl;label_en;definitie_nl;definitie_en;synthetisch\n"
    "producten;Producten;Products;Verzonnen indicator;Invented indicator;ja\n"
    "veiligheid;Veiligheid;Security;Verzonnen indicator;Invented indicator;ja\n"
)


def row(**cells: str) -> str:
    sound = {
        "bestuur": GEMEENTE,
        "golf": "synthetisch/2016",
        "indicator": "producten",
        "percentage": "14,25",
        "niveau": "1",
        "bron": "D1",
        "vervangt": "",
    }
    return ";".join({**sound, **cells}.values())


def read(
    path: Path, *rows: str, indicators: str = INDICATORS, given: Context | None = None
) -> list[Reading]:
    (path / "resultaten.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    (path / "indicatoren.csv").write_text(indicators, encoding="utf-8")
    paths = [path / "resultaten.csv", path / "indicatoren.csv"]
    return list(load(paths, given or context()))


def test_a_result_becomes_an_observation_without_bounds(tmp_path: Path) -> None:
    indicators, results = read(tmp_path, row())
    assert codes(indicators) == codes(results) == []
    assert (indicators.kind, results.kind) == ("snapshot", "records")
    (record,) = results.records
    assert results.graphs == {f"{BASE}graph/synthetisch/results/2016": "OPEN"}
    assert record.graph == f"{BASE}graph/synthetisch/results/2016"
    text = record.triples.decode()
    path = f"observatie/results/2016/{GEMEENTE}/producten/resultaten"
    assert text.count(f"<{BASE}id/synthetisch/{path}> ") == 10
    for part in (
        "#Observation>",
        f"#body> <{reference().bodies[GEMEENTE].iri}>",
        f"#wave> <{BASE}id/synthetisch/golf/2016>",
        f"#indicator> <{BASE}id/synthetisch/indicator/producten>",
        f"#scheme> <{BASE}id/scoreschema/resultaten>",
        f"#dataSet> <{BASE}id/synthetisch/dataset/results>",
        '#percentage> "14.25"^^',
        '#level> "1"^^',
        "#obsStatus-A>",
        f"#hadPrimarySource> <{BASE}id/bron/D1>",
    ):
        assert part in text, part
    assert "#low>" not in text and "#high>" not in text
    assert canonical_triples(record.triples) == record.triples


def test_invented_indicators_lie_below_the_synthetic_path(tmp_path: Path) -> None:
    indicators, _ = read(tmp_path, row())
    (graph,) = indicators.snapshots
    assert graph == f"{BASE}graph/synthetisch/indicatoren"
    text = indicators.snapshots[graph].decode()
    assert f"<{BASE}id/synthetisch/indicator/producten>" in text
    assert '"Products"@en' in text and '"Verzonnen indicator"@nl' in text
    assert f"<{BASE}id/indicator/" not in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14,25", "14.25"),
        ("14.25", "14.25"),
        ("14,25 %", "14.25"),
        ("14.250%", "14.25"),
        ("0", "0"),
        ("100", "100"),
        ("100,0", "100"),
        ("33.333333333333336", "33.333333"),
        ("0.0000005", "0"),
    ],
)
def test_percentages_are_read_as_people_write_them(tmp_path: Path, text: str, value: str) -> None:
    _, results = read(tmp_path, row(percentage=text))
    assert f'#percentage> "{value}"^^' in results.records[0].triples.decode()


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "above 100": ({"percentage": "100,01"}, "percentage-range", "percentage"),
    "below 0": ({"percentage": "-1"}, "percentage-range", "percentage"),
    "no number": ({"percentage": "veel"}, "percentage-form", "percentage"),
    "thousands": ({"percentage": "1.000,5"}, "percentage-form", "percentage"),
    "no percentage": ({"percentage": ""}, "cell-missing", "percentage"),
    "level 0": ({"niveau": "0"}, "level-range", "niveau"),
    "level 6": ({"niveau": "6"}, "level-range", "niveau"),
    "level with decimals": ({"niveau": "2,5"}, "level-range", "niveau"),
    "no level": ({"niveau": ""}, "cell-missing", "niveau"),
    "unknown indicator": ({"indicator": "moed"}, "unknown-indicator", "indicator"),
    "no indicator": ({"indicator": ""}, "cell-missing", "indicator"),
    "unknown wave": ({"golf": "2017"}, "unknown-wave", "golf"),
    "invented indicator, real wave": ({"golf": "2016"}, "unknown-indicator", "indicator"),
    "wrong KBO": ({"bestuur": "0216771047"}, "kbo-checksum", "bestuur"),
    "unknown body": ({"bestuur": "0403199702"}, "unknown-body", "bestuur"),
    "ended body": ({"bestuur": ENDED, "golf": "synthetisch/2020"}, "body-not-then", "bestuur"),
    "source": ({"bron": "ons dossier"}, "source-form", "bron"),
    "dangerous source": ({"bron": "javascript:alert(1)"}, "source-form", "bron"),
    "broken address": ({"bron": "https://"}, "source-form", "bron"),
    "no source": ({"bron": ""}, "cell-missing", "bron"),
    "replaces": ({"vervangt": "misschien"}, "yes-form", "vervangt"),
    "formula": ({"percentage": "=A1"}, "formula", "percentage"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_row_is_refused_at_its_cell_and_the_next_accepted(tmp_path: Path, name: str) -> None:
    changes, code, column = CASES[name]
    _, results = read(tmp_path, row(**changes), row(bestuur=OTHER))
    assert [(f.code, f.file, f.line, f.column) for f in results.findings] == [
        (code, "resultaten.csv", 2, f"{column} ({LETTERS[column]})")
    ]
    assert results.findings[0].record
    assert len(results.records) == 1


def test_a_web_address_may_be_the_source(tmp_path: Path) -> None:
    _, results = read(tmp_path, row(bron="https://voorbeeld.be/rapport.pdf"))
    assert b"<https://voorbeeld.be/rapport.pdf>" in results.records[0].triples


def test_the_same_result_again_changes_nothing_and_another_must_say_so(tmp_path: Path) -> None:
    _, first = read(tmp_path, row())
    _, again = read(tmp_path, row(), given=context([first]))
    assert codes(again) == ["already-accepted"] and again.records == []
    _, other = read(tmp_path, row(percentage="20"), given=context([first]))
    assert codes(other) == ["result-differs"] and other.records == []
    _, correction = read(tmp_path, row(percentage="20", vervangt="ja"), given=context([first]))
    assert correction.findings == []
    assert correction.records[0].replaces == first.records[0].iri
    # the old value may come back, as a record of its own
    later = context([first, correction])
    _, back = read(tmp_path, row(vervangt="ja"), given=later)
    assert back.records[0].replaces == correction.records[0].iri
    assert back.records[0].iri != first.records[0].iri
    _, repeated = read(tmp_path, row(vervangt="ja"), given=context([first, correction, back]))
    assert codes(repeated) == ["already-accepted"]


def test_a_result_twice_in_a_file_is_refused_both_times(tmp_path: Path) -> None:
    _, results = read(tmp_path, row(), row(bestuur=OTHER), row(percentage="20"))
    assert [(f.code, f.line) for f in results.findings] == [("result-twice", 4)]
    assert [record.reference for record in results.records] == [f"{OTHER}/producten"]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("pro ducten;a;b;c;d;", "indicator-form", "code"),
        ("veiligheid;a;b;c;d;ja", "indicator-twice", "code"),
        ("moed;;b;c;d;", "cell-missing", "label_nl"),
        ("moed;a;b;c;d;soms", "yes-form", "synthetisch"),
    ],
)
def test_a_table_of_indicators_is_taken_as_a_whole(
    tmp_path: Path, line: str, code: str, column: str
) -> None:
    indicators, results = read(tmp_path, row(), indicators=INDICATORS + line + "\n")
    (found,) = indicators.findings
    assert (found.code, found.line) == (code, 4) and column in (found.column or "")
    assert indicators.snapshots == {}
    assert codes(results) == ["indicators-missing"] and results.records == []


def test_results_without_indicators_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"{HEAD}\n{row()}\n", encoding="utf-8")
    (results,) = load([tmp_path / "r.csv"], context())
    assert codes(results) == ["indicators-missing"]


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"bestuur;golf\xe9\n")
    (results,) = load([tmp_path / "r.csv"], context())
    assert codes(results) == ["not-utf8"]


def test_a_workbook_with_percentage_cells_is_read_as_shown(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append([column.name for column in COLUMNS])
    sheet.append([int(GEMEENTE), "synthetisch/2016", "producten", 0.1425, 1.0, "D1", None])
    sheet["D2"].number_format = "0.00%"
    book.save(tmp_path / "r.xlsx")
    (tmp_path / "i.csv").write_text(INDICATORS, encoding="utf-8")
    _, results = load([tmp_path / "r.xlsx", tmp_path / "i.csv"], context())
    assert results.findings == []
    assert '#percentage> "14.25"^^' in results.records[0].triples.decode()
