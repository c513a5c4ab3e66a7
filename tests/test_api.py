"""Stored queries over HTTP: forms, pages of rows, what is synthetic, what is wrong, for whom."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, Store
from pyoxigraph import parse as read
from rdflib.namespace import RDF, SH
from werkzeug.test import TestResponse

from service.app import create_app
from service.queries import Library, parse
from service.release.manifest import Release
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from service.web.site import Term
from service.web.workbook import cell_of
from tests.serving_release import AALTER, BASE, write_release
from tests.stored import library

HTML = {"Accept": "text/html"}
HEAD = "#+ summary: {nl: Wat is er, en: What is there}\n#+ columns: [thing, n]\n"
ROWS = " ".join(f"(<{BASE}x/{number}> {number})" for number in range(7))
SELECT = "SELECT ?thing ?n WHERE"
SRJ = "application/sparql-results+json"
QUERIES = {
    "paged": f"{HEAD}#+ page-size: 3\n{SELECT} {{ VALUES (?thing ?n) {{ {ROWS} }} }} ORDER BY ?n\n",
    "small": (
        f"{HEAD}#+ suppress: {{column: n, below: 5, parameter: group}}\n"
        "#+ parameters:\n#+ - {name: group, kind: integer, default: 5}\n"
        f"{SELECT} {{ VALUES (?thing ?n) {{ {ROWS} }} FILTER(?n = $group) }}\n"
    ),
    "private": f"{HEAD}#+ access: BESTUUR\nSELECT ?thing ?n WHERE {{ ?thing ?p ?n }}\n",
    "truth": f"{HEAD}#+ form: ask\nASK {{ ?s ?p ?o }}\n",
    "graph": f"{HEAD}CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o FILTER(?s = <{AALTER}>) }}\n",
    "made-up": (
        f"{HEAD}#+ parameters:\n#+ - {{name: wave, kind: wave, required: false}}\n"
        "SELECT ?thing ?n WHERE { ?thing <https://w3id.org/imonitor/ns#wave> $wave ; "
        "<https://w3id.org/imonitor/ns#score> ?n }\n"
    ),
    "formula": f'{HEAD}{SELECT} {{ VALUES (?thing ?n) {{ ("=1+1" 12.50) ("\\u0001" UNDEF) }} }}\n',
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[FlaskClient]:
    """The application over a small release, with some queries of our own."""
    made = {f"api/{name}": parse("api", name, text) for name, text in QUERIES.items()}
    store = EmbeddedStore.open(write_release(home, 1) / "public", 1 << 20, 1)
    queries = Library({**library(), **made})
    with create_app(Settings(home=home, base=BASE), store, queries).test_client() as client:
        yield client


def links(answer: TestResponse) -> dict[str, str]:
    """Return relation → address of the Link header, of the relations that have one."""
    found = {}
    for part in answer.headers["Link"].split(", <"):
        address, _, rest = part.removeprefix("<").partition(">")
        found[rest.split('rel="')[1].split('"')[0]] = address
    return found


def triples(answer: TestResponse) -> set[str]:
    """Return the triples of an RDF answer."""
    return {
        str(row.triple) for row in read(answer.data, RdfFormat.from_media_type(answer.mimetype))
    }


# --- Forms --------------------


def test_short_json_says_what_was_asked_and_gives_plain_rows(client: FlaskClient) -> None:
    assert client.get("/api/small?group=6").json == {
        "query": "small",
        "parameters": {"group": 6},
        "synthetic": False,
        "columns": ["thing", "n"],
        "rows": [{"thing": f"{BASE}x/6", "n": 6}],
    }
    truth = client.get("/api/truth").json
    assert truth == {"query": "truth", "parameters": {}, "synthetic": False, "answer": True}


@pytest.mark.parametrize(
    ("name", "form", "kind"),
    [("small", "csv", "text/csv"), ("small", "srj", "application/sparql-results+json"),
     ("small", "xml", "application/sparql-results+xml"), ("small", "json", "application/json"),
     ("small", "tsv", "text/tab-separated-values"), ("paged", "csv", "text/csv"),
     ("paged", "xml", "application/sparql-results+xml"), ("truth", "srj", SRJ),
     ("truth", "xml", "application/sparql-results+xml"), ("truth", "csv", "text/csv"),
     ("graph", "ttl", "text/turtle"), ("graph", "jsonld", "application/ld+json"),
     ("graph", "nt", "application/n-triples"), ("graph", "rdf", "application/rdf+xml"),
     ("graph", "trig", "application/trig"), ("graph", "nq", "application/n-quads"),
     ("paged", "sparql", "application/sparql-query"), ("graph", "html", "text/html"),
     ("paged", "html", "text/html"), ("truth", "html", "text/html"),
     ("paged", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")],
)  # fmt: skip
def test_each_form_is_had_by_name_and_by_accept(
    client: FlaskClient, name: str, form: str, kind: str
) -> None:
    pinned = client.get(f"/api/{name}?format={form}", headers={"Accept": "image/png"})
    asked = client.get(f"/api/{name}", headers={"Accept": kind})
    assert (
        (pinned.status_code, pinned.mimetype) == (asked.status_code, asked.mimetype) == (200, kind)
    )
    if form != "html":
        assert pinned.data == asked.data
    assert "Accept" in asked.headers["Vary"].split(", ")
    assert "Accept" not in pinned.headers["Vary"].split(", ")
    again = client.get(
        f"/api/{name}?format={form}", headers={"If-None-Match": pinned.headers["ETag"]}
    )
    assert again.status_code == 304


def test_pages_and_suppression_hold_in_every_form(client: FlaskClient) -> None:
    for form in ("csv", "tsv", "srj", "xml", "json", "xlsx", "html"):
        assert client.get(f"/api/small?group=4&format={form}").status_code == 400
    for form, count in (("csv", 3), ("tsv", 3)):
        assert len(client.get(f"/api/paged?format={form}").text.splitlines()) == count + 1
    rows = json.loads(client.get("/api/paged?format=srj&page=2").data)["results"]["bindings"]
    assert [row["n"]["value"] for row in rows] == ["3", "4", "5"]


def test_the_text_of_an_answer_gives_that_answer(client: FlaskClient, home: Path) -> None:
    answer = client.get("/api/paged?page=2&size=2")
    text = client.get(links(answer)["describedby"].removeprefix(BASE[:-1]))
    assert text.mimetype == "application/sparql-query"
    assert "#+" not in text.text
    release = Release.current(home)
    assert release is not None
    found = Store.read_only(str(release.public_store)).query(text.text)
    assert [str(row["n"].value) for row in found] == ["2", "3"]


def test_a_head_request_has_the_headers_of_a_get(client: FlaskClient) -> None:
    for path in ("/api/paged", "/api", "/api/openapi.json", "/api/paged/query"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == get.headers["ETag"]
        assert head.headers["Access-Control-Allow-Origin"] == "*"


# --- Workbooks --------------------


def test_a_workbook_has_the_rows_and_a_sheet_about_them(client: FlaskClient) -> None:
    answer = client.get("/api/made-up?wave=synthetisch/2016&format=xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["antwoord", "over"]
    rows = list(book["antwoord"].iter_rows(values_only=True))
    assert rows[0] == ("thing", "n")
    assert rows[1][1] == 62.5
    assert book["antwoord"].freeze_panes == "A2"
    about = {row[0]: row[1:] for row in book["over"].iter_rows(values_only=True)}
    assert "verzonnen" in str(about["Synthetische gegevens"])
    assert about["Vraag"][0] == "Wat is er"
    assert about["Parameter"][:2] == ("wave", f"{BASE}id/synthetisch/golf/2016")
    assert about["Bron"][0] == f"{BASE}api/made-up/query"
    assert about["Release"][0] == 1


def test_a_workbook_has_equal_bytes_whenever_it_is_made(client: FlaskClient) -> None:
    first, second = (client.get("/api/paged?format=xlsx") for _ in range(2))
    assert first.data == second.data
    book = openpyxl.load_workbook(io.BytesIO(first.data))
    assert str(book.properties.modified).startswith("2026-11-22 11:00")


def test_a_text_stays_text_in_a_workbook(client: FlaskClient) -> None:
    answer = client.get("/api/formula?format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["antwoord"]
    assert [sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value] == ["=1+1", "s", 12.5]
    assert sheet["A3"].value == "\ufffd"
    assert sheet["B3"].value is None


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [("2016-06-01", "date", date(2016, 6, 1)), ("-5", "integer", -5), ("x", "", "x"),
     ("2016-06-31", "date", "2016-06-31"), ("123456789012345678", "integer", "123456789012345678"),
     ("true", "boolean", True), ("NaN", "double", "NaN"), ("2016", "gYear", "2016")],
)  # fmt: skip
def test_cells_are_numbers_and_days_only_when_they_fit(value: str, kind: str, cell: object) -> None:
    term = Term("literal", value, datatype=f"http://www.w3.org/2001/XMLSchema#{kind}")
    assert cell_of(term) == cell


# --- Pages of rows --------------------


def test_pages_link_to_those_beside_them_and_make_the_whole(client: FlaskClient) -> None:
    address, met = "/api/paged?size=2", []
    for number in range(1, 5):
        answer = client.get(address)
        met += [row["n"] for row in (answer.json or {})["rows"]]
        found = links(answer)
        assert found["first"] == f"{BASE}api/paged?size=2&page=1"
        assert ("prev" in found, "next" in found) == (number > 1, number < 4)
        assert (answer.json or {})["page"]["number"] == number
        address = found.get("next", "").removeprefix(BASE[:-1])
    assert met == list(range(7))


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [("page=4", "page", ["1 to 3"]), ("page=9&size=7", "page", ["1 to 1"]),
     ("page=0", "page", ["a whole number from 1 to 1000000"]),
     ("page=%D9%A1", "page", ["a whole number from 1 to 1000000"]),
     ("page=1&page=2", "page", None), ("page=-1", "page", None), ("page=1e3", "page", None),
     ("size=0", "size", ["a whole number from 1 to 1000"]), ("size=1001", "size", None),
     ("page=99999999999999999999", "page", None), ("pages=1", "pages", ["page", "size", "format"])],
)  # fmt: skip
def test_a_page_that_is_not_there_is_named(
    client: FlaskClient, query: str, parameter: str, allowed: list[str] | None
) -> None:
    answer = client.get(f"/api/paged?{query}")
    assert answer.status_code == 400
    problem = answer.json or {}
    assert problem["parameter"] == parameter
    assert allowed is None or problem["allowed"] == allowed


# --- What is made up, what is too small, what is not open --------------------


def test_what_is_synthetic_says_so(client: FlaskClient) -> None:
    found = client.get("/api/made-up").json or {}
    assert found["synthetic"] is True
    assert found["parameters"] == {"wave": f"{BASE}id/synthetisch/golf/2016"}
    assert "Synthetische gegevens." in client.get("/api/made-up", headers=HTML).text
    assert (client.get("/api/paged").json or {})["synthetic"] is False


def test_a_group_of_one_is_refused_by_the_name_of_its_parameter(client: FlaskClient) -> None:
    problem = client.get("/api/small?group=1").json or {}
    assert (problem["parameter"], problem["allowed"]) == ("group", ["a group of 5 or more"])
    assert "x/1" not in str(problem)


@pytest.mark.parametrize("form", ["json", "csv", "html", "xlsx", "sparql"])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}])
def test_a_query_that_is_not_open_needs_a_key(
    client: FlaskClient, form: str, header: dict[str, str]
) -> None:
    answer = client.get(f"/api/private?format={form}", headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "no-store"
    assert str((answer.json or {})["type"]).endswith("/unauthorized")


# --- Wrong questions --------------------


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("group=x", "group"), ("group=1&group=2", "group"), ("grup=1", "grup"), ("group=%ff", "group"),
     ("group=5)%7D%23", "group"), ("format=png", "format"), ("format=csv&format=csv", "format"),
     ("group=" + "5" * 600, "group"), ("group=%00", "group"), ("lang=nl", "lang")],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_wrong_parameter_is_named_and_told_what_is_allowed(
    client: FlaskClient, query: str, parameter: str, accept: str
) -> None:
    if parameter == "lang" and accept == "text/html":
        query = "lang=fr"  # pages have a language, this query has none
    answer = client.get(f"/api/small?{query}", headers={"Accept": accept})
    assert answer.status_code == 400
    if accept == "text/html":
        assert parameter in answer.text
        return
    problem = answer.json or {}
    assert problem["parameter"] == parameter
    assert problem.get("allowed") or "UTF-8" in problem["detail"] or "once" in problem["detail"]


def test_very_many_parameters_are_refused(client: FlaskClient) -> None:
    assert client.get("/api/small?" + "a=1&" * 300).status_code == 400


# --- Lists, descriptions and pages --------------------


def test_each_stored_query_is_described_as_rdf_that_runs(client: FlaskClient) -> None:
    answer = client.get("/api", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.data, format="turtle")
    engine = Store()
    for query in library().area("api"):
        node = rdflib.URIRef(f"{BASE}api/{query.name}/query")
        assert (node, RDF.type, SH.SPARQLExecutable) in graph
        assert {row.language for row in graph.objects(node, rdflib.RDFS.label)} == {"nl", "en"}
        predicate = SH.construct if query.form == "CONSTRUCT" else SH.select
        text = str(graph.value(node, predicate))
        engine.query(text)
        parameters = list(graph.objects(node, SH.parameter))
        assert len(parameters) == len(query.parameters)
        for row in parameters:
            assert str(graph.value(row, SH.path)).startswith(f"{node}#")
        alone = client.get(f"/api/{query.name}/query", headers={"Accept": "application/n-triples"})
        one = rdflib.Graph().parse(data=alone.data, format="nt")
        assert set(one.predicate_objects(node)) == set(graph.predicate_objects(node))


@pytest.mark.parametrize("kind", ["text/turtle", "application/ld+json", "application/rdf+xml"])
def test_the_list_is_the_same_in_each_syntax(client: FlaskClient, kind: str) -> None:
    for path in ("/api", "/api/cq34/query"):
        answer = client.get(path, headers={"Accept": kind})
        assert answer.mimetype == kind
        plain = client.get(path, headers={"Accept": "application/n-triples"})
        assert triples(answer) == triples(plain) != set()


def test_the_text_with_open_parameters_is_had_too(client: FlaskClient) -> None:
    answer = client.get("/api/cq34/query", headers={"Accept": "application/sparql-query"})
    assert "$code" in answer.text
    assert client.get("/api/none/query").status_code == 404


def test_the_list_of_queries_tells_what_they_take(client: FlaskClient) -> None:
    rows = {row["name"]: row for row in (client.get("/api").json or {})["queries"]}
    assert rows["private"]["access"] == "BESTUUR"
    assert (rows["paged"]["pageSize"], rows["cq34"]["pageSize"]) == (3, None)
    assert rows["small"]["parameters"][0]["type"] == "integer"


def test_every_page_has_a_labelled_form_without_scripts(client: FlaskClient) -> None:
    for path in ("/api", *(f"/api/{query.name}" for query in library().area("api"))):
        for lang in ("nl", "en"):
            answer = client.get(path, query_string={"lang": lang}, headers=HTML)
            if answer.status_code == 401:
                continue
            assert answer.status_code in (200, 400), path  # 400: not in this small release
            assert f'<html lang="{lang}">' in answer.text
            assert "<script" not in answer.text
            assert answer.text.count("<h1>") == 1
            assert answer.text.count(' name="') - answer.text.count('type="hidden"') <= (
                answer.text.count("<label for=") + answer.text.count('<meta name="')
            )


def test_a_form_that_is_not_complete_is_shown_without_an_answer(client: FlaskClient) -> None:
    page = client.get("/api/cq34", headers=HTML)
    assert page.status_code == 200
    assert "required" in page.text
    assert 'id="answer"' not in page.text
    filled = client.get("/api/cq34?code=44084", headers=HTML)
    assert 'id="answer"' in filled.text
    for form in ("csv", "xlsx", "json", "sparql"):
        assert f"format={form}" in filled.text


def test_a_page_of_rows_can_be_turned_on_a_page_for_people(client: FlaskClient) -> None:
    text = client.get("/api/paged?page=2", headers=HTML).text
    assert all(f'rel="{relation}"' in text for relation in ("first", "prev", "next"))
