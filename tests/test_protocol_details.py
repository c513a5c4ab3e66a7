"""The SPARQL 1.1 Protocol where its suite is silent: base, charset, encoding, limits, headers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode

import pytest
from pyoxigraph import Store

from service.front.protocol import MOST_ADDRESS
from tests.live_service import Answer, Live, live
from tests.serving_release import AALTER, BASE, write_release
from tests.wire import DIRECT, FORM, get, post_direct, post_form, rows, send, truth

pytestmark = pytest.mark.live

BODIES, CATALOGUE = (f"{BASE}graph/{name}" for name in ("organisaties", "catalogus"))
IN_BODIES, IN_CATALOGUE = f"<{AALTER}> a ?type", f"<{BASE}catalog> a ?kind"
BOTH = f"ASK {{ {IN_BODIES} . {IN_CATALOGUE} }}"
DEFAULT, NAMED = "default-graph-uri", "named-graph-uri"
TWO_DEFAULTS = [(DEFAULT, BODIES), (DEFAULT, CATALOGUE)]

WAYS: dict[str, Callable[[Live, str], Answer]] = {
    "get": lambda s, text: get(s, [("query", text)]),
    "form": lambda s, text: post_form(s, [("query", text)]),
    "direct": post_direct,
}
each_way = pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("wire")
    write_release(home, 1)
    with live(home) as service:
        yield service


# The base of relative IRIs (Protocol §2.3, SPARQL §4.1.1.2): the query's own, else our address.

RELATIVE = "SELECT (STR(<id/x>) AS ?x) (STR(IRI('y')) AS ?y) {}"


@each_way
@pytest.mark.parametrize(
    ("prologue", "x", "y"),
    [
        ("", f"{BASE}id/x", f"{BASE}y"),
        ("BASE <http://example.org/a/b> ", "http://example.org/a/id/x", "http://example.org/a/y"),
        ("BASE <doc/a> ", f"{BASE}doc/id/x", f"{BASE}doc/y"),
        ("# BASE <http://example.org/>\n", f"{BASE}id/x", f"{BASE}y"),
    ],
    ids=["ours", "the query's", "the query's, relative", "in a comment"],
)
def test_relative_iris_have_a_base(
    service: Live, ask: Callable[[Live, str], Answer], prologue: str, x: str, y: str
) -> None:
    assert rows(ask(service, prologue + RELATIVE)) == [{"x": x, "y": y}]


def test_relative_names_of_graphs_and_prefixes_have_a_base_too(service: Live) -> None:
    text = f"PREFIX g: <graph/> ASK FROM g:organisaties FROM NAMED <graph/catalogus> {{ {IN_BODIES}"
    assert truth(post_direct(service, f"{text} GRAPH <graph/catalogus> {{ {IN_CATALOGUE} }} }}"))


def test_the_page_has_the_same_base(service: Live) -> None:
    answer = get(service, [("query", RELATIVE)], accept="text/html")
    assert (answer.status, answer.type) == (200, "text/html")
    assert f"{BASE}id/x" in answer.body.decode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELECT * { ?s ?p }", 1),
        ("  SELECT * { ?s ?p }", 1),
        ("SELECT * {\n  ?s ?p }", 2),
        ("\n\n  SELECT * { ?s ?p }", 3),
        ("\r\n\r\nSELECT * {\r\n ?s ?p\r\n}", 5),
    ],
)
def test_the_place_of_an_error_is_that_in_the_text_as_it_was_sent(
    service: Live, text: str, line: int
) -> None:
    with pytest.raises(SyntaxError, match=r"error at \d+:\d+") as caught:
        Store().query(text)
    found = re.search(r"error at (\d+):(\d+)", str(caught.value))
    assert found
    problem = json.loads(post_direct(service, text).body)
    assert (problem["line"], problem["column"]) == (line, int(found[2]))
    assert line == int(found[1])


# HEAD, OPTIONS and what a browser of another origin asks first.


@pytest.mark.parametrize(
    "query", ["SELECT * { ?s a ?t } ORDER BY ?s", "ASK {}", f"DESCRIBE <{AALTER}>", "SELECT *", ""]
)
def test_head_has_status_and_headers_of_get_and_no_body(service: Live, query: str) -> None:
    target = f"/sparql?query={quote(query)}" if query else "/sparql"
    by_get, by_head = send(service, target), send(service, target, "HEAD")
    assert by_head.body == b""
    assert by_head.status == by_get.status
    names = {"content-type", "content-length", "etag", "vary", "link", "cache-control"}
    assert {n: by_head.headers[n] for n in names & by_get.headers.keys()} == {
        n: by_get.headers[n] for n in names & by_get.headers.keys()
    }


def test_options_tell_the_methods(service: Live) -> None:
    answer = send(service, "/sparql", "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_preflight_is_granted_and_so_are_answers_and_errors(service: Live, method: str) -> None:
    origin = ("Origin", "https://example.org")
    wish = [
        origin,
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type"),
    ]
    answer = send(service, "/sparql", "OPTIONS", wish)
    assert answer.status == 204
    assert method in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    for target, status in (("/sparql?query=ASK%7B%7D", 200), ("/sparql?query=ASK", 400)):
        granted = send(service, target, headers=[origin])
        assert (granted.status, granted.headers["access-control-allow-origin"]) == (status, "*")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "TRACE", "PUT"])
def test_other_methods_are_405_with_allow(service: Live, method: str) -> None:
    answer = send(service, "/sparql?query=ASK%7B%7D", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


# How the text of a query comes.


@pytest.mark.parametrize(
    "content_type",
    [
        DIRECT,
        f"{DIRECT};charset=UTF-8",
        f'{DIRECT} ; charset="utf-8"',
        f"{DIRECT}; charset=US-ASCII",
        "Application/SPARQL-Query",
        f"{DIRECT}; version=1.1",
    ],
)
def test_parameters_and_case_of_the_content_type_do_no_harm(
    service: Live, content_type: str
) -> None:
    answer = send(service, "/sparql", "POST", [("Content-Type", content_type)], b"ASK {}")
    assert truth(answer) is True


@pytest.mark.parametrize("charset", ["ISO-8859-1", "UTF-16", "windows-1252", '""'])
def test_a_query_in_another_charset_is_refused(service: Live, charset: str) -> None:
    kind = f"{DIRECT}; charset={charset}"
    answer = send(service, "/sparql", "POST", [("Content-Type", kind)], b"ASK {}")
    assert answer.status == 415


def test_a_form_is_utf_8_whatever_it_says(service: Live) -> None:
    body = urlencode({"query": "SELECT ('é' AS ?x) {}"}).encode()
    kind = f"{FORM}; charset=ISO-8859-1"
    answer = send(service, "/sparql", "POST", [("Content-Type", kind)], body)
    assert rows(answer) == [{"x": "é"}]


@each_way
@pytest.mark.parametrize("text", ["", "  ", "\r\n\t", "\ufeff"])
def test_an_empty_query_is_400(
    service: Live, ask: Callable[[Live, str], Answer], text: str
) -> None:
    problem = json.loads(ask(service, text).body)
    assert (problem["status"], problem["detail"]) == (400, "the query is empty")


@each_way
def test_a_byte_order_mark_is_passed_over(
    service: Live, ask: Callable[[Live, str], Answer]
) -> None:
    assert truth(ask(service, "\ufeffASK {}")) is True


@each_way
def test_text_beyond_ascii_arrives(service: Live, ask: Callable[[Live, str], Answer]) -> None:
    text = "SELECT ('Ûber+ %20 \U0001f600' AS ?x) {}"
    assert rows(ask(service, text)) == [{"x": "Ûber+ %20 \U0001f600"}]


@each_way
def test_carriage_returns_are_blank(service: Live, ask: Callable[[Live, str], Answer]) -> None:
    assert truth(ask(service, "ASK # why not\r\n {\r\n}\r\n")) is True


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("SELECT+(1+AS+?x)+{}", "1"),
        ("SELECT%20(1%20AS%20%3Fx)%20%7B%7D", "1"),
        ("SELECT%20(1%2B1%20AS%20%3Fx)%20%7B%7D", "2"),
        ("SELECT%20('a%2Bb'%20AS%20%3Fx)%20%7B%7D", "a+b"),
        ("SELECT%20('a%26b%3Dc'%20AS%20%3Fx)%20%7B%7D", "a&b=c"),
        ("SELECT%20('a%2520b'%20AS%20%3Fx)%20%7B%7D", "a%20b"),
        ("SELECT%20('%c3%a9'%20AS%20%3Fx)%20%7B%7D", "é"),
    ],
)
def test_plus_is_a_space_and_percent_encoding_is_undone_once(
    service: Live, encoded: str, value: str
) -> None:
    assert rows(send(service, f"/sparql?query={encoded}")) == [{"x": value}]
    form = send(service, "/sparql", "POST", [("Content-Type", FORM)], f"query={encoded}".encode())
    assert rows(form) == [{"x": value}]


def test_plus_is_itself_in_a_direct_query(service: Live) -> None:
    assert rows(post_direct(service, "SELECT (1+1 AS ?x) ('%20' AS ?y) {}")) == [
        {"x": "2", "y": "%20"}
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "query=%",
        "query=ASK%20%7B%7",
        "query=ASK%7B%7D&x=%ZZ",
        "query=%ff",
        "query=ASK%20%7B%20?s%20?p%20'%C3'%20%7D",
        "query=ASK%7B%7D&default-graph-uri=%ff",
        "query=%ED%A0%80",
    ],
)
def test_broken_percent_encoding_is_400_and_not_read_as_something_else(
    service: Live, fields: str
) -> None:
    by_get = send(service, f"/sparql?{fields}")
    by_form = send(service, "/sparql", "POST", [("Content-Type", FORM)], fields.encode())
    assert (by_get.status, by_form.status) == (400, 400)
    assert json.loads(by_get.body)["type"] == f"{BASE}problems/bad-request"


def test_order_of_parameters_and_unknown_ones_change_nothing(service: Live) -> None:
    fields = [(DEFAULT, BODIES), ("query", f"ASK {{ {IN_BODIES} }}"), ("utm_source", "x")]
    for given in (fields, fields[::-1], [*fields, ("", ""), ("Query", "DROP ALL")]):
        assert truth(get(service, given)) is True
        assert truth(post_form(service, given)) is True


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ([("format", "png")], "format"),
        ([("timeout", "1"), ("timeout", "2")], "timeout"),
        ([("lang", "nl"), ("lang", "en")], "lang"),
        ([(DEFAULT, "graph/organisaties")], DEFAULT),
        ([(DEFAULT, "http://example.org/a b")], DEFAULT),
        ([(NAMED, "no iri")], NAMED),
    ],
)
def test_parameters_that_contradict_or_name_nothing_are_400(
    service: Live, fields: list[tuple[str, str]], parameter: str
) -> None:
    asked = [("query", "ASK {}"), *fields]
    for answer in (get(service, asked), post_form(service, asked)):
        problem = json.loads(answer.body)
        assert (answer.status, problem["parameter"]) == (400, parameter)


def test_the_same_said_twice_and_an_empty_graph_are_no_contradiction(service: Live) -> None:
    fields = [("query", BOTH), ("timeout", "1"), ("timeout", "1"), (DEFAULT, ""), (NAMED, "")]
    assert truth(get(service, fields)) is True
    assert truth(get(service, [("query", BOTH), *TWO_DEFAULTS, *TWO_DEFAULTS])) is True


def test_a_dataset_without_a_query_is_400(service: Live) -> None:
    for answer in (
        get(service, TWO_DEFAULTS),
        post_form(service, TWO_DEFAULTS),
        post_form(service, []),
        post_form(service, [], "query=ASK%20%7B%7D"),
    ):
        assert answer.status == 400
        assert "query" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_an_address_over_its_limit_is_414_and_tells_the_way_out(service: Live, method: str) -> None:
    start = "query=ASK%20%7B%7D%23"
    fits = start + "x" * (MOST_ADDRESS - len(start))
    if method != "POST":
        assert send(service, f"/sparql?{fits}", method).status == 200
    answer = send(service, f"/sparql?{fits}x", method, [("Content-Type", DIRECT)])
    assert answer.status == 414
    if method != "HEAD":
        problem = json.loads(answer.body)
        assert (problem["limitBytes"], problem["type"]) == (
            MOST_ADDRESS,
            f"{BASE}problems/address-too-long",
        )
        assert "POST" in problem["detail"]


def test_an_address_that_the_server_underneath_does_not_take_is_414_too(service: Live) -> None:
    assert send(service, "/sparql?query=ASK%20%7B%7D%23" + "x" * 70_000).status == 414


def test_the_query_of_a_long_address_is_answered_by_post(service: Live) -> None:
    text = "ASK {} #" + "x" * (MOST_ADDRESS + 1)
    assert truth(post_direct(service, text)) is True
    assert truth(post_form(service, [("query", text)])) is True
