"""The register of gemeenten and OCMW's as RDF: the loader, bad tables, and the queries on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from loaders import organisations
from loaders.reference import read_reference
from service.problems import BadParameter
from service.release.validation import reference_shapes
from tests.facts import BASE, CONTEXT, DAYS, FACTS, LBLOD, ask, changed, facts_store, located, rows

ARDOOIE = LBLOD + "94433cd9ac2dd4ef0ccda4e07f35217fb6531adbb80d8382915f89f585d00890"
KNESSELARE = LBLOD + "b85b33fb0ce57e2b332599d2aaafcab35a3560b709add3cec98e21dca6cdc210"
AALTER = LBLOD + "5116efa8-e96e-46a2-aba6-c077e9056a96"
HASSELT = LBLOD + "9db1b46874a57fe63c08fb5f16b117e6f61fdd98e7f64f745d0fceb9d3731169"


@pytest.fixture(scope="module")
def store() -> Store:
    return facts_store()


# --- What the loader makes


def test_the_register_conforms_to_the_shapes() -> None:
    (reading,) = organisations.load([], CONTEXT)
    (data,) = reading.snapshots.values()
    assert reading.graphs == {BASE + "graph/organisaties": "OPEN"}
    assert [row for row in reference_shapes().validate(data).results] == []


def test_the_same_tables_give_the_same_bytes() -> None:
    (first,), (second,) = (list(organisations.load([], CONTEXT)) for _ in range(2))
    assert first.snapshots == second.snapshots
    assert first.original_sha256 == second.original_sha256


def test_the_look_ups_find_a_body_by_each_identifier() -> None:
    (reading,) = organisations.load([], CONTEXT)
    reference = read_reference(reading.snapshots.values(), BASE)
    assert len(reference.bodies) == 638
    for text in ("0216.771.046", "OVO002001", "ovo002001", ARDOOIE):
        body = reference.body(text)
        assert body is not None
        assert (body.iri, body.classification) == (ARDOOIE, "gemeente")
    ocmw = reference.body("0216771145")
    assert ocmw is not None
    assert (ocmw.states[0].name, ocmw.counterpart) == ("OCMW Ardooie", ARDOOIE)
    assert ocmw.states[0].valid_from is None


def test_a_body_carries_its_identifiers_names_and_links(store: Store) -> None:
    pattern = f"<{HASSELT}> owl:sameAs ?other ; skos:prefLabel ?name ; dct:identifier ?id"
    assert sorted(rows(store, pattern, "id", "name")) == [
        ("0207466964", "Hasselt"),
        ("OVO002083", "Hasselt"),
    ]
    pattern = (
        "?b skos:prefLabel 'Tessenderlo-Ham'@nl ; skos:altLabel ?old ; a besluit:Bestuurseenheid"
    )
    assert list(rows(store, pattern, "old")) == [("Ham",)]


def test_there_is_a_change_event_for_each_class(store: Store) -> None:
    assert len(set(rows(store, "?e a org:ChangeEvent", "e"))) == 40
    event = f"<{BASE}id/fusie/2019-01-01/ocmw/lievegem>"
    found = set(rows(store, f"{event} org:originalOrganization/skos:prefLabel ?n", "n"))
    assert found == {("OCMW Lovendegem",), ("OCMW Waarschoot",), ("OCMW Zomergem",)}
    labels = set(rows(store, f"{event} skos:prefLabel ?n", "n"))
    assert labels == {
        ("Fusie van OCMW Lovendegem, OCMW Waarschoot en OCMW Zomergem tot OCMW Lievegem",),
        ("Merger of OCMW Lovendegem, OCMW Waarschoot and OCMW Zomergem into OCMW Lievegem",),
    }
    antwerpen = f"<{BASE}id/fusie/2025-01-01/gemeente/antwerpen>"
    found = set(rows(store, f"{antwerpen} org:resultingOrganization/skos:prefLabel ?n", "n"))
    assert found == {("Antwerpen",)}


def test_no_blank_node_and_no_relative_iri_is_written() -> None:
    (reading,) = organisations.load([], CONTEXT)
    (data,) = reading.snapshots.values()
    assert b"_:" not in data
    assert Store().load(data, format=RdfFormat.N_TRIPLES) is None


# --- Bad tables


@pytest.mark.parametrize(
    ("table", "old", "new", "code", "column"),
    [
        ("bodies.csv", ",0216771046,", ",0216771047,", "fact-kbo", "kbo (C)"),
        ("bodies.csv", ",OVO002001,", ",OVO2001,", "fact-ovo", "ovo (D)"),
        ("bodies.csv", "gemeente,0216771046", "stad,0216771046", "fact-choice", "class (B)"),
        ("bodies.csv", ARDOOIE, "javascript:alert(1)", "fact-iri", "iri (A)"),
        ("states.csv", ",44084,", ",4408,", "fact-nis", "nis (C)"),
        ("states.csv", ",44084,", ",21004,", "fact-nis", "nis (C)"),
        ("states.csv", "2018-12-31", "2018-02-30", "fact-date", "valid_to (H)"),
        ("states.csv", "Aartselaar", "", "fact-empty", "name (B)"),
        ("states.csv", ",antwerpen,1977", ",limburg,1977", "fact-province", "province"),
        (
            "states.csv",
            "1977-01-01,2018-12-31",
            "2019-01-01,2018-12-31",
            "fact-reversed",
            "valid_to",
        ),
        (
            "states.csv",
            "BE22373083,limburg,1977-01-01,2024-12-31",
            "BE22373083,limburg,1977-01-01,",
            "fact-overlap",
            "valid_from",
        ),
        ("inhabitants.csv", "11001,2018,14304", "11001,2018,-5", "fact-number", "count (C)"),
        ("inhabitants.csv", "11001,2019", "11001,2018", "fact-twice", "year"),
        ("inhabitants.csv", "11001,2018", "11999,2018", "fact-unknown", "nis"),
        ("mergers.csv", "44001|44029", "44001|44030", "fact-merger", "originals"),
        ("mergers.csv", "44001|44029", "44001;44029", "fact-nis", "originals (C)"),
        ("points.csv", "51.1302", "NaN", "fact-number", "lat (B)"),
        ("neighbours.csv", "11001,11002", "11001,11000", "fact-unknown", "touches"),
        ("defects.csv", ",refnis2025,37022,", ",refnis2020,37022,", "fact-unknown", "source"),
    ],
)
def test_a_wrong_cell_is_told_where_it_stands_and_nothing_is_taken_over(
    tmp_path: Path, table: str, old: str, new: str, code: str, column: str
) -> None:
    path = changed(tmp_path, table, old, new)
    (reading,) = organisations.load([path], CONTEXT)
    assert reading.snapshots == {}
    found = [row for row in reading.findings if (row.code, row.column) == (code, column)]
    assert found, located(reading.findings)
    assert found[0].file == table
    assert found[0].line
    assert found[0].message_nl != found[0].message_en


def test_a_lone_body_has_no_counterpart(tmp_path: Path) -> None:
    path = changed(tmp_path, "bodies.csv", f"{ARDOOIE},gemeente", f"{ARDOOIE[:-1]}1,gemeente")
    (reading,) = organisations.load([path], CONTEXT)
    assert {row.code for row in reading.findings} == {"fact-counterpart"}
    assert len(reading.findings) == 2  # the changed row, and the OCMW that points at the old IRI


def test_a_table_in_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mergers.csv"
    text = (FACTS / "mergers.csv").read_text(encoding="utf-8")
    path.write_bytes(text.replace("Nieuw bestuur.", "Één bestuur.", 1).encode("latin-1"))
    (reading,) = organisations.load([path], CONTEXT)
    assert ("not-utf8", "mergers.csv", 2, None) in located(reading.findings)
    assert reading.snapshots == {}


def test_an_unknown_table_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "gemeenten.csv"
    path.write_text("a\nb\n")
    (reading,) = organisations.load([path], CONTEXT)
    assert located(reading.findings) == [("unknown-table", "gemeenten.csv", None, None)]


def test_new_inhabitants_take_the_place_of_the_bundled_ones(tmp_path: Path) -> None:
    path = changed(tmp_path, "inhabitants.csv", "11001,2018,14304", "11001,2018,14305")
    (reading,) = organisations.load([path], CONTEXT)
    assert reading.findings == []
    (data,) = reading.snapshots.values()
    assert b'"14305"' in data
    assert b"# inhabitants.csv" in reading.redacted


# --- Stored queries


@pytest.mark.parametrize(("day", "number"), DAYS.items())
def test_bodies_on_a_date_are_counted_by_class(store: Store, day: str, number: int) -> None:
    found = ask(store, "bodies-on-date", date=day)
    assert [(row["label"], row["bodies"]) for row in found] == [
        ("Gemeente", str(number)),
        ("OCMW", str(number)),
    ]


def test_cq34_resolves_a_kbo_number_to_gemeente_ardooie(store: Store) -> None:
    (row,) = ask(store, "cq34", code="0216771046")
    assert (row["scheme"], row["body"], row["name"], row["class"]) == (
        "KBO",
        ARDOOIE,
        "Ardooie",
        "Gemeente",
    )
    assert (row["successor"], row["successorNis"]) == (ARDOOIE, "37020")


def test_cq34_resolves_a_nis_code_over_a_merger(store: Store) -> None:
    gemeente, ocmw = ask(store, "cq34", code="44029", date="2025-01-01")
    assert (gemeente["body"], gemeente["name"]) == (KNESSELARE, "Knesselare")
    assert (gemeente["successor"], gemeente["successorName"]) == (AALTER, "Aalter")
    assert gemeente["successorNis"] == "44084"
    assert (ocmw["name"], ocmw["successorName"]) == ("OCMW Knesselare", "OCMW Aalter")


def test_cq34_gives_the_body_itself_before_its_merger(store: Store) -> None:
    gemeente, _ = ask(store, "cq34", code="44029", date="2018-12-31")
    assert gemeente["successor"] == KNESSELARE
    gemeente, _ = ask(store, "cq34", code="44029", date="2019-01-01")
    assert gemeente["successor"] == AALTER


def test_cq34_does_not_take_a_survivor_for_a_successor_before_the_merger(store: Store) -> None:
    """Hasselt existed in 2016 too, but took in Kortessem only in 2025."""
    before, _ = ask(store, "cq34", code="73040", date="2024-12-31")
    after, _ = ask(store, "cq34", code="73040", date="2025-01-01")
    assert before["successorName"] == "Kortessem"
    assert (after["successor"], after["successorNis"]) == (HASSELT, "71072")


def test_cq34_follows_a_survivor_to_its_new_name_and_code(store: Store) -> None:
    for code in ("0216772234", "OVO002079", "be 0216.772.234"):
        (row,) = ask(store, "cq34", code=code, date="2025-01-01")
        assert row["body"] == row["successor"]
        assert (row["successorName"], row["successorNis"]) == ("Tessenderlo-Ham", "71071")
    gemeente, _ = ask(store, "cq34", code="71069", date="2025-01-01")
    assert (gemeente["name"], gemeente["successorName"]) == ("Ham", "Tessenderlo-Ham")


def test_cq34_chains_over_two_mergers(store: Store) -> None:
    """An invented merger of the new Aalter into Gent in 2031: Knesselare → Aalter → Gent."""
    more = facts_store()
    gent = LBLOD + "353234a365664e581db5c2f7cc07add2534b47b8e1ab87c821fc6e6365e6bef5"
    more.update(
        f"""PREFIX org: <http://www.w3.org/ns/org#> PREFIX dct: <http://purl.org/dc/terms/>
        PREFIX schema: <http://schema.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        INSERT DATA {{ GRAPH <{BASE}graph/organisaties> {{
          <{BASE}id/fusie/2031-01-01/gemeente/gent> a org:ChangeEvent ;
            dct:date "2031-01-01"^^xsd:date ; org:resultingOrganization <{gent}> ;
            org:originalOrganization <{AALTER}> , <{gent}> .
          <{BASE}id/toestand/0697608063/2019-01-01>
            schema:validThrough "2030-12-31"^^xsd:date }} }}"""
    )
    found = {
        day: ask(more, "cq34", code="0207452118", date=day)
        for day in ("2018-06-01", "2020-06-01", "2031-06-01")
    }
    assert {day: [row["successorName"] for row in got] for day, got in found.items()} == {
        "2018-06-01": ["Knesselare"],
        "2020-06-01": ["Aalter"],
        "2031-06-01": ["Gent"],
    }


def test_cq34_leaves_the_successor_open_for_a_body_that_is_younger_than_the_day(
    store: Store,
) -> None:
    gemeente, _ = ask(store, "cq34", code="44084", date="2016-01-01")
    assert (gemeente["body"], gemeente["successor"]) == (AALTER, "")


def test_cq34_knows_no_unknown_code_and_asks_for_one(store: Store) -> None:
    assert ask(store, "cq34", code="99999") == []
    assert ask(store, "cq34", code="C3") == []  # an identifier of something else
    assert ask(store, "cq34", code='") } #') == []
    with pytest.raises(BadParameter):
        ask(store, "cq34")
    with pytest.raises(BadParameter):
        ask(store, "cq34", code="44029", date="2025-02-30")
