"""Content negotiation of the endpoint over HTTP: a table of what clients really send.

`tests.test_negotiation` has the rules by themselves; here are query form, ``Accept`` (also in
several lines), ``?format=`` and the answer: status, media type, and a body that is of that type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    parse,
    parse_query_results,
)

from tests.live_service import Answer, Live, live
from tests.serving_release import AALTER, write_release
from tests.wire import DIRECT, FORM, send

pytestmark = pytest.mark.live

SELECT = "SELECT ?s ?t { ?s a ?t } ORDER BY ?s ?t"
ASK = "ASK { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }"
DESCRIBE = f"DESCRIBE <{AALTER}>"
FORMS = {"SELECT": SELECT, "ASK": ASK, "CONSTRUCT": CONSTRUCT, "DESCRIBE": DESCRIBE, "none": ""}

SRJ, SRX = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
TTL, NT, RDFXML = "text/turtle", "application/n-triples", "application/rdf+xml"
LD, TRIG, NQ = "application/ld+json", "application/trig", "application/n-quads"
HTML, JSON, XML = "text/html", "application/json", "application/xml"

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"  # nobody set a header
WRAPPER = "application/sparql-results+json,application/json,text/javascript,application/javascript"
WRAPPER_N3 = (
    "application/turtle,text/turtle,text/rdf+n3,application/n-triples,application/n3,text/n3"
)
WRAPPER_LD = "application/ld+json,application/x-json+ld"
RDFLIB = "application/sparql-results+xml, application/rdf+xml"
COMUNICA = "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7"
COMUNICA_SOURCE = (
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,"
    "application/n-triples;q=0.8,text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,"
    "application/xml;q=0.3,image/svg+xml;q=0.3,text/xml;q=0.3,text/html;q=0.2,"
    "application/xhtml+xml;q=0.18,application/json;q=0.135,text/shaclc;q=0.1"
)
JENA = (
    "application/sparql-results+json,application/sparql-results+xml;q=0.9,"
    "text/tab-separated-values;q=0.7,text/csv;q=0.5,application/json;q=0.2,application/xml;q=0.2,"
    "*/*;q=0.1"
)
JENA_GRAPH = (
    "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
    "*/*;q=0.3"
)
JENA_DATASET = "application/trig,application/n-quads;q=0.9,application/ld+json;q=0.8,*/*;q=0.5"
RDF4J = (
    "application/x-binary-rdf-results-table;q=0.8, application/sparql-results+json;q=0.9, "
    "application/sparql-results+xml;q=0.8, text/csv;q=0.7, text/tab-separated-values;q=0.7"
)
VIRTUOSO = (
    "application/sparql-results+xml, text/rdf+n3, text/rdf+ttl, text/rdf+turtle, text/turtle, "
    "application/turtle, application/x-turtle, application/rdf+xml, application/xml"
)
YASGUI = "application/sparql-results+json,*/*;q=0.9"
FETCH_R = "application/json, text/xml, application/xml, */*"

#: Query form, the lines of Accept, what comes: a media type, or 406.
ACCEPT: list[tuple[str, list[str], str | int]] = [
    # nobody minds
    ("SELECT", [], SRJ),
    ("SELECT", [""], SRJ),
    ("SELECT", ["*/*"], SRJ),  # curl, requests, wget, node
    ("ASK", ["*/*"], SRJ),
    ("CONSTRUCT", ["*/*"], TTL),
    ("DESCRIBE", [], TTL),
    ("none", ["*/*"], TTL),
    ("SELECT", ["nonsense"], SRJ),
    # one format by name
    *((form, [row], row) for form in ("SELECT", "ASK") for row in (SRJ, SRX, CSV, TSV, JSON, XML)),
    *((form, [row], row) for form in ("CONSTRUCT", "DESCRIBE", "none")
      for row in (TTL, NT, RDFXML, LD, TRIG, NQ, JSON, XML)),
    ("SELECT", ["TEXT/CSV"], CSV),
    ("SELECT", ["text/xml"], "text/xml"),
    ("CONSTRUCT", ["text/plain"], "text/plain"),
    ("CONSTRUCT", ["text/n3"], "text/n3"),
    ("CONSTRUCT", ["application/x-turtle"], "application/x-turtle"),
    # weights
    ("SELECT", ["text/csv;q=0.5, application/sparql-results+xml"], SRX),
    ("SELECT", ["text/csv;q=0.5,application/sparql-results+xml;q=0.4"], CSV),
    ("SELECT", ["text/csv; q=0.001, text/tab-separated-values; q=0.002"], TSV),
    ("SELECT", ["text/csv;q=.5, application/sparql-results+xml;q=.6"], SRX),
    ("SELECT", ["text/csv;q=0.33333, text/tab-separated-values;q=0.33334"], TSV),
    ("SELECT", ["text/csv;q=2, text/tab-separated-values;q=0.1"], TSV),
    ("CONSTRUCT", ["text/turtle;q=0.1, application/n-triples;Q=0.2"], NT),
    ("SELECT", ["text/csv, application/sparql-results+json"], CSV),  # equal: the client's order
    ("SELECT", ["application/sparql-results+json, text/csv"], SRJ),
    # wildcards
    ("SELECT", ["text/*"], CSV),
    ("SELECT", ["application/*"], SRJ),
    ("CONSTRUCT", ["text/*"], TTL),
    ("CONSTRUCT", ["application/*"], NT),
    ("SELECT", ["*/*, text/csv"], CSV),
    ("SELECT", ["text/csv;q=0.1, */*;q=0.2"], SRJ),
    ("CONSTRUCT", ["text/*;q=0.9, application/rdf+xml;q=0.8"], TTL),
    ("SELECT", ["*"], SRJ),
    # exclusions
    ("SELECT", ["*/*, application/sparql-results+json;q=0"], SRX),
    ("SELECT", ["*/*;q=0.5, application/*;q=0"], CSV),
    ("SELECT", ["text/*;q=0, application/sparql-results+xml;q=0.1"], SRX),
    ("CONSTRUCT", ["text/turtle;q=0, */*;q=0.1"], NT),
    ("CONSTRUCT", ["*/*;q=0"], 406),
    ("SELECT", ["*/*;q=0, text/csv"], CSV),
    ("SELECT", ["text/csv;q=0"], 406),
    ("SELECT", ["text/html;q=0, */*;q=0.0"], 406),
    # parameters of a media range
    ("SELECT", ["text/csv;charset=utf-8;header=present"], CSV),
    ("SELECT", ['application/sparql-results+json;x="a,b;q=0", text/csv;q=0.9'], SRJ),
    ("CONSTRUCT", ['application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"'], LD),
    ("CONSTRUCT", ["text/turtle;version=1.1;q=0.3, application/n-triples;q=0.4"], NT),
    # what is not there
    ("SELECT", ["image/png"], 406),
    ("SELECT", ["application/unheard-of, text/csv;q=0.1"], CSV),
    ("SELECT", [TTL], 406),
    ("SELECT", [f"{TTL}, {RDFXML};q=0.9, */*;q=0.1"], SRJ),
    ("ASK", [NQ], 406),
    ("CONSTRUCT", [CSV], 406),
    ("CONSTRUCT", [SRJ], 406),
    ("DESCRIBE", ["text/csv, application/n-quads;q=0.2"], NQ),
    ("none", [SRJ], 406),
    # several lines
    ("SELECT", ["image/png", "text/csv"], CSV),
    ("SELECT", ["text/csv;q=0.2", "text/tab-separated-values;q=0.3"], TSV),
    ("CONSTRUCT", ["*/*;q=0.1", "text/turtle;q=0"], NT),
    # browsers, and who sends what they send
    *((form, [row], HTML) for form in FORMS for row in (FIREFOX, CHROME)),
    ("SELECT", [HTML], HTML),
    ("SELECT", [JAVA], HTML),
    ("SELECT", ["text/html;q=0.4, application/sparql-results+json;q=0.5"], SRJ),
    ("SELECT", ["application/sparql-results+json, text/html"], SRJ),
    ("CONSTRUCT", ["text/turtle, text/html"], TTL),
    ("SELECT", ["text/turtle, text/html;q=0.1"], HTML),
    ("none", ["text/turtle, text/html"], TTL),
    # clients
    ("SELECT", [WRAPPER], SRJ),
    ("CONSTRUCT", [WRAPPER_N3], TTL),
    ("CONSTRUCT", [WRAPPER_LD], LD),
    ("SELECT", [RDFLIB], SRX),
    ("CONSTRUCT", [RDFLIB], RDFXML),
    ("ASK", [RDFLIB], SRX),
    ("SELECT", [COMUNICA], SRJ),
    ("none", [COMUNICA_SOURCE], NQ),
    ("SELECT", [JENA], SRJ),
    ("ASK", [JENA], SRJ),
    ("CONSTRUCT", [JENA_GRAPH], TTL),
    ("CONSTRUCT", [JENA_DATASET], TRIG),
    ("SELECT", [RDF4J], SRJ),
    ("SELECT", [VIRTUOSO], SRX),
    ("CONSTRUCT", [VIRTUOSO], TTL),
    ("SELECT", [YASGUI], SRJ),
    ("CONSTRUCT", [YASGUI], TTL),
    ("SELECT", [FETCH_R], JSON),
]  # fmt: skip

#: Query form, ``format``, what comes: a media type, or 400.
FORMAT: list[tuple[str, list[str], str | int]] = [
    *(("SELECT", [name], row) for name, row in (
        ("json", SRJ), ("srj", SRJ), ("xml", SRX), ("srx", SRX), ("csv", CSV), ("tsv", TSV),
        (SRJ, SRJ), (SRX, SRX), (CSV, CSV), (TSV, TSV), (JSON, JSON), ("CSV", CSV), (" csv ", CSV),
        ("html", HTML), (HTML, HTML))),
    *(("CONSTRUCT", [name], row) for name, row in (
        ("turtle", TTL), ("ttl", TTL), ("ntriples", NT), ("nt", NT), ("rdfxml", RDFXML),
        ("rdf", RDFXML), ("xml", RDFXML), ("jsonld", LD), ("json-ld", LD), ("json", LD),
        ("trig", TRIG), ("nquads", NQ), ("nq", NQ), ("n3", TTL), ("rdf+xml", RDFXML), (TTL, TTL),
        ("text/n3", "text/n3"))),
    ("ASK", ["csv"], CSV),
    ("none", ["ttl"], TTL),
    ("none", ["html"], HTML),
    ("SELECT", ["turtle"], 400),
    ("SELECT", ["png"], 400),
    ("CONSTRUCT", ["csv"], 400),
    ("SELECT", [""], SRJ),
    # SPARQLWrapper says it twice, in its own words and as media types
    ("SELECT", ["tsv", TSV], TSV),
    ("CONSTRUCT", ["json-ld", WRAPPER_LD], LD),
    ("CONSTRUCT", ["rdf+xml", RDFXML], RDFXML),
    ("CONSTRUCT", ["turtle", ""], TTL),
    ("CONSTRUCT", ["", "turtle"], TTL),
]  # fmt: skip

ROWS = {
    SRJ: QueryResultsFormat.JSON, JSON: QueryResultsFormat.JSON,
    SRX: QueryResultsFormat.XML, XML: QueryResultsFormat.XML, "text/xml": QueryResultsFormat.XML,
    TSV: QueryResultsFormat.TSV,
}  # fmt: skip
GRAPHS = {
    TTL: RdfFormat.TURTLE, "text/n3": RdfFormat.TURTLE, "application/x-turtle": RdfFormat.TURTLE,
    NT: RdfFormat.N_TRIPLES, "text/plain": RdfFormat.N_TRIPLES,
    RDFXML: RdfFormat.RDF_XML, XML: RdfFormat.RDF_XML, "text/xml": RdfFormat.RDF_XML,
    LD: RdfFormat.JSON_LD, JSON: RdfFormat.JSON_LD, TRIG: RdfFormat.TRIG, NQ: RdfFormat.N_QUADS,
}  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("negotiation")
    write_release(home, 1)
    with live(home) as service:
        yield service


def asked(service: Live, form: str, accept: list[str], formats: list[str]) -> Answer:
    """Ask a query of a form by GET."""
    fields = [("query", FORMS[form])] if FORMS[form] else []
    fields += [("format", name) for name in formats]
    target = f"/sparql?{urlencode(fields)}" if fields else "/sparql"
    return send(service, target, headers=[("Accept", row) for row in accept])


def is_what_it_says(form: str, answer: Answer) -> bool:
    """Tell whether the body is of its media type, and an answer to a query of this form."""
    if answer.type == HTML:
        return answer.body.startswith(b"<!doctype html>") and b"<textarea" in answer.body
    if form in ("CONSTRUCT", "DESCRIBE", "none"):
        return len(list(parse(answer.body, GRAPHS[answer.type]))) > 3
    if form == "ASK" and answer.type in (CSV, TSV):  # the formats have no booleans: the bare word
        return answer.body.strip() == b"true"
    if answer.type == CSV:
        return answer.body.startswith(b"s,t\r\n") and AALTER.encode() in answer.body
    found = parse_query_results(answer.body, format=ROWS[answer.type])
    if isinstance(found, QueryBoolean):
        return form == "ASK" and bool(found)
    return isinstance(found, QuerySolutions) and len(list(found)) > 5


def test_the_tables_are_long_enough() -> None:
    assert len(ACCEPT) > 100
    assert len(FORMAT) > 40


@pytest.mark.parametrize(("form", "accept", "expected"), ACCEPT)
def test_accept_chooses(service: Live, form: str, accept: list[str], expected: str | int) -> None:
    answer = asked(service, form, accept, [])
    assert "Accept" in answer.headers["vary"].split(", ")
    if expected == 406:
        assert answer.status == 406
    else:
        assert (answer.status, answer.type) == (200, expected)
        assert is_what_it_says(form, answer)


@pytest.mark.parametrize(
    ("form", "formats", "expected", "accept"),
    [
        (*row, accept)
        for row in FORMAT
        for accept in ([], ["image/png"], [FIREFOX], ["*/*;q=0"])
        if any(row[1]) or not accept  # an empty one leaves it to Accept
    ],
)
def test_format_chooses_whatever_accept_says(
    service: Live, form: str, formats: list[str], expected: str | int, accept: list[str]
) -> None:
    answer = asked(service, form, accept, formats)
    if expected == 400:
        assert answer.status == 400
        if answer.type != HTML:
            assert json.loads(answer.body)["parameter"] == "format"
    else:
        assert (answer.status, answer.type) == (200, expected)
        assert is_what_it_says(form, answer)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [([], SRJ), ([CSV], CSV), ([JENA], SRJ), ([FIREFOX], HTML), (["image/png"], 406)],
)
def test_a_post_is_negotiated_alike(service: Live, accept: list[str], expected: str | int) -> None:
    for kind, body in ((DIRECT, SELECT), (FORM, urlencode({"query": SELECT}))):
        headers = [("Content-Type", kind), *(("Accept", row) for row in accept)]
        answer = send(service, "/sparql", "POST", headers, body.encode())
        assert expected in (answer.status, answer.type)


@pytest.mark.parametrize("form", FORMS)
def test_406_lists_what_there_is_and_each_of_it_is_had(service: Live, form: str) -> None:
    answer = asked(service, form, ["image/png"], [])
    assert (answer.status, answer.type) == (406, "application/problem+json")
    available = json.loads(answer.body)["available"]
    assert len(available) == len(set(available)) > 7
    for media_type in available:
        found = asked(service, form, [media_type], [])
        assert (found.status, found.type) == (200, media_type)
        assert is_what_it_says(form, found)


def test_text_formats_name_their_charset_and_others_do_not(service: Live) -> None:
    for form, media_type in (("SELECT", CSV), ("SELECT", TSV), ("CONSTRUCT", TTL)):
        content_type = asked(service, form, [media_type], []).headers["content-type"]
        assert content_type == f"{media_type}; charset=utf-8"
    for form, media_type in (("SELECT", SRJ), ("CONSTRUCT", NT), ("CONSTRUCT", LD)):
        assert asked(service, form, [media_type], []).headers["content-type"] == media_type


def test_each_media_type_has_a_tag_of_its_own(service: Live) -> None:
    tags = [asked(service, "SELECT", [row], []).headers["etag"] for row in (SRJ, SRX, CSV, TSV)]
    assert len(set(tags)) == 4
    by_name = asked(service, "SELECT", [], ["csv"])
    assert by_name.headers["etag"] == tags[2]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ([], "application/problem+json"),
        ([SRJ], "application/problem+json"),
        (["application/sparql-results+json, text/html"], "application/problem+json"),
        ([FIREFOX], HTML),
        ([CHROME], HTML),
    ],
)
def test_what_goes_wrong_is_told_in_the_form_of_the_client(
    service: Live, accept: list[str], expected: str
) -> None:
    for text in ("SELECT * {", "DROP ALL", "SELECT * { SERVICE <x:y> {} }"):
        target = f"/sparql?{urlencode({'query': text})}"
        answer = send(service, target, headers=[("Accept", row) for row in accept])
        assert (answer.status, answer.type) == (400 if text.endswith("{") else 403, expected)
