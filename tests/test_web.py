"""The facade: documents, catalogue, API, downloads and pages, each as its standard wants it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib.namespace import DCAT, RDF

from service.problems import all_problems
from tests.serving_release import AALTER, BASE, write_release
from tests.serving_site import facade

OBSERVATION = "synthetisch/observatie/theme-score/2016/0207/T1/1.0"
TOPIC = "http://xmlns.com/foaf/0.1/primaryTopic"
HTML = {"Accept": "text/html"}
FORMATS = {
    "ttl": ("text/turtle", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
    "nt": ("application/n-triples", "nt"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[FlaskClient]:
    with facade(home).test_client() as client:
        yield client


def test_a_thing_leads_to_its_document(client: FlaskClient) -> None:
    answer = client.get(f"/id/{OBSERVATION}")
    assert (answer.status_code, answer.location) == (303, f"{BASE}doc/{OBSERVATION}")


@pytest.mark.parametrize("extension", FORMATS)
def test_a_document_has_the_same_triples_in_every_format(
    client: FlaskClient, extension: str
) -> None:
    media_type, _ = FORMATS[extension]
    pinned = client.get(f"/doc/{OBSERVATION}.{extension}", headers=HTML)
    asked = client.get(f"/doc/{OBSERVATION}", headers={"Accept": media_type})
    assert pinned.status_code == asked.status_code == 200
    assert pinned.mimetype == asked.mimetype == media_type
    assert "Accept" not in _names(pinned.headers["Vary"])
    assert "Accept" in _names(asked.headers["Vary"])
    triples = list(parse(pinned.data, RdfFormat.from_media_type(media_type)))
    thing = NamedNode(f"{BASE}id/{OBSERVATION}")
    about = [(row.subject.value, row.object) for row in triples if row.predicate.value == TOPIC]
    assert about == [(f"{BASE}doc/{OBSERVATION}", thing)]
    assert len({row.predicate for row in triples if row.subject == thing}) == 5


def _names(header: str) -> set[str]:
    return {row.strip() for row in header.split(",")}


def test_a_document_without_a_preference_is_turtle_and_links_to_its_forms(
    client: FlaskClient,
) -> None:
    answer = client.get(f"/doc/{OBSERVATION}")
    assert answer.mimetype == "text/turtle"
    for extension in (*FORMATS, "html"):
        assert f'<{BASE}doc/{OBSERVATION}.{extension}>; rel="alternate"' in answer.headers["Link"]


def test_a_thing_of_somebody_else_is_described_too(client: FlaskClient) -> None:
    answer = client.get("/resource", query_string={"iri": AALTER})
    graph = rdflib.Graph().parse(data=answer.data, format="turtle")
    assert (rdflib.URIRef(AALTER), None, rdflib.Literal("Aalter", lang="nl")) in graph
    page = client.get("/resource", query_string={"iri": AALTER}, headers=HTML)
    assert "<h1>Aalter</h1>" in page.text
    pinned = client.get("/resource", query_string={"iri": AALTER, "format": "nt"}, headers=HTML)
    assert pinned.mimetype == "application/n-triples"


def test_what_is_not_known_is_404(client: FlaskClient) -> None:
    unknown = "http://example.org/unknown"
    for path in ("/doc/unknown", "/doc/unknown.ttl", f"/resource?iri={unknown}", "/ns/unknown"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["", "no iri", "javascript:alert(1)", "http://x/> ?p ?o"])
def test_a_name_that_is_no_iri_is_400(client: FlaskClient, name: str) -> None:
    assert client.get("/resource", query_string={"iri": name}).status_code == 400


@pytest.mark.parametrize("accept", [None, "*/*", "text/turtle", "application/*, */*;q=0.1"])
def test_the_catalogue_is_rdf_for_harvesters(client: FlaskClient, accept: str | None) -> None:
    answer = client.get("/catalog", headers={"Accept": accept} if accept else {})
    assert answer.mimetype in {media for media, _ in FORMATS.values()}
    name = next(name for media, name in FORMATS.values() if media == answer.mimetype)
    graph = rdflib.Graph().parse(data=answer.data, format=name)
    assert (rdflib.URIRef(f"{BASE}catalog"), RDF.type, DCAT.Catalog) in graph
    assert list(graph.objects(None, DCAT.downloadURL)), "it holds all that it leads to"
    assert "synthetisch" not in answer.text, "nobody harvests made-up figures by accident"


def test_the_catalogue_is_a_page_for_who_asks_for_html(client: FlaskClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert client.get("/catalog", headers=browser).mimetype == "text/html"
    head = client.head("/catalog")
    assert (head.status_code, head.data) == (200, b"")
    assert client.get("/catalog.zip").status_code == 404


def test_graphs_are_read_by_the_graph_store_protocol(client: FlaskClient) -> None:
    name = f"{BASE}graph/catalogus"
    one = client.get(f"/graphs?graph={quote(name)}", headers={"Accept": "application/n-triples"})
    whole = client.get("/graphs?default", headers={"Accept": "application/n-triples"})
    assert one.status_code == whole.status_code == 200
    assert 0 < len(one.data.splitlines()) < len(whole.data.splitlines())
    assert client.get("/graphs?graph=http://example.org/none").status_code == 404
    assert client.get("/graphs").status_code == 400
    for method in ("put", "post", "delete", "patch"):
        answer = getattr(client, method)("/graphs?default")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_stored_query_answers_in_json_csv_and_sparql_json(client: FlaskClient) -> None:
    plain = client.get("/api/cq01")
    assert plain.mimetype == "application/json"
    assert {"query", "parameters", "synthetic", "columns", "rows"} == set(plain.json or {})
    numbers = [row["bodies"] for row in (plain.json or {})["rows"]]
    assert all(isinstance(number, int) for number in numbers)
    csv = client.get("/api/cq01", headers={"Accept": "text/csv"})
    assert csv.mimetype == "text/csv"
    sparql = client.get("/api/cq01?format=srj")
    assert "bindings" in json.loads(sparql.data)["results"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("date=yesterday", "date"), ("colour=red", "colour"), ("lang=nl&lang=en", "lang"),
     ("lang=%22", "lang"), ("format=png", "format")],
)  # fmt: skip
def test_a_bad_parameter_is_named(client: FlaskClient, query: str, parameter: str) -> None:
    answer = client.get(f"/api/cq01?{query}")
    assert answer.status_code == 400
    assert (answer.json or {})["parameter"] == parameter


def test_the_list_of_stored_queries_tells_their_parameters(client: FlaskClient) -> None:
    rows = {row["name"]: row for row in (client.get("/api").json or {})["queries"]}
    assert {"name", "type", "required", "default", "example"} <= set(rows["cq01"]["parameters"][0])
    assert client.get("/api", headers=HTML).mimetype == "text/html"


def test_a_dump_is_whole_and_has_the_digest_as_its_tag(client: FlaskClient) -> None:
    answer = client.get("/download/all.nq.gz")
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    assert answer.headers["Content-Length"] == str(len(answer.data))
    quads = list(parse(gzip.decompress(answer.data), RdfFormat.N_QUADS))
    assert len({quad.graph_name for quad in quads}) == 8
    one = client.get("/download/organisaties.nq.gz")
    assert gzip.decompress(one.data) in gzip.decompress(answer.data)
    assert client.get("/download/nothing.nq.gz").status_code == 404


def test_a_dump_can_be_taken_in_ranges(client: FlaskClient) -> None:
    whole = client.get("/download/all.nq.gz")
    size, tag = len(whole.data), whole.headers["ETag"]
    taken = b""
    for start in range(0, size, 700):
        stop = min(start + 699, size - 1)
        part = client.get("/download/all.nq.gz", headers={"Range": f"bytes={start}-{stop}"})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {start}-{stop}/{size}"
        taken += part.data
    assert taken == whole.data
    tail = client.get("/download/all.nq.gz", headers={"Range": "bytes=-10", "If-Range": tag})
    assert (tail.status_code, tail.data) == (206, whole.data[-10:])
    stale = client.get("/download/all.nq.gz", headers={"Range": "bytes=-10", "If-Range": '"x"'})
    assert (stale.status_code, stale.data) == (200, whole.data)
    beyond = client.get("/download/all.nq.gz", headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    held = client.get("/download/all.nq.gz", headers={"If-None-Match": tag})
    assert (held.status_code, held.data) == (304, b"")


PAGES = ["/", "/?lang=en", "/catalog.html", "/ns.html", "/ns/score.html", "/shapes", "/releases",
         f"/doc/{OBSERVATION}.html", "/problems", "/problems/bad-query", "/api", "/releases/1",
         "/shapes/organisations.html", "/shapes.html", "/concept", "/concept/toegang.html",
         "/concept/toegang/OPEN.html", "/ns/profile.html", "/ns/alignments.html"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_its_language_and_can_be_had_in_the_other(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, headers=HTML)
    lang = "en" if "lang=en" in path else "nl"
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert f'<html lang="{lang}">' in answer.text
    assert answer.headers["Content-Language"] == lang
    assert "Accept-Language" in _names(answer.headers["Vary"])
    english = client.get(path, headers={**HTML, "Accept-Language": "en-GB,nl;q=0.5"})
    assert '<html lang="en">' in english.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_script_and_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    for address in _attributes(answer.text, "src") + _attributes(answer.text, "href", "link"):
        assert address.startswith(("/", "data:,")), address
    assert answer.text.count("<h1>") == 1


def _attributes(text: str, name: str, element: str = "") -> list[str]:
    rows = [row for row in text.split("<") if row.startswith(element)]
    return [row.partition(f'{name}="')[2].partition('"')[0] for row in rows if f' {name}="' in row]


def test_the_home_page_counts_what_there_is_and_labels_what_is_made_up(client: FlaskClient) -> None:
    text = client.get("/?lang=en").text
    assert "Synthetic data." in text
    assert ">synthetic</span>" in text
    assert "50 %" in text, "one of two bodies responded"
    assert "<dd>1 <small>of 1 ever</small></dd>" in text
    assert "<dd>0 <small>of 1 ever</small></dd>" in text, "this one has merged away"


def test_things_go_by_their_name_in_the_language_of_the_reader(client: FlaskClient) -> None:
    for lang, title, kind in (("nl", "(synthetisch)", "golf"), ("en", "(synthetic)", "wave")):
        text = client.get(f"/doc/synthetisch/golf/2016.html?lang={lang}").text
        assert f"<h1>I-Monitor 2016 {title}</h1>" in text
        assert f'<a href="/ns/Wave">{kind}</a>' in text


def test_a_page_about_made_up_figures_says_so(client: FlaskClient) -> None:
    assert "Synthetische gegevens." in client.get(f"/doc/{OBSERVATION}.html").text
    assert "Synthetische gegevens." not in client.get("/ns/score.html").text


@pytest.mark.parametrize(
    "path",
    ["/", f"/doc/{OBSERVATION}", "/catalog", "/ns", "/ns/score", "/shapes/organisations", "/api",
     "/shapes", "/concept", "/concept/toegang/OPEN", "/ns/context.jsonld",
     "/ns/diagrams/support.svg",
     "/api/cq01", "/graphs?default", "/releases", "/releases/1", "/static/site.css", "/problems"],
)  # fmt: skip
def test_every_answer_has_validators_and_is_open(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    assert "Last-Modified" in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" in answer.headers
    assert "Accept-Encoding" in _names(answer.headers["Vary"])
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == answer.headers["ETag"]


def test_unchanged_content_keeps_its_tag_over_releases(home: Path, client: FlaskClient) -> None:
    before = client.get("/catalog").headers
    write_release(home, 2)
    after = client.get("/catalog").headers
    assert before["ETag"] == after["ETag"]
    assert before["Last-Modified"] != after["Last-Modified"]


def test_operations_are_never_stored(client: FlaskClient) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in answer.headers


def test_every_type_of_problem_is_explained_in_both_languages(client: FlaskClient) -> None:
    for kind in all_problems():
        for lang, title in (("nl", kind.title_nl), ("en", kind.title_en)):
            answer = client.get(f"/problems/{kind.slug}?lang={lang}")
            assert answer.status_code == 200
            assert title in answer.text.replace("&#39;", "'")


def test_a_page_of_a_thing_asks_a_bounded_number_of_queries(tmp_path: Path) -> None:
    app = facade(tmp_path)
    store, asked = app.extensions["imonitor"].store, []
    original = store.query

    def counted(query: object) -> object:
        asked.append(query)
        return original(query)

    store.query = counted
    with app.test_client() as client:
        for path, most in (("/", 2), (f"/doc/{OBSERVATION}.html", 3), ("/catalog.html", 2)):
            asked.clear()
            assert client.get(path).status_code == 200
            assert len(asked) <= most
