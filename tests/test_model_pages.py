"""The pages about the model: terms, shapes and code lists, for people and for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from pyld import jsonld as jsonld_processor
from pyoxigraph import BlankNode, RdfFormat, Triple, parse
from rdflib.compare import isomorphic

from service.app import create_app
from service.context import context
from service.settings import Settings
from service.shapes import ShapeSet
from service.store.base import Query, Result
from service.store.embedded import EmbeddedStore
from service.vocab import CONCEPT, IMON, PREFIXES
from service.web.model import Model, examples, model
from tests.home import copy_home, publish
from tests.page_text import Page
from tests.serving_release import BASE
from tests.serving_site import facade

HTML = {"Accept": "text/html"}
GRAPHS = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML,
          "jsonld": RdfFormat.JSON_LD}  # fmt: skip
WHOLE = ("/ns", "/ns/1.1.0", "/ns/profile", "/ns/reused", "/ns/alignments", "/shapes",
         "/shapes/support", "/concept")  # fmt: skip
SHAPES = PREFIXES["imsh"]


class _Nothing:
    """A store that must not be asked."""

    def query(self, query: Query) -> Result:
        raise AssertionError(query.text)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return facade(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.fixture(scope="module")
def here(app: Flask) -> Model:
    with app.app_context():
        return model()


@pytest.fixture(scope="module")
def released(bundled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a service with the bundled sources published."""
    settings = copy_home(bundled_home, tmp_path_factory.mktemp("released") / "home")
    store = EmbeddedStore.open(publish(settings).path / "public", 8 << 20, 1)
    return create_app(settings, store).test_client()


def triples(client: FlaskClient, path: str, extension: str) -> set[Triple]:
    """Return the triples of a document in one format."""
    answer = client.get(f"{path}.{extension}")
    assert answer.status_code == 200, path
    assert answer.mimetype == GRAPHS[extension].media_type
    return _triples(answer.data, GRAPHS[extension])


def in_all_formats(client: FlaskClient, path: str) -> set[Triple]:
    """Check that a document says the same in each format, and has a page; return its triples."""
    first, *others = (triples(client, path, extension) for extension in GRAPHS)
    assert first
    assert all(other == first for other in others), path
    page = client.get(f"{path}.html")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert page.text.count("<h1>") == 1
    return first


def test_every_own_term_answers_in_five_formats(client: FlaskClient, here: Model) -> None:
    terms = here.own_terms("nl")
    assert len(terms) > 100
    names = {str(row["term"]): str(row["label"]) for row in terms}
    for iri, label in names.items():
        said = in_all_formats(client, f"/ns/{here.shown[iri]}")
        assert client.get(f"/ns/{iri.removeprefix(IMON)}").status_code == 200
        assert {row.subject.value for row in said} == {iri, IMON}, "the term and who defines it"
        assert f'"{label}"@nl' in {str(row.object) for row in said}
        about = {row.predicate.value for row in said if row.subject.value == IMON}
        assert f"{PREFIXES['owl']}versionInfo" in about
        assert len(about) <= 5, "the least of the ontology"


def test_a_term_that_is_called_as_a_document_is_told_by_that_too(client: FlaskClient) -> None:
    said = triples(client, "/ns/profile", "nt")
    assert {f"{IMON}profile", f"{PREFIXES['imon'][:-3]}profile"} <= {
        row.subject.value for row in said
    }
    assert 'href="/ns/imon-profile"' in client.get("/ns/profile.html").text


def test_every_reused_term_that_we_tell_of_has_a_page(client: FlaskClient, here: Model) -> None:
    reused = {iri: slug for iri, slug in here.shown.items() if not iri.startswith(IMON)}
    assert reused
    for iri, slug in reused.items():
        page = client.get(f"/ns/{slug}.html")
        assert page.status_code == 200, iri
        assert iri in page.text
        assert client.get(f"/ns/{slug}.ttl").status_code == 200


@pytest.mark.parametrize("path", [path for path in WHOLE if not path.startswith("/shapes")])
def test_a_whole_answers_in_five_formats(client: FlaskClient, path: str) -> None:
    in_all_formats(client, path)
    links = client.get(path).headers["Link"]
    for extension in (*GRAPHS, "html"):
        assert f'<{BASE}{path[1:]}.{extension}>; rel="alternate"' in links


def test_the_vocabulary_holds_all_own_terms_and_the_version_is_the_same(
    client: FlaskClient, here: Model
) -> None:
    said = triples(client, "/ns", "nt")
    assert {str(row["term"]) for row in here.own_terms("nl")} <= {row.subject.value for row in said}
    assert said == triples(client, f"/ns/{here.version}", "nt")
    answer = client.get("/ns/0.9.0")
    assert answer.status_code == 404
    assert f"is version {here.version}" in (answer.json or {})["detail"]


def test_the_context_is_json_ld_for_everybody_and_kept_for_long(client: FlaskClient) -> None:
    answer = client.get("/ns/context.jsonld", headers={"Origin": "https://example.org"})
    assert answer.mimetype == "application/ld+json"
    assert json.loads(answer.data) == context()
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    held = client.get("/ns/context.jsonld", headers={"If-None-Match": answer.headers["ETag"]})
    assert held.status_code == 304


@pytest.mark.parametrize(
    "path", ["/shapes.zip", "/concept.zip", "/ns/profile.zip", "/ns/diagrams/none.svg",
             "/shapes/none", "/ns/none", "/ns/2.0", "/concept/toegang/none"],
)  # fmt: skip
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", WHOLE)
def test_what_is_asked_in_no_form_that_there_is_is_406(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_shapes_answer_in_five_formats_with_equal_graphs_and_equal_bytes(
    client: FlaskClient, here: Model, tmp_path: Path
) -> None:
    other = facade(tmp_path).test_client()
    for name in ("shapes", *here.folder("shapes")):
        sizes = set()
        for extension, syntax in GRAPHS.items():
            answer = client.get(f"/{name}.{extension}")
            assert answer.data == other.get(f"/{name}.{extension}").data, "no name is random"
            sizes.add(len(list(parse(answer.data, syntax))))
        assert len(sizes) == 1
    first, *others = (
        rdflib.Graph().parse(data=client.get(f"/shapes/response.{row}").data, format=syntax)
        for row, syntax in (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml"))
    )
    assert all(isomorphic(first, graph) for graph in others)


def test_the_shapes_as_downloaded_validate_by_themselves(client: FlaskClient) -> None:
    assert len(ShapeSet(client.get("/shapes.ttl").text)) > 50


def test_the_iri_of_every_shape_is_a_fragment_of_the_page_of_all(
    client: FlaskClient, here: Model
) -> None:
    page = Page(client.get("/shapes", headers=HTML).text)
    minted = {
        row.subject.value.removeprefix(SHAPES)
        for file in here.folder("shapes")
        for row in parse(here.text(file).encode(), RdfFormat.TURTLE, base_iri=BASE)
        if not isinstance(row.subject, BlankNode) and row.subject.value.startswith(SHAPES)
    }
    assert minted <= set(page.ids())
    for file in here.folder("shapes"):
        alone = Page(client.get(f"/{file}.html").text)
        assert set(alone.ids()) - {"content"} <= set(page.ids())


def test_the_page_of_a_class_tells_what_is_expected_and_shows_its_example(
    client: FlaskClient,
) -> None:
    page = client.get("/ns/Track.html?lang=nl").text
    for text in ("Waarom een eigen term.", "[1..1]", "precies één", 'href="/shapes#Track-partner"'):
        assert text in page
    english = client.get("/ns/Track.html?lang=en").text
    for text in ("Why a term of our own.", "exactly one", "Expected properties"):
        assert text in english
    inherited = client.get("/ns/ServiceMaturity.html").text
    assert 'href="/shapes#Observation-dataSet"' in inherited, "what holds for its superclass"


def test_the_page_of_a_property_tells_its_role_code_list_and_rules(client: FlaskClient) -> None:
    page = client.get("/ns/serviceLevel.html?lang=en").text
    for text in ("measure", 'href="/concept/dienstniveau"', "Rules about this property"):
        assert text in page
    assert 'href="/concept/eenheid/punten"' in client.get("/ns/score.html").text


def test_every_example_is_shown_and_its_json_ld_says_the_same(
    client: FlaskClient, here: Model
) -> None:
    assert examples()
    for iri, path in examples().items():
        page = Page(client.get(f"/ns/{here.shown[iri]}.html?lang=en").text)
        shown = [row.text for row in page.all("pre")]
        turtle, jsonld = shown[-2:]
        given = _triples(path.read_bytes(), RdfFormat.TURTLE)
        assert given == _triples(turtle.encode(), RdfFormat.TURTLE), iri
        document = json.loads(jsonld)
        assert document["@context"] == f"{BASE}ns/context.jsonld"
        expanded = jsonld_processor.expand({**document, **context()})
        lines = jsonld_processor.to_rdf(expanded, {"format": "application/n-quads"})
        assert given == _triples(lines.encode(), RdfFormat.N_QUADS), iri


def _triples(data: bytes, syntax: RdfFormat) -> set[Triple]:
    return {row.triple for row in parse(data, syntax, base_iri=BASE)}


def test_every_code_list_of_the_model_answers_in_five_formats(
    client: FlaskClient, here: Model
) -> None:
    assert len(here.lists) > 20
    for iri, name in here.lists.items():
        said = in_all_formats(client, f"/concept/{name}")
        codes = {row.subject.value for row in said if row.predicate.value.endswith("core#inScheme")}
        page = client.get(f"/concept/{name}.html?lang=en").text
        for code in codes:
            if code.startswith(CONCEPT):
                told = triples(client, f"/concept/{code.removeprefix(CONCEPT)}", "ttl")
                assert iri in {row.subject.value for row in told}, "it names its list"
                assert f'href="/concept/{code.removeprefix(CONCEPT)}"' in page


def test_the_lists_of_the_release_are_there_too(released: FlaskClient) -> None:
    index = released.get("/concept.html").text
    for name in ("thema", "vraag", "product", "schaal/DVN", "type/TY-1"):
        assert f'href="/concept/{name}"' in index
        said = in_all_formats(released, f"/concept/{name}")
        assert any(row.predicate.value.endswith("#inScheme") for row in said)
    assert f"<{CONCEPT}thema>" in {str(row.subject) for row in triples(released, "/concept", "nt")}
    question = released.get("/concept/vraag/AB1.html")
    assert (question.status_code, "AB1" in question.text) == (200, True)
    assert released.get("/concept/thema/none").status_code == 404


def test_the_model_is_told_before_the_first_publish(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base=BASE)
    client = create_app(settings, _Nothing()).test_client()
    for path in (*WHOLE, "/ns/Track", "/concept/toegang", "/concept/toegang/OPEN"):
        for extension in ("ttl", "html"):
            assert client.get(f"{path}.{extension}").status_code == 200, path


PAGES = (*(f"{path}.html" for path in WHOLE), "/ns/Track.html", "/ns/wave.html",
         "/ns/adms-Asset.html", "/ns/qb-Observation.html",
         "/concept/toegang.html", "/concept/toegang/OPEN.html")  # fmt: skip


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_made(client: FlaskClient, path: str, lang: str) -> None:
    text = client.get(f"{path}?lang={lang}").text
    page = Page(text)
    ids = page.ids()
    assert len(ids) == len(set(ids)), "an anchor is one place"
    levels = [int(row.name[1]) for row in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in page.all("table"):
        assert "caption" in table.inside
    for drawing in page.all("svg"):
        assert {"title", "desc"} <= set(drawing.inside)
    assert not any("style" in row.attributes for row in page.elements)
    for row in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert row.attributes.get(name, ids[0]) in ids
    for row in page.all("pre"):
        assert row.attributes["tabindex"] == "0", "it scrolls, so the keyboard must reach it"
    assert all(row.text.strip() for row in page.all("a", "th", "summary", "caption"))


def test_links_between_the_pages_lead_somewhere(client: FlaskClient) -> None:
    anchors: dict[str, list[str]] = {}
    seen = {link for path in PAGES for link in Page(client.get(path).text).links()}
    ours = sorted(link for link in seen if re.match(r"/(ns|shapes|concept)\b", link))
    assert len(ours) > 300
    for link in ours:
        target, _, fragment = link.partition("#")
        if target not in anchors:
            answer = client.get(unquote(target), headers=HTML)
            assert answer.status_code == 200, link
            anchors[target] = re.findall(r" id=\"([^\"]+)\"", answer.text)
        assert not fragment or fragment in anchors[target], link


def test_a_page_asks_a_bounded_number_of_queries(tmp_path: Path) -> None:
    app = facade(tmp_path)
    with app.app_context():
        store, asked = model().site.store, []
    original = store.query

    def counted(query: Query) -> Result:
        asked.append(query)
        return original(query)

    object.__setattr__(store, "query", counted)
    client = app.test_client()
    for path in PAGES:
        client.get(path)  # what is asked once and kept
        asked.clear()
        assert client.get(path).status_code == 200
        assert len(asked) <= 5, path


def test_every_constraint_of_the_shapes_is_told_in_words(client: FlaskClient) -> None:
    for lang in ("nl", "en"):
        text = Page(client.get(f"/shapes.html?lang={lang}").text)
        (told,) = (row.text for row in text.all("main"))
        for name in ("minCount", "nodeKind", "datatype", "lessThan", "uniqueLang", "languageIn"):
            assert f"{name} " not in told
