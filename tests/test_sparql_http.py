"""The SPARQL endpoint on the wire: a real process, real clients, raw sockets."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import rdflib
import zstandard
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, POST, TURTLE, XML, SPARQLWrapper

from tests.live_service import TIMEOUT, Live, address, live
from tests.serving_release import AALTER, BASE, write_release

pytestmark = pytest.mark.live

SELECT = "SELECT * { ?s a ?o } ORDER BY ?s ?o"
CONSTRUCT = "CONSTRUCT { ?s a ?o } WHERE { ?s a ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?a != ?e) }"
CATALOGUE = f"{BASE}graph/catalogus"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
SD = "http://www.w3.org/ns/sparql-service-description#"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("live")
    write_release(home, 1, size=3000)
    with live(home) as service:
        yield service


def ways(query: str) -> list[tuple[str, str, bytes | None, dict[str, str]]]:
    """The three ways to ask (SPARQL 1.1 Protocol §2.1)."""
    return [
        ("GET", address(query), None, {}),
        ("POST", "/sparql", urlencode({"query": query}).encode(), FORM),
        ("POST", "/sparql", query.encode(), DIRECT),
    ]


def test_the_three_ways_to_ask_give_the_same_bytes(service: Live) -> None:
    answers = [service.ask(path, method, body, head) for method, path, body, head in ways(SELECT)]
    assert [row.status for row in answers] == [200, 200, 200]
    assert len({row.body for row in answers}) == 1
    assert len({row.headers["etag"] for row in answers}) == 1
    assert AALTER in answers[0].body.decode()


def test_sparqlwrapper_reads_every_format(service: Live) -> None:
    client = SPARQLWrapper(f"{service.url}/sparql")
    client.setQuery(SELECT)
    for form in (JSON, XML, CSV):
        client.setReturnFormat(form)
        assert AALTER in client.query().response.read().decode()
    client.setMethod(POST)
    client.setReturnFormat(JSON)
    rows = client.query().convert()["results"]["bindings"]
    assert AALTER in {row["s"]["value"] for row in rows}
    client.setQuery(CONSTRUCT)
    client.setReturnFormat(TURTLE)
    graph = rdflib.Graph().parse(data=client.query().convert(), format="turtle")
    assert (rdflib.URIRef(AALTER), rdflib.RDF.type, None) in graph


def test_rdflib_reads_it_as_a_remote_store(service: Live) -> None:
    graph = rdflib.Graph(SPARQLStore(f"{service.url}/sparql"))
    found = {str(row[0]) for row in graph.query("SELECT ?s { ?s a ?o }")}
    assert AALTER in found
    assert graph.query(f"ASK {{ <{AALTER}> ?p ?o }}").askAnswer


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        (SELECT, None, "application/sparql-results+json"),
        (SELECT, "*/*", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "application/json", "application/json"),
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "text/tab-separated-values", "text/tab-separated-values"),
        (SELECT, "text/turtle, */*;q=0.1", "application/sparql-results+json"),
        ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
        (CONSTRUCT, None, "text/turtle"),
        (CONSTRUCT, "application/n-triples", "application/n-triples"),
        (CONSTRUCT, "application/rdf+xml", "application/rdf+xml"),
        (CONSTRUCT, "application/ld+json", "application/ld+json"),
        (CONSTRUCT, "application/trig", "application/trig"),
        (CONSTRUCT, "application/n-quads", "application/n-quads"),
        (
            f"DESCRIBE <{AALTER}>",
            "text/turtle;q=0.5, application/n-triples",
            "application/n-triples",
        ),
    ],
)
def test_the_accept_header_chooses_the_format(
    service: Live, query: str, accept: str | None, expected: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = service.ask(address(query), headers=headers)
    assert (answer.status, answer.type) == (200, expected)
    assert "Accept" in answer.headers["vary"]
    assert "Accept-Encoding" in answer.headers["vary"]
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        (SELECT, "csv", "text/csv"),
        (SELECT, "json", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (CONSTRUCT, "nt", "application/n-triples"),
        (CONSTRUCT, "json", "application/ld+json"),
        (CONSTRUCT, "xml", "application/rdf+xml"),
    ],
)
def test_the_format_parameter_wins_over_the_header(
    service: Live, query: str, name: str, expected: str
) -> None:
    answer = service.ask(address(query, format=name), headers={"Accept": "text/html"})
    assert (answer.status, answer.type) == (200, expected)


def test_no_fitting_format_is_406_and_lists_what_there_is(service: Live) -> None:
    answer = service.ask(address(SELECT), headers={"Accept": "image/png"})
    assert answer.status == 406
    assert "text/csv" in json.loads(answer.body)["available"]
    assert service.ask(address(SELECT, format="png")).status == 400


def test_a_dataset_narrows_the_union(service: Live) -> None:
    def count(query: str, **more: str) -> int:
        return int(service.ask(address(query, format="csv", **more)).body.split()[1])

    whole = count("SELECT (COUNT(*) AS ?n) { ?s a ?o }")
    part = count("SELECT (COUNT(*) AS ?n) { ?s a ?o }", **{"default-graph-uri": CATALOGUE})
    assert 0 < part < whole
    narrowed = "SELECT (COUNT(*) AS ?n) FROM <GRAPH> { ?s a ?o }".replace("GRAPH", CATALOGUE)
    assert count(narrowed) == part
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s a ?o } }"
    assert count(named, **{"named-graph-uri": CATALOGUE}) == part
    assert service.ask(address(SELECT, **{"default-graph-uri": "no iri"})).status == 400


@pytest.mark.parametrize("way", [0, 1, 2])
def test_a_syntax_error_tells_line_and_column(service: Live, way: int) -> None:
    method, path, body, headers = ways("SELECT * {\n ?s nonsense ?o }")[way]
    answer = service.ask(path, method, body, headers)
    problem = json.loads(answer.body)
    assert (answer.status, answer.type) == (400, "application/problem+json")
    assert (problem["line"], problem["type"]) == (2, f"{BASE}problems/bad-query")
    assert problem["column"] > 1


@pytest.mark.parametrize("way", [0, 1, 2])
def test_updates_and_service_are_refused_whichever_way_they_come(service: Live, way: int) -> None:
    for text, slug in (
        ("INSERT DATA { <x:a> <x:b> <x:c> }", "update-refused"),
        ("# hello\nDROP ALL", "update-refused"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "service-refused"),
    ):
        method, path, body, headers = ways(text)[way]
        answer = service.ask(path, method, body, headers)
        assert (answer.status, json.loads(answer.body)["type"]) == (403, f"{BASE}problems/{slug}")


def test_the_update_operation_is_refused_and_says_why(service: Live) -> None:
    update = "INSERT DATA {}"
    for body, headers in (
        (urlencode({"update": update}).encode(), FORM),
        (update.encode(), {"Content-Type": "application/sparql-update"}),
    ):
        answer = service.ask("/sparql", "POST", body, headers)
        assert answer.status == 403
        assert "read-only" in json.loads(answer.body)["detail"]


def test_wrong_requests_get_the_status_that_says_so(service: Live) -> None:
    assert service.ask("/sparql", "POST", b"x", {"Content-Type": "text/plain"}).status == 415
    assert service.ask("/sparql", "POST", b"", FORM).status == 400
    assert service.ask("/sparql", "POST", b"\xff", DIRECT).status == 400
    assert service.ask("/sparql?query=ASK%7B%7D&query=ASK%7B%7D").status == 400
    assert service.ask("/sparql?query=%ff").status == 400
    answer = service.ask("/sparql", "PUT", b"", FORM)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def test_without_a_query_the_service_describes_itself(service: Live) -> None:
    for accept in ("text/turtle", "application/rdf+xml", "*/*"):
        answer = service.ask("/sparql", headers={"Accept": accept})
        assert answer.status == 200
        graph = rdflib.Graph().parse(data=answer.body, format=answer.type)
        endpoint = rdflib.URIRef(f"{BASE}sparql")
        assert (endpoint, rdflib.URIRef(f"{SD}endpoint"), endpoint) in graph
        feature = rdflib.URIRef(f"{SD}UnionDefaultGraph")
        assert (endpoint, rdflib.URIRef(f"{SD}feature"), feature) in graph
        assert (None, rdflib.URIRef(f"{SD}name"), rdflib.URIRef(CATALOGUE)) in graph


def test_a_browser_gets_a_form_the_answer_and_the_error(service: Live) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en"}
    form = service.ask("/sparql", headers=browser)
    assert (form.status, form.type) == (200, "text/html")
    assert b"<textarea" in form.body
    page = service.ask(address(SELECT), headers=browser)
    assert page.status == 200
    assert AALTER.rpartition("/")[2].encode() in page.body
    assert b"Synthetic data." in page.body, "made-up figures are labelled"
    wrong = service.ask(address("SELECT * { ?s ?p "), headers=browser)
    assert (wrong.status, wrong.type) == (400, "text/html")
    assert b"SPARQL syntax error" in wrong.body
    escaped = service.ask(address('SELECT ("<script>" AS ?x) {}'), headers=browser)
    assert b"<script>" not in escaped.body


def test_a_tag_is_the_digest_of_the_bytes_per_coding(service: Live) -> None:
    plain = service.ask(address(SELECT))
    zipped = service.ask(address(SELECT), headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert plain.headers["etag"] != zipped.headers["etag"]
    again = service.ask(address(SELECT), headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == plain.headers["etag"]
    other = service.ask(
        address(SELECT),
        headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": "gzip"},
    )
    assert other.status == 200
    assert "last-modified" in plain.headers


def test_zstd_is_offered_and_the_digest_is_of_what_is_sent(service: Live) -> None:
    plain = service.ask(address(SELECT))
    for coding, read in (("zstd", zstandard.decompress), ("gzip", gzip.decompress)):
        coded = service.ask(address(SELECT), headers={"Accept-Encoding": coding})
        assert coded.headers["content-encoding"] == coding
        assert read(coded.body) == plain.body
        digest = base64.b64encode(hashlib.sha256(coded.body).digest()).decode()
        assert coded.headers["repr-digest"] == f"sha-256=:{digest}:"
    head = service.ask(address(SELECT), "HEAD")
    assert head.headers["repr-digest"] == plain.headers["repr-digest"]


def test_head_has_the_headers_of_get_and_no_body(service: Live) -> None:
    get, head = service.ask(address(SELECT)), service.ask(address(SELECT), "HEAD")
    assert head.body == b""
    for name in ("content-type", "content-length", "etag", "vary"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_differs_each_time_is_not_stored(service: Live, call: str) -> None:
    answer = service.ask(address(f"SELECT ({call} AS ?x) {{}}"))
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_the_second_request_is_answered_from_the_cache(service: Live) -> None:
    query = address("SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?o ?q ?r }")
    before = service.metric('queries_total{outcome="answered"}')
    bodies = {service.ask(query).body for _ in range(5)}
    assert len(bodies) == 1
    assert service.metric('queries_total{outcome="answered"}') == before + 1


def test_a_query_over_its_time_is_504_and_tells_the_budget(service: Live) -> None:
    started = time.monotonic()
    answer = service.ask(address(ENDLESS))
    assert time.monotonic() - started < TIMEOUT + 1.5
    problem = json.loads(answer.body)
    assert (answer.status, problem["budgetSeconds"]) == (504, TIMEOUT)


@pytest.mark.parametrize("way", [0, 1, 2])
@pytest.mark.parametrize(("asked", "seconds"), [("0.3", 0.3), ("300ms", 0.3), ("3600", TIMEOUT)])
def test_a_client_may_lower_its_budget_and_not_raise_it(
    service: Live, way: int, asked: str, seconds: float
) -> None:
    method, path, body, headers = ways(ENDLESS)[way]
    path += ("&" if "?" in path else "?") + urlencode({"timeout": asked})
    answer = service.ask(path, method, body, headers)
    assert answer.status == 504
    assert json.loads(answer.body)["budgetSeconds"] == seconds


@pytest.mark.parametrize("asked", ["0", "-1", "soon", "1h", "1e3", "nan"])
def test_a_budget_that_is_none_is_refused(service: Live, asked: str) -> None:
    answer = service.ask(address(SELECT, timeout=asked))
    assert answer.status == 400
    assert json.loads(answer.body)["parameter"] == "timeout"


def test_an_answer_over_the_limit_is_422_with_the_dump_link(service: Live) -> None:
    answer = service.ask(address("SELECT * { ?a ?p ?b . ?c ?q ?d }"))
    problem = json.loads(answer.body)
    assert (answer.status, problem["type"]) == (422, f"{BASE}problems/result-too-large")
    assert problem["dump"] == f"{BASE}download/all.nq.gz"


def test_a_body_over_the_limit_is_413_declared_or_not(service: Live) -> None:
    big = b"x" * (2 << 20)
    declared = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    with service.raw(declared + f"Content-Length: {len(big)}\r\n\r\n".encode()) as connection:
        assert connection.recv(64).startswith(b"HTTP/1.1 413")
    with service.raw(declared + b"Transfer-Encoding: chunked\r\n\r\n") as connection:
        connection.sendall(f"{len(big):x}\r\n".encode() + big[: 1 << 20] + b"x" * 1000)
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_slow_bodies_hold_up_nobody(service: Live) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    slow = [service.raw(head + b"Content-Length: 100\r\n\r\nSELECT") for _ in range(100)]
    try:
        started = time.monotonic()
        assert service.ask(address("ASK {}")).status == 200
        assert service.ask("/").status == 200
        assert time.monotonic() - started < 5
    finally:
        for connection in slow:
            connection.close()


def test_a_body_that_is_cut_off_is_never_taken_for_a_query(service: Live) -> None:
    before = service.metric('http_responses_total{status="200"}')
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    service.raw(head + b"Content-Length: 100\r\n\r\nASK {}").close()
    time.sleep(0.3)
    assert service.metric('http_responses_total{status="200"}') <= before + 1
    assert service.ready()


def test_a_client_that_leaves_ends_its_query(service: Live) -> None:
    query = ENDLESS.replace("COUNT(*)", "(COUNT(*) + 1)")
    before = service.metric('queries_total{outcome="cancelled"}')
    request = f"GET {address(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    connection = service.raw(request)
    time.sleep(0.5)
    assert service.metric("queries_running") == 1
    connection.close()
    end = time.monotonic() + TIMEOUT / 2
    while service.metric("queries_running") > 0:
        assert time.monotonic() < end, "the query went on without its client"
        time.sleep(0.05)
    assert service.metric('queries_total{outcome="cancelled"}') == before + 1


def test_a_browser_of_another_origin_may_ask(service: Live) -> None:
    preflight = service.ask(
        "/sparql",
        "OPTIONS",
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"},
    )
    assert preflight.status == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = service.ask(address("ASK {}"), headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_nothing_of_the_environment_is_shown(service: Live) -> None:
    for path in ("/metrics", "/health/live", "/zz", "/sparql?query=x", "/api"):
        assert b"NOT_FOR_READERS" not in service.ask(path).body
