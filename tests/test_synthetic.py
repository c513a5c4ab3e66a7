"""Synthetic waves: labelled, the same for the same seed, exact in number, and plausible."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from statistics import correlation, mean

import pytest

from loaders import Reading, waves
from loaders.draws import Draws
from loaders.population import Population, read_mergers, respondents
from loaders.reference import Reference
from loaders.response import COLUMNS
from loaders.synthetic import Generated, default_name, generate
from service.release.validation import local_shapes
from tests.answers_support import BASE, context, read, reference

YEARS = (2016, 2020, 2025)


class Waves:
    """The waves of one run, each made and read once."""

    def __init__(self, folder: Path) -> None:
        self._made = {year: generate(year, 1, reference(), folder) for year in YEARS}
        self._read = {year: read(wave.table) for year, wave in self._made.items()}

    def made(self, year: int) -> Generated:
        return self._made[year]

    def reading(self, year: int) -> Reading:
        return self._read[year]

    def rows(self, year: int) -> list[dict[str, str]]:
        with self.made(year).table.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle, delimiter=";"))

    def levels(self, year: int, prefix: str) -> dict[str, float]:
        """KBO of the first body → mean level on the questions of a theme."""
        found: dict[str, list[int]] = defaultdict(list)
        body = ""
        for row in self.rows(year):
            body = row["bestuur"] or body
            if row["vraag"].startswith(prefix) and row["antwoord"].isdigit():
                found[body].append(int(row["antwoord"]))
        return {body: mean(values) for body, values in found.items()}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Waves:
    return Waves(tmp_path_factory.mktemp("waves"))


@pytest.mark.parametrize(
    ("year", "frame", "gemeenten", "ocmws"),
    [(2016, 308, 253, 216), (2020, 300, 246, 210), (2025, 285, 234, 200)],
)
def test_frame_and_response_rate_are_exact(
    given: Waves, year: int, frame: int, gemeenten: int, ocmws: int
) -> None:
    wave = given.made(year)
    assert wave.frame == {"gemeente": frame, "ocmw": frame}
    assert wave.answered == {"gemeente": gemeenten, "ocmw": ocmws}
    joint, single, alone = (wave.responses[kind] for kind in "ABC")
    assert (joint + single, joint + alone) == (gemeenten, ocmws)
    assert min(joint, single, alone) > 20
    assert len(given.reading(year).records) == joint + single + alone


def test_halves_are_rounded_up() -> None:
    assert respondents(285, "ocmw") == 200  # 199.5
    assert respondents(308, "gemeente") == 253  # 252.56


@pytest.mark.parametrize("year", YEARS)
def test_a_wave_is_accepted_without_a_remark(given: Waves, year: int) -> None:
    assert given.reading(year).findings == []
    assert given.reading(year).rows == given.made(year).rows
    triples = b"".join(record.triples for record in given.reading(year).records)
    assert not local_shapes().validate(triples).results
    assert {record.graph for record in given.reading(year).records} == {
        f"{BASE}graph/synthetisch/antwoorden/{year}"
    }


def test_every_row_and_the_file_name_say_that_it_is_synthetic(given: Waves) -> None:
    assert given.made(2016).table.name == "antwoorden-synthetisch-2016.csv" == default_name(2016)
    assert {row["golf"] for row in given.rows(2016)} == {"synthetisch/2016"}


def test_contacts_cannot_be_taken_for_persons(given: Waves) -> None:
    people = [row for row in given.rows(2016) if row["contact_naam"]]
    assert len(people) == len(given.reading(2016).records)
    assert all(row["contact_naam"].startswith("Synthetische Persoon ") for row in people)
    assert all(row["contact_email"].endswith("@voorbeeld.invalid") for row in people)
    assert b"voorbeeld" not in given.reading(2016).redacted


def test_equal_seeds_give_equal_bytes_and_others_do_not(given: Waves, tmp_path: Path) -> None:
    shuffled = Reference(
        dict(sorted(reference().bodies.items(), reverse=True)),
        dict(sorted(reference().questions.items(), reverse=True)),
        reference().waves,
    )
    again = generate(2016, 1, shuffled, tmp_path / "again.csv")
    assert again.table.read_bytes() == given.made(2016).table.read_bytes()
    other = generate(2016, 2, reference(), tmp_path / "other.csv")
    assert other.table.read_bytes() != given.made(2016).table.read_bytes()
    assert other.answered == given.made(2016).answered


def test_draws_are_the_same_on_every_machine() -> None:
    draws = Draws(1, "x")
    assert [round(draws.uniform(), 9) for _ in range(3)] == [0.822998052, 0.625709401, 0.662789482]
    many = [Draws("spread", n).normal() for n in range(2000)]
    assert abs(mean(many)) < 0.1


def test_bigger_bodies_are_further_and_themes_differ(given: Waves) -> None:
    found = given.levels(2016, "AB")
    bodies = reference().bodies
    big = [v for kbo, v in found.items() if bodies[kbo].inhabitants[2018] >= 25_000]
    small = [v for kbo, v in found.items() if bodies[kbo].inhabitants[2018] < 10_000]
    assert mean(big) > mean(small) + 0.3
    assert 1.0 < mean(found.values()) < 3.0
    assert max(found.values()) > 3.5 and min(found.values()) < 0.6


def test_waves_hang_together_for_the_same_body(given: Waves) -> None:
    before, after = given.levels(2016, "IV"), given.levels(2020, "IV")
    both = sorted(before.keys() & after.keys())
    assert len(both) > 150
    assert correlation([before[k] for k in both], [after[k] for k in both]) > 0.5


def test_a_merged_area_inherits_the_mean_of_those_before_it() -> None:
    population = Population(2020, 1, reference())
    assert read_mergers()["44084"] == ("44001", "44029")  # Aalter and Knesselare
    parts = [population.area_effect(nis) for nis in ("44001", "44029")]
    assert population.area_effect("44084") == pytest.approx(mean(parts))


def test_missing_answers_are_there_for_every_reason_and_some_themes_are_half_empty(
    given: Waves,
) -> None:
    reasons = Counter(row["antwoord"] for row in given.rows(2016))
    total = sum(reasons.values())
    assert all(reasons[reason] for reason in ("ZD", "GA", "GW", "RS", "NVT"))
    assert 0.03 < sum(reasons[reason] for reason in ("ZD", "GA", "GW")) / total < 0.10
    blank: Counter[tuple[str, str]] = Counter()
    for row in given.rows(2016):
        if row["vraag"].startswith("AB"):
            blank[row["respons"], str(row["antwoord"] in ("ZD", "GA", "GW"))] += 1
    sparse = [
        name
        for name, missing in blank
        if missing == "True" and blank[name, "True"] > 0.3 * (blank[name, "False"] or 1)
    ]
    assert 5 < len(sparse) < 100


def test_every_kind_of_question_is_answered(given: Waves) -> None:
    answered = {row["vraag"] for row in given.rows(2016)}
    asked = {code for code, question in reference().questions.items() if question.options}
    assert answered == asked
    ticks = {row["antwoord"] for row in given.rows(2016) if row["vraag"] == "DI4"}
    assert any("|" in value for value in ticks) and "geen" in ticks


def test_a_year_that_is_no_wave_has_the_frame_of_2016(tmp_path: Path) -> None:
    wave = generate(2030, 1, reference(), tmp_path)
    assert wave.table.name == default_name(2030)
    assert wave.frame == {"gemeente": 308, "ocmw": 308}
    # with a table of waves for measurements it is accepted as well
    (tmp_path / "waves.csv").write_text(waves.wave_table([2030], date(2016, 6, 1)))
    (found,) = waves.load([tmp_path / "waves.csv"], context())
    assert found.findings == [] and list(found.snapshots) == [f"{BASE}graph/synthetisch/golf/2030"]


def test_the_csvw_description_names_every_column_in_both_languages(given: Waves) -> None:
    wave = given.made(2016)
    assert wave.metadata.name == f"{wave.table.name}-metadata.json"
    document = json.loads(wave.metadata.read_text(encoding="utf-8"))
    assert document["url"] == wave.table.name
    assert document["dialect"]["delimiter"] == ";"
    assert "synthetisch" in document["dc:title"][0]["@value"]
    columns = document["tableSchema"]["columns"]
    with wave.table.open(encoding="utf-8") as handle:
        header = handle.readline().strip().split(";")
    assert [column["name"] for column in columns] == header == [c.name for c in COLUMNS]
    assert all({"nl", "en"} == column["titles"].keys() for column in columns)
    assert all(column["name"] in column["titles"]["nl"] for column in columns)
    assert [c["name"] for c in columns if c.get("separator") == "|"] == ["antwoord"]


def test_a_wave_is_made_within_a_second(tmp_path: Path) -> None:
    start = time.process_time()
    generate(2016, 7, reference(), tmp_path)
    assert time.process_time() - start < 1


# --- the description of synthetic waves ----------------------------------------------------------


def test_the_bundled_waves_are_open_and_labelled_synthetic() -> None:
    (found,) = waves.load([], context())
    assert (found.kind, found.findings) == ("snapshot", [])
    assert found.graphs == {f"{BASE}graph/synthetisch/golf/{year}": "OPEN" for year in YEARS}
    text = found.snapshots[f"{BASE}graph/synthetisch/golf/2020"].decode()
    subject = f"<{BASE}id/synthetisch/golf/2020>"
    assert all(line.startswith(subject) for line in text.splitlines())
    assert '"I-Monitor 2020 (synthetische gegevens)"@nl' in text
    assert '"I-Monitor 2020 (synthetic data)"@en' in text
    assert '#synthetic> "true"^^' in text and '#referenceDate> "2020-06-01"^^' in text


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("20,2020-06-01,1.0,a,b", "year-form", "year (A)"),
        ("2016,2020-06-01,1.0,a,b", "wave-twice", "year (A)"),
        ("2020,2020-06-31,1.0,a,b", "date-impossible", "reference_date (B)"),
        ("2020,1 juni,1.0,a,b", "date-form", "reference_date (B)"),
        ("2020,2020-06-01,1/0,a,b", "scheme-form", "scheme (C)"),
        ("2020,2020-06-01,1.0,,b", "cell-missing", "label_nl (D)"),
    ],
)
def test_a_wrong_wave_refuses_the_table(tmp_path: Path, line: str, code: str, column: str) -> None:
    path = tmp_path / "w.csv"
    path.write_text(waves.wave_table([2016], date(2016, 6, 1)) + line + "\n", encoding="utf-8")
    (found,) = waves.load([path], context())
    assert [(f.code, f.line, f.column) for f in found.findings] == [(code, 3, column)]
    assert found.snapshots == {} and found.graphs == {}
