"""Competency questions on the instrument, the cubes, the code lists, the response and privacy."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from service import data_dir
from service.store.rows import select
from service.vocab import CONCEPT, expand
from tests import reckoning
from tests.competency import THEMES, Wave, asked, last
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer, library, public_store

pytestmark = pytest.mark.live

WAVE = "synthetisch/2016"
BASE = "http://localhost:8000/"


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30, result_limit=64) as service:
        yield service


@pytest.fixture(scope="module")
def wave(demo_home: Path) -> Wave:
    """The synthetic wave of 2016, worked out from its files."""
    return Wave(demo_home, 2016)


# --- CQ18, CQ19: the instrument -------------------------------------------------------------------


def questions_of(kind: str) -> set[str]:
    return {row.code for row in reckoning.questions() if kind in row.types}


def test_cq18_a_is_b_and_c_together_plus_the_mixed_question(live: Live) -> None:
    rows = {row["part"]: row for row in asked(live, "cq18", lang="en")}
    codes = {part: set(row["codes"].split()) for part, row in rows.items()}
    a, b, c = (questions_of(kind) for kind in "ABC")
    assert (codes["A"], codes["B"], codes["C"]) == (a, b, c)
    assert (len(a), len(b), len(c)) == (46, 44, 43)
    assert codes["B of C"] == b | c
    assert codes["gemengd"] == a - b - c == {"PR6"}
    assert codes["niet C"] == a & b - c == {"AB6", "PD4"}
    assert codes["niet B"] == a & c - b == {"AB5"}
    assert codes["buiten A"] == (b | c) - a == set()
    assert codes["A"] == codes["B of C"] | codes["gemengd"]
    assert {part: int(row["questions"]) for part, row in rows.items()} == {
        part: len(found) for part, found in codes.items()
    }
    assert rows["gemengd"]["label"] == "mixed: in A, not in B or C"


def test_cq19_the_weights_of_each_theme_sum_to_100(live: Live) -> None:
    rows = asked(live, "cq19", wave=WAVE, scheme="1.0")
    assert [last(row["theme"]) for row in rows] == list(THEMES)
    assert [(row["weight"], row["isHundred"]) for row in rows] == [("100", "true")] * 6
    for row in rows:
        items = [q for q in reckoning.questions() if q.theme == last(row["theme"])]
        assert int(row["questions"]) == len(items)
        for kind in "ABC":
            assert int(row[f"weight{kind}"]) == sum(q.weight for q in items if kind in q.types)


def test_cq19_by_every_scheme(live: Live) -> None:
    path = data_dir("ontology") / "instrument" / "schemes.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        versions = [row["version"] for row in csv.DictReader(handle)]
    assert "1.0" in versions
    for version in versions:
        rows = asked(live, "cq19", wave=WAVE, scheme=version)
        assert [row["weight"] for row in rows] == ["100"] * len(rows), version
        assert {last(row["scheme"]) for row in rows} == {version}


# --- CQ31: a wave as a cube -----------------------------------------------------------------------


def cube(live: Live, name: str, wave: str = WAVE) -> Store:
    """Return what a cube of a wave comes as, in the default graph of a store."""
    found = live.ask(f"/api/cq31?wave={wave}&cube={name}&format=ntriples")
    assert found.status == 200, found.body
    store = Store()
    store.load(found.body, format=RdfFormat.N_TRIPLES)
    return store


def cubes() -> list[str]:
    """Return the cubes that the question can be asked of."""
    (parameter,) = [row for row in library()["api/cq31"].parameters if row.name == "cube"]
    return list(parameter.options)


def test_cq31_every_open_cube_can_be_asked_for() -> None:
    path = data_dir("ontology") / "catalogue" / "datasets.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert set(cubes()) == {row["name"] for row in rows if row["cube"] == "true"}


_NAMED = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sdmx-attribute: <http://purl.org/linked-data/sdmx/2009/attribute#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?property ?value (LANG(?name) AS ?lang) WHERE {
  VALUES ?property {
    imon:body imon:theme imon:wave imon:scheme imon:type imon:group imon:presentation
    sdmx-attribute:obsStatus qb:dataSet
  }
  ?observation a qb:Observation ; ?property ?value .
  OPTIONAL { ?value rdfs:label|skos:prefLabel ?name }
}
"""
_FIGURES = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?body ?theme ?score WHERE {
  ?observation imon:body ?body ; imon:theme ?theme ; imon:score ?score ; imon:coverage ?known
}
"""


@pytest.mark.parametrize("name", ["theme-score", "theme-bounds", "type", "group-statistic"])
def test_cq31_a_cube_is_whole_in_itself(live: Live, name: str) -> None:
    store = cube(live, name)
    checks = [row for row in library().area("check") if row.name.startswith("ic-")]
    assert len(checks) > 20
    assert [row.name for row in checks if list(select(store, row.bind()))] == []
    languages: dict[tuple[str, str], set[str]] = {}
    for row in select(store, _NAMED):
        key = (last(row["property"]), row["value"])
        languages.setdefault(key, set()).add(row.get("lang", ""))
    assert {
        key for key, found in languages.items() if key[0] != "body" and found != {"nl", "en"}
    } == set()
    assert all("nl" in found for key, found in languages.items() if key[0] == "body")
    assert {value for kind, value in languages if kind == "wave"} == {
        f"{BASE}id/synthetisch/golf/2016"
    }


def test_cq31_the_scores_are_all_there_and_nothing_else(live: Live, wave: Wave) -> None:
    found = {
        (row["body"], last(row["theme"])): Decimal(row["score"])
        for row in select(cube(live, "theme-score"), _FIGURES)
    }
    assert found == {
        (wave.frame[kbo].iri, theme): row.score
        for kbo, themes in wave.public.items()
        for theme, row in themes.items()
        if row.published
    }


def test_cq31_an_unknown_cube_is_refused_with_those_that_there_are(live: Live) -> None:
    refused = live.ask(f"/api/cq31?wave={WAVE}&cube=theme-score-exact")
    assert refused.status == 400
    assert b"theme-score" in refused.body and b"cube" in refused.body


# --- CQ32: code lists -----------------------------------------------------------------------------


def declared_lists() -> set[str]:
    """Return the lists of the files of code lists, some of which are parts of lists of others."""
    files = (data_dir("ontology") / "codelists").glob("*.ttl")
    return {
        str(row.subject.value)
        for file in files
        for row in parse(file.read_bytes(), format=RdfFormat.TURTLE, base_iri=BASE)
        if row.object == NamedNode(expand("skos:ConceptScheme"))
        and isinstance(row.subject, NamedNode)
    }


def test_cq32_every_list_has_a_version_and_a_licence(live: Live) -> None:
    rows = asked(live, "cq32", lang="en")
    ours = {row["list"]: row for row in rows if row["ours"] == "true"}
    assert declared_lists() <= {row["list"] for row in rows}
    assert {"thema", "vraag", "schaal/MAT", "type/TY-1", "groep"} <= {
        iri.removeprefix(CONCEPT) for iri in ours
    }
    for row in ours.values():
        assert row["version"] and row["issued"] and row["publisher"], row
        assert row["licence"].startswith("https://data.vlaanderen.be/id/licentie/"), row
        assert row["label"] and row["definition"], row
    assert all(not row["list"].startswith(CONCEPT) for row in rows if row["ours"] == "false")
    assert len(rows) == len({row["list"] for row in rows})
    assert ours[f"{CONCEPT}thema"]["concepts"] == "7"
    dutch = {row["list"]: row["label"] for row in asked(live, "cq32")}
    assert dutch[f"{CONCEPT}weergave"] != ours[f"{CONCEPT}weergave"]["label"]


# --- CQ39: who did not respond --------------------------------------------------------------------


def test_cq39_respondents_and_others_by_size_and_province(live: Live, wave: Wave) -> None:
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    totals: Counter[tuple[str, bool]] = Counter()
    for body in wave.frame.values():
        answered = body.kbo in wave.public
        totals[body.kind, answered] += 1
        for criterion, value in (("schaal", body.size), ("provincie", body.province)):
            counts[body.kind, criterion, value, answered] += 1
    rows = asked(live, "cq39", wave=WAVE)
    kinds = {"5ab0e9b8a3b2ca7c5e000001": "gemeente", "5ab0e9b8a3b2ca7c5e000002": "ocmw"}
    seen = set()
    for row in rows:
        kind, value = kinds[last(row["class"])], last(row["value"])
        key = (kind, last(row["criterion"]), value)
        seen.add(key)
        yes, no = counts[*key, True], counts[*key, False]
        assert (int(row["respondents"]), int(row["others"])) == (yes, no), key
        assert Decimal(row["share"]) == reckoning.six(Fraction(yes, totals[kind, True]))
        assert Decimal(row["shareOthers"]) == reckoning.six(Fraction(no, totals[kind, False]))
        assert Decimal(row["rate"]) == reckoning.six(Fraction(yes, yes + no))
    assert seen == {key[:3] for key in counts}
    assert len(rows) == len(seen) == 20


def test_cq39_a_wave_without_a_frame_gives_no_rows(live: Live) -> None:
    assert asked(live, "cq39", wave="2016") == []


# --- CQ40: nothing personal -----------------------------------------------------------------------


def test_cq40_finds_nothing_in_the_open_data(live: Live) -> None:
    assert asked(live, "cq40") == []


RESPONSE = f"{BASE}id/synthetisch/respons/kanarie"
OBSERVATION = f"{BASE}id/synthetisch/observatie/kanarie"
MAIL = "mailto:kanarie@voorbeeld.invalid"
CANARIES = {
    "persoon": [
        f"<{RESPONSE}> <http://xmlns.com/foaf/0.1/mbox> <{MAIL}> .",
        f"<{RESPONSE}> a imon:Response ; <http://www.w3.org/2006/vcard/ns#hasEmail> <{MAIL}> .",
        f"<{RESPONSE}> <http://schema.org/familyName> 'Kanarie' .",
        f"<{BASE}id/persoon/kanarie> a <http://xmlns.com/foaf/0.1/Person> .",
    ],
    "veiligheidsantwoord": [f"<{RESPONSE}> imon:answer imc:vraag\\/IV1\\/optie\\/3 ."],
    "antwoord": [f"<{RESPONSE}> imon:answer imc:vraag\\/AB1\\/optie\\/3 ."],
    "veiligheidsscore": [
        f"<{OBSERVATION}> imon:theme imc:thema\\/T2 ; imon:body <{BASE}id/bestuur> ; "
        "imon:coverage 0.88 ; imon:low 41.2 ."
    ],
}
_PLANT = """
PREFIX imc: <https://w3id.org/imonitor/concept/>
PREFIX imon: <https://w3id.org/imonitor/ns#>
INSERT DATA {{ GRAPH <{graph}> {{ {triples} }} }}
"""


@pytest.fixture(scope="module")
def instrument(demo_home: Path) -> list[Quad]:
    """The graphs that say which questions, options and banded themes there are."""
    store = public_store(demo_home)
    names = ("instrument", "scoreschema/1.0")
    return [
        quad
        for name in names
        for quad in store.quads_for_pattern(None, None, None, NamedNode(f"{BASE}graph/{name}"))
    ]


@pytest.mark.parametrize(
    ("finding", "triples"), [(name, text) for name, rows in CANARIES.items() for text in rows]
)
def test_cq40_finds_what_is_planted(instrument: list[Quad], finding: str, triples: str) -> None:
    store = Store()
    store.bulk_extend(instrument)
    assert answer(store, "api/cq40") == []
    graph = f"{BASE}graph/synthetisch/derived/theme-score/2016"
    store.update(_PLANT.format(graph=graph, triples=triples))
    (row,) = answer(store, "api/cq40")
    assert (row["finding"], row["graph"]) == (finding, graph)


def test_cq40_lets_a_band_and_an_organisation_stand(instrument: list[Quad]) -> None:
    store = Store()
    store.bulk_extend(instrument)
    band = f"<{expand('imon:presentation')}> imc:weergave\\/band"
    (exact,) = CANARIES["veiligheidsscore"]
    office = f"<{BASE}id/dienst> <http://www.w3.org/2006/vcard/ns#hasEmail> <{MAIL}> ."
    text = f"{exact} <{OBSERVATION}> {band} . {office}"
    store.update(_PLANT.format(graph=f"{BASE}graph/proef", triples=text))
    assert answer(store, "api/cq40") == []
