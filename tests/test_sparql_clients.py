"""Programs of others, as they come, against the real service.

SPARQLWrapper and rdflib in every mode that they have, Comunica (Node), roqet (rasqal), and Virtuoso
that asks us by ``SERVICE``. A tool that is not here is told with the way to get it.
"""

from __future__ import annotations

import configparser
import csv
import io
import json
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
import rdflib
import requests
from pyoxigraph import RdfFormat, parse
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    N3,
    POST,
    POSTDIRECTLY,
    RDFXML,
    SELECT,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import EndPointInternalError, QueryBadFormed, Unauthorized

from tests.comunica import ask as by_comunica
from tests.comunica import installed
from tests.live_service import Live, live
from tests.serving_release import AALTER, BASE, OCMW_AALTER, write_release
from tests.store_servers import virtuoso

pytestmark = pytest.mark.live

LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
NAMES = f"SELECT ?s ?name {{ ?s <{LABEL}> ?name }} ORDER BY ?s"
EXPECTED = [(AALTER, "Aalter"), (OCMW_AALTER, "OCMW Aalter")]
NOTHING = "ASK { ?s a <http://example.org/none> }"
COPIED = f"CONSTRUCT {{ ?s <http://example.org/n> ?o }} WHERE {{ ?s <{LABEL}> ?o }}"
BODIES, CATALOGUE = f"{BASE}graph/organisaties", f"{BASE}graph/catalogus"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("clients")
    write_release(home, 1, size=300)
    with live(home) as service:
        yield service


@pytest.fixture(scope="module")
def endpoint(service: Live) -> str:
    return f"{service.url}/sparql"


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it wrote."""
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


# SPARQLWrapper

METHODS = [
    (GET, URLENCODED),
    (POST, URLENCODED),
    (POST, POSTDIRECTLY),
]
by_every_method = pytest.mark.parametrize(("method", "way"), METHODS, ids=["get", "form", "direct"])


def wrapped(endpoint: str, query: str, form: str, method: str, way: str) -> SPARQLWrapper:
    """Return SPARQLWrapper about to ask."""
    client = SPARQLWrapper(endpoint)
    client.setQuery(query)
    client.setReturnFormat(form)
    client.setMethod(method)
    client.setRequestMethod(way)
    return client


@by_every_method
@pytest.mark.parametrize("form", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_reads_rows(endpoint: str, form: str, method: str, way: str) -> None:
    found = wrapped(endpoint, NAMES, form, method, way).query()
    if form == JSON:
        bindings = found.convert()["results"]["bindings"]
        assert [(row["s"]["value"], row["name"]["value"]) for row in bindings] == EXPECTED
        assert {row["name"]["xml:lang"] for row in bindings} == {"nl"}
    elif form == XML:
        document = found.convert()
        assert [n.firstChild.data for n in document.getElementsByTagName("uri")] == [
            row[0] for row in EXPECTED
        ]
    else:
        text = found.convert().decode()
        rows = list(csv.reader(io.StringIO(text), delimiter="," if form == CSV else "\t"))
        assert len(rows) == 3
        assert AALTER in rows[1][0]


@by_every_method
@pytest.mark.parametrize("form", [JSON, XML])
def test_sparqlwrapper_reads_a_boolean(endpoint: str, form: str, method: str, way: str) -> None:
    for query, expected in ((f"ASK {{ <{AALTER}> ?p ?o }}", True), (NOTHING, False)):
        found = wrapped(endpoint, query, form, method, way).queryAndConvert()
        if form == JSON:
            assert found["boolean"] is expected
        else:
            text = found.getElementsByTagName("boolean")[0].firstChild.data
            assert text == str(expected).lower()


@by_every_method
@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML, XML, JSONLD, JSON])
def test_sparqlwrapper_reads_a_graph(endpoint: str, form: str, method: str, way: str) -> None:
    for query in (COPIED, f"DESCRIBE <{AALTER}> <{OCMW_AALTER}>"):
        with warnings.catch_warnings():
            # it has notions of its own of what goes together, and reads JSON-LD as rdflib 6 did
            warnings.simplefilter("ignore")
            found = wrapped(endpoint, query, form, method, way).queryAndConvert()
            graph = as_graph(found)
        assert {str(row) for row in graph.objects()} >= {name for _, name in EXPECTED}


def as_graph(found: object) -> rdflib.Graph:
    """Return what SPARQLWrapper made of an answer as a graph: a graph, bytes of Turtle, or JSON."""
    if isinstance(found, rdflib.Graph):
        return found
    if isinstance(found, bytes):
        return rdflib.Graph().parse(data=found, format="turtle")
    triples = parse(json.dumps(found), RdfFormat.JSON_LD)
    return rdflib.Graph().parse(data="".join(f"{row.triple} .\n" for row in triples), format="nt")


@by_every_method
def test_sparqlwrapper_chooses_a_dataset(endpoint: str, method: str, way: str) -> None:
    client = wrapped(endpoint, "SELECT * { ?s ?p ?o }", JSON, method, way)
    whole = len(client.queryAndConvert()["results"]["bindings"])
    client.addDefaultGraph(BODIES)
    client.addDefaultGraph(CATALOGUE)
    client.addNamedGraph(BODIES)
    part = len(client.queryAndConvert()["results"]["bindings"])
    assert 0 < part < whole
    client.setQuery("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")
    found = client.queryAndConvert()["results"]["bindings"]
    assert [row["g"]["value"] for row in found] == [BODIES]


@by_every_method
@pytest.mark.parametrize(
    ("query", "error", "words"),
    [
        ("SELECT * { ?s nonsense }", QueryBadFormed, "bad-query"),
        ("DROP ALL", Exception, "Forbidden"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", Exception, "Forbidden"),
    ],
)
def test_sparqlwrapper_understands_what_went_wrong(
    endpoint: str, query: str, error: type[Exception], words: str, method: str, way: str
) -> None:
    client = wrapped(endpoint, query, JSON, method, way)
    client.queryType = SELECT  # it would send an update otherwise
    with pytest.raises(error, match=words) as caught:
        client.query()
    assert not isinstance(caught.value, (EndPointInternalError, Unauthorized))
    for one in (caught.value, caught.value.__context__):
        if isinstance(one, HTTPError):
            one.close()


# rdflib

RDFLIB = [("GET", "json"), ("POST", "xml"), ("POST_FORM", "csv"), ("GET", "xml")]


@pytest.mark.parametrize(("method", "form"), RDFLIB)
def test_rdflib_asks_the_remote_store(endpoint: str, method: str, form: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint, method=method, returnFormat=form))
    found = [(str(row[0]), str(row[1])) for row in graph.query(NAMES)]
    assert found == EXPECTED
    if form != "csv":  # has no booleans, so rdflib reads none
        assert graph.query(f"ASK {{ <{AALTER}> ?p ?o }}").askAnswer is True
        assert graph.query(NOTHING).askAnswer is False


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_uses_it_as_a_store(endpoint: str, method: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint, method=method))
    body = rdflib.URIRef(AALTER)
    assert graph.value(body, rdflib.URIRef(LABEL)) == rdflib.Literal("Aalter", lang="nl")
    assert (body, rdflib.URIRef(LABEL), rdflib.Literal("Aalter", lang="nl")) in graph
    assert (body, rdflib.URIRef(LABEL), rdflib.Literal("Aalter")) not in graph
    whole = len(graph)
    part = rdflib.Graph(SPARQLStore(endpoint, method=method), rdflib.URIRef(CATALOGUE))
    assert 0 < len(part) < whole
    assert len(list(part)) == len(part)
    assert (body, None, None) not in part


def test_rdflib_gets_a_graph_by_construct(endpoint: str) -> None:
    found = rdflib.Graph(SPARQLStore(endpoint)).query(COPIED).graph
    assert found is not None
    assert sorted(str(row) for row in found.objects()) == [name for _, name in EXPECTED]


def test_rdflib_lists_the_graphs(endpoint: str) -> None:
    store = SPARQLStore(endpoint)
    names = {str(row) for row in store.contexts()}
    assert {BODIES, CATALOGUE} <= names


def test_rdflib_reads_graphs_and_things_by_their_address(service: Live) -> None:
    for path in ("/graph/organisaties", "/graphs?default", "/sparql"):
        assert len(rdflib.Graph().parse(f"{service.url}{path}")) > 10


# Comunica


@pytest.fixture(scope="session")
def comunica(shared_folder: Path) -> Path:
    """A folder with Comunica."""
    return installed(shared_folder / "comunica")


def values(text: str) -> list[dict[str, str]]:
    """Return the rows of SPARQL JSON, values only: Comunica 4 loses the language of a text."""
    found = json.loads(text)["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in found]


def posts(service: Live) -> int:
    """Return how many queries were made by POST."""
    return service.log.read_text().count("method=POST path=/sparql")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["told", "found out"])
class TestComunica:
    """``told`` what we are, or left to find out from the service description."""

    def test_select(self, comunica: Path, endpoint: str, kind: str) -> None:
        found = values(by_comunica(comunica, NAMES, endpoint, kind))
        assert [(row["s"], row["name"]) for row in found] == EXPECTED

    def test_ask(self, comunica: Path, endpoint: str, kind: str) -> None:
        yes = by_comunica(comunica, f"ASK {{ <{AALTER}> ?p ?o }}", endpoint, kind)
        assert json.loads(yes)["boolean"] is True
        assert json.loads(by_comunica(comunica, NOTHING, endpoint, kind))["boolean"] is False

    def test_construct(self, comunica: Path, endpoint: str, kind: str) -> None:
        found = list(parse(by_comunica(comunica, COPIED, endpoint, kind), RdfFormat.N_TRIPLES))
        assert sorted(row.object.value for row in found) == [name for _, name in EXPECTED]
        assert {row.object.language for row in found} == {"nl"}

    def test_federated_with_a_file(
        self, comunica: Path, endpoint: str, kind: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "own.ttl"
        file.write_text(
            f"<{AALTER}> <http://example.org/note> 'ours' ."
            "<http://example.org/other> <http://example.org/note> 'not there' ."
        )
        query = f"SELECT * {{ ?s <http://example.org/note> ?note ; <{LABEL}> ?name }}"
        found = values(by_comunica(comunica, query, endpoint, kind, str(file)))
        assert found == [{"s": AALTER, "note": "ours", "name": "Aalter"}]

    def test_a_long_query_goes_by_post(
        self, comunica: Path, service: Live, endpoint: str, kind: str
    ) -> None:
        many = " ".join(f"<http://example.org/{number}>" for number in range(1000))
        query = f"SELECT ?s {{ VALUES ?s {{ <{AALTER}> {many} }} ?s <{LABEL}> ?{kind[:4]} }}"
        before = posts(service)
        assert values(by_comunica(comunica, query, endpoint, kind)) == [{"s": AALTER}]
        assert posts(service) == before + 1


# roqet


def by_roqet(endpoint: str, query: str, form: str) -> subprocess.CompletedProcess[str]:
    """Ask by rasqal's program, which sends nearly every letter percent-encoded."""
    if shutil.which("roqet") is None:
        pytest.skip("no roqet here: apt-get install rasqal-utils")
    return run(["roqet", "-q", "-p", endpoint, "-r", form, "-e", query])


def test_roqet_reads_rows(endpoint: str) -> None:
    done = by_roqet(endpoint, NAMES, "csv")
    assert done.returncode == 0, done.stderr
    assert list(csv.reader(io.StringIO(done.stdout))) == [["s", "name"], *map(list, EXPECTED)]


def test_roqet_keeps_languages_types_and_letters(endpoint: str) -> None:
    query = "SELECT ('é€'@nl AS ?a) (1.50 AS ?b) ('' AS ?c) (<x:y?z=1&w#v> AS ?d) {}"
    done = by_roqet(endpoint, query, "xml")
    assert done.returncode == 0, done.stderr
    space = "{http://www.w3.org/2005/sparql-results#}"
    cells = {row.get("name"): row[0] for row in ET.fromstring(done.stdout).iter(f"{space}binding")}
    assert cells["a"].text == "é€"
    assert cells["a"].get("{http://www.w3.org/XML/1998/namespace}lang") == "nl"
    assert cells["b"].get("datatype") == "http://www.w3.org/2001/XMLSchema#decimal"
    assert not cells["c"].text
    assert cells["d"].text == "x:y?z=1&w#v"


def test_roqet_tells_that_a_query_was_refused(endpoint: str) -> None:
    done = by_roqet(endpoint, "SELECT * { ?s nonsense }", "csv")
    assert done.returncode != 0


# Virtuoso


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The query address of a Virtuoso that may ask others, with a triple of its own."""
    folder = tmp_path_factory.mktemp("virtuoso")
    if shutil.which("isql-vt") is None:
        pytest.skip("no isql-vt here: apt-get install virtuoso-opensource-7-bin")
    with virtuoso(folder) as server:
        settings = configparser.ConfigParser()
        settings.read(folder / "virtuoso.ini")
        commands = [
            'grant select on "DB.DBA.SPARQL_SINV_2" to "SPARQL"',
            'grant execute on "DB.DBA.SPARQL_SINV_IMP" to "SPARQL"',
            "SPARQL INSERT DATA { GRAPH <http://example.org/own> { "
            f"<{AALTER}> <http://example.org/note> 'ours' . "
            "<http://example.org/other> <http://example.org/note> 'not there' } }",
        ]
        address = settings["Parameters"]["ServerPort"]
        done = run(
            ["isql-vt", address, server.user, server.password, *(f"exec={c}" for c in commands)]
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield server.query


def by_virtuoso(asking: str, query: str) -> list[dict[str, str]]:
    """Return the rows that Virtuoso answers, values only."""
    fields = {"query": query, "format": "application/sparql-results+json"}
    answer = requests.post(asking, data=fields, timeout=60)
    assert answer.status_code == 200, answer.text
    return values(answer.text)


@pytest.mark.slow
class TestVirtuosoByService:
    """``SERVICE <our endpoint>`` in a query to Virtuoso."""

    def test_a_pattern(self, asking: str, endpoint: str) -> None:
        query = f"SELECT ?o {{ SERVICE <{endpoint}> {{ <{AALTER}> <{LABEL}> ?o }} }}"
        assert by_virtuoso(asking, query) == [{"o": "Aalter"}]

    def test_a_sub_select_with_a_filter(self, asking: str, endpoint: str) -> None:
        inner = f"SELECT ?s ?name {{ ?s <{LABEL}> ?name FILTER(STRSTARTS(?name, 'OCMW')) }}"
        found = by_virtuoso(asking, f"SELECT * {{ SERVICE <{endpoint}> {{ {inner} }} }}")
        assert found == [{"s": OCMW_AALTER, "name": "OCMW Aalter"}]

    def test_joined_with_its_own_data(self, asking: str, endpoint: str) -> None:
        query = (
            "SELECT ?note ?name { GRAPH <http://example.org/own> { "
            "?s <http://example.org/note> ?note } "
            f"SERVICE <{endpoint}> {{ ?s <{LABEL}> ?name }} }}"
        )
        assert by_virtuoso(asking, query) == [{"note": "ours", "name": "Aalter"}]

    def test_what_we_refuse_is_an_error_there_and_no_empty_answer(
        self, asking: str, endpoint: str
    ) -> None:
        query = f"SELECT * {{ SERVICE <{endpoint}> {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} }}"
        answer = requests.post(asking, data={"query": query}, timeout=60)
        assert answer.status_code >= 400
        assert "problem+json" in answer.text
