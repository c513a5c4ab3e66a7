"""The cubes: their definitions hold for what is derived, and each check query finds what it is for.

Every file in ``tests/data/checks`` is a few triples that break something; its first line names the
checks that must find it, and no other check may.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from service.problems import ShapeViolation
from service.queries import StoredQuery
from service.release.derivation import Scheme, derivations
from service.release.validation import run_checks
from service.store.rows import select
from service.vocab import curie, expand
from tests.made_wave import (
    BASE,
    SCHEME,
    WAVE,
    Body,
    MadeWave,
    Merger,
    library,
    random_responses,
    reference_triples,
    store_of,
)

CHECKS = library().area("check")
SNIPPETS = sorted((Path(__file__).parent / "data" / "checks").glob("*.ttl"))
SMALL = Path(__file__).parent / "data" / "small-cubes.ttl"
COMPONENTS = """
PREFIX qb: <http://purl.org/linked-data/cube#>
SELECT ?dataset ?kind ?property WHERE {
  ?dataset a qb:DataSet ; qb:structure/qb:component ?component .
  VALUES ?kind { qb:dimension qb:measure qb:attribute }
  ?component ?kind ?property .
}
"""
PREFIX = "PREFIX qb: <http://purl.org/linked-data/cube#>\n"
PROPERTIES = PREFIX + "SELECT DISTINCT ?d ?p WHERE { ?o qb:dataSet ?d ; ?p ?v }"
OBSERVATIONS = PREFIX + "SELECT ?o ?p ?v WHERE { ?o qb:dataSet ?d ; ?p ?v }"
KBO = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?body ?kbo WHERE { ?body imon:inUnit ?kbo }
"""


@pytest.fixture(scope="module")
def wave() -> MadeWave:
    """A small sound wave with a merger, all of it derived."""
    # Enough for clusters (25 overall scores) and for counts of source use (5 alike in a province).
    responses = random_responses(100)
    gemeenten = [r.bodies[0] for r in responses if r.bodies[0].kind == "gemeente"]
    mergers = [
        Merger((gemeenten[n], gemeenten[n + 1]), Body(900 + n, "gemeente"))
        for n in range(0, len(gemeenten) - 1, 2)
    ]
    schemes = (SCHEME, Scheme(f"{BASE}id/scoreschema/1.1", "1.1"))
    return MadeWave(responses, mergers, schemes=schemes).derive()


@pytest.fixture(scope="module")
def components(wave: MadeWave) -> dict[str, dict[str, set[str]]]:
    """Dataset → "dimension", "measure" or "attribute" → properties."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in select(wave.store, COMPONENTS):
        found[row["dataset"]][row["kind"].rpartition("#")[2]].add(row["property"])
    return found


def expected(snippet: Path) -> set[str]:
    """Return the checks that a snippet names in its first line."""
    first = snippet.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# expect: ")
    return set(first.removeprefix("# expect: ").split())


@pytest.mark.parametrize("check", CHECKS, ids=lambda query: str(query.name))
def test_a_check_finds_nothing_in_a_sound_wave(wave: MadeWave, check: StoredQuery) -> None:
    assert list(select(wave.store, check.bind())) == []


def test_sound_observations_of_small_cubes_pass_every_check(
    components: dict[str, dict[str, set[str]]],
) -> None:
    store = store_of(reference_triples())
    store.load(SMALL.read_bytes(), format=RdfFormat.TURTLE, base_iri=BASE)
    found = {check.name: list(select(store, check.bind())) for check in CHECKS}
    assert {name: rows for name, rows in found.items() if rows} == {}
    _assert_declared(store, components)


def test_the_sound_wave_has_every_derived_cube(wave: MadeWave) -> None:
    made = {row["dataSet"].rpartition("/")[2] for row in _observations(wave.store).values()}
    heads = [query.head["dataset"] for query in library().area("derive")]
    named = {name for row in heads for name in ([row] if isinstance(row, str) else row)}
    steps = {step.name for step in derivations(library()) if step.query is None}
    assert made == (named | steps | {"theme-bounds-exact"}) - {
        "frame",
        "runs",
        "runs-exact",
        "current-state",
        "merger-chain",
        "source-use",
    }


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.stem)
def test_a_snippet_is_found_by_the_checks_that_it_names(snippet: Path) -> None:
    store = store_of(reference_triples())
    store.load(snippet.read_bytes(), format=RdfFormat.TURTLE, base_iri=BASE)
    found = {check.name for check in CHECKS if list(select(store, check.bind()))}
    assert found == expected(snippet)


def test_every_check_has_a_snippet_made_for_it() -> None:
    assert {check.name for check in CHECKS} == set().union(*map(expected, SNIPPETS))


def test_checks_are_of_a_scope_and_ask_for_nothing_but_the_wave() -> None:
    for check in CHECKS:
        assert check.head["scope"] in ("wave", "reference"), check.id
        assert {row.name for row in check.parameters} <= {"wave"}, check.id


def test_a_found_row_refuses_the_publication_with_the_reason() -> None:
    store = store_of(reference_triples())
    snippet = next(path for path in SNIPPETS if path.stem == "weights-hundred")
    store.load(snippet.read_bytes(), format=RdfFormat.TURTLE, base_iri=BASE)
    with pytest.raises(ShapeViolation) as refused:
        run_checks(store, library(), "reference")
    assert refused.value.members["rows"]


def test_every_dimension_of_a_cube_stands_in_the_iri_of_its_observations(
    wave: MadeWave, components: dict[str, dict[str, set[str]]]
) -> None:
    kbo = {row["body"]: row["kbo"] for row in select(wave.store, KBO)}
    for iri, row in _observations(wave.store).items():
        parts = iri.removeprefix(f"{WAVE.root(BASE)}observatie/").split("/")
        for dimension in components[row["dataSet"]]["dimension"]:
            value = row[curie(dimension).partition(":")[2]]
            # An event is told by its day: a body comes out of one merger a day.
            last = value.split("/fusie/")[-1].split("/")[0] if "/fusie/" in value else ""
            assert (kbo.get(value) or last or value.rpartition("/")[2]) in parts, (iri, dimension)


def test_observations_have_no_property_that_their_cube_does_not_declare(
    wave: MadeWave, components: dict[str, dict[str, set[str]]]
) -> None:
    _assert_declared(wave.store, components)


def test_real_and_synthetic_datasets_share_a_structure(
    components: dict[str, dict[str, set[str]]],
) -> None:
    for dataset, found in components.items():
        name = dataset.rpartition("/")[2]
        for root in ("id/", "id/synthetisch/"):
            assert components[f"{BASE}{root}dataset/{name}"] == found


def test_structures_and_datasets_are_named_in_dutch_and_english_and_nothing_is_blank() -> None:
    store = store_of(reference_triples())
    for kind in ("qb:DataStructureDefinition", "qb:DataSet"):
        subjects = {
            quad.subject
            for quad in store.quads_for_pattern(
                None, NamedNode(expand("rdf:type")), NamedNode(expand(kind))
            )
        }
        assert subjects
        for subject in subjects:
            assert isinstance(subject, NamedNode)
            labels = store.quads_for_pattern(subject, NamedNode(expand("rdfs:label")), None)
            assert {getattr(quad.object, "language", None) for quad in labels} == {"nl", "en"}


def test_every_measure_of_a_number_has_a_unit(wave: MadeWave) -> None:
    query = """
    PREFIX imon: <https://w3id.org/imonitor/ns#> PREFIX qb: <http://purl.org/linked-data/cube#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    PREFIX sdmx-attribute: <http://purl.org/linked-data/sdmx/2009/attribute#>
    PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    SELECT ?measure WHERE {
      ?measure a qb:MeasureProperty ; rdfs:range ?range .
      FILTER(?range NOT IN (imon:Type, skos:Concept))
      FILTER NOT EXISTS { ?measure sdmx-attribute:unitMeasure/skos:inScheme ?list } }
    """
    assert list(select(wave.store, query)) == []


def _assert_declared(store: Store, components: dict[str, dict[str, set[str]]]) -> None:
    """Every property of an observation is a component of its dataset's structure."""
    always = {expand("rdf:type"), expand("qb:dataSet")}
    for row in select(store, PROPERTIES):
        declared = set().union(*components[row["d"]].values())
        assert row["p"] in declared | always, (row["d"], row["p"])


def _observations(store: Store) -> dict[str, dict[str, str]]:
    """Return every observation: IRI → local name of the property → a value."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in select(store, OBSERVATIONS):
        if row["p"] != expand("rdf:type"):  # imon:type has the same local name
            found[row["o"]][curie(row["p"]).partition(":")[2]] = row["v"]
    return found
