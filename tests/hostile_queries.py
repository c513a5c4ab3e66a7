"""Queries that mean harm, and how each may end; all of them within their budget.

``slug`` is that of the problem document, "answered" stands for a whole answer. Where two are
named it is the speed of the machine that decides which limit is met first.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.serving_release import AALTER, BASE

TIME = frozenset({"query-timeout"})
MEMORY = frozenset({"query-memory", "query-timeout"})
STACK = frozenset({"query-memory"})
SIZE = frozenset({"result-too-large"})
SYNTAX = frozenset({"bad-query"})
LENGTH = frozenset({"too-large"})
ANSWER = frozenset({"answered"})

NEXT = f"<{BASE}x/p>"
ALL = "?a ?p ?b . ?c ?q ?d"
CUBE = f"{ALL} . ?e ?r ?f"


@dataclass(frozen=True)
class Hostile:
    """A query and the slugs of the problems that it may end in."""

    text: str
    ends: frozenset[str]


def nested(opening: str, inside: str, depth: int) -> str:
    """Return ``opening`` so many times around something, each closed by a brace."""
    return opening * depth + inside + "}" * depth


def doubled(times: int) -> str:
    """Return BINDs each of which is twice as long as the one before."""
    rows = [f"BIND(CONCAT(?v{row}, ?v{row}) AS ?v{row + 1})" for row in range(times)]
    return "BIND('xxxxxxxx' AS ?v0) " + " ".join(rows)


def replaced(times: int) -> str:
    """Return BINDs each of which is eight times as long as the one before."""
    long = "x" * 8
    rows = [f"BIND(REPLACE(?v{row}, 'x', '{long}') AS ?v{row + 1})" for row in range(times)]
    return "BIND('xxxxxxxx' AS ?v0) " + " ".join(rows)


def regex(pattern: str, of: str = "STR(?a)", where: str = "?a ?p ?b") -> str:
    """Count what matches a pattern."""
    return f'SELECT (COUNT(*) AS ?n) {{ {where} FILTER(REGEX({of}, "{pattern}")) }}'


_ROWS = {
    "cross-product COUNT": (f"SELECT (COUNT(*) AS ?n) {{ {CUBE} FILTER(?a != ?e) }}", TIME),
    "ORDER BY over a cross product": (f"SELECT * {{ {CUBE} }} ORDER BY ?f ?d ?b LIMIT 1", MEMORY),
    "GROUP BY over a cross product": (
        f"SELECT ?a ?d (COUNT(*) AS ?n) {{ {ALL} }} GROUP BY ?a ?d",
        MEMORY,
    ),
    "GROUP_CONCAT over a cross product": (
        f"SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?b), STR(?c))) AS ?g) {{ {ALL} }}",
        MEMORY,
    ),
    "DISTINCT over a cross product": (f"SELECT DISTINCT ?a ?d {{ {ALL} }}", SIZE),
    "path explosion": (f"SELECT (COUNT(*) AS ?n) {{ ?a ({NEXT}|^{NEXT})* ?b }}", MEMORY),
    "paths over everything": (
        "SELECT (COUNT(*) AS ?n) { ?a (!<x:y>)* ?b . ?b (!<x:z>)+ ?c }",
        MEMORY,
    ),
    "path of 10,000 steps": (f"SELECT * {{ ?s {'/'.join(['<x:p>'] * 10_000)} ?o }}", STACK),
    "huge CONSTRUCT": (f"CONSTRUCT {{ ?a ?p ?d . ?c ?q ?b }} WHERE {{ {ALL} }}", SIZE),
    "DESCRIBE of everything": ("DESCRIBE * { ?s ?p ?o }", SIZE),
    "DESCRIBE of 2,900 things": (
        "DESCRIBE " + " ".join(f"<{BASE}x/{row}>" for row in range(2900)),
        MEMORY | SIZE,
    ),
    "5,000 brackets": (f"SELECT * {{ FILTER({'(' * 5000}1{')' * 5000}) }}", SYNTAX),
    "5,000 brackets in what may be an IRI": (
        f"SELECT * {{ FILTER((1<1+{'(' * 5000}1{')' * 5000})>0) }}",
        STACK | SYNTAX,
    ),
    "5,000 sub-selects": ("SELECT * " + nested("{ SELECT * ", "{ ?s ?p ?o }", 5000), SYNTAX),
    "5,000 OPTIONALs": ("SELECT * {" + nested("OPTIONAL {", "", 5000) + "}", SYNTAX),
    "190 OPTIONALs": ("SELECT * {" + nested("OPTIONAL { ?s ?p ?o ", "", 190) + "}", TIME | SIZE),
    "190 MINUS": ("SELECT * { ?s ?p ?o " + nested("MINUS { ?s ?p ?o ", "", 190) + "}", MEMORY),
    "190 sub-selects": ("SELECT * " + nested("{ SELECT * ", "{ ?s ?p ?o }", 190), SIZE),
    "5,000 negations": (f"SELECT * {{ FILTER({'!' * 5000}true) }}", ANSWER),
    "90,000 negations": (f"SELECT * {{ FILTER({'!' * 90_000}true) }}", STACK),
    "sum of 40,000": (f"SELECT * {{ FILTER(1{'+1' * 40_000}) }}", STACK),
    "30,000 alternatives": (f"SELECT * {{ FILTER(1{'||1' * 30_000}) }}", STACK),
    "10,000 UNIONs": ("SELECT * { {} " + "UNION {} " * 10_000 + "}", STACK),
    "4,000 OPTIONALs side by side": (
        "SELECT * { ?s ?p ?o " + "OPTIONAL {?s ?p ?o} " * 4000 + "}",
        TIME,
    ),
    "10,000 FILTERs": ("SELECT * { ?s ?p ?o " + "FILTER(1)" * 10_000 + "}", STACK),
    "10,000 FILTERs that differ": (
        "SELECT * { ?s ?p ?o " + "".join(f"FILTER(?o != {row})" for row in range(10_000)) + "}",
        LENGTH,
    ),
    "4,000 patterns apart": (
        "SELECT * { " + "".join(f"?a{row} ?b{row} ?c{row}." for row in range(4000)) + "}",
        TIME,
    ),
    "4,000 patterns of one thing": (
        "SELECT * { " + "".join(f"?a ?b{row} ?c{row}." for row in range(4000)) + "}",
        TIME,
    ),
    "regex of nested repetitions": (
        regex("((a{0,100}){0,100}){0,100}$", "CONCAT(STR(?b), STR(?c))", ALL),
        TIME,
    ),
    "regex that is long for each row": (
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o "
        'FILTER(REGEX(STR(?s), CONCAT("(a|aa|", STR(?s), ")+$"))) }',
        TIME,
    ),
    "regex of many states": (regex(r"(\\w{1,200}){1,200}x{900}"), TIME),
    "regex that backtracks elsewhere": (
        f'SELECT * {{ BIND(REGEX("{"a" * 40}!", "^(((a+)+)+)+$") AS ?x) }}',
        ANSWER,
    ),
    "string doubled 60 times": (f"SELECT * {{ {doubled(60)} }}", MEMORY),
    "string eight times as long, 12 times": (
        f"SELECT (STRLEN(?v12) AS ?n) {{ {replaced(12)} }}",
        MEMORY,
    ),
    "nested CONCAT": (
        "SELECT (1 AS ?n) { BIND(" + "CONCAT(" * 150 + "'x'" + ", 'y')" * 150 + " AS ?z) }",
        ANSWER,
    ),
    "300,000 VALUES": ("SELECT * { VALUES ?x { " + "1 " * 300_000 + "} }", LENGTH),
    "49,000 VALUES by 300": (
        f"SELECT * {{ VALUES ?x {{ {'1 ' * 49_000}}} VALUES ?y {{ {'2 ' * 300}}} }}",
        SIZE,
    ),
}
QUERIES = {name: Hostile(*row) for name, row in _ROWS.items()}

# Ways to make a store ask another machine. CALL is the address of a listener of the test.
GRAPH_CALLS = (
    "SELECT * FROM <CALL> { ?s ?p ?o }",
    "SELECT * FROM NAMED <CALL> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH <CALL> { ?s ?p ?o } }",
    "SELECT * { BIND(IRI('CALL') AS ?g) GRAPH ?g { ?s ?p ?o } }",
    "CONSTRUCT WHERE { GRAPH <CALL> { ?s ?p ?o } }",
    "DESCRIBE <CALL>",
    "ASK FROM <CALL> {}",
    "PREFIX x: <CALL> SELECT * { x:a x:b ?c }",
    "BASE <CALL> SELECT * { <a> <b> ?c }",
    "SELECT (IRI('CALL') AS ?x) (URI('CALL') AS ?y) {}",
    f"SELECT * {{ <{AALTER}> <CALL> ?o }}",
    "LOAD <CALL>",
    "LOAD SILENT <CALL> INTO GRAPH <x:g>",
    "INSERT { ?s ?p ?o } USING <CALL> WHERE { ?s ?p ?o }",
    "COPY <CALL> TO DEFAULT",
)
