"""The W3C suite of the SPARQL 1.1 Protocol, case by case under its own names, on the wire.

The cases that query a dataset do so on graphs of the release. Those that update ask of a read-only
service one thing: to refuse, say why, and change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
import rdflib

from tests.live_service import Answer, Live, live
from tests.serving_release import AALTER, BASE, write_release
from tests.wire import BOOLEAN, DIRECT, get, post_direct, post_form, rows, send, truth

pytestmark = pytest.mark.live

BODIES, CATALOGUE, WORDS = (
    f"{BASE}graph/{name}" for name in ("organisaties", "catalogus", "vocabulaire")
)
#: A triple of each of these graphs that no other graph has.
IN_BODIES, IN_CATALOGUE = f"<{AALTER}> a ?type", f"<{BASE}catalog> a ?kind"
IN_WORDS = "<https://w3id.org/imonitor/ns#> a ?class"
DEFAULT, NAMED = "default-graph-uri", "named-graph-uri"

BOTH = f"ASK {{ {IN_BODIES} . {IN_CATALOGUE} }}"
BOTH_NAMED = f"ASK {{ GRAPH ?g {{ {IN_BODIES} }} GRAPH ?h {{ {IN_CATALOGUE} }} }}"
FULL = f"ASK {{ {IN_WORDS} GRAPH ?g {{ {IN_BODIES} }} GRAPH ?h {{ {IN_CATALOGUE} }} }}"
TWO_DEFAULTS = [(DEFAULT, BODIES), (DEFAULT, CATALOGUE)]
TWO_NAMED = [(NAMED, BODIES), (NAMED, CATALOGUE)]

Ask = Callable[[Live], Answer]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("protocol")
    write_release(home, 1)
    with live(home) as service:
        yield service


# Query operations that must succeed.

TRUE: dict[str, Ask] = {
    "query_post_form": lambda s: post_form(
        s, [("query", "ASK {}")], urlencode({DEFAULT: "http://kasei.us/2009/09/data0.rdf"})
    ),
    "query_get": lambda s: get(
        s, [("query", "ASK {}"), (DEFAULT, "http://kasei.us/2009/09/data0.rdf")]
    ),
    "query_post_direct": lambda s: post_direct(s, "ASK {}"),
    "query_dataset_default_graphs_get": lambda s: get(s, [("query", BOTH), *TWO_DEFAULTS]),
    "query_dataset_default_graphs_post": lambda s: post_direct(s, BOTH, TWO_DEFAULTS),
    "query_dataset_named_graphs_get": lambda s: get(s, [("query", BOTH_NAMED), *TWO_NAMED]),
    "query_dataset_named_graphs_post": lambda s: post_direct(s, BOTH_NAMED, TWO_NAMED),
    "query_dataset_full": lambda s: post_direct(s, FULL, [(DEFAULT, WORDS), *TWO_NAMED]),
    "query_multiple_dataset": lambda s: post_direct(
        s, BOTH_NAMED.replace("ASK", f"ASK FROM <{WORDS}>"), TWO_NAMED
    ),
}


@pytest.mark.parametrize("ask", TRUE.values(), ids=TRUE)
def test_a_query_is_answered(service: Live, ask: Ask) -> None:
    assert truth(ask(service)) is True


#: The same with one graph less, or without the dataset of the request: now it is false.
FALSE: dict[str, Ask] = {
    "default_graphs_get": lambda s: get(s, [("query", BOTH), *TWO_DEFAULTS[:1]]),
    "default_graphs_post": lambda s: post_direct(s, BOTH, TWO_DEFAULTS[1:]),
    "default_graphs_form": lambda s: post_form(s, [("query", BOTH), *TWO_DEFAULTS[1:]]),
    "default_graphs_in_the_address_of_a_form": lambda s: post_form(
        s, [("query", BOTH)], urlencode(TWO_DEFAULTS[1:])
    ),
    "named_graphs_get": lambda s: get(s, [("query", BOTH_NAMED), *TWO_NAMED[:1]]),
    "named_graphs_form": lambda s: post_form(s, [("query", BOTH_NAMED), *TWO_NAMED[1:]]),
    "named_only_has_an_empty_default": lambda s: post_direct(s, BOTH, TWO_NAMED),
    "default_only_has_no_named": lambda s: post_direct(s, BOTH_NAMED, TWO_DEFAULTS),
    "full": lambda s: post_direct(s, FULL, TWO_NAMED),
    "the_dataset_of_the_query_counts_without_another": lambda s: post_direct(
        s, BOTH_NAMED.replace("ASK", f"ASK FROM <{WORDS}>")
    ),
    "unknown_graph": lambda s: get(s, [("query", BOTH), (DEFAULT, "http://example.org/none")]),
}


@pytest.mark.parametrize("ask", FALSE.values(), ids=FALSE)
def test_another_dataset_gives_another_answer(service: Live, ask: Ask) -> None:
    assert truth(ask(service)) is False


def test_without_a_dataset_the_default_graph_is_the_union(service: Live) -> None:
    assert truth(post_direct(service, BOTH)) is True
    assert truth(post_direct(service, FULL)) is True


@pytest.mark.parametrize(
    ("text", "media_types"),
    [
        pytest.param(
            "SELECT (1 AS ?value) {}",
            (*BOOLEAN, "text/csv", "text/tab-separated-values"),
            id="query_content_type_select",
        ),
        pytest.param("ASK {}", BOOLEAN, id="query_content_type_ask"),
        pytest.param(
            "DESCRIBE <http://example.org/>", ("text/turtle",), id="query_content_type_describe"
        ),
        pytest.param(
            "CONSTRUCT { <s> <p> 1 } WHERE {}", ("text/turtle",), id="query_content_type_construct"
        ),
    ],
)
def test_the_answer_has_a_content_type_of_its_kind(
    service: Live, text: str, media_types: tuple[str, ...]
) -> None:
    answer = post_direct(service, text, [(DEFAULT, "http://kasei.us/2009/09/data0.rdf")])
    assert answer.status == 200, answer.body
    assert answer.type in media_types
    if answer.type == "text/turtle":
        rdflib.Graph().parse(data=answer.body, format="turtle")


# Query operations that must fail.

BAD: dict[str, tuple[int, str, Ask]] = {
    "bad_query_method": (
        405,
        "method-not-allowed",
        lambda s: send(s, "/sparql?query=ASK%20%7B%7D", "PUT"),
    ),
    "bad_multiple_queries": (
        400,
        "bad-parameter",
        lambda s: get(s, [("query", "ASK {}"), ("query", "SELECT * {}")]),
    ),
    "bad_multiple_queries, equal, in a form": (
        400,
        "bad-parameter",
        lambda s: post_form(s, [("query", "ASK {}"), ("query", "ASK {}")]),
    ),
    "bad_multiple_queries, one in the address of a form": (
        400,
        "bad-parameter",
        lambda s: post_form(s, [("query", "ASK {}")], "query=ASK%20%7B%7D"),
    ),
    "bad_multiple_queries, one in the address of a direct query": (
        400,
        "bad-parameter",
        lambda s: post_direct(s, "ASK {}", [("query", "ASK {}")]),
    ),
    "bad_query_wrong_media_type": (
        415,
        "unsupported-media-type",
        lambda s: send(s, "/sparql", "POST", [("Content-Type", "text/plain")], b"ASK {}"),
    ),
    "bad_query_missing_form_type": (
        415,
        "unsupported-media-type",
        lambda s: send(s, "/sparql", "POST", body=b"query=ASK%20%7B%7D"),
    ),
    "bad_query_missing_direct_type": (
        415,
        "unsupported-media-type",
        lambda s: send(s, "/sparql", "POST", body=b"ASK {}"),
    ),
    "bad_query_non_utf8": (
        415,
        "unsupported-media-type",
        lambda s: send(
            s,
            "/sparql",
            "POST",
            [("Content-Type", f"{DIRECT}; charset=UTF-16")],
            "ASK {}".encode("utf-16"),
        ),
    ),
    "bad_query_non_utf8, undeclared": (
        400,
        "bad-request",
        lambda s: send(s, "/sparql", "POST", [("Content-Type", DIRECT)], "ASK {}".encode("utf-16")),
    ),
    "bad_query_syntax": (400, "bad-query", lambda s: send(s, "/sparql?query=ASK%20%7B")),
}


@pytest.mark.parametrize(("status", "slug", "ask"), BAD.values(), ids=BAD)
def test_a_bad_query_is_refused_with_its_reason(
    service: Live, status: int, slug: str, ask: Ask
) -> None:
    answer = ask(service)
    assert (answer.status, answer.type) == (status, "application/problem+json")
    assert json.loads(answer.body)["type"] == f"{BASE}problems/{slug}"


# Update operations.

USING, USING_NAMED = "using-graph-uri", "using-named-graph-uri"
INSERT = (
    f"CLEAR ALL ; INSERT DATA {{ GRAPH <{BODIES}> {{ <x:s> a <x:Planted> }} }} ; "
    "INSERT { GRAPH <x:g> { ?s a <x:Copied> } } WHERE { ?s a <x:Planted> }"
)
UPDATE = "application/sparql-update"


def update(service: Live, text: str, *fields: tuple[str, str]) -> Answer:
    """Send an update as it is, with fields in the address."""
    target = f"/sparql?{urlencode(fields)}"
    return send(service, target, "POST", [("Content-Type", UPDATE)], text.encode())


UPDATES: dict[str, tuple[int, Ask]] = {
    "update_dataset_default_graph": (403, lambda s: update(s, INSERT, (USING, BODIES))),
    "update_dataset_default_graphs": (
        403,
        lambda s: update(s, INSERT, (USING, BODIES), (USING, CATALOGUE)),
    ),
    "update_dataset_named_graphs": (
        403,
        lambda s: update(s, INSERT, (USING_NAMED, BODIES), (USING_NAMED, CATALOGUE)),
    ),
    "update_dataset_full": (
        403,
        lambda s: update(s, INSERT, (USING, BODIES), (USING_NAMED, CATALOGUE)),
    ),
    "update_post_form": (403, lambda s: post_form(s, [("update", INSERT)])),
    "update_post_direct": (403, lambda s: update(s, INSERT)),
    "update_base_uri": (
        403,
        lambda s: update(s, "CLEAR GRAPH <x:g> ; INSERT DATA { GRAPH <x:g> { <a> <b> <c> } }"),
    ),
    "bad_update_get": (403, lambda s: send(s, "/sparql?update=CLEAR%20ALL")),
    "bad_multiple_updates": (
        403,
        lambda s: post_form(s, [("update", "CLEAR NAMED"), ("update", "CLEAR DEFAULT")]),
    ),
    "bad_update_wrong_media_type": (
        415,
        lambda s: send(s, "/sparql", "POST", [("Content-Type", "text/plain")], b"CLEAR NAMED"),
    ),
    "bad_update_missing_form_type": (
        415,
        lambda s: send(s, "/sparql", "POST", body=b"update=CLEAR%20NAMED"),
    ),
    "bad_update_non_utf8": (
        403,
        lambda s: send(
            s,
            "/sparql",
            "POST",
            [("Content-Type", f"{UPDATE}; charset=UTF-16")],
            "CLEAR NAMED".encode("utf-16"),
        ),
    ),
    "bad_update_syntax": (403, lambda s: post_form(s, [("update", "CLEAR XYZ")])),
    "bad_update_dataset_conflict": (
        403,
        lambda s: update(
            s, f"DELETE {{ ?s ?p ?o }} USING <{BODIES}> WHERE {{ ?s ?p ?o }}", (USING, CATALOGUE)
        ),
    ),
    "an update as a query": (403, lambda s: post_direct(s, INSERT)),
    "an update beside a query": (
        403,
        lambda s: post_form(s, [("query", "ASK {}"), ("update", "CLEAR ALL")]),
    ),
    "an update in the address of a query": (
        403,
        lambda s: post_direct(s, "ASK {}", [("update", "CLEAR ALL")]),
    ),
}


@pytest.mark.parametrize(("status", "ask"), UPDATES.values(), ids=UPDATES)
def test_an_update_is_refused_and_changes_nothing(service: Live, status: int, ask: Ask) -> None:
    count = [("query", "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }")]
    before = rows(get(service, count))
    answer = ask(service)
    problem = json.loads(answer.body)
    assert (answer.status, answer.type) == (status, "application/problem+json")
    if status == 403:
        assert problem["type"] == f"{BASE}problems/update-refused"
        assert "release" in problem["detail"]
    assert rows(get(service, count)) == before
    assert truth(post_direct(service, "ASK { ?s a <x:Planted> }")) is False
