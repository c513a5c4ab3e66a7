"""What a caller writes becomes a term of the release, or a problem that says what is allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyoxigraph import Store

from service.parameters import Values, resolve
from service.problems import BadParameter
from service.queries import QueryFault, StoredQuery, parse
from service.store.rows import select
from service.vocab import CONCEPT, prefix_lines
from tests.facts import BASE, LBLOD, facts_store
from tests.stored import lookup

ARDOOIE = f"{LBLOD}94433cd9ac2dd4ef0ccda4e07f35217fb6531adbb80d8382915f89f585d00890"
CLASSES = "http://data.vlaanderen.be/id/conceptscheme/BestuurseenheidClassificatieCode"
WAVES = f"""{prefix_lines()}
INSERT DATA {{
  <{BASE}id/golf/2016> a imon:Wave ; imon:year "2016"^^xsd:gYear ; imon:synthetic false ;
    imon:scheme <{BASE}id/scoreschema/1.0> .
  <{BASE}id/golf/2020> a imon:Wave ; imon:year "2020"^^xsd:gYear ; imon:synthetic false .
  <{BASE}id/synthetisch/golf/2025> a imon:Wave ; imon:year "2025"^^xsd:gYear ;
    imon:synthetic true ; imon:scheme <{BASE}id/scoreschema/1.1> .
  <{BASE}id/scoreschema/1.0> a imon:ScoringScheme ; dcat:version "1.0" .
  <{BASE}id/scoreschema/1.1> a imon:ScoringScheme ; dcat:version "1.1" .
  <{BASE}x> imon:wave <{BASE}id/synthetisch/golf/2025> ; imon:score 50.0 .
}}"""
REAL = f"""{prefix_lines()}
INSERT DATA {{ <{BASE}y> imon:wave <{BASE}id/golf/2016> ; imon:score 1.0 }}"""

Resolver = Callable[..., dict[str, object]]


def made(parameters: str, where: str, head: str = "") -> StoredQuery:
    """Return a query with parameters as its head has them."""
    lines = ["#+ summary: {nl: x, en: x}", *head.splitlines(), "#+ parameters:"]
    lines += [f"#+ - {row}" for row in parameters.splitlines()]
    return parse("api", "x", "\n".join([*lines, f"SELECT ?x WHERE {{ {where} }} ORDER BY ?x"]))


def ask_for(store: Store, kind: str, **values: str) -> object:
    """Return what a parameter ``p`` of a kind becomes."""
    query = made(f"{{name: p, kind: {kind}}}", "VALUES ?x { $p }")
    return resolve(query, values, lookup(store)).get("p")


@pytest.fixture(scope="module")
def store() -> Store:
    store = facts_store()
    store.update(WAVES)
    return store


# --- Bodies --------------------


@pytest.mark.parametrize(
    "written",
    ["0216771046", "0216.771.046", " BE 0216.771.046 ", "216771046", "OVO002001", "ovo002001",
     "37020", ARDOOIE],
)  # fmt: skip
def test_a_body_goes_by_any_of_its_codes(store: Store, written: str) -> None:
    assert ask_for(store, "body", p=written) == ARDOOIE


def test_a_nis_code_is_that_of_the_gemeente_of_its_day(store: Store) -> None:
    knesselare = ask_for(store, "body", p="44029")
    (row,) = select(
        store, f"SELECT ?n {{ <{knesselare}> <http://www.w3.org/2004/02/skos/core#prefLabel> ?n }}",
        union=True,
    )  # fmt: skip
    assert row["n"] == "Knesselare"


@pytest.mark.parametrize(
    "written",
    ["99999", "Ardooie", "0216771047", "http://example.org/x", "javascript:x", "http://x/> ?p ?o",
     '") } #', "\u0662\u0661", "0216771046\x00", "a" * 501, "OVO"],
)  # fmt: skip
def test_what_is_no_body_is_refused_and_told_what_is(store: Store, written: str) -> None:
    with pytest.raises(BadParameter) as found:
        ask_for(store, "body", p=written)
    assert found.value.members["parameter"] == "p"
    assert found.value.members["allowed"]


def test_bodies_come_with_commas_or_repeated_and_each_once(store: Store) -> None:
    query = made("{name: p, kind: bodies, fewest: 2, most: 3}", "VALUES ?x { $p }")

    def found(*written: str) -> object:
        return resolve(query, {"p": list(written)}, lookup(store))["p"]

    assert found("44084, 37020") == found("44084", "OVO002001")
    assert query.bind(p=found("44084", "37020")).count(f"<{ARDOOIE}>") == 1
    for wrong in (["44084"], ["44084", "37020", "44029", "71016"], ["37020", "0216771046"]):
        with pytest.raises(BadParameter) as problem:
            found(*wrong)
        assert problem.value.members["parameter"] == "p"


# --- Waves, schemes, concepts --------------------


def test_without_a_choice_it_is_the_latest_wave_with_scores_a_real_one_first(store: Store) -> None:
    query = made("{name: p, kind: wave, required: false}", "VALUES ?x { $p }")
    assert resolve(query, {}, lookup(store)) == {"p": f"{BASE}id/synthetisch/golf/2025"}
    both = facts_store()
    both.update(WAVES)
    both.update(REAL)
    assert resolve(query, {}, lookup(both)) == {"p": f"{BASE}id/golf/2016"}
    with pytest.raises(BadParameter, match="no wave with scores"):
        resolve(query, {}, lookup(facts_store()))


@pytest.mark.parametrize(
    ("written", "path"),
    [("2016", "golf/2016"), ("synthetisch/2025", "synthetisch/golf/2025"),
     (f"{BASE}id/golf/2020", "golf/2020")],
)  # fmt: skip
def test_a_wave_goes_by_its_year_and_a_synthetic_one_says_so(
    store: Store, written: str, path: str
) -> None:
    assert ask_for(store, "wave", p=written) == f"{BASE}id/{path}"


def test_a_wave_that_is_not_there_is_refused_with_those_that_are(store: Store) -> None:
    with pytest.raises(BadParameter, match="did you mean") as found:
        ask_for(store, "wave", p="synthetisch/2026")
    assert set(found.value.members["allowed"]) == {"2016", "2020", "synthetisch/2025"}


def test_a_scheme_is_that_of_the_wave_unless_it_is_given(store: Store) -> None:
    query = made(
        "{name: wave, kind: wave, required: false}\n{name: s, kind: scheme, required: false}",
        "VALUES ?x { $wave $s }",
    )

    def found(**values: str) -> object:
        return resolve(query, values, lookup(store))["s"]

    assert found() == f"{BASE}id/scoreschema/1.1"
    assert found(wave="2016") == f"{BASE}id/scoreschema/1.0"
    assert found(wave="2016", s="1.1") == f"{BASE}id/scoreschema/1.1"
    with pytest.raises(BadParameter, match="names no scheme"):
        found(wave="2020")


@pytest.mark.parametrize(
    ("list_name", "written", "iri"),
    [("provincie", "A", f"{CONCEPT}provincie/antwerpen"),
     ("provincie", "antwerpen", f"{CONCEPT}provincie/antwerpen"),
     ("provincie", f"{CONCEPT}provincie/limburg", f"{CONCEPT}provincie/limburg"),
     ("schaalklasse", "<10k", f"{CONCEPT}schaalklasse/lt10k"),
     (CLASSES, "ocmw", "http://data.vlaanderen.be/id/concept/BestuurseenheidClassificatieCode/"
                       "5ab0e9b8a3b2ca7c5e000002")],
)  # fmt: skip
def test_a_concept_goes_by_notation_by_the_end_of_its_iri_or_by_its_iri(
    store: Store, list_name: str, written: str, iri: str
) -> None:
    query = made(f'{{name: p, kind: concept, list: "{list_name}"}}', "VALUES ?x { $p }")
    assert resolve(query, {"p": written}, lookup(store)) == {"p": iri}
    with pytest.raises(BadParameter) as found:
        resolve(query, {"p": "nothing"}, lookup(store))
    assert (
        written in str(found.value.members["allowed"]) or "/" in written or written == "antwerpen"
    )


# --- Plain kinds --------------------


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (
            "integer",
            ["0", "-5", "+12", "3.0"],
            ["1.5", "1_0", "\u0665", "", "9" * 19, "0x1", "1e3"],
        ),
        ("decimal", ["0.5", ".5", "-3.", "7"], ["NaN", "inf", "1,5", "1e999999999", "."]),
        ("date", ["2016-02-29"], ["2015-02-29", "20160229", "2016-W01-1", "\u0662016-01-01"]),
        ("lang", ["nl", "en"], ["fr", "NL", "nl@", '"']),
        ("iri", ["http://x/", "https://x/?a=b#c"], ["x", "http://", "http://x/ y", "file:///x"]),
        ("string", ["a", '"', "\\", "}", "é"], ["a\x00", "a\nb", "\ud800", "\x85", "a" * 501]),
    ],
)
def test_a_plain_value_is_taken_or_refused(
    store: Store, kind: str, right: list[str], wrong: list[str]
) -> None:
    for text in right:
        assert ask_for(store, kind, p=text) == text
    for text in wrong:
        with pytest.raises(BadParameter) as found:
            ask_for(store, kind, p=text)
        assert found.value.members["parameter"] == "p"
        found.value.detail.encode()


def test_bounds_and_options_are_kept_to_and_told(store: Store) -> None:
    query = made(
        "{name: n, kind: integer, default: 3, minimum: 0, maximum: 9}\n"
        "{name: o, kind: string, default: a, options: [a, b]}",
        "FILTER($n > 0 && $o != 'x')",
    )

    def found(**values: str) -> dict[str, object]:
        return resolve(query, values, lookup(store))

    assert found() == {"n": "3", "o": "a"}
    for wrong, allowed in (({"n": "10"}, ["a whole number from 0 to 9"]), ({"o": "c"}, ["a", "b"])):
        with pytest.raises(BadParameter) as problem:
            found(**wrong)
        assert problem.value.members["allowed"] == allowed


def test_an_unknown_a_missing_and_a_doubled_parameter_are_named(store: Store) -> None:
    query = made("{name: date, kind: date}", "FILTER($date > 0)")
    cases: list[tuple[Values, str, str]] = [
        ({"dat": "2016-01-01"}, "dat", "did you mean date"),
        ({}, "date", "required"),
        ({"date": ""}, "date", "required"),
        ({"date": ["2016-01-01", "2016-01-01"]}, "date", "more than once"),
    ]
    for values, name, said in cases:
        with pytest.raises(BadParameter, match=said) as found:
            resolve(query, values, lookup(store))
        assert found.value.members["parameter"] == name


def test_an_optional_one_that_is_left_out_takes_no_part(store: Store) -> None:
    query = made("{name: p, kind: body, required: false}", "VALUES ?x { $p }")
    assert "VALUES ?x { UNDEF }" in query.bind(**resolve(query, {"p": ""}, lookup(store)))


# --- Heads --------------------


@pytest.mark.parametrize(
    ("parameters", "head", "said"),
    [
        ("{name: p, kind: concept}", "", "has a list"),
        ("{name: p, kind: body, list: thema}", "", "has a list"),
        ("{name: p, kind: colour}", "", "unknown kind"),
        ("{name: p, kind: body}", "#+ access: SECRET", "access"),
        ("{name: p, kind: body}", "#+ page-size: 0", "page size"),
        ("{name: p, kind: body}", "#+ suppress: {below: 5}", "suppress"),
    ],
)
def test_a_head_that_means_nothing_is_refused(parameters: str, head: str, said: str) -> None:
    with pytest.raises(QueryFault, match=said):
        made(parameters, "VALUES ?x { $p }", head)
