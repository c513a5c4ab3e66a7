"""The same figures by the RDF Data Cube vocabulary and by cube.link, from one source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, QueryTriples, RdfFormat, Store, parse
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef

from service.app import create_app
from service.release.manifest import Release
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from service.store.rows import select
from service.vocab import PREFIXES, expand
from tests.cube_view import (
    MEMBER,
    OBSERVED_BY,
    TYPE,
    UNDEFINED,
    Constraint,
    Observation,
    broken,
    grouped,
    lines,
    observations,
    of_data_cube,
    without_view,
)
from tests.home import BASE
from tests.made_wave import library, reference_triples, store_of
from tests.test_integrity import publish_real

CUBES = (
    "back-cast",
    "back-cast-bounds",
    "cluster",
    "cluster-profile",
    "group-statistic",
    "position",
    "question-influence",
    "robustness",
    "scheme-difference",
    "service-maturity",
    "source-use-count",
    "theme-bounds",
    "theme-score",
    "type",
)
FEW = ("cluster-profile", "scheme-difference")  # cubes of groups, not of bodies
PRIVATE = ("theme-bounds-exact", "theme-score-exact", "type-exact")
ROOT = f"{BASE}id/synthetisch/dataset/"
DATA = Path(__file__).parent / "data"
NAME = URIRef(expand("schema:name"))
MEDIA = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}
COMPONENTS = """
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX schema: <http://schema.org/>
SELECT ?dataset ?kind ?property ?several WHERE {
  ?dataset a qb:DataSet ; qb:structure/qb:component ?component .
  VALUES ?kind { qb:dimension qb:measure qb:attribute }
  ?component ?kind ?property .
  FILTER NOT EXISTS { ?component qb:componentAttachment qb:MeasureProperty }
  OPTIONAL { ?component schema:multipleValues ?several }
}
"""
CATALOGUED = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<id/synthetisch/dataset/group-statistic> a dcat:Dataset ; dct:publisher <id/x> ; dct:title "x"@nl ;
    dcat:contactPoint <id/contact/x> ; dct:modified "2026-11-22T10:00:00Z"^^xsd:dateTime .
<id/synthetisch/dataset/service-maturity> a dcat:Dataset ; dct:publisher <id/x> ; dct:title "x"@nl ;
    dcat:contactPoint <id/contact/x> ; dct:modified "2026-11-22T10:00:00Z"^^xsd:dateTime .
"""
REMARK = """
@prefix qb: <http://purl.org/linked-data/cube#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<id/structuur/service-maturity> qb:component <id/structuur/onderdeel/remark> .
<id/structuur/onderdeel/remark> a qb:ComponentSpecification ;
    qb:attribute rdfs:comment ; qb:componentRequired false .
rdfs:comment rdfs:range xsd:string ; rdfs:label "opmerking"@nl , "remark"@en .
"""


def client_of(home: Path, limit: int = 64 << 20) -> FlaskClient:
    """Return a client of the facade over the release of a home."""
    release = Release.current(home)
    assert release is not None
    store = EmbeddedStore.open(release.public_store, limit, release.number)
    return create_app(Settings(home=home, base=BASE), store).test_client()


def got(client: FlaskClient, path: str) -> bytes:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.text[:500])
    return bytes(answer.data)


@pytest.fixture(scope="module")
def client(demo_home: Path) -> Iterator[FlaskClient]:
    with client_of(demo_home) as client:
        yield client


@pytest.fixture(scope="module")
def public(demo_home: Path) -> Store:
    release = Release.current(demo_home)
    assert release is not None
    return Store.read_only(str(release.public_store))


@pytest.fixture(scope="module")
def view(client: FlaskClient) -> dict[str, bytes]:
    """Cube → all of its observations as N-Triples."""
    return {name: whole(client, name) for name in CUBES}


def whole(client: FlaskClient, name: str) -> bytes:
    """Return all observations of a cube; the largest is over the limit of one answer."""
    path = f"/cube/synthetisch/{name}/observations.nt"
    if name != "position":
        return got(client, path)
    parts = [got(client, f"{path}?wave={year}") for year in (2016, 2020, 2025)]
    return b"".join(sorted({line for part in parts for line in part.splitlines(keepends=True)}))


@pytest.fixture(scope="module")
def constraints(client: FlaskClient) -> dict[str, Constraint]:
    """Cube → its constraint."""
    return {name: Constraint(got(client, f"/cube/synthetisch/{name}.nt")) for name in CUBES}


# --- The same figures --------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_both_vocabularies_say_the_same(name: str, view: dict[str, bytes], public: Store) -> None:
    by_data_cube = of_data_cube(public, ROOT + name)
    found = observations(view[name])
    assert len(found) > (50 if name in FEW else 200)
    assert without_view(found) == by_data_cube
    (members,) = [row[MEMBER] for row in grouped(view[name]).values() if MEMBER in row]
    assert members == {f"<{iri}>" for iri in by_data_cube}
    assert all(row[TYPE] == {f"<{expand('cube:Observation')}>"} for row in found.values())


@pytest.mark.slow
def test_the_waves_of_a_cube_are_all_of_it(client: FlaskClient, view: dict[str, bytes]) -> None:
    path = "/cube/synthetisch/theme-bounds/observations.nt"
    parts = [observations(got(client, f"{path}?wave={year}")) for year in (2016, 2020, 2025)]
    assert all(parts)
    assert sum(map(len, parts)) == len(observations(view["theme-bounds"]))
    assert parts[0] | parts[1] | parts[2] == observations(view["theme-bounds"])


@pytest.mark.slow
def test_what_may_be_left_out_is_undefined_and_what_is_several_stays_so(
    view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    total = [row for iri, row in observations(view["theme-score"]).items() if "/TOTAL/" in iri]
    assert {row[expand("imon:presentation")] for row in total} == {frozenset({f"<{UNDEFINED}>"})}
    sources = expand("prov:wasDerivedFrom")
    assert max(len(row[sources]) for row in observations(view["back-cast"]).values()) > 1
    assert constraints["back-cast"].ignored() == {sources}
    assert constraints["theme-bounds"].ignored() == {expand("imon:missingTheme")}
    assert constraints["theme-score"].ignored() == set()


# --- The constraint --------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_every_observation_conforms(
    name: str, view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    constraint, text = constraints[name], view[name].decode()
    assert constraint.found(text) == set()
    iri = next(iter(observations(view[name])))
    more = f'<{iri}> <{expand("imon:year")}> "2016" .\n'
    assert constraint.found(text + more) == {(iri, constraint.iri, "ClosedConstraintComponent")}


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_a_sample_conforms_to_the_reference_engine(
    name: str, view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    found = observations(view[name])
    sample = "".join(lines(iri, found[iri]) for iri in sorted(found)[:: len(found) // 40])
    assert constraints[name].found_by_reference(sample) == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_each_rule_of_a_constraint_finds_what_breaks_it(
    name: str, view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    constraint = constraints[name]
    sound = next(iter(observations(view[name]).values()))
    wrong: dict[str, tuple[str, str, Observation]] = {}
    for shape in constraint.shapes:
        for component, row in broken(shape, sound):
            assert component[0].lower() + component[1:] in shape.parameters
            wrong[f"{shape.iri}-{component}"] = (shape.iri, component, row)
    closed = {**sound, expand("imon:year"): frozenset({'"2016"'})}
    wrong[f"{constraint.iri}-closed"] = (constraint.iri, "Closed", closed)
    data = "".join(lines(iri, row) for iri, (_, _, row) in wrong.items())
    found = constraint.found(data, wrong)
    assert found == constraint.found_by_reference(data, wrong)
    for iri, (shape_iri, component, _) in wrong.items():
        results = {(row[1], row[2]) for row in found if row[0] == iri}
        assert (shape_iri, f"{component}ConstraintComponent") in results, iri
        assert {row[0] for row in results} == {shape_iri}, iri
    rules = sum(len(shape.parameters) for shape in constraint.shapes)
    assert len(wrong) == rules + 1, "every parameter was broken once"


@pytest.mark.slow
def test_attributes_with_several_values_are_ignored_and_not_forgotten(
    view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    constraint = constraints["back-cast"]
    iri, row = next(iter(observations(view["back-cast"]).items()))
    without = constraint.graph - Graph()
    without.remove((URIRef(constraint.iri), SH.ignoredProperties, None))
    strict = Constraint(without.serialize(format="nt").encode())
    assert constraint.found(lines(iri, row)) == set()
    assert {result[2] for result in strict.found(lines(iri, row))} == {"ClosedConstraintComponent"}


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_a_constraint_has_every_component_of_the_structure(
    name: str, public: Store, constraints: dict[str, Constraint]
) -> None:
    roles = {"dimension": expand("cube:KeyDimension"), "measure": expand("cube:MeasureDimension")}
    constraint, seen = constraints[name], {TYPE, OBSERVED_BY}
    for row in select(public, COMPONENTS, union=True):
        if row["dataset"] != ROOT + name:
            continue
        seen.add(row["property"])
        if row["several"]:
            assert row["property"] in constraint.ignored()
            continue
        (shape,) = [shape for shape in constraint.shapes if shape.path == row["property"]]
        kinds = {str(kind) for kind in constraint.graph.objects(URIRef(shape.iri), RDF.type)}
        kind = roles.get(row["kind"].rpartition("#")[2])
        assert kinds == {str(SH.PropertyShape)} | ({kind} if kind else set())
    assert {shape.path for shape in constraint.shapes} | constraint.ignored() == seen


@pytest.mark.slow
@pytest.mark.parametrize("name", CUBES)
def test_the_validator_of_cube_link_would_find_nothing(
    name: str, constraints: dict[str, Constraint]
) -> None:
    """What its shapes for cubes, constraints and viewers ask, told in our own words."""
    constraint, graph = constraints[name], constraints[name].graph
    cube, schema = URIRef(ROOT + name), PREFIXES["schema"]
    assert (cube, RDF.type, URIRef(expand("cube:Cube"))) in graph
    for part in ("publisher", "creator", "contributor", "contactPoint", "license"):
        assert isinstance(graph.value(cube, URIRef(schema + part)), URIRef), part
    for part in ("dateCreated", "datePublished", "dateModified"):
        day = graph.value(cube, URIRef(schema + part))
        assert isinstance(day, Literal) and str(day.datatype) == expand("xsd:date"), part
    assert graph.value(cube, URIRef(expand("cube:observationSet")))
    assert (URIRef(constraint.iri), SH.closed, Literal(True)) in graph
    for shape in constraint.shapes:
        assert shape.parameters["minCount"] == shape.parameters["maxCount"] == (Literal(1).n3(),)
        assert shape.parameters["nodeKind"] in ((SH.IRI.n3(),), (SH.Literal.n3(),))
        node = URIRef(shape.iri)
        (scale,) = graph.objects(node, URIRef(expand("qudt:scaleType")))
        assert str(scale).startswith(PREFIXES["qudt"]) and str(scale).endswith("Scale")
        names = {getattr(text, "language", None) for text in graph.objects(node, NAME)}
        assert names == (set() if shape.path in (TYPE, OBSERVED_BY) else {"nl", "en"})
    assert b"_:" not in constraint.body


def test_every_measure_tells_its_scale() -> None:
    store, scale = store_of(reference_triples()), NamedNode(expand("qudt:scaleType"))
    measures = {row["property"] for row in select(store, COMPONENTS) if "measure" in row["kind"]}
    assert len(measures) > 10
    for measure in measures:
        assert list(store.quads_for_pattern(NamedNode(measure), scale, None)), measure


# --- Small cubes --------------------


def made(store: Store, name: str, query: str, **values: str) -> bytes:
    """Return what a query of the view makes of a store, as N-Triples."""
    names = {"dataset": ROOT + name, "document": f"{BASE}cube/synthetisch/{name}"}
    results = store.query(library()[f"cube/{query}"].bind(**names, **values))
    assert isinstance(results, QueryTriples)
    return results.serialize(format=RdfFormat.N_TRIPLES) or b""


@pytest.fixture(scope="module")
def other() -> Store:
    """Sound observations of small cubes, and an optional literal."""
    store = store_of(reference_triples())
    for text in (CATALOGUED, REMARK, (DATA / "small-cubes.ttl").read_text("utf-8")):
        store.load(text.encode(), format=RdfFormat.TURTLE, base_iri=BASE)
    return store


@pytest.mark.parametrize("name", ["group-statistic", "service-maturity"])
def test_a_small_cube_has_a_view_that_conforms(name: str, other: Store) -> None:
    parts = [made(other, name, part) for part in ("description", "constraint", "lists")]
    constraint = Constraint(b"".join(parts))
    body = made(other, name, "observations", within=ROOT + name)
    assert len(observations(body)) == 2
    assert without_view(observations(body)).keys() == of_data_cube(other, ROOT + name).keys()
    assert constraint.found(body.decode()) == set()
    assert constraint.found_by_reference(body.decode()) == set()


def test_a_literal_that_may_be_left_out_is_of_its_datatype_or_undefined(other: Store) -> None:
    name, remark = "service-maturity", str(RDFS.comment)
    parts = [made(other, name, part) for part in ("description", "constraint", "lists")]
    constraint = Constraint(b"".join(parts))
    found = observations(made(other, name, "observations", within=ROOT + name))
    iri, row = next(iter(found.items()))
    assert row[remark] == {f'""^^<{UNDEFINED}>'}
    said = lines(iri, {**row, remark: frozenset({'"said"'})})
    wrong = lines(iri, {**row, remark: frozenset({f'"7"^^<{expand("xsd:integer")}>'})})
    for find in (constraint.found, constraint.found_by_reference):
        assert find(said) == set()
        assert {result[2] for result in find(wrong)} == {"OrConstraintComponent"}


@pytest.mark.slow
def test_real_figures_have_cubes_without_the_synthetic_label(
    settings: Settings, tmp_path: Path
) -> None:
    publish_real(settings, tmp_path)
    with client_of(settings.home) as client:
        assert {"results", "theme-score"} <= listed(client)
        for name in ("results", "theme-score"):
            constraint = Constraint(got(client, f"/cube/{name}.nt"))
            body = got(client, f"/cube/{name}/observations.nt")
            assert observations(body) and constraint.found(body.decode()) == set()
            assert b"ynthet" not in constraint.body + body


# --- What is public, and how it is served --------------------


def listed(client: FlaskClient) -> set[str]:
    """Return the cubes that the page of cubes leads to."""
    page = got(client, "/cube").decode()
    return set(re.findall(r'href="/cube/([^"]+)\.html"', page))


@pytest.mark.slow
def test_only_cubes_with_public_observations_are_there(
    client: FlaskClient, view: dict[str, bytes], demo_home: Path
) -> None:
    assert listed(client) == {f"synthetisch/{name}" for name in CUBES}
    absent = [*PRIVATE, *(f"synthetisch/{name}" for name in PRIVATE), *CUBES, "x", "synthetisch"]
    for name in absent:
        for path in (f"/cube/{name}", f"/cube/{name}/observations", f"/cube/{name}.ttl"):
            assert client.get(path).status_code == 404, path
    release = Release.current(demo_home)
    assert release is not None
    private = {
        Path(graph).parent.name for graph in release.all_graphs if graph not in release.graphs
    }
    assert "theme-score-exact" in private
    for body in view.values():
        assert not any(f"/{name}/".encode() in body for name in private)
        assert expand("imon:answer").encode() not in body


@pytest.mark.slow
def test_a_cube_of_made_up_figures_says_so(
    client: FlaskClient, view: dict[str, bytes], constraints: dict[str, Constraint]
) -> None:
    for name in CUBES:
        titles = constraints[name].graph.objects(URIRef(ROOT + name), NAME)
        assert {str(title)[:12] for title in titles} == {"[Synthetisch", "[Synthetic] "}
        assert all("/synthetisch/" in iri for iri in observations(view[name]))
        assert "/synthetisch/" in constraints[name].iri
        page = got(client, f"/cube/synthetisch/{name}.html").decode()
        assert 'class="synthetic"' in page


@pytest.mark.slow
@pytest.mark.parametrize("extension", MEDIA)
@pytest.mark.parametrize("path", ["back-cast", "back-cast/observations"])
def test_a_view_has_the_same_triples_in_every_form(
    client: FlaskClient, path: str, extension: str
) -> None:
    base = f"/cube/synthetisch/{path}"
    wanted = {str(row.triple) for row in parse(got(client, f"{base}.nt"), RdfFormat.N_TRIPLES)}
    pinned = client.get(f"{base}.{extension}")
    asked = client.get(base, headers={"Accept": MEDIA[extension]})
    for answer in (pinned, asked):
        assert answer.mimetype == MEDIA[extension]
        form = RdfFormat.from_media_type(answer.mimetype)
        assert {str(row.triple) for row in parse(answer.data, form)} == wanted
    assert client.get(f"{base}.{extension}").headers["ETag"] == pinned.headers["ETag"]
    assert f'<{BASE}cube/synthetisch/{path}.{extension}>; rel="alternate"' in asked.headers["Link"]
    assert "Accept" in {row.strip() for row in asked.headers["Vary"].split(",")}


@pytest.mark.slow
def test_a_view_refuses_what_it_has_not(client: FlaskClient, demo_home: Path) -> None:
    path = "/cube/synthetisch/theme-score/observations"
    assert client.get(path).mimetype == MEDIA["nt"]
    assert client.get(f"{path}.html").status_code == 404
    assert client.get(f"{path}?wave=1999").status_code == 400
    assert client.get(f"{path}?wave=2016%3E").status_code == 400
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 406
    assert client.get("/cube/synthetisch/theme-score.zip").status_code == 404
    with client_of(demo_home, limit=1 << 20) as narrow:
        answer = narrow.get(f"{path}.nt")
        assert answer.status_code == 422
        assert answer.get_json()["type"].endswith("/result-too-large")
