"""One contract, every store: the embedded one in memory and on disk, Oxigraph's server, Virtuoso.

The service is asked over HTTP; what it answers must not depend on which store is behind it.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import (
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    parse,
    parse_query_results,
    serialize,
)
from rdflib.compare import isomorphic

from service.queries import Library
from service.release.manifest import Release
from service.release.push import push
from service.settings import Settings
from tests.live_service import TIMEOUT, Answer, Live, address, live
from tests.serving_release import AALTER, BASE, write_release
from tests.store_servers import Server, oxigraph, virtuoso

pytestmark = [pytest.mark.live, pytest.mark.slow]

PREFIX = """
PREFIX besluit: <http://data.vlaanderen.be/ns/besluit#>
PREFIX imon: <https://w3id.org/imonitor/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX schema: <http://schema.org/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
ROWS = {
    "triples of one thing": f"SELECT ?p ?o {{ <{AALTER}> ?p ?o }}",
    "types": "SELECT ?t (COUNT(DISTINCT ?s) AS ?n) { ?s a ?t } GROUP BY ?t",
    "languages": 'SELECT ?s ?l { ?s rdfs:label ?l FILTER(LANG(?l) = "en") }',
    "optional": "SELECT ?s ?d { ?s a imon:BodyState OPTIONAL { ?s schema:validThrough ?d } }",
    "not exists": "SELECT ?s { ?s a imon:BodyState MINUS { ?s schema:validThrough ?d } }",
    "union": "SELECT ?l { { ?s skos:prefLabel ?l } UNION { ?s rdfs:label ?l } }",
    "path": f"SELECT ?o {{ <{AALTER}> imon:counterpart/skos:prefLabel ?o }}",
    "values": f"SELECT ?x ?l {{ VALUES ?x {{ <{AALTER}> }} ?x skos:prefLabel ?l }}",
    "named graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "from": f"SELECT ?s FROM <{BASE}graph/organisaties> {{ ?s a besluit:Bestuurseenheid }}",
    "from named": f"SELECT ?s FROM NAMED <{BASE}graph/organisaties> {{ GRAPH ?g {{ ?s a ?t }} }}",
    "sub-select": "SELECT ?s ?n { { SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s } "
    "FILTER(?n > 3) }",
    "order": "SELECT ?l { ?s skos:prefLabel ?l } ORDER BY DESC(STR(?l))",
    "strings": 'SELECT ?x { ?s skos:prefLabel ?l BIND(CONCAT(UCASE(STR(?l)), "é€") AS ?x) }',
    "dates": 'SELECT ?s { ?s schema:validThrough ?d FILTER(?d < "2020-01-01"^^xsd:date) }',
    "nothing": "SELECT ?s { ?s a <http://example.org/none> }",
}
ASKS = {"ASK { ?s a imon:Wave }": True, "ASK { ?s a <http://example.org/none> }": False}
GRAPHS = {
    "construct": "CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }",
    "template": "CONSTRUCT { ?s skos:altLabel ?l } WHERE { ?s skos:prefLabel ?l }",
}
ROW_FORMATS = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
}
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?a != ?e) }"
SIZE = 3000


def pushed(home: Path, server: Server) -> dict[str, object]:
    """Bring the server to the release of a home; return the settings that read from it."""
    release = Release.current(home)
    assert release
    more = server.settings()
    push(Settings(home=home, base=BASE, **more), release, Library.load(), lambda _: None)
    return dict(more)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The embedded store in memory, with which all are compared."""
    home = tmp_path_factory.mktemp("reference")
    write_release(home, 1, size=SIZE)
    with live(home) as running:
        yield running


@pytest.fixture(scope="module", params=["memory", "disk", "oxigraph", "virtuoso"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    home = tmp_path_factory.mktemp(request.param)
    write_release(home, 1, size=SIZE)
    folder = home / "server"
    folder.mkdir()
    with ExitStack() as stack:
        more: dict[str, object] = {}
        if request.param == "disk":
            more = {"memory_store": 0}
        elif request.param == "oxigraph":
            more = pushed(home, stack.enter_context(oxigraph(folder)))
        elif request.param == "virtuoso":
            more = pushed(home, stack.enter_context(virtuoso(folder)))
        yield stack.enter_context(live(home, **more))


def rows(answer: Answer) -> list[tuple[str, ...]]:
    """Return the rows of results as text, sorted."""
    if answer.type == "text/csv":  # has no types, so no parser makes terms of it
        return sorted(map(tuple, csv.reader(io.StringIO(answer.body.decode()))))
    found = parse_query_results(answer.body, format=ROW_FORMATS[answer.type])
    assert isinstance(found, QuerySolutions)
    return sorted(tuple(str(cell) for cell in row) for row in found)


@pytest.mark.parametrize("query", ROWS.values(), ids=ROWS)
def test_rows_are_those_of_the_embedded_store(service: Live, reference: Live, query: str) -> None:
    ours, theirs = (one.ask(address(PREFIX + query)) for one in (service, reference))
    assert (ours.status, theirs.status) == (200, 200), ours.body
    assert ours.type == "application/sparql-results+json"
    assert rows(ours) == rows(theirs)


@pytest.mark.parametrize("accept", ROW_FORMATS)
def test_every_format_of_rows_is_what_it_says(service: Live, reference: Live, accept: str) -> None:
    query = PREFIX + "SELECT ?s ?l { ?s skos:prefLabel ?l } ORDER BY ?s"
    ours, theirs = (
        one.ask(address(query), headers={"Accept": accept}) for one in (service, reference)
    )
    assert (ours.status, ours.type) == (200, accept)
    assert ours.headers["content-length"] == str(len(ours.body))
    assert rows(ours) == rows(theirs) != []


@pytest.mark.parametrize("query", ASKS)
@pytest.mark.parametrize("accept", list(ROW_FORMATS)[:2])
def test_a_yes_is_a_yes(service: Live, query: str, accept: str) -> None:
    answer = service.ask(address(PREFIX + query), headers={"Accept": accept})
    assert (answer.status, answer.type) == (200, accept)
    assert bool(parse_query_results(answer.body, format=ROW_FORMATS[accept])) is ASKS[query]


@pytest.mark.parametrize("query", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("accept", GRAPH_FORMATS)
def test_every_format_of_a_graph_holds_the_same_graph(
    service: Live, reference: Live, query: str, accept: str
) -> None:
    ours = service.ask(address(PREFIX + query), headers={"Accept": accept})
    theirs = reference.ask(address(PREFIX + query), headers={"Accept": "application/n-triples"})
    assert (ours.status, ours.type) == (200, accept), ours.body
    triples = serialize(parse(ours.body, GRAPH_FORMATS[accept]), format=RdfFormat.N_TRIPLES)
    graphs = [rdflib.Graph().parse(data=data, format="nt") for data in (triples, theirs.body)]
    assert isomorphic(*graphs)


def test_a_dataset_narrows_the_union_and_holds_no_graph_of_the_engine(service: Live) -> None:
    one = f"{BASE}graph/organisaties"
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    narrow = service.ask(address(count, **{"default-graph-uri": one}))
    whole = service.ask(address(count))
    triples = {json.loads(a.body)["results"]["bindings"][0]["n"]["value"] for a in (narrow, whole)}
    release = Release(service.log.parent / "releases" / "1")
    assert triples == {
        str(release.graphs[one].triples),
        str(sum(entry.triples for entry in release.graphs.values())),
    }


def test_syntax_errors_updates_and_service_are_refused(service: Live) -> None:
    for text, status in (
        ("SELECT * { ?s ?p }", 400),
        ("DROP ALL", 403),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 403),
    ):
        answer = service.ask(address(text))
        assert (answer.status, answer.type) == (status, "application/problem+json"), answer.body


def test_an_answer_over_the_limit_is_422_and_never_a_part(service: Live) -> None:
    answer = service.ask(address(f"SELECT * {{ ?a ?b ?c BIND('{'x' * 400}' AS ?long) }}"))
    assert answer.status == 422, answer.body[:300]
    assert json.loads(answer.body)["type"].endswith("result-too-large")


def test_the_second_answer_comes_from_the_cache_with_the_same_tag(service: Live) -> None:
    query = address("SELECT ?s { ?s a ?t } ORDER BY ?s ?t")
    first, second = service.ask(query), service.ask(query)
    assert first.headers["etag"] == second.headers["etag"]
    assert service.ask(query, headers={"If-None-Match": first.headers["etag"]}).status == 304


def test_pages_are_served(service: Live) -> None:
    answer = service.ask(f"/resource?iri={AALTER}", headers={"Accept": "text/html"})
    assert answer.status == 200
    assert b"Aalter" in answer.body


def test_a_query_ends_within_its_time(service: Live) -> None:
    started = time.monotonic()
    answer = service.ask(address(ENDLESS))
    assert answer.status == 504
    assert json.loads(answer.body)["budgetSeconds"] == TIMEOUT
    assert time.monotonic() - started < TIMEOUT + 0.5
