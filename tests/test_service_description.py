"""The W3C suite of the SPARQL 1.1 Service Description, and what the description tells is so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import pyshacl
import pytest
from pyoxigraph import RdfFormat, Store, parse
from rdflib import RDF, RDFS, Graph, Literal, Namespace, URIRef

from service.formats import FORMATS
from service.queries import Library
from service.release.manifest import OPEN, Release
from service.store.guard import MAX_CHARACTERS, MAX_DEPTH
from tests.live_service import RESULT_LIMIT, TIMEOUT, Answer, Live, address, live
from tests.serving_release import AALTER, BASE, write_release
from tests.store_servers import Server, oxigraph, virtuoso
from tests.test_store_contract import pushed
from tests.wire import get, post_direct, rows, send

pytestmark = pytest.mark.live

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")
DCT = Namespace("http://purl.org/dc/terms/")
SCHEMA = Namespace("http://schema.org/")
MEDIA_TYPE = URIRef("http://www.w3.org/ns/formats/media_type")
UNIT = URIRef("http://qudt.org/schema/qudt/hasUnit")
ENDPOINT, DATASET, UNION = (URIRef(f"{BASE}sparql{name}") for name in ("", "#dataset", "#union"))

#: Domains, ranges and what MUST be there, from sections 3.2 and 3.3 of the recommendation.
SCHEMA_OF_A_DESCRIPTION = """
@prefix : <urn:shape:> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix formats: <http://www.w3.org/ns/formats/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

:service a sh:NodeShape ; sh:targetClass sd:Service ;
    sh:targetSubjectsOf sd:endpoint , sd:feature , sd:supportedLanguage , sd:resultFormat ,
        sd:defaultDataset , sd:availableGraphs , sd:defaultEntailmentRegime ;
    sh:class sd:Service ;
    sh:property [ sh:path sd:endpoint ; sh:nodeKind sh:IRI ; sh:minCount 1 ] ,
        [ sh:path sd:supportedLanguage ; sh:minCount 1 ;
          sh:in ( sd:SPARQL10Query sd:SPARQL11Query sd:SPARQL11Update ) ] ,
        [ sh:path sd:feature ; sh:or ( [ sh:class sd:Feature ] [ sh:in (
          sd:DereferencesURIs sd:UnionDefaultGraph sd:RequiresDataset sd:EmptyGraphs
          sd:BasicFederatedQuery ) ] ) ] ,
        [ sh:path sd:defaultEntailmentRegime ; sh:maxCount 1 ;
          sh:pattern "^http://www.w3.org/ns/entailment/" ] ,
        [ sh:path sd:resultFormat ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
          sh:pattern "^http://www.w3.org/ns/formats/" ] ,
        [ sh:path sd:defaultDataset ; sh:minCount 1 ; sh:maxCount 1 ; sh:class sd:Dataset ] ,
        [ sh:path sd:availableGraphs ; sh:class sd:Dataset ] .

:dataset a sh:NodeShape ; sh:targetClass sd:Dataset ;
    sh:targetSubjectsOf sd:defaultGraph , sd:namedGraph ;
    sh:class sd:Dataset ;
    sh:property [ sh:path sd:defaultGraph ; sh:minCount 1 ; sh:maxCount 1 ; sh:class sd:Graph ] ,
        [ sh:path sd:namedGraph ; sh:minCount 1 ; sh:class sd:NamedGraph ] ,
        [ sh:path [ sh:inversePath sd:defaultDataset ] ; sh:maxCount 1 ] .

:named a sh:NodeShape ; sh:targetClass sd:NamedGraph ;
    sh:targetSubjectsOf sd:name , sd:graph ;
    sh:class sd:NamedGraph ;
    sh:property [ sh:path sd:name ; sh:nodeKind sh:IRI ; sh:minCount 1 ; sh:maxCount 1 ] ,
        [ sh:path sd:graph ; sh:maxCount 1 ; sh:class sd:Graph ] .

:graph a sh:NodeShape ; sh:targetClass sd:Graph ;
    sh:property [ sh:path void:triples ; sh:minCount 1 ; sh:maxCount 1 ;
        sh:datatype xsd:integer ; sh:minInclusive 0 ] .
"""
KNOWN = {
    "Service", "Feature", "Dataset", "Graph", "NamedGraph",
    "endpoint", "feature", "supportedLanguage", "resultFormat", "defaultEntailmentRegime",
    "defaultDataset", "availableGraphs", "defaultGraph", "namedGraph", "name", "graph",
    "SPARQL11Query", "UnionDefaultGraph",
}  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("description")
    write_release(home, 1)
    with live(home) as service:
        yield service


@pytest.fixture(scope="module")
def release(service: Live) -> Release:
    return Release(service.log.parent / "releases" / "1")


def described(service: Live, **more: str) -> Graph:
    """Return the description as a graph."""
    answer = send(service, "/sparql", **more)
    assert (answer.status, answer.type) == (200, "text/turtle"), answer.body
    return Graph().parse(data=answer.body, format="turtle")


def number(answer: Answer) -> int:
    """Return the one number of an answer."""
    return int(next(iter(rows(answer)[0].values())))


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("", RdfFormat.TURTLE),
        ("*/*", RdfFormat.TURTLE),
        ("text/n3", RdfFormat.TURTLE),
        ("text/plain", RdfFormat.N_TRIPLES),
        ("text/xml", RdfFormat.RDF_XML),
        ("application/json", RdfFormat.JSON_LD),
        *((row.media_type, row.rdf) for row in FORMATS if row.rdf),
    ],
)
def test_returns_rdf(service: Live, accept: str, syntax: RdfFormat) -> None:
    answer = send(service, "/sparql", headers=[("Accept", accept)] if accept else [])
    assert answer.status == 200
    assert answer.type == (accept if accept not in ("", "*/*") else "text/turtle")
    assert "Accept" in answer.headers["vary"]
    found = {row.triple for row in parse(answer.body, syntax)}
    plain = send(service, "/sparql", headers=[("Accept", "application/n-triples")]).body
    assert found == {row.triple for row in parse(plain, RdfFormat.N_TRIPLES)}
    assert len(found) > 100


def test_has_endpoint_triple(service: Live) -> None:
    """The service describes itself at the address that was asked, which is that of its base."""
    assert urlsplit(BASE).netloc == "localhost:8000"
    found = described(service, host="localhost:8000")
    assert list(found.subject_objects(SD.endpoint)) == [(ENDPOINT, ENDPOINT)]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000"])
def test_another_name_of_this_machine_gets_its_own_address(service: Live, host: str) -> None:
    answer = send(service, "/sparql", host=host)
    found = Graph().parse(data=answer.body, format="turtle")
    asked = URIRef(f"http://{host}/sparql")
    assert list(found.subject_objects(SD.endpoint)) == [(asked, asked)]
    assert (asked, SD.defaultDataset, DATASET) in found


@pytest.mark.parametrize(
    "host", ["example.org", "localhost:8001", "localhost", "localhost:8000.example.org", "x y", "<"]
)
def test_a_name_that_is_not_ours_is_not_believed(service: Live, host: str) -> None:
    answer = send(service, "/sparql", host=host)
    if answer.status == 200:  # the server underneath refuses a host that is none
        found = Graph().parse(data=answer.body, format="turtle")
        assert list(found.objects(None, SD.endpoint)) == [ENDPOINT]
    else:
        assert answer.status == 400


def test_conforms_to_schema(service: Live) -> None:
    assert problems_of(described(service)) == ""


def problems_of(found: Graph) -> str:
    """Return what is wrong with a description, nothing if it conforms."""
    shapes = Graph().parse(data=SCHEMA_OF_A_DESCRIPTION, format="turtle")
    conforms, _, text = pyshacl.validate(found, shacl_graph=shapes, inference="none")
    used = {term for row in found for term in row if str(term).startswith(SD)}
    strange = sorted(str(term) for term in used if str(term).removeprefix(SD) not in KNOWN)
    return "" if conforms and not strange else f"{text} {strange}"


def test_the_schema_finds_what_is_wrong(service: Live) -> None:
    """The check above would fail if the description were otherwise."""
    for wrong, right in (
        ((ENDPOINT, SD.endpoint, Literal("x")), None),
        ((DATASET, SD.namedGraph, UNION), None),
        ((ENDPOINT, SD.feature, URIRef("http://example.org/unknown")), None),
        ((ENDPOINT, SD.endPoint, ENDPOINT), None),
        (None, (ENDPOINT, SD.endpoint, ENDPOINT)),
        (None, (DATASET, SD.defaultGraph, UNION)),
        (None, (None, SD.name, None)),
        (None, (UNION, VOID.triples, None)),
    ):
        found = described(service)
        if wrong:
            found.add(wrong)
        if right:
            found.remove(right)
        assert problems_of(found), (wrong, right)


def test_every_format_is_named_and_every_named_format_is_answered(service: Live) -> None:
    found = described(service)
    named = {
        str(found.value(form, MEDIA_TYPE)) for form in found.objects(ENDPOINT, SD.resultFormat)
    }
    assert named == {row.media_type for row in FORMATS}
    queries = {"solutions": "SELECT * { ?s ?p ?o }", "graph": f"DESCRIBE <{AALTER}>"}
    for row in FORMATS:
        answer = get(service, [("query", queries[row.kind])], row.media_type)
        assert (answer.status, answer.type) == (200, row.media_type)


def test_the_default_graph_is_the_union_with_its_number_of_triples(service: Live) -> None:
    found = described(service)
    assert (ENDPOINT, SD.feature, SD.UnionDefaultGraph) in found
    assert found.value(ENDPOINT, SD.defaultDataset) == DATASET
    assert found.value(DATASET, SD.defaultGraph) == UNION
    counted = number(get(service, [("query", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")]))
    assert found.value(UNION, VOID.triples) == Literal(counted)


def test_every_public_graph_is_described_and_had_where_it_is_said(
    service: Live, release: Release
) -> None:
    found = described(service)
    nodes = list(found.objects(DATASET, SD.namedGraph))
    names = {str(found.value(node, SD.name)): node for node in nodes}
    assert names.keys() == {iri for iri, row in release.graphs.items() if row.access == OPEN}
    for name, node in names.items():
        graph = found.value(node, SD.graph)
        count = release.graphs[name].triples
        assert found.value(graph, VOID.triples) == Literal(count)
        for where in (str(node), str(graph)):  # indirect, and the graph's own address
            target = where.removeprefix(BASE.rstrip("/"))
            answer = send(service, target, headers=[("Accept", "application/n-triples")])
            assert (answer.status, answer.body.count(b"\n")) == (200, count), where


LIMITS = {
    "time": (TIMEOUT, "SEC", "query-timeout"),
    "result": (RESULT_LIMIT << 20, "BYTE", "result-too-large"),
    "memory": (256 << 20, "BYTE", "query-memory"),
    "length": (MAX_CHARACTERS, "NUM", "too-large"),
    "depth": (MAX_DEPTH, "NUM", "bad-query"),
    "budget": (60, "SEC", "too-many-requests"),
}
REFUSED = {"read-only": "update-refused", "no-federation": "service-refused"}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_told_with_unit_names_and_what_happens_beyond(
    service: Live, name: str
) -> None:
    found, limit = described(service), URIRef(f"{BASE}sparql#{name}")
    value, unit, slug = LIMITS[name]
    assert (ENDPOINT, SD.feature, limit) in found
    most = found.value(limit, SCHEMA.maxValue)
    assert isinstance(most, Literal)
    assert float(most) == value
    assert found.value(limit, UNIT) == URIRef(f"http://qudt.org/vocab/unit/{unit}")
    explained(service, found, limit, slug)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_and_not_claimed(service: Live, name: str) -> None:
    found, feature = described(service), URIRef(f"{BASE}sparql#{name}")
    assert (ENDPOINT, SD.feature, feature) in found
    explained(service, found, feature, REFUSED[name])
    assert list(found.objects(ENDPOINT, SD.supportedLanguage)) == [SD.SPARQL11Query]
    claimed = set(found.objects(ENDPOINT, SD.feature))
    assert not claimed & {SD.BasicFederatedQuery, SD.DereferencesURIs, SD.EmptyGraphs}


def explained(service: Live, found: Graph, feature: URIRef, slug: str) -> None:
    """Expect names in two languages, and the page of the problem."""
    labels = {
        row.language for row in found.objects(feature, RDFS.label) if isinstance(row, Literal)
    }
    assert labels == {"nl", "en"}
    assert found.value(feature, RDFS.seeAlso) == URIRef(f"{BASE}problems/{slug}")
    assert service.ask(f"/problems/{slug}").status == 200


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("SELECT * { " + "{" * MAX_DEPTH + "}" * MAX_DEPTH + " }", "bad-query"),
        ("ASK {}" + " #" + "x" * MAX_CHARACTERS, "too-large"),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "result-too-large"),
        ("DROP ALL", "update-refused"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "service-refused"),
    ],
    ids=["depth", "length", "result", "read-only", "no-federation"],
)
def test_beyond_a_limit_comes_the_problem_that_it_names(
    service: Live, query: str, slug: str
) -> None:
    problem = json.loads(post_direct(service, query).body)
    assert problem["type"] == f"{BASE}problems/{slug}"


def test_a_service_without_a_budget_tells_of_none() -> None:
    values = dict.fromkeys(("triples", "result", "memory", "characters", "depth"), 1)
    text = Library.load()["pages/service-description"].bind(
        endpoint=ENDPOINT, base=BASE, catalogue=BASE, seconds=2.0, budget=0.0, **values
    )
    told = {str(row.subject) for row in Store().query(text)}  # type of the answer: triples
    assert f"<{BASE}sparql#time>" in told
    assert f"<{BASE}sparql#budget>" not in told


def test_it_leads_to_the_stored_queries(service: Live) -> None:
    queries = list(described(service).objects(ENDPOINT, RDFS.seeAlso))
    assert queries == [URIRef(f"{BASE}api")]
    listed = service.ask("/api", headers={"Accept": "text/turtle"})
    assert b"sh:SPARQLExecutable" in listed.body


def test_texts_are_in_two_languages(service: Live) -> None:
    found = described(service)
    for node in (ENDPOINT, UNION):
        texts = [row for row in found.objects(node, DCT.title) if isinstance(row, Literal)]
        assert {row.language for row in texts} == {"nl", "en"}


def test_the_description_is_cached_and_tagged(service: Live) -> None:
    answer = send(service, "/sparql")
    held = [("If-None-Match", answer.headers["etag"])]
    assert send(service, "/sparql", headers=held).status == 304
    assert send(service, "/sparql", "HEAD").headers["etag"] == answer.headers["etag"]


@pytest.mark.slow
def test_the_graphs_of_the_demo_have_titles_dates_and_licences(demo_home: Path) -> None:
    with live(demo_home) as service:
        found = Graph().parse(data=service.ask("/sparql").body, format="turtle")
        total = number(service.ask(address("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")))
    assert problems_of(found) == ""
    assert found.value(UNION, VOID.triples) == Literal(total)
    release = Release.current(demo_home)
    assert release
    for name in release.graphs:
        graph = URIRef(name)
        assert (graph, RDF.type, SD.Graph) in found
        assert found.value(graph, VOID.triples) == Literal(release.graphs[name].triples)
        if name == f"{BASE}graph/catalogus":  # describes the others and is no dataset itself
            continue
        titles = [row for row in found.objects(graph, DCT.title) if isinstance(row, Literal)]
        assert {row.language for row in titles} == {"nl", "en"}, name
        assert found.value(graph, DCT.modified), name
        assert str(found.value(graph, DCT.license)).startswith("https://data.vlaanderen.be/id/")


@pytest.mark.slow
@pytest.mark.parametrize("server", [oxigraph, virtuoso], ids=["oxigraph", "virtuoso"])
def test_a_store_elsewhere_is_described_alike_and_has_our_base(
    server: Callable[[Path], AbstractContextManager[Server]], tmp_path: Path
) -> None:
    write_release(tmp_path, 1)
    folder = tmp_path / "server"
    folder.mkdir()
    with server(folder) as store, live(tmp_path, **pushed(tmp_path, store)) as service:
        found = described(service)
        based = post_direct(service, "SELECT (STR(<id/x>) AS ?x) {}")
    assert problems_of(found) == ""
    assert {str(row) for row in found.objects(None, SD.name)} == set(
        Release(tmp_path / "releases" / "1").graphs
    )
    assert rows(based) == [{"x": f"{BASE}id/x"}]
