"""The page ``/sparql`` in a real Chromium: as a plain form without scripts, and as the editor."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from service.web.yasgui import bundle
from tests.browser import Visit, chromium, needs_chromium, visit
from tests.home import made_once
from tests.live_service import Live, address, live
from tests.serving_release import AALTER, write_release

pytestmark = [pytest.mark.live, pytest.mark.slow, needs_chromium]

NARROW = {"viewport": {"width": 320, "height": 640}}
NAMES = "SELECT ?name { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?name } ORDER BY ?name"
BODY = f"CONSTRUCT {{ <{AALTER}> ?p ?o }} WHERE {{ <{AALTER}> ?p ?o }}"
WAVES = "SELECT * { ?wave a <https://w3id.org/imonitor/ns#Wave> }"
WRONG = "SELECT * {\n  ?s ?p\n}"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?a != ?e) }"
TRANSFERRED = 340_000  # bytes of script and style, compressed


@pytest.fixture(scope="module")
def editor(shared_folder: Path) -> None:
    """The editor, made from the sources as they are."""
    with made_once(shared_folder / "editor"):
        if not bundle.is_fresh():
            if shutil.which("npm") is None:
                pytest.skip("needs the editor: `make editor`, or install Node.js 18 or later")
            subprocess.run([sys.executable, bundle.__file__], check=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, editor: None) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("editor")
    write_release(home, 1, size=3000)
    with live(home, client_budget=0) as service:
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def plain(browser: Browser, service: Live) -> Iterator[Page]:
    """The page in a browser that runs no scripts."""
    with visit(browser, java_script_enabled=False) as found:
        found.page.goto(f"{service.url}/sparql")
        yield found.page
        assert found.elsewhere == []
        assert not [row for row in found.asked if row.endswith(".js")]


@pytest.fixture
def seen(browser: Browser, service: Live) -> Iterator[Visit]:
    """The page with the editor; afterwards, that it did nothing that it may not do."""
    with visit(browser) as found:
        found.page.goto(f"{service.url}/sparql")
        yield found
        assert found.violations == []
        assert found.elsewhere == []
        assert found.errors == []


def shown(page: Page, selector: str) -> Locator:
    """Return what is in the open tab."""
    return page.locator(f".tabPanel.active {selector}")


def write(page: Page, query: str) -> None:
    """Replace the text of the editor, as a person does."""
    shown(page, ".CodeMirror-lines").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)


def run(page: Page, query: str) -> None:
    """Put a query to the service by the editor's button."""
    write(page, query)
    page.get_by_role("button", name=re.compile("Uitvoeren|Run query")).click()


def text_of(page: Page) -> str:
    """Return the text in the editor."""
    return str(shown(page, ".CodeMirror").evaluate("node => node.CodeMirror.getValue()"))


# Without scripts.


def test_without_scripts_a_query_is_typed_and_answered(plain: Page) -> None:
    assert not plain.locator("#editor").is_visible()
    plain.get_by_label("Query").fill(NAMES)
    plain.get_by_role("button", name="Uitvoeren").click()
    assert plain.get_by_role("cell").all_inner_texts() == ["Aalter nl", "OCMW Aalter nl"]
    assert plain.get_by_text("2 rijen").is_visible()
    assert plain.get_by_label("Query").input_value() == NAMES


@pytest.mark.parametrize("form", ["CSV", "JSON", "XML", "TSV"])
def test_without_scripts_the_answer_is_there_in_every_form(plain: Page, form: str) -> None:
    plain.get_by_label("Query").fill(NAMES)
    plain.get_by_role("button", name="Uitvoeren").click()
    link = plain.get_by_role("link", name=form, exact=True).get_attribute("href")
    answer = plain.request.get(f"{plain.url.partition('/sparql')[0]}{link}")
    assert answer.status == 200
    assert form.lower() in answer.headers["content-type"].replace("tab-separated-values", "tsv")
    assert "OCMW Aalter" in answer.text()


def test_without_scripts_an_error_says_where(plain: Page) -> None:
    plain.get_by_label("Query").fill(WRONG)
    plain.get_by_role("button", name="Uitvoeren").click()
    said = plain.get_by_role("alert").inner_text()
    assert "SPARQL-syntaxfout" in said
    assert re.search(r"Regel 3, kolom \d+", said)
    assert plain.get_by_label("Query").input_value() == WRONG, "what was typed is still there"
    plain.get_by_label("Query").fill("\n" + WRONG)
    plain.get_by_role("button", name="Uitvoeren").click()
    assert "Regel 4" in plain.get_by_role("alert").inner_text()
    assert plain.get_by_label("Query").input_value() == "\n" + WRONG, "and so is its empty line"


def test_without_scripts_graphs_and_booleans_are_shown(plain: Page) -> None:
    for query, part in ((BODY, "Aalter"), ("ASK { ?s ?p ?o }", "ja (true)")):
        plain.get_by_label("Query").fill(query)
        plain.get_by_role("button", name="Uitvoeren").click()
        assert part in plain.locator("#shown").inner_text()
    plain.get_by_label("Query").fill(WAVES)
    plain.get_by_role("button", name="Uitvoeren").click()
    assert "Synthetische gegevens." in plain.locator("#shown").inner_text()


def test_without_scripts_examples_are_links_and_prefixes_are_listed(plain: Page) -> None:
    plain.get_by_text("Prefixen om te gebruiken").click()
    assert "PREFIX imon: <https://w3id.org/imonitor/ns#>" in plain.locator("#prefixes").inner_text()
    plain.get_by_text("Voorbeelden").click()
    plain.get_by_role("link", name="Elke golf met het aantal besturen").click()
    assert "2016" in plain.get_by_role("table").inner_text()


# With scripts.


def test_the_editor_takes_the_place_of_the_form(seen: Visit) -> None:
    expect(shown(seen.page, ".CodeMirror")).to_be_visible()
    assert not seen.page.get_by_label("Query (SELECT").is_visible()
    assert text_of(seen.page).startswith("PREFIX"), "the first example"
    assert "#+" not in text_of(seen.page), "heads of stored queries are for the service"


def test_an_example_opens_a_tab_and_is_answered(seen: Visit) -> None:
    seen.page.get_by_text("Voorbeelden").click()
    link = seen.page.get_by_role("link", name="Het aantal besturen per soort")
    link.click()
    expect(shown(seen.page, "tbody tr")).to_have_count(2)
    assert shown(seen.page, "tbody td").all_inner_texts() == [
        "gemeente",
        "1",
        "1",
        "ocmw",
        "1",
        "0",
    ]
    tab = seen.page.get_by_role("tab", selected=True)
    expect(tab).to_contain_text("Het aantal besturen per soort")
    seen.page.get_by_text("Voorbeelden").click()
    link.click()
    expect(seen.page.get_by_role("tab")).to_have_count(3)  # two queries, and the one that adds


def test_things_in_an_answer_lead_to_pages_of_ours(seen: Visit) -> None:
    run(seen.page, f"SELECT * {{ VALUES ?thing {{ <{AALTER}> }} }}")
    link = shown(seen.page, "tbody a")
    expect(link).to_have_text(AALTER)
    assert link.get_attribute("href").startswith("/resource?iri=http%3A%2F%2Fdata.lblod.info")


def test_made_up_figures_are_labelled(seen: Visit) -> None:
    run(seen.page, WAVES)
    expect(shown(seen.page, ".synthetic")).to_contain_text("Synthetische gegevens.")
    run(seen.page, NAMES)
    expect(shown(seen.page, "tbody tr")).to_have_count(2)
    expect(shown(seen.page, ".synthetic")).to_have_count(0)


def test_an_answer_is_there_in_every_form(seen: Visit) -> None:
    for query, forms in ((NAMES, ["CSV", "JSON", "XML", "TSV"]),
                         (BODY, ["Turtle", "JSON-LD", "RDF/XML", "N-Triples"])):  # fmt: skip
        run(seen.page, query)
        expect(shown(seen.page, ".forms")).to_contain_text(forms[-1])
        for name in forms:
            link = shown(seen.page, ".forms").get_by_role("link", name=name, exact=True)
            answer = seen.page.request.get(link.get_attribute("href"))
            assert (answer.status, "Aalter" in answer.text()) == (200, True)


def test_values_cannot_become_part_of_the_page(seen: Visit) -> None:
    hostile = ["<img src=x onerror=alert(1)>", "<style>*{}</style> &amp; more", "&lt;b&gt;"]
    values = " ".join(f"'{value}'" for value in hostile)
    run(seen.page, f"SELECT ?x {{ VALUES ?x {{ {values} }} }}")
    expect(shown(seen.page, "tbody td")).to_have_text(hostile)
    shown(seen.page, ".tableFilter").fill("& more")
    shown(seen.page, ".tableFilter").press("End")
    expect(shown(seen.page, "tbody td")).to_have_text(hostile[1:2])
    assert shown(seen.page, "tbody").locator("img, style, b").count() == 0


@pytest.mark.parametrize(
    "lang, title, place",
    [("nl", "SPARQL-syntaxfout (400)", "Regel 4, kolom"),
     ("en", "SPARQL syntax error (400)", "Line 4, column")],
)  # fmt: skip
def test_a_syntax_error_shows_line_and_column(
    seen: Visit, service: Live, lang: str, title: str, place: str
) -> None:
    seen.page.goto(f"{service.url}/sparql?lang={lang}")
    run(seen.page, "\n" + WRONG)
    problem = shown(seen.page, ".problem")
    expect(problem).to_contain_text(title)
    assert "{" not in problem.inner_text(), "words, not JSON"
    problem.get_by_role("button", name=place).click()
    cursor = shown(seen.page, ".CodeMirror").evaluate("node => node.CodeMirror.getCursor().line")
    assert cursor == 3, "it leads there"


def test_a_timeout_is_told_in_words(seen: Visit) -> None:
    run(seen.page, ENDLESS)
    problem = shown(seen.page, ".problem")
    expect(problem).to_contain_text("De query duurde te lang (504)")
    assert "2 s" in problem.inner_text()
    assert "{" not in problem.inner_text()
    link = problem.get_by_role("link", name="Wat betekent dit?").get_attribute("href")
    assert link.endswith("/problems/query-timeout")


@pytest.mark.parametrize(
    "query, title",
    [("INSERT DATA { <a:a> <a:b> 1 }", "Dit eindpunt is alleen-lezen"),
     ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "SERVICE is niet toegestaan"),
     ("SELECT * { ?a ?p ?b . ?c ?q ?d } LIMIT 60000", "Het antwoord is te groot")],
)  # fmt: skip
def test_refusals_are_told_in_words(seen: Visit, query: str, title: str) -> None:
    run(seen.page, query)
    expect(shown(seen.page, ".problem")).to_contain_text(title)


def test_no_answer_at_all_is_told_in_words(seen: Visit) -> None:
    seen.page.route("**/sparql?query=*", lambda route: route.abort())
    run(seen.page, NAMES)
    expect(shown(seen.page, ".problem")).to_contain_text("De dienst gaf geen antwoord.")


def test_a_long_query_goes_by_post(seen: Visit) -> None:
    values = " ".join(f"<http://localhost:8000/x/{number}>" for number in range(500))
    run(seen.page, f"SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {values} }} }}")
    expect(shown(seen.page, "tbody")).to_contain_text("500")
    assert all(len(row) < 5000 for row in seen.asked)


def test_a_boolean_and_the_text_as_received_are_shown(seen: Visit) -> None:
    run(seen.page, "ASK { ?s ?p ?o }")
    expect(shown(seen.page, ".boolean")).to_have_text("ja (true)")
    run(seen.page, BODY)
    expect(shown(seen.page, "thead")).to_contain_text("predicate")
    seen.page.get_by_role("button", name="Zoals ontvangen").click()
    expect(shown(seen.page, ".yasr_results .CodeMirror")).to_contain_text("prefLabel")


def test_our_prefixes_are_filled_in(seen: Visit) -> None:
    write(seen.page, "")
    seen.page.keyboard.type("SELECT * { ?s a imon:")
    shown(seen.page, ".CodeMirror-lines").get_by_text("https://w3id.org/imonitor/ns#").wait_for()
    write(seen.page, "")
    seen.page.keyboard.type("PREFIX bes")
    hint = seen.page.locator(".CodeMirror-hints")
    expect(hint).to_contain_text("besluit: <http://data.vlaanderen.be/ns/besluit#>")


def test_it_is_used_with_the_keyboard_alone(seen: Visit) -> None:
    write(seen.page, NAMES)
    seen.page.keyboard.press("Control+Enter")
    expect(shown(seen.page, "tbody tr")).to_have_count(2)
    seen.page.keyboard.press("Tab")
    inside = "document.activeElement.closest('.CodeMirror-code, .CodeMirror > div:first-child')"
    assert seen.page.evaluate(f"{inside} === null"), "Tab leads out of the text"


def test_queries_are_kept_in_the_browser_and_answers_are_not(seen: Visit) -> None:
    run(seen.page, NAMES)
    expect(shown(seen.page, "tbody tr")).to_have_count(2)
    kept = seen.page.evaluate("JSON.stringify({...localStorage})")
    assert list(json.loads(kept)) == ["imonitor_config"]
    assert "prefLabel" in kept, "the query"
    assert "Aalter" not in kept, "its answer, which a new release makes stale"
    seen.page.reload()
    expect(shown(seen.page, ".CodeMirror")).to_be_visible()
    assert text_of(seen.page) == NAMES
    assert seen.page.context.cookies() == []


def test_a_page_with_a_query_keeps_its_answer_and_asks_nothing_again(
    seen: Visit, service: Live
) -> None:
    seen.asked.clear()
    seen.page.goto(service.url + address(NAMES))
    expect(shown(seen.page, ".CodeMirror")).to_be_visible()
    assert text_of(seen.page) == NAMES
    assert "OCMW Aalter" in seen.page.locator("#shown").inner_text()
    assert len([row for row in seen.asked if "/sparql" in row]) == 1
    run(seen.page, WAVES)
    expect(shown(seen.page, "tbody tr")).to_have_count(1)
    expect(seen.page.locator("#shown")).to_have_count(0)


def test_a_query_about_chosen_graphs_stays_about_them(seen: Visit, service: Live) -> None:
    catalogue = "http://localhost:8000/graph/catalogus"
    seen.page.goto(service.url + address(NAMES, **{"default-graph-uri": catalogue}))
    seen.page.get_by_role("button", name="Uitvoeren").click()
    expect(shown(seen.page, ".yasr_results")).to_contain_text("Geen rijen")
    (link,) = [row for row in shown(seen.page, ".forms a").all() if row.inner_text() == "CSV"]
    asked = parse_qs(urlsplit(link.get_attribute("href")).query)
    assert asked["default-graph-uri"] == [catalogue]


def test_the_address_to_share_works_without_the_editor(seen: Visit, browser: Browser) -> None:
    write(seen.page, NAMES)
    seen.page.get_by_role("button", name="Adres van deze vraag").click()
    shared = shown(seen.page, ".yasqe_sharePopup input").input_value()
    with visit(browser, java_script_enabled=False) as other:
        other.page.goto(shared)
        assert "OCMW Aalter" in other.page.get_by_role("table").inner_text()


def test_hovering_over_an_error_breaks_no_rule(seen: Visit) -> None:
    write(seen.page, WRONG)
    shown(seen.page, ".parseErrorIcon").hover()
    expect(shown(seen.page, ".yasqe_tooltip")).to_contain_text("Deze regel klopt niet.")


@pytest.mark.parametrize("scripts", [True, False], ids=["editor", "form"])
def test_it_fits_a_window_of_320_pixels(browser: Browser, service: Live, scripts: bool) -> None:
    with visit(browser, java_script_enabled=scripts, **NARROW) as found:
        page = found.page
        for query in (NAMES, BODY, WRONG):
            page.goto(service.url + address(query))
            assert not found.scrolls_sideways
            if scripts:
                run(page, query)
                expect(shown(page, "table, .problem").first).to_be_visible()
                assert not found.scrolls_sideways


def test_the_labels_are_in_the_language_of_the_page(seen: Visit, service: Live) -> None:
    for lang, words in (("nl", "Rijen per pagina"), ("en", "Page size")):
        seen.page.goto(f"{service.url}/sparql?lang={lang}")
        run(seen.page, NAMES)
        expect(shown(seen.page, ".yasr")).to_contain_text(words)


def test_it_is_small_and_kept_for_good(service: Live) -> None:
    page = service.ask("/sparql", headers={"Accept": "text/html"}).body.decode()
    names = re.findall(r'"/static/(editor-[A-Z0-9]{8}\.(?:js|css))"', page)
    assert len(names) == 2
    size = 0
    for name in names:
        answer = service.ask(f"/static/{name}", headers={"Accept-Encoding": "gzip, zstd"})
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        size += len(answer.body)
    assert size < TRANSFERRED


def test_what_a_page_may_not_do_is_seen(browser: Browser, service: Live) -> None:
    with visit(browser) as found:
        found.page.goto(f"{service.url}/sparql")
        faults = {
            "style-src": "document.head.append(document.createElement('style'))",
            "style-src ": "document.body.insertAdjacentHTML('beforeend', '<i style=top:0>x</i>')",
            "script-src": "document.body.insertAdjacentHTML('beforeend', '<i onclick=x()>x</i>')",
            "connect-src": "fetch('http://elsewhere.invalid/').catch(() => 0)",
        }
        for rule, fault in faults.items():
            found.messages.clear()
            found.page.evaluate(fault)
            assert any(rule.strip() in row for row in found.violations), fault
