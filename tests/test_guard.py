"""The guard refuses what the engine would do, whatever it looks like, and nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from service.problems import BadQuery, Problem, ServiceRefused, TooLarge, UpdateRefused
from service.store.guard import MAX_CHARACTERS, MAX_DEPTH, read

URL = "http://127.0.0.1:1/"

# Each of these has a SERVICE clause for the SPARQL grammar or for the engine's reading of it.
CALLS_OUT = {
    "plain": "SELECT * { SERVICE <URL> { ?s ?p ?o } }",
    "lower case": "select * { service <URL> { ?s ?p ?o } }",
    "mixed case and tab": "SELECT * { sErViCe\tsIlEnT\n<URL>{ ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <URL> { ?s ?p ?o } }",
    "silent without a space": "SELECT * { SERVICESILENT<URL>{ ?s ?p ?o } }",
    "by a prefix": "PREFIX e: <URL> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "empty prefix glued on": "PREFIX : <URL> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "by a variable": "SELECT * { BIND(<URL> AS ?e) SERVICE ?e { ?s ?p ?o } }",
    "by a dollar variable": "SELECT * { BIND(<URL> AS ?e) SERVICE $e { ?s ?p ?o } }",
    "comment between": "SELECT * { SERVICE # here\n <URL> # there\r{ ?s ?p ?o } }",
    "after a comment ended by return": "SELECT * { # no\rSERVICE <URL> { ?s ?p ?o }\n}",
    "escaped letter": "SELECT * { \\u0053ERVICE <URL> { ?s ?p ?o } }",
    "long escape": "SELECT * { \\U00000053ERVICE <URL> { ?s ?p ?o } }",
    "escaped end of a comment": "SELECT * { #\\u000A SERVICE <URL> { ?s ?p ?o }\n }",
    "escaped end of a string": 'SELECT * { ?a ?b "\\u0022 . SERVICE <URL> { ?s ?p ?o } #" }',
    "after a string": "SELECT * { ?a ?b 'x' . SERVICE <URL> { ?s ?p ?o } }",
    "after an escaped quote": "SELECT * { ?a ?b 'x\\'' . SERVICE <URL> { ?s ?p ?o } }",
    "after a long string": "SELECT * { ?a ?b '''a'b''c\\'''' . SERVICE <URL> { ?s ?p ?o } }",
    "in EXISTS": "SELECT * { FILTER(EXISTS { SERVICE <URL> { ?s ?p ?o } }) }",
    "in a sub-select": "SELECT * { { SELECT * { SERVICE <URL> { ?s ?p ?o } } } }",
    "less than, then a comment": "PREFIX e:<x:>SELECT * { FILTER(1<e:a)SERVICE#>\n<URL>{?s ?p ?o}}",
    "less than a variable": "SELECT * { ?a ?b ?c FILTER(?a<?b)SERVICE#>\n<URL>{ ?s ?p ?o } }",
    "less than a quote": "SELECT * { FILTER(1<'a>' || 'b' = 'c')SERVICE<URL>{?s ?p ?o}#'\n}",
    "less than, comment, long quote": (
        "PREFIX e: <x:> SELECT * { FILTER(1<e:a#>'''\n)SERVICE<URL>{?s ?p ?o}#'''\n}"
    ),
    "glued to a number": "SELECT * { ?a ?b 1SERVICE<URL>{ ?s ?p ?o } }",
    "glued to a boolean": "SELECT * { ?a ?b trueSERVICE<URL>{ ?s ?p ?o } }",
    "after an empty local name": "PREFIX e: <x:> SELECT * { ?a ?b e:.SERVICE<URL>{ ?s ?p ?o } }",
    "string without an end before it": 'SELECT * { ("""a") ?b ?c . SERVICE<URL>{ ?s ?p ?o } }',
    "escaped last letter": "SELECT * { SERVIC\\u0045 <URL> { ?s ?p ?o } }",
    "every letter escaped, small": (
        "SELECT * { \\u0073\\u0065\\u0072\\u0076\\u0069\\u0063\\u0065 <URL> { ?s ?p ?o } }"
    ),
    "escaped silence": "SELECT * { SERVICE\\u0020\\u0053ILENT <URL> { ?s ?p ?o } }",
    "escaped address": "SELECT * { SERVICE \\u003CURL\\u003E \\u007B ?s ?p ?o } }",
    "escaped colon of an empty prefix": "PREFIX \\u003A <URL> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "empty prefix after a comment": "PREFIX#no\n: <URL> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "empty prefix glued to its keyword": "PREFIX:<URL> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "a prefix of that name and an empty one": (
        "PREFIX service: <x:> PREFIX : <URL> SELECT * { ?a ?b ?c . SERVICE:x{ ?s ?p ?o } }"
    ),
    "in a CONSTRUCT": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <URL> { ?s ?p ?o } }",
    "in a DESCRIBE": "DESCRIBE ?s { SERVICE <URL> { ?s ?p ?o } }",
    "in an ASK": "ASK { SERVICE <URL> { ?s ?p ?o } }",
    "in OPTIONAL, MINUS and UNION": (
        "SELECT * { { } UNION { OPTIONAL { SERVICE <URL> { ?s ?p ?o } } MINUS { ?s ?p 1 } } }"
    ),
    "after a string that names it": "SELECT * { ?a ?b 'SERVICE <x:y> {' SERVICE <URL> {?s ?p ?o} }",
    "after a comment that names it": "SELECT * { # SERVICE <x:y> {\n SERVICE <URL> { ?s ?p ?o } }",
    "after an escaped letter in a string": (
        "SELECT * { ?a ?b 'caf\\u00e9' . SERVICE <URL> { ?s ?p ?o } }"
    ),
}

LEGAL = [
    "SELECT ?service ?name { ?service ?p ?name }",
    "SELECT ?service $name { ?service ?p ?name }",
    'SELECT * { ?s ?p "SERVICE <http://x/> { }" }',
    "SELECT * { ?s ?p 'INSERT DATA { } SERVICE <http://x/> {' }",
    "SELECT * { ?s ?p '''\nSERVICE <http://x/> {\n}''' }",
    'SELECT * { ?s ?p """\nDROP ALL; SERVICE SILENT <http://x/> {\n}""" }',
    "PREFIX service: <x:> SELECT * { ?s service:name ?o ; a service:Thing }",
    "PREFIX insert: <x:> SELECT * { ?s insert:delete ?o }",
    "SELECT * { GRAPH <http://x/service> { ?s ?p ?o } }",
    "SELECT * { GRAPH <http://x/service#g> {\n?s ?p ?o } }",
    "SELECT * { GRAPH <http://x/(service)> { ?s ?p ?o } }",
    "# SERVICE <x:y> {}\nSELECT * {}",
    "# INSERT DATA {}\nSELECT * {}",
    "PREFIX e: <http://x/service/> SELECT * { e:SERVICE ?p ?o }",
    "SELECT * { ?s ?p ?o FILTER(?o < 3 && ?o>2) }",
    "SELECT * { ?s ?p 'caf\\u00e9 SERVICE <http://x/> { }' }",
    "SELECT * { ?s ?p '\\u0053ERVICE <http://x/> { }' }",
    "SELECT * { ?s ?p '''it's\\u0020SERVICE <http://x/> { }''' ; ?q \"\\U0001F600\" }",
    "SELECT * { ?s ?p 'a\\'SERVICE <http://x/> {' }",
    "SELECT * { ?s ?p 'x'@service ; ?q ?r # SERVICE <x:y> {\r }",
    "SELECT ?service { ?service ?p ?o } # SERVICE <x:y> {",
    "SELECT ?serviceName ?Service ?SERVICE { ?service ?SERVICE ?Service . { ?a ?b ?c } }",
    "SELECT * { _:service ?p _:SERVICE . { ?a ?b ?c } }",
    "PREFIX service: <x:> SELECT * { GRAPH service:g { ?s ?p ?o } }",
    "PREFIX service: <x:> SELECT * FROM service:g { ?s ?p ?o }",
    "PREFIX service: <x:> SELECT * { ?s a service:Thing { ?s ?p ?o } }",
    "PREFIX my-service: <x:> SELECT * { GRAPH my-service:g { ?s ?p ?o } }",
    "PREFIX silent: <x:> SELECT * { ?s silent:service ?o } ORDER BY ?o",
    "SELECT * { ?s <http://x/SERVICE> ?o FILTER(?s<?o&&?o>'SERVICE <x:y> {') }",
    "SELECT * { VALUES ?s { 'INSERT' 'delete' 'Load' 'SERVICE <x:y> {' } }",
    "BASE <http://x/DROP/ALL> PREFIX drop: <INSERT/> SELECT * { drop:CLEAR ?p ?o }",
    "PREFIX delete: <x:> # DELETE WHERE { ?s ?p ?o }\nSELECT * { delete:a ?p ?o }",
    "SELECT ?insert ?with { ?insert ?with 'WITH <x:g> DELETE { ?s ?p ?o }' }",
]

#: The same for the other forms.
LEGAL_FORMS = [
    ("CONSTRUCT { ?s <x:p> 'LOAD <http://x/>' } WHERE { ?s ?p ?o }", "CONSTRUCT"),
    ('CONSTRUCT { ?s <x:p> "SERVICE <http://x/> {" } WHERE { ?s ?p ?o }', "CONSTRUCT"),
    ("PREFIX load: <x:> CONSTRUCT { ?s load:INTO load:GRAPH } WHERE { ?s ?p ?o }", "CONSTRUCT"),
    ("PREFIX service: <x:> CONSTRUCT WHERE { ?s service:p ?o }", "CONSTRUCT"),
    ("PREFIX service: <x:> DESCRIBE service:insert", "DESCRIBE"),
    ("DESCRIBE <http://x/DROP%20ALL>", "DESCRIBE"),
    ('ASK { ?s ?p \'DROP ALL\', """CREATE\nGRAPH <x:g>""" }', "ASK"),
    ("# COPY <x:a> TO <x:b>\nASK {}", "ASK"),
]


@pytest.mark.parametrize("text", CALLS_OUT.values(), ids=CALLS_OUT.keys())
def test_a_service_clause_is_refused_however_it_is_written(text: str) -> None:
    with pytest.raises(ServiceRefused):
        read(text.replace("URL", URL))


@pytest.mark.parametrize("text", LEGAL)
def test_words_in_strings_comments_and_names_are_legal(text: str) -> None:
    assert read(text).form == "SELECT"


@pytest.mark.parametrize(("text", "form"), LEGAL_FORMS)
def test_so_are_they_in_every_form(text: str, form: str) -> None:
    assert read(text).form == form


@pytest.mark.parametrize("text", [*LEGAL, *(row[0] for row in LEGAL_FORMS)])
def test_what_is_let_through_is_a_query_to_the_engine_too(text: str, engine: Store) -> None:
    engine.query(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <x:a> <x:b> <x:c> }",
        "insert{?s ?p ?o}where{?s ?p ?o}",
        "# hello\nPREFIX e: <x:> BASE <x:y> DELETE WHERE { ?s ?p ?o }",
        "WITH <x:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "LOAD<http://example.org/>",
        "LOAD SILENT <http://example.org/> INTO GRAPH <x:g>",
        "CLEAR ALL",
        "DROP DEFAULT",
        "CREATE GRAPH <x:g>",
        "ADD DEFAULT TO <x:g>",
        "MOVE <x:a> TO <x:b>",
        "COPY <x:a> TO <x:b>",
        "\\u0049NSERT DATA {}",
        "D\\u0045LETE DATA { <x:a> <x:b> <x:c> }",
        "dRoP\tall",
        "CLEAR#all\r ALL",
        "\ufeffDROP ALL",
        "PREFIX select: <x:> PREFIX ask: <x:> INSERT DATA { ask:a ask:b ask:c }",
        "# SELECT * {}\nDELETE WHERE { ?s ?p ?o }",
        "BASE <x:SELECT> LOAD <ASK>",
        "DROP ALL ; # SELECT * {}\nCLEAR ALL",
    ],
)
def test_an_update_is_refused(text: str) -> None:
    with pytest.raises(UpdateRefused):
        read(text)


@pytest.mark.parametrize(
    ("text", "form", "kind"),
    [
        ("SELECT * {}", "SELECT", "solutions"),
        ("select(1 as ?x){}", "SELECT", "solutions"),
        ("BASE<x:y>SELECT*{}", "SELECT", "solutions"),
        ("PREFIX : <x:y>\n#SELECT\nASK{}", "ASK", "solutions"),
        ("construct{}where{}", "CONSTRUCT", "graph"),
        ("PREFIX select: <x:> DESCRIBE select:a", "DESCRIBE", "graph"),
        ("nonsense", "", "solutions"),
        ("", "", "solutions"),
    ],
)
def test_the_form_tells_the_kind_of_answer(text: str, form: str, kind: str) -> None:
    reading = read(text)
    assert (reading.form, reading.kind) == (form, kind)


@pytest.mark.parametrize(
    ("text", "dataset"),
    [
        ("SELECT * FROM <x:g> {}", True),
        ("SELECT * FROM NAMED <x:g> {}", True),
        ("SELECT*FROM<x:g>{}", True),
        ("ASK FROM :g {}", True),
        ("PREFIX : <x:> ASK FROM:g{}", True),
        ("CONSTRUCT { ?s ?p ?o } FROM <x:g> WHERE {}", True),
        ("DESCRIBE <x:a> FROM <x:g>", True),
        ("SELECT * { ?s ?p 'FROM <x:g>' } # FROM <x:g>", False),
        ("PREFIX from: <x:> SELECT * { ?s from:g ?o } GROUP BY from:f(?s)", False),
        ("SELECT ?from { ?from ?p ?o }", False),
    ],
)
def test_a_dataset_clause_is_noticed(text: str, dataset: bool) -> None:
    assert read(text).dataset is dataset


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("SELECT (NOW() AS ?x) {}", True),
        ("SELECT (now #c\n () AS ?x) {}", True),
        ("SELECT (StrUUID() AS ?x) {}", True),
        ("SELECT (BNODE(?s) AS ?x) { ?s ?p ?o }", True),
        ("SELECT * { ?s ?p ?o } ORDER BY RAND()", True),
        ("SELECT ?now { ?s <x:now> ?now }", False),
        ("SELECT * { ?s ?p 'NOW()' }", False),
        ("SELECT (ISBLANK(?s) AS ?x) { ?s ?p ?o }", False),
    ],
)
def test_an_answer_that_may_differ_each_time_is_noticed(text: str, volatile: bool) -> None:
    assert read(text).volatile is volatile


def test_size_and_nesting_have_limits() -> None:
    with pytest.raises(TooLarge):
        read("SELECT * {}" + " " * MAX_CHARACTERS)
    deep = "SELECT * {\n FILTER(" + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH + ") }"
    with pytest.raises(BadQuery) as caught:
        read(deep)
    assert caught.value.members["line"] == 2
    assert read("SELECT * {" + "{}" * 5000 + "}").form == "SELECT"


@pytest.mark.parametrize(
    "unit",
    ["\\\"", "a-", "NOW#", "SERVICE#", "service ", "<service", "<x#>", "e:a...", "'\"", "#", "a.b.",
     "1<a:b)service#>\n", "\\u0041", "service:a{", "\"\"\"\\"],
)  # fmt: skip
def test_no_text_takes_long_to_read(unit: str) -> None:
    for start in ("service ", '"', '"""service', "SELECT * { "):
        text = (start + unit * (MAX_CHARACTERS // len(unit)))[: MAX_CHARACTERS - 8] + " service"
        started = time.process_time()
        with suppress(Problem):
            read(text)
        assert time.process_time() - started < 1.5


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[str, list[int]]]:
    """A server that counts who calls."""
    hits: list[int] = []
    server = socket.create_server(("127.0.0.1", 0), backlog=50)

    def listen() -> None:
        with suppress(OSError):
            while True:
                server.accept()[0].close()
                hits.append(1)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/", hits
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def engine() -> Store:
    """An engine in this process, which may call out, with one triple."""
    store = Store()
    store.add(Quad(NamedNode("x:s"), NamedNode("x:p"), Literal("o")))
    return store


def test_the_engine_would_have_called_out(canary: tuple[str, list[int]], engine: Store) -> None:
    url, hits = canary
    before = len(hits)
    for text in CALLS_OUT.values():
        with suppress(OSError, SyntaxError, RuntimeError):
            list(_rows(engine, text.replace("URL", url)))
    assert len(hits) - before > 10, "the texts above must be dangerous, else they prove nothing"


PIECES = [
    "SERVICE", "SILENT", "service:x", "<URL>", "{", "}", "{ ?s ?p ?o }", "(", ")", "<", ">", "#",
    "\n", "\r", " ", "'", '"', "'''", '"""', "\\", "\\u0053ERVICE", "1", "true", "e:a", ":", "?a",
    "FILTER", "FILTER(1<e:a)", "EXISTS", ".", ";", "||", "a", "@en", "_:b", "UNION", "e:",
]  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "service"])
@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_nothing_that_passes_the_guard_makes_the_engine_call_out(
    canary: tuple[str, list[int]], engine: Store, prefix: str, pieces: list[str]
) -> None:
    url, hits = canary
    text = f"PREFIX e: <{url}> PREFIX {prefix}: <{url}> SELECT * {{ {''.join(pieces)} }}"
    text = text.replace("URL", url)
    try:
        read(text)
    except Problem:
        return
    before = len(hits)
    with suppress(OSError, SyntaxError, RuntimeError, ValueError):
        list(_rows(engine, text))
    assert len(hits) == before


def _rows(engine: Store, text: str) -> Iterator[object]:
    results = engine.query(text)
    yield from results if not isinstance(results, bool) else ()
