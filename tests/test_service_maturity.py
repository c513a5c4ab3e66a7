"""The digital level of products: what a body answered, and the lowest of assessed criteria.

All bodies and answers here are made up; the wave is synthetic.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from loaders import Context, Reading
from loaders.service_levels import load as load_levels
from service import data_dir
from service.release.check import check_home
from service.release.derivation import derivations
from service.release.manifest import GraphEntry, Release
from service.settings import Settings
from tests.answers_support import BASE, context
from tests.answers_support import GEMEENTE as KBO
from tests.home import full_answers, load, publish, response, write_answers
from tests.made_wave import (
    Body,
    MadeWave,
    Response,
    keyed,
    library,
    observations,
    random_responses,
)

PREFIX = "https://w3id.org/imonitor/concept/"
GEMEENTE, OCMW = Body(1, "gemeente"), Body(2, "ocmw")


def products() -> dict[str, str]:
    """Return the questionnaires that ask for each product, from the instrument's table."""
    path = data_dir("ontology") / "instrument" / "products.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return {row["code"]: row["applies_to"] for row in csv.DictReader(handle)}


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types, with everything that can be missing."""
    return random_responses(60, seed=4)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """The wave with the levels derived."""
    return MadeWave(responses).derive("service-maturity")


def test_every_answered_product_of_a_body_has_the_level_of_its_answer(
    wave: MadeWave, responses: list[Response]
) -> None:
    found = {key[:2]: row for key, row in keyed(wave.rows_of("service-maturity")).items()}
    own = {"gemeente": "B", "ocmw": "C"}
    wanted = {
        (body.kbo, code): (response, response.answers[f"PD8.{code}"][0])
        for response in responses
        for body in response.bodies
        for code, types in products().items()
        if own[body.kind] in types and response.answers.get(f"PD8.{code}", [""])[0].isdigit()
    }
    assert found.keys() == wanted.keys()
    for (kbo, code), (given, level) in wanted.items():
        row = found[kbo, code]
        assert row["serviceLevel"] == f"{PREFIX}dienstniveau/{level}"
        assert row["product"] == f"{PREFIX}product/{code}"
        assert row["levelMethod"] == f"{PREFIX}niveaumethode/dvn"
        assert row["assessor"] == f"{PREFIX}beoordelaar/zelf"
        assert row["fromResponse"] == given.iri
        assert row["wasGeneratedBy"]
    levels = Counter(level for _, level in wanted.values())
    assert set(levels) == set("012345")


def test_a_joint_response_gives_each_body_its_own_products() -> None:
    answers = {f"PD8.{code}": ["3"] for code in products()}
    both = Response(1, "A", (GEMEENTE, OCMW), answers)
    rows = keyed(MadeWave([both]).derive("service-maturity").rows_of("service-maturity"))
    of = {body: {key[1] for key in rows if key[0] == body.kbo} for body in (GEMEENTE, OCMW)}
    assert of[GEMEENTE] == {code for code, types in products().items() if "B" in types}
    assert of[OCMW] == {code for code, types in products().items() if "C" in types}
    assert (len(of[GEMEENTE]), len(of[OCMW])) == (18, 8)


@pytest.mark.parametrize("answer", ["NVT", "ZD", "GA", "RS"])
def test_what_is_not_answered_or_does_not_apply_has_no_level(answer: str) -> None:
    answers = {"PD8.reispas": [answer], "PD8.klacht": ["0"]}
    made = MadeWave([Response(1, "B", (GEMEENTE,), answers)]).derive("service-maturity")
    assert [key[1] for key in keyed(made.rows_of("service-maturity"))] == ["klacht"]


def test_levels_follow_from_the_answers_alone() -> None:
    """So they are OPEN whatever the scheme says, and no security answer is in them."""
    step = next(row for row in derivations(library()) if row.name == "service-maturity")
    assert (step.access, step.unit, step.schemes) == ("OPEN", "body", "own")
    answers = {"PD8.reispas": ["4"], "IV1": ["2"], "PD1": ["3"]}
    made = MadeWave([Response(1, "B", (GEMEENTE,), answers)]).derive("service-maturity")
    other = Response(1, "B", (GEMEENTE,), {**answers, "IV1": ["5"], "PD1": ["0"]})
    again = MadeWave([other]).derive("service-maturity")
    (first,), (second,) = (row.rows_of("service-maturity").values() for row in (made, again))
    assert {**first, "wasGeneratedBy": ""} == {**second, "wasGeneratedBy": ""}


# --- Assessments by criterion: the lowest decides ------------------------------------------------

HEAD = "golf;bestuur;product;criterium;niveau;beoordelaar;bron;datum;vervangt"
CRITERIA = (
    "informatie",
    "indienen",
    "aanmelden",
    "vooraf-ingevuld",
    "betalen",
    "opvolgen",
    "bezorgen",
)


def row(**cells: str) -> str:
    """Return a row of a table of assessments; synthetic, as its wave says."""
    sound = {
        "golf": "synthetisch/2016",
        "bestuur": KBO,
        "product": "reispas",
        "criterium": "informatie",
        "niveau": "4",
        "beoordelaar": "partner",
        "bron": "https://www.example.org/reispas",
        "datum": "2016-05-12",
        "vervangt": "",
    }
    return ";".join({**sound, **cells}.values())


def read(path: Path, *rows: str, given: Context | None = None) -> Reading:
    """Read a table of assessments."""
    path.mkdir(exist_ok=True)
    file = path / "beoordelingen.csv"
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    (reading,) = load_levels([file], given or context())
    return reading


def lowest(*rows: str, folder: Path) -> dict[str, dict[str, str]]:
    """Return the levels by lowest criterion that follow from a table, by product."""
    records = read(folder, *rows).records
    body = Response(1, "B", (GEMEENTE,), {"PD1": ["3"]})
    made = MadeWave([body])
    text = b"".join(record.triples for record in records)
    iri = context().reference.bodies[KBO].iri
    made.store.load(text.replace(iri.encode(), GEMEENTE.iri.encode()), format=RdfFormat.N_TRIPLES)
    found = keyed(made.derive("service-lowest").rows_of("service-maturity"))
    assert {key[0] for key in found} <= {GEMEENTE.kbo}
    return {key[1]: dict(found[key]) for key in found}


@pytest.mark.parametrize("first", range(6))
def test_the_lowest_criterion_is_the_level_of_the_product(first: int, tmp_path: Path) -> None:
    levels = [str((first + 2 * place) % 6) for place in range(len(CRITERIA))]
    rows = [row(criterium=c, niveau=n) for c, n in zip(CRITERIA, levels, strict=True)]
    found = lowest(*rows, folder=tmp_path)["reispas"]
    least = min(levels)
    assert found["serviceLevel"] == f"{PREFIX}dienstniveau/{least}"
    wanted = CRITERIA[levels.index(least)]
    assert found["lowestCriterion"] == f"{PREFIX}dienstcriterium/{wanted}"
    assert found["levelMethod"] == f"{PREFIX}niveaumethode/laagste-criterium"
    assert found["assessor"] == f"{PREFIX}beoordelaar/partner"
    assert found["hadPrimarySource"] == "https://www.example.org/reispas"


def test_the_first_step_is_named_of_criteria_that_are_equally_low(tmp_path: Path) -> None:
    rows = [row(criterium=name, niveau="2") for name in reversed(CRITERIA)]
    found = lowest(*rows, row(product="klacht", criterium="betalen"), folder=tmp_path)
    assert found["reispas"]["lowestCriterion"].endswith("/informatie")
    assert found["klacht"]["lowestCriterion"].endswith("/betalen")


def test_one_criterion_is_enough_and_who_assessed_the_lowest_is_told(tmp_path: Path) -> None:
    rows = [row(niveau="5"), row(criterium="indienen", niveau="1", beoordelaar="tool", bron="D1")]
    found = lowest(*rows, folder=tmp_path)["reispas"]
    assert found["assessor"].endswith("/tool")
    assert found["hadPrimarySource"].endswith("id/bron/D1")


FAULTS = [
    ("unknown-wave", {"golf": "1999"}, "golf"),
    ("unknown-body", {"bestuur": "OVO999999"}, "bestuur"),
    ("kbo-checksum", {"bestuur": "0216771047"}, "bestuur"),
    ("body-not-then", {"bestuur": "0697608063"}, "bestuur"),
    ("unknown-code", {"product": "raket"}, "product"),
    ("product-of-other-class", {"product": "leefloon"}, "product"),
    ("unknown-code", {"criterium": "snel"}, "criterium"),
    ("unknown-code", {"niveau": "6"}, "niveau"),
    ("unknown-code", {"niveau": "-1"}, "niveau"),
    ("unknown-code", {"beoordelaar": "buur"}, "beoordelaar"),
    ("source-form", {"bron": "ergens op het web"}, "bron"),
    ("date-impossible", {"datum": "2016-02-30"}, "datum"),
    ("date-missing", {"datum": ""}, "datum"),
    ("cell-missing", {"criterium": ""}, "criterium"),
    ("yes-form", {"vervangt": "misschien"}, "vervangt"),
]


@pytest.mark.parametrize(("code", "cells", "column"), FAULTS)
def test_a_fault_is_found_and_located_and_the_other_row_is_taken(
    code: str, cells: dict[str, str], column: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, row(**cells), row(product="klacht"))
    (found,) = (finding for finding in reading.findings if finding.severity == "violation")
    assert found.code == code
    assert found.line == 2
    assert found.message_nl != found.message_en
    assert (found.column or "").startswith(column)
    assert [record.reference for record in reading.records] == [f"{KBO}/klacht/informatie"]


def test_the_same_assessment_twice_is_refused(tmp_path: Path) -> None:
    reading = read(tmp_path, row(niveau="1"), row(niveau="2"))
    assert [finding.code for finding in reading.findings] == ["assessment-twice"]
    assert reading.records == []


def test_an_assessment_is_corrected_by_a_row_that_says_so(tmp_path: Path) -> None:
    first = read(tmp_path, row(niveau="1"))
    given = context([first])
    assert [f.code for f in read(tmp_path, row(niveau="1"), given=given).findings] == [
        "already-accepted"
    ]
    assert [f.code for f in read(tmp_path, row(niveau="2"), given=given).findings] == [
        "assessment-differs"
    ]
    (record,) = read(tmp_path, row(niveau="2", vervangt="ja"), given=given).records
    assert record.replaces == first.records[0].iri
    assert record.iri != first.records[0].iri
    assert record.graph == f"{BASE}graph/synthetisch/dienstbeoordelingen/2016"


@pytest.mark.slow
def test_assessments_are_published_beside_the_answers_and_corrected(
    settings: Settings, tmp_path: Path
) -> None:
    answers = write_answers(
        tmp_path / "a.csv", response("G1", "B", [KBO], full_answers(settings, "B", 2))
    )
    assert load(settings, "answers", answers)[0].accepted == 1
    table = tmp_path / "b.csv"
    table.write_text("\n".join([HEAD, row(), row(criterium="betalen", niveau="1")]), "utf-8")
    assert load(settings, "service-levels", table)[0].accepted == 2
    first = publish(settings)
    assert levels_of(first) == {"dvn": "2", "laagste-criterium": "1"}
    assert all(entry.access == "OPEN" for entry in entries_of(first))
    table.write_text(
        "\n".join([HEAD, row(criterium="betalen", niveau="3", vervangt="ja")]), "utf-8"
    )
    assert load(settings, "service-levels", table)[0].accepted == 1
    second = publish(settings)
    assert levels_of(second) == {"dvn": "2", "laagste-criterium": "3"}
    told = {graph.partition("/graph/")[2] for graph in second.manifest["changes"]}
    assert told - {"catalogus", "afleidingen"} == {
        "synthetisch/dienstbeoordelingen/2016",
        "synthetisch/derived/service-lowest/2016",
    }
    assert check_home(settings) == []


def entries_of(release: Release) -> list[GraphEntry]:
    """Return the graphs of a release that tell of levels."""
    names = ("service-maturity", "service-lowest", "dienstbeoordelingen")
    return [entry for entry in release.all_graphs.values() if entry.dataset in names]


def levels_of(release: Release) -> dict[str, str]:
    """Return the level of the passport by method."""
    store = Store.read_only(str(release.public_store))
    dataset = f"{BASE}id/synthetisch/dataset/service-maturity"
    return {
        found["levelMethod"].rpartition("/")[2]: found["serviceLevel"][-1]
        for found in observations(store, dataset, union=True).values()
        if found["product"].endswith("/reispas")
    }
