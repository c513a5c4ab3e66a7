"""The W3C suite of the SPARQL 1.1 Graph Store Protocol, for a store that is only read, on the wire.

What the suite puts first is there already; what it puts, posts or deletes is refused, and the
graph is then what it was. Each case is tried at the graph's own address and through ``?graph=``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pyoxigraph import RdfFormat, Triple, parse

from service.formats import FORMATS
from tests.live_service import Answer, Live, live
from tests.serving_release import BASE, write_release
from tests.wire import post_direct, send

pytestmark = pytest.mark.live

NAME = f"{BASE}graph/organisaties"
NONE = f"{BASE}graph/none"
TURTLE = ("Content-Type", "text/turtle; charset=utf-8")
PERSON = b'<http://example.org/1> <http://xmlns.com/foaf/0.1/name> "Jane Doe" .'
FORMS = [row for row in FORMATS if row.kind == "graph"]
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("graphs")
    write_release(home, 1)
    with live(home) as service:
        yield service


def ways(name: str) -> dict[str, str]:
    """Return the addresses of a graph: its own, and with its name in the query string."""
    path = name.removeprefix(BASE.rstrip("/"))
    return {
        "direct": path,
        "indirect": f"/graphs?graph={quote(name, safe='')}",
        "indirect, hardly encoded": f"/graphs?graph={name}",
    }


def triples(answer: Answer) -> set[Triple]:
    """Return the triples of an answer in Turtle."""
    assert (answer.status, answer.type) == (200, "text/turtle"), answer.body
    return {row.triple for row in parse(answer.body, RdfFormat.TURTLE)}


def constructed(service: Live, pattern: str) -> set[Triple]:
    """Return what the equivalent query gives (§5.2)."""
    return triples(post_direct(service, f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"))


@pytest.mark.parametrize("way", ways(NAME))
class TestExistingGraph:
    """GET and HEAD of a graph that is there."""

    def test_get_of_put__initial_state(self, service: Live, way: str) -> None:
        found = triples(send(service, ways(NAME)[way]))
        assert found == constructed(service, f"GRAPH <{NAME}> {{ ?s ?p ?o }}")
        assert len(found) > 10

    def test_head_on_an_existing_graph(self, service: Live, way: str) -> None:
        by_get, by_head = (send(service, ways(NAME)[way], m) for m in ("GET", "HEAD"))
        assert (by_head.status, by_head.body) == (200, b"")
        assert by_head.headers["content-length"] == str(len(by_get.body))
        for name in ("content-type", "etag", "vary", "last-modified"):
            assert by_head.headers[name] == by_get.headers[name]

    @pytest.mark.parametrize("form", FORMS, ids=[row.name for row in FORMS])
    def test_every_format_holds_the_same_graph(self, service: Live, way: str, form: object) -> None:
        row = next(row for row in FORMS if row == form)
        answer = send(service, ways(NAME)[way], headers=[("Accept", row.media_type)])
        assert (answer.status, answer.type) == (200, row.media_type)
        found = {quad.triple for quad in parse(answer.body, row.rdf or RdfFormat.TURTLE)}
        assert found == triples(send(service, ways(NAME)[way]))

    @pytest.mark.parametrize("accept", ["*/*", "text/turtle; charset=utf-8", "text/*", CHROME])
    def test_whoever_does_not_mind_gets_turtle(self, service: Live, way: str, accept: str) -> None:
        answer = send(service, ways(NAME)[way], headers=[("Accept", accept)])
        assert (answer.status, answer.type) == (200, "text/turtle")

    @pytest.mark.parametrize("accept", ["image/png", "text/html", "*/*;q=0"])
    def test_a_format_that_is_not_there_is_406(self, service: Live, way: str, accept: str) -> None:
        answer = send(service, ways(NAME)[way], "HEAD", [("Accept", accept)])
        assert (answer.status, answer.body) == (406, b"")
        answer = send(service, ways(NAME)[way], headers=[("Accept", accept)])
        assert answer.status == 406
        if answer.type == "application/problem+json":
            assert json.loads(answer.body)["available"] == [row.media_type for row in FORMS]

    def test_it_is_cacheable(self, service: Live, way: str) -> None:
        first = send(service, ways(NAME)[way])
        assert {"Accept", "Accept-Encoding"} <= set(first.headers["vary"].split(", "))
        assert "no-store" not in first.headers["cache-control"]
        assert first.headers["access-control-allow-origin"] == "*"
        held = [("If-None-Match", first.headers["etag"])]
        again = send(service, ways(NAME)[way], headers=held)
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("way", ways(NONE))
@pytest.mark.parametrize("accept", ["text/turtle", "image/png"])
class TestUnknownGraph:
    """GET and HEAD of a graph that is not there, or not for everybody."""

    def test_get_of_delete__existing_graph(self, service: Live, way: str, accept: str) -> None:
        answer = send(service, ways(NONE)[way], headers=[("Accept", accept)])
        assert (answer.status, answer.type) == (404, "application/problem+json")
        assert json.loads(answer.body)["type"] == f"{BASE}problems/not-found"

    def test_head_on_a_nonexisting_graph(self, service: Live, way: str, accept: str) -> None:
        answer = send(service, ways(NONE)[way], "HEAD", [("Accept", accept)])
        assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "name", ["http://example.org/none", "urn:x-arq:DefaultGraph", "mailto:a@example.org", "tag:x,y"]
)
def test_any_absolute_iri_may_be_asked_for(service: Live, name: str) -> None:
    assert send(service, f"/graphs?graph={quote(name, safe='')}").status == 404


def test_get_of_put__default_graph(service: Live) -> None:
    found = triples(send(service, "/graphs?default"))
    assert found == constructed(service, "?s ?p ?o")
    assert found > triples(send(service, ways(NAME)["direct"]))
    head = send(service, "/graphs?default", "HEAD")
    assert (head.status, head.body) == (200, b"")


#: Name in the suite, method, graph (None: the default graph), headers, body.
WRITES: dict[str, tuple[str, str | None, list[tuple[str, str]], bytes]] = {
    "put__initial_state": ("PUT", NONE, [TURTLE], PERSON),
    "put__graph_already_in_store": ("PUT", NAME, [TURTLE], PERSON),
    "put__default_graph": ("PUT", None, [TURTLE], PERSON),
    "put__mismatched_payload": ("PUT", None, [("Content-Type", "application/rdf+xml")], PERSON),
    "delete__existing_graph": ("DELETE", NAME, [], b""),
    "delete__nonexistent_graph": ("DELETE", NONE, [], b""),
    "delete__default_graph": ("DELETE", None, [], b""),
    "post__existing_graph": ("POST", NAME, [TURTLE], PERSON),
    "post__multipart_formdata": (
        "POST",
        NAME,
        [("Content-Type", "multipart/form-data; boundary=x")],
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.ttl"\r\n'
        b"Content-Type: text/turtle\r\n\r\n" + PERSON + b"\r\n--x--\r\n",
    ),
    "post__after_noop": ("POST", NAME, [TURTLE], b""),
    "patch": ("PATCH", NAME, [("Content-Type", "application/sparql-update")], b"CLEAR DEFAULT"),
    "trace": ("TRACE", NAME, [], b""),
}


@pytest.mark.parametrize(("method", "name", "headers", "body"), WRITES.values(), ids=WRITES)
def test_a_write_is_405_and_changes_nothing(
    service: Live, method: str, name: str | None, headers: list[tuple[str, str]], body: bytes
) -> None:
    before = send(service, "/graphs?default").headers["etag"]
    for target in ways(name).values() if name else ["/graphs?default"]:
        answer = send(service, target, method, headers, body)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert "release" in json.loads(answer.body)["detail"]
    assert send(service, "/graphs?default").headers["etag"] == before


@pytest.mark.parametrize("target", ["/graphs", "/graphs?default&graph=x", "/graph/none"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_there_comes_before_all_else(
    service: Live, method: str, target: str
) -> None:
    """``post__create__new_graph`` among them, and §5.1: 405 also when the rest is malformed."""
    assert send(service, target, method, [TURTLE], PERSON).status == 405


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "graph",
        "graph=",
        "graph=organisaties",
        "graph=/graph/organisaties",
        "graph=//localhost:8000/graph/organisaties",
        "graph=%3Chttp%3A%2F%2Fexample.org%2F%3E",
        "graph=http://example.org/%20x",
        "graph=%ff",
        "graph=http://example.org/%ff",
        f"graph={NAME}&default",
        f"default=&graph={NAME}",
        f"graph={NAME}&graph={NAME}",
        f"Graph={NAME}",
        "Default",
        "DEFAULT",
    ],
)
def test_neither_or_both_or_no_absolute_iri_is_400(service: Live, fields: str) -> None:
    answer = send(service, f"/graphs?{fields}")
    assert (answer.status, json.loads(answer.body)["parameter"]) == (400, "graph")


@pytest.mark.parametrize(
    "target", ["/graphs?default=", "/graphs?default=true", "/graphs?x=y&default"]
)
def test_a_value_of_default_and_other_parameters_change_nothing(service: Live, target: str) -> None:
    whole = send(service, "/graphs?default")
    assert send(service, target).headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    "target", ["/graphs", "/graphs?default", "/graph/organisaties", "/graph/x"]
)
def test_options_tell_the_methods(service: Live, target: str) -> None:
    answer = send(service, target, "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_browser_of_another_origin_may_read(service: Live) -> None:
    wish = [("Origin", "https://example.org"), ("Access-Control-Request-Method", "GET")]
    answer = send(service, "/graphs?default", "OPTIONS", wish)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_every_name_of_a_graph_leads_to_its_triples(service: Live) -> None:
    """Linked data: whoever finds a graph's name in an answer can follow it."""
    asked = post_direct(service, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    found = json.loads(asked.body)["results"]["bindings"]
    assert len(found) > 5
    for row in found:
        answer = send(
            service,
            ways(row["g"]["value"])["direct"],
            headers=[("Accept", "application/n-triples")],
        )
        assert answer.body.count(b"\n") == int(row["n"]["value"])
