"""The LBLOD dump: the published ones where they are at hand, and invented ones with defects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import Store

from loaders import Finding, Reading, lblod
from service import data_dir
from service.release.validation import reference_shapes
from tests.facts import BASE, CONTEXT, LBLOD, add, facts_store, rows

DATA = data_dir("ontology").parent.parent / "shared" / "data" / "organisations"
DUMP_2023 = DATA / "lpdc-20230623155604-import-bestuurseenheden.ttl"
DUMP_2024 = (
    DATA / "lpdc-20241107114207-import-municipalities-and-ocmws-with-new-kbo-mergers-2025.ttl"
)
published = pytest.mark.skipif(
    not DUMP_2023.is_file(), reason="the published LBLOD dumps are not in ../shared/data"
)

PREFIXES = """@prefix besluit: <http://data.vlaanderen.be/ns/besluit#> .
@prefix bk: <http://data.vlaanderen.be/id/concept/BestuurseenheidClassificatieCode/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ext: <http://mu.semte.ch/vocabularies/ext/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix b: <http://data.lblod.info/id/bestuurseenheden/> .
"""
GEMEENTE, OCMW = "bk:5ab0e9b8a3b2ca7c5e000001", "bk:5ab0e9b8a3b2ca7c5e000002"
ARDOOIE = "94433cd9ac2dd4ef0ccda4e07f35217fb6531adbb80d8382915f89f585d00890"
NEW = "11111111-2222-4333-8444-555555555555"
AREA = "<http://data.lblod.info/id/werkingsgebieden/1234567890ab>"


def unit(
    name: str = "Ardooie",
    iri: str = ARDOOIE,
    kbo: str = "0216771046",
    ovo: str = "OVO002001",
    code: str = GEMEENTE,
    more: str = f"besluit:werkingsgebied {AREA}",
) -> str:
    """Return a unit as LBLOD writes it."""
    return f"""b:{iri} a besluit:Bestuurseenheid ; skos:prefLabel "{name}" ;
    dct:identifier "{kbo}" , "{ovo}" ; ext:kbonummer "{kbo}" ;
    besluit:classificatie {code} ; {more} .
"""


def load(tmp_path: Path, *units: str) -> Reading:
    path = tmp_path / "dump.ttl"
    path.write_text(PREFIXES + "".join(units), encoding="utf-8")
    (reading,) = lblod.load([path], CONTEXT)
    return reading


def told(reading: Reading) -> list[Finding]:
    """Return the findings, without the one that says how many bodies the dump lacks."""
    return [row for row in reading.findings if row.code != "lblod-absent"]


# --- The published dumps


@published
def test_the_dump_of_2023_shows_its_known_defects() -> None:
    (reading,) = lblod.load([DUMP_2023], CONTEXT)
    assert Counter(row.code for row in reading.findings) == {
        "lblod-suffix": 4,
        "lblod-predecessor": 3,
        "lblod-kbo": 1,
        "lblod-no-class": 1,
        "lblod-others": 1,
        "lblod-absent": 1,
    }
    assert "violation" not in {row.severity for row in reading.findings}
    assert all(row.line for row in reading.findings if row.severity == "warning")
    by_code = {row.code: row for row in reading.findings}
    assert by_code["lblod-kbo"].value == "0680397589"
    assert "Schelde-Durme" in by_code["lblod-kbo"].message_nl
    assert by_code["lblod-absent"].message_nl.startswith("8 van onze 638")


@published
def test_the_predecessors_of_lievegem_are_taken_off_nevele() -> None:
    (reading,) = lblod.load([DUMP_2023], CONTEXT)
    wrong = [row for row in reading.findings if row.code == "lblod-predecessor"]
    assert {row.message_en.split(",")[0] for row in wrong} == {
        f"Nevele is said to derive from {name}" for name in ("Lovendegem", "Waarschoot", "Zomergem")
    }
    store = facts_store()
    add(store, reading)
    pattern = "?b prov:wasDerivedFrom/skos:prefLabel ?old ; skos:prefLabel '{}'@nl"
    assert set(rows(store, pattern.format("Lievegem"), "old")) == {
        ("Lovendegem",),
        ("Waarschoot",),
        ("Zomergem",),
    }
    assert set(rows(store, pattern.format("Nevele"), "old")) == set()


@published
def test_the_dump_of_2024_links_pajottegem_to_the_wrong_province() -> None:
    (reading,) = lblod.load([DUMP_2024], CONTEXT)
    assert Counter(row.code for row in told(reading)) == {"lblod-no-area": 4, "lblod-province": 2}
    wrong = [row for row in reading.findings if row.code == "lblod-province"]
    assert {(row.line, row.value) for row in wrong} == {
        (76, "west-vlaanderen"),
        (155, "west-vlaanderen"),
    }
    assert wrong[0].message_en.startswith(
        "Pajottegem is linked to the working area of the province West-Vlaanderen"
    )


@published
def test_both_dumps_together_hold_all_our_bodies_and_conform_beside_the_register() -> None:
    (reading,) = lblod.load([DUMP_2023, DUMP_2024], CONTEXT)
    assert "lblod-absent" not in {row.code for row in reading.findings}
    assert "lblod-new" not in {row.code for row in reading.findings}
    (data,) = reading.snapshots.values()
    assert reference_shapes().validate(data).conforms
    assert reading.graphs == {BASE + "graph/lblod": "OPEN"}
    assert reading.redacted == DUMP_2023.read_bytes() + DUMP_2024.read_bytes()


@published
def test_the_dumps_and_the_register_give_a_body_one_name() -> None:
    (reading,) = lblod.load([DUMP_2023, DUMP_2024], CONTEXT)
    store = facts_store()
    add(store, reading)
    pattern = "?b a besluit:Bestuurseenheid ; skos:prefLabel ?n , ?m FILTER(?n != ?m)"
    assert list(rows(store, pattern, "b")) == []


# --- Invented dumps


def test_a_body_that_agrees_gives_no_finding_but_its_working_area(tmp_path: Path) -> None:
    reading = load(tmp_path, unit())
    assert told(reading) == []
    (data,) = reading.snapshots.values()
    store = Store()
    add(store, reading)
    area = f"<{BASE}id/werkingsgebied/37020> skos:exactMatch ?area"
    assert list(rows(store, area, "area")) == [(AREA.strip("<>"),)]
    assert b"prefLabel" not in data  # the register names the body


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"kbo": "0216771047"}, "lblod-kbo", "kbo"),
        ({"kbo": "0403019261"}, "lblod-identifier", "kbo"),
        ({"ovo": "OVO999999"}, "lblod-identifier", "ovo"),
        ({"iri": NEW}, "lblod-identifier", "iri"),
        ({"name": "Ardooie (voor fusie)"}, "lblod-suffix", "name"),
        ({"name": "Ardoye"}, "lblod-name", "name"),
        ({"code": OCMW, "name": "Ardooie"}, "lblod-class", "class"),
        ({"more": "dct:title 'x'"}, "lblod-no-area", "area"),
        (
            {"more": f"besluit:werkingsgebied {AREA} ; skos:prefLabel 'B'"},
            "lblod-double-value",
            "name",
        ),
        ({"more": f"prov:wasDerivedFrom b:{NEW}"}, "lblod-predecessor-unknown", "predecessor"),
    ],
)
def test_a_difference_is_told_with_the_line_of_the_unit(
    tmp_path: Path, changes: dict[str, str], code: str, column: str
) -> None:
    reading = load(tmp_path, unit(**changes))
    found = [row for row in reading.findings if (row.code, row.column) == (code, column)]
    assert found, [(row.code, row.column) for row in reading.findings]
    assert (found[0].file, found[0].line, found[0].severity) == ("dump.ttl", 8, "warning")
    assert found[0].message_nl != found[0].message_en


def test_a_second_body_of_the_same_number_is_left_out(tmp_path: Path) -> None:
    reading = load(tmp_path, unit(), unit(name="Andere", iri=NEW))
    doubles = [row for row in reading.findings if row.code == "lblod-double-kbo"]
    assert [row.value for row in doubles] == ["0216771046"]


def test_a_body_that_we_do_not_know_is_taken_over_without_a_state(tmp_path: Path) -> None:
    reading = load(tmp_path, unit(name="Nieuwgem", iri=NEW, kbo="0403019261", ovo="OVO099999"))
    assert [row.code for row in told(reading)] == ["lblod-new"]
    (data,) = reading.snapshots.values()
    advice = reference_shapes().validate(data).results
    assert {(row.severity, row.focus) for row in advice} == {("Warning", LBLOD + NEW)}
    store = Store()
    add(store, reading)
    pattern = "?b a besluit:Bestuurseenheid ; skos:prefLabel ?n ; dct:identifier '0403019261'"
    assert list(rows(store, pattern, "b", "n")) == [(LBLOD + NEW, "Nieuwgem")]


def test_a_new_body_without_an_ovo_code_is_left_out(tmp_path: Path) -> None:
    reading = load(tmp_path, unit(), unit(iri=NEW, kbo="0403019261", ovo="0403019261"))
    assert [row.code for row in told(reading)] == ["lblod-no-identifier"]


def test_a_unit_without_class_or_without_type_is_told(tmp_path: Path) -> None:
    untyped = unit().replace("a besluit:Bestuurseenheid ; ", "")
    unclassed = f"b:{NEW} a besluit:Bestuurseenheid ; skos:prefLabel 'Agentschap' .\n"
    found = told(load(tmp_path, untyped, unclassed))
    assert [row.code for row in found] == ["lblod-no-class", "lblod-no-type"]


def test_other_classes_are_counted_and_left_out(tmp_path: Path) -> None:
    police = unit(
        name="PZ", iri=NEW, kbo="0403019261", code="bk:a3922c6d-425b-474f-9a02-ffb71a436bfc"
    )
    found = told(load(tmp_path, unit(), police))
    assert [(row.code, row.severity) for row in found] == [("lblod-others", "info")]


def test_a_file_without_any_body_of_ours_is_refused(tmp_path: Path) -> None:
    reading = load(tmp_path, f"b:{NEW} skos:prefLabel 'x' .\n")
    assert [(row.code, row.severity) for row in reading.findings] == [("lblod-empty", "violation")]
    assert reading.snapshots == {}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("<relatief> skos:prefLabel 'x' .\n", "rdf-relative"),
        (f"b:{NEW} besluit:werkingsgebied <javascript:alert(1)> .\n", "rdf-iri"),
        (f"b:{NEW} besluit:werkingsgebied [] .\n", "rdf-blank-node"),
        (f"b:{NEW} skos:prefLabel 'x' ;; .. \n", "rdf-syntax"),
    ],
)
def test_a_dump_with_an_unsafe_or_broken_statement_is_refused_as_a_whole(
    tmp_path: Path, bad: str, code: str
) -> None:
    reading = load(tmp_path, unit(), bad)
    assert [row.code for row in reading.findings] == [code]
    assert reading.findings[0].line == 11
    assert reading.snapshots == {}


def test_a_dump_in_latin_1_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.ttl"
    path.write_bytes((PREFIXES + unit(name="Ardooié")).encode("latin-1"))
    (reading,) = lblod.load([path], CONTEXT)
    assert [(row.code, row.line) for row in reading.findings] == [("rdf-not-utf8", 8)]
