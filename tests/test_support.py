"""Facts on the support programme, the claims of sources, and the questions of parliament."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Store

from loaders import support
from service.queries import Library
from service.release.validation import reference_shapes
from tests.facts import BASE, CONTEXT, FACTS, ask, changed, facts_store, located, rows

CLAIM = BASE + "id/claim/"


@pytest.fixture(scope="module")
def store() -> Store:
    return facts_store()


# --- What the loader makes


def test_support_and_claims_are_two_open_graphs_that_conform_to_the_shapes() -> None:
    (reading,) = support.load([], CONTEXT)
    assert reading.findings == []
    assert reading.graphs == {BASE + "graph/ondersteuning": "OPEN", BASE + "graph/claims": "OPEN"}
    data = b"".join(reading.snapshots.values())
    assert list(reference_shapes().validate(data).results) == []
    assert b"_:" not in data


def test_every_enrolment_keeps_the_label_of_its_source(store: Store) -> None:
    found = set(rows(store, "?e a imon:Enrolment ; imon:sourceLabel ?label", "label"))
    assert len(found) == 27
    assert {("Stad en OCMW Ninove",), ("Gemeente Knesselare",), ("OCMW Kruibeke",)} <= found


def test_there_are_six_partners_with_their_other_names(store: Store) -> None:
    assert set(
        rows(store, "?p a imon:Partner ; skos:prefLabel ?n FILTER(LANG(?n) = 'nl')", "n")
    ) == {
        ("PIVA eGov",),
        ("VERA",),
        ("Cevi",),
        ("C-smart",),
        ("Leiedal",),
        ("V-ICT-OR",),
    }
    cevi = f"<{BASE}id/partner/cevi> skos:altLabel|regorg:legalName ?n"
    assert {("Cevi vzw",), ("CEVI vzw",)} <= set(rows(store, cevi, "n"))
    consortium = "?c skos:prefLabel 'E-governmentconsortium'@nl ; org:hasMember ?m"
    assert len(set(rows(store, consortium, "m"))) == 12


def test_every_named_thing_of_the_facts_has_a_dutch_and_an_english_name(store: Store) -> None:
    pattern = f"""?s skos:prefLabel|rdfs:label|dct:title ?n . FILTER(LANG(?n) = 'nl')
        FILTER(STRSTARTS(STR(?s), '{BASE}id/') || STRSTARTS(STR(?s), STR(imc:)))
        FILTER NOT EXISTS {{ ?s dct:isVersionOf|besluit:classificatie|skos:notation ?x
          FILTER(!STRSTARTS(STR(?s), STR(imc:))) }}
        FILTER NOT EXISTS {{ ?s skos:prefLabel|rdfs:label|dct:title ?e FILTER(LANG(?e) = 'en') }}"""
    assert list(rows(store, pattern, "s")) == []


def test_every_source_that_is_named_is_described(store: Store) -> None:
    pattern = """?s prov:hadPrimarySource ?source FILTER NOT EXISTS { ?source dct:title ?t }"""
    assert set(rows(store, pattern, "source")) == set()


def test_every_link_within_the_facts_leads_somewhere(store: Store) -> None:
    """All but the things that other sources describe: instrument, wave and vocabulary."""
    pattern = (
        f"""?s ?p ?o FILTER(STRSTARTS(STR(?o), '{BASE}id/')) FILTER NOT EXISTS {{ ?o ?q ?x }}"""
    )
    assert set(rows(store, pattern, "o")) == {(BASE + "id/golf/2016",)}


def test_claims_c1_to_c10_stand_against_each_other_both_ways(store: Store) -> None:
    pattern = "?a a imon:Claim ; imon:conflictsWith ?b ; dct:identifier ?id"
    pairs = set(rows(store, pattern, "a", "b"))
    assert {(b, a) for a, b in pairs} == pairs
    assert {row[0] for row in rows(store, pattern, "id")} == {f"C{n}" for n in range(1, 11)}
    alone = "?a a imon:Claim ; dct:identifier ?id FILTER(REGEX(?id, '^C[0-9]+$')) "
    alone += "FILTER NOT EXISTS { ?a imon:conflictsWith ?b }"
    assert list(rows(store, alone, "a")) == []


def test_every_claim_has_subject_property_value_day_and_source(store: Store) -> None:
    whole = """?c a imon:Claim ; dct:subject ?s ; imon:claimedProperty ?p ; imon:claimedValue ?v ;
        imon:statedOn ?d ; prov:hadPrimarySource ?f ; rdfs:label ?l"""
    assert set(rows(store, whole, "c")) == set(rows(store, "?c a imon:Claim", "c"))


def test_a_number_that_a_source_rounds_is_marked_and_none_is_derived_from_it(store: Store) -> None:
    rounded = set(rows(store, "?c imon:approximate true", "c"))
    assert {(CLAIM + "respons-gemeente",), (CLAIM + "respons-ocmw",), (CLAIM + "c2-30",)} <= rounded
    for number in (253, 216):
        assert list(rows(store, f"?c imon:claimedValue {number}", "c")) == []


# --- Bad facts


def test_an_enrolment_of_an_unknown_body_is_refused_with_its_line(tmp_path: Path) -> None:
    path = changed(tmp_path, "enrolments.csv", "0207519820", "0403019261")
    (reading,) = support.load([path], CONTEXT)
    assert located(reading.findings) == [("fact-unknown", "enrolments.csv", 12, "bodies")]
    assert "0403019261" in reading.findings[0].message_nl
    assert reading.snapshots == {}


def test_an_enrolment_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "enrolments.csv", "temse,", "wijnegem,")
    (reading,) = support.load([path], CONTEXT)
    assert located(reading.findings) == [("fact-twice", "enrolments.csv", 18, "slug")]


def test_an_enrolment_from_an_unknown_source_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, "enrolments.csv", "2017-03-02,D1", "2017-03-02,D9")
    (reading,) = support.load([path], CONTEXT)
    assert located(reading.findings) == [("fact-unknown", "enrolments.csv", 2, "source")]


def test_claims_with_a_syntax_error_are_refused_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "claims.ttl"
    path.write_text(
        "@prefix dct: <http://purl.org/dc/terms/> .\n<id/claim/x> dct:title 'x' ,, 'y' .\n"
    )
    (reading,) = support.load([path], CONTEXT)
    assert located(reading.findings) == [("rdf-syntax", "claims.ttl", 2, "29")]
    assert reading.snapshots == {}


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "beweringen.ttl"
    path.write_text("")
    (reading,) = support.load([path], CONTEXT)
    assert located(reading.findings) == [("unknown-table", "beweringen.ttl", None, None)]


def test_the_archive_keeps_what_was_read() -> None:
    (reading,) = support.load([], CONTEXT)
    assert (FACTS / "claims.ttl").read_bytes() in reading.redacted
    assert b"# enrolments.csv\n" in reading.redacted


# --- The questions of parliament


def test_cq01_counts_27_enrolments_of_20_gemeenten_and_18_ocmws(store: Store) -> None:
    found = ask(store, "cq01")
    assert [(row["label"], row["bodies"], row["enrolments"]) for row in found] == [
        ("Gemeente", "20", "20"),
        ("OCMW", "18", "18"),
        ("Totaal", "38", "27"),
    ]
    assert ask(store, "cq01", lang="en")[2]["label"] == "Total"


def test_cq01_counts_nothing_before_the_first_enrolment_was_known(store: Store) -> None:
    (total,) = ask(store, "cq01", date="2017-03-01")
    assert (total["bodies"], total["enrolments"]) == ("0", "0")


def test_cq02_tells_11_joint_9_of_a_gemeente_and_7_of_an_ocmw(store: Store) -> None:
    found = [(row["form"], row["enrolments"]) for row in ask(store, "cq02")]
    assert found == [("gezamenlijk", "11"), ("gemeente", "9"), ("ocmw", "7")]
    labels = [row["label"] for row in ask(store, "cq02", lang="en")]
    assert labels == ["gemeente and OCMW jointly", "gemeente only", "OCMW only"]


def test_cq03_tells_that_support_started_with_11_intakes_and_the_rest_in_2017(
    store: Store,
) -> None:
    (row,) = ask(store, "cq03")
    assert (row["started"], row["intakes"], row["statedOn"]) == ("true", "11", "2017-03-02")
    assert (row["remainingPhasesIn"], row["source"]) == ("2017", BASE + "id/bron/D1")


def test_cq04_shows_27_against_28_with_both_sources(store: Store) -> None:
    columns = ("claim", "value", "statedOn", "source", "conflictsWith")
    assert [tuple(row[name] for name in columns) for row in ask(store, "cq04")] == [
        (CLAIM + "c3-27", "27", "2017-03-02", BASE + "id/bron/D1", CLAIM + "c3-28"),
        (CLAIM + "c3-28", "28", "2017", BASE + "id/bron/D2", CLAIM + "c3-27"),
    ]
    assert {row["value"] for row in ask(store, "cq04", claim="C2")} == {"30", "50"}
    assert {row["value"] for row in ask(store, "cq04", claim="C4")} == {"10", "20"}


def test_cq05_counts_enrolments_by_province(store: Store) -> None:
    found = [(row["label"], row["enrolments"]) for row in ask(store, "cq05")]
    assert found == [
        ("Vlaams-Brabant", "9"),
        ("West-Vlaanderen", "8"),
        ("Oost-Vlaanderen", "6"),
        ("Antwerpen", "3"),
        ("Limburg", "1"),
    ]


def test_cq06_tells_that_evaluation_comes_first_and_the_agreement_ends_in_2017(
    store: Store,
) -> None:
    (row,) = ask(store, "cq06", lang="en")
    assert (row["until"], row["evaluatedFirst"]) == ("2017-12", "true")
    assert row["statement"].startswith("First the results")
    assert (row["statedOn"], row["source"]) == ("2017-03-02", BASE + "id/bron/D1")


def test_cq07_gives_the_response_as_published_with_its_universe(store: Store) -> None:
    columns = ("label", "responseRate", "approximate", "universe", "source")
    assert [tuple(row[name] for name in columns) for row in ask(store, "cq07")] == [
        ("Gemeente", "0.82", "true", "308", BASE + "id/bron/P2"),
        ("OCMW", "0.7", "true", "308", BASE + "id/bron/P2"),
    ]


def test_cq08_finds_two_bodies_that_are_gone_and_their_successors(store: Store) -> None:
    found = ask(store, "cq08")
    assert len(found) == 38
    gone = [row for row in found if row["exists"] == "false"]
    assert [(row["name"], row["until"], row["successorName"]) for row in gone] == [
        ("Knesselare", "2018-12-31", "Aalter"),
        ("OCMW Kruibeke", "2024-12-31", "OCMW Beveren-Kruibeke-Zwijndrecht"),
    ]
    assert {row["successor"] for row in found if row["exists"] == "true"} == {""}


def test_cq08_asked_about_the_time_of_the_track_finds_all_bodies_alive(store: Store) -> None:
    found = ask(store, "cq08", date="2017-03-02")
    assert [row for row in found if row["exists"] != "true"] == []
    between = [row["name"] for row in ask(store, "cq08", date="2020-01-01") if row["until"]]
    assert between == ["Knesselare"]


QUERIES = [*(f"cq0{n}" for n in range(1, 9)), "cq34", "bodies-on-date"]


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_query_gives_the_columns_that_its_head_declares(
    store: Store, name: str, lang: str
) -> None:
    values = {"code": "44029"} if name == "cq34" else {}
    found = ask(store, name, lang=lang, **values)
    assert found
    assert list(found[0]) == Library.load()[f"api/{name}"].head["columns"]
