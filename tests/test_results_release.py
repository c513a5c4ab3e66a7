"""The owner's real file, with invented rows: through the gate, into a release, corrected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Store

from loaders import Record
from loaders.pipeline import _broken
from service.release.archive import Archive
from service.release.check import check_home
from service.release.manifest import Release
from service.settings import Settings
from service.store.rows import select
from service.terms import decimal
from service.vocab import expand
from tests.home import load, publish
from tests.test_results import HEAD, INDICATORS, read, row

PERCENTAGES = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?observation ?percentage ?level WHERE {
  ?observation imon:percentage ?percentage ; imon:level ?level
}
"""


def load_results(settings: Settings, folder: Path, *rows: str) -> None:
    """Accept a table of results and its indicators."""
    folder.mkdir()
    (folder / "resultaten.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    (folder / "indicatoren.csv").write_text(INDICATORS, encoding="utf-8")
    reports = load(settings, "results", folder / "resultaten.csv", folder / "indicatoren.csv")
    assert not any(report.refused for report in reports), reports


def published(release: Release) -> dict[str, tuple[str, str]]:
    """Return percentage and level of each result by the end of its IRI."""
    store = Store.read_only(str(release.public_store))
    found = select(store, PERCENTAGES, union=True)
    return {
        row["observation"].partition("/results/")[2]: (row["percentage"], row["level"])
        for row in found
    }


def test_results_are_published_and_corrected(settings: Settings, tmp_path: Path) -> None:
    load_results(settings, tmp_path / "1", row(), row(indicator="veiligheid", percentage="50"))
    first = publish(settings)
    where = "2016/0216771046"
    assert published(first) == {
        f"{where}/producten/resultaten": ("14.25", "1"),
        f"{where}/veiligheid/resultaten": ("50", "1"),
    }
    graph = f"{settings.base}graph/synthetisch/results/2016"
    assert first.graphs[graph].access == "OPEN"
    load_results(settings, tmp_path / "2", row(percentage="15", vervangt="ja"))
    second = publish(settings)
    assert published(second)[f"{where}/producten/resultaten"] == ("15", "1")
    assert second.manifest["changes"][graph] == {"removed": 1, "added": 1}
    assert check_home(settings) == []


def test_a_result_that_does_not_conform_is_found_by_its_record(tmp_path: Path) -> None:
    _, results = read(tmp_path, row(), row(indicator="veiligheid"))
    sound, other = results.records
    wrong: Record = replace(other, triples=other.triples.replace(b'"1"', b'"7"'))
    assert wrong.triples != other.triples
    assert list(_broken([sound, wrong])) == [wrong.iri]


def test_a_rule_over_a_dataset_is_found_by_the_record_of_its_observation(tmp_path: Path) -> None:
    _, results = read(tmp_path, row(), row(indicator="veiligheid"))
    sound, other = results.records
    below = other.triples.replace(b"#obsStatus-A>", b"#obsStatus-M>")
    score = f"<{_subject(other)}> <{expand('imon:score')}> {decimal('50')} .\n".encode()
    wrong = replace(other, triples=below + score)
    found = _broken([sound, wrong])
    assert list(found) == [wrong.iri]
    assert any("DataSet-" in row.code for row in found[wrong.iri])


def _subject(record: Record) -> str:
    return record.triples.split(b">", 1)[0].decode().lstrip("<")


@pytest.mark.parametrize("percentage", ["101", "-1"])
def test_a_percentage_out_of_range_changes_nothing(
    settings: Settings, tmp_path: Path, percentage: str
) -> None:
    before = len(Archive(settings.archive).documents())
    (tmp_path / "r.csv").write_text("\n".join([HEAD, row(percentage=percentage)]), "utf-8")
    (tmp_path / "indicatoren.csv").write_text(INDICATORS, encoding="utf-8")
    reports = load(settings, "results", tmp_path / "r.csv", tmp_path / "indicatoren.csv")
    assert sum(report.refused for report in reports) == 1
    records = [doc for doc in Archive(settings.archive).documents()[before:] if doc.records]
    assert records == []
