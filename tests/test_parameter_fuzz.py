"""Whatever a caller writes, no query changes its structure and the API does not fail.

Values come in lists of a hundred, a hundred lists for each kind: ten thousand values a kind. What
is compared are the tokens of the text by SPARQL's lexical rules (`service.store.guard`): as many as
with a plain value, of the same kinds, and the same but for IRIs and strings, which is what a
parameter becomes. The engine has to parse the text too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from service.app import create_app
from service.parameters import resolve
from service.problems import BadParameter
from service.queries import KINDS, NAMED, Library, StoredQuery, parse
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from service.store.guard import _TOKEN as TOKEN
from service.store.guard import read
from service.vocab import CONCEPT
from tests.serving_release import AALTER, BASE, OCMW_AALTER, write_release
from tests.stored import library

LISTS, LENGTH = 100, 100  # lists of values, and values in each
SENT = 300  # values of a kind that are sent to the API
WAVE, THEME, SCHEME = f"{BASE}id/golf/2016", f"{CONCEPT}thema/T1", f"{BASE}id/scoreschema/1.0"
PARTS = [
    '"', "'", '"""', "'''", "<", ">", "> }", "{", "}", "(", ")", "[", "]", "#", "\n", "\r", "\\",
    "\\u0022", "\\U0000003E", "\\n", "\x00", "\x1f", "\x7f", "\u2028", "\ufeff", "\ud800", "\udfff",
    "\ufffd", "\U0001f600", "%3E", "%22", "$", "?x", "$p", "@nl", "^^", "<http://x/>", "http://x/",
    "https://x/a?b#c", "urn:x:y", "javascript:", ";", ".", ",", "|", "&&", "SERVICE <http://x/> {}",
    "UNION { ?s ?p ?o }", "} ; DROP ALL ; #", "ORDER BY", "LIMIT 1", "0", "9", "-1", "1e5", ".5",
    "INF", "NaN", "\u0664", "\u202e", "é", "e\u0301", " ", "\t",
]  # fmt: skip
RIGHT: Mapping[str, list[str]] = {
    "iri": [WAVE, "http://x/", "https://x/a?b#c"],
    "string": ["x", '"', "\\", "} #"],
    "integer": ["0", "-7", "+007"],
    "decimal": ["1.5", "-.5", "3."],
    "date": ["2016-06-01", "0001-01-01"],
    "lang": ["nl", "en"],
    "body": [AALTER, "0207.357.741", "OVO002001", "44084", "BE 207357741"],
    "bodies": [AALTER, "44084", " , OVO002001,"],
    "wave": [WAVE, "2016"],
    "concept": [THEME, "T1"],
    "scheme": [SCHEME, "1.0"],
}
PLAIN: Mapping[str, object] = {
    **{kind: values[0] for kind, values in RIGHT.items()},
    "bodies": [AALTER],
}
FOUND = {
    "lookup/body": {"body": AALTER},
    "lookup/is-body": {"found": "x"},
    "lookup/named-waves": {"iri": WAVE, "notation": "2016", "scheme": SCHEME, "scored": "true"},
    "lookup/named-concepts": {"iri": THEME, "notation": "T1"},
    "lookup/named-schemes": {"iri": SCHEME, "notation": "1.0"},
}
ANYTHING = st.one_of(
    st.sampled_from([*PARTS, AALTER, OCMW_AALTER]),
    st.lists(st.sampled_from(PARTS), min_size=2, max_size=4).map("".join),
    st.text(max_size=12),
    st.text(alphabet="<>{}\"'\\#$?@^/.:-_ 0123456789aTZ", max_size=12),
)
HEAD = "#+ summary: {nl: x, en: x}\n#+ parameters:\n#+ - "
ENGINE = Store()


def probe(kind: str) -> StoredQuery:
    """Return a query with one parameter, which stands in a comment and a string too."""
    more = ", list: thema" if kind == "concept" else ""
    text = 'SELECT * WHERE { VALUES ?x { $p } ?s ?v "$p" FILTER(?s = ?x) } # $p\nORDER BY ?s'
    return parse("api", f"probe-{kind}", f"{HEAD}{{name: p, kind: {kind}{more}}}\n{text}")


def tokens(text: str) -> list[tuple[str, str]]:
    """Return kind and text of each token; of IRIs and strings the kind only."""
    found = [(str(row.lastgroup), row[0]) for row in TOKEN.finditer(text)]
    return [
        (kind, "" if kind in ("iri", "short") else part) for kind, part in found if kind != "blank"
    ]


class Release:
    """Stands for a release: each look-up is bound and checked, and finds what there is one of."""

    seen: ClassVar[set[str]] = set()

    def __call__(self, name: str, **values: object) -> list[Mapping[str, object]]:
        query = library()[name]
        text = query.bind(**values)
        if text not in self.seen:
            self.seen.add(text)
            plain = query.bind(**{row.name: PLAIN[row.kind] for row in query.parameters})
            assert tokens(text) == tokens(plain), text
            ENGINE.query(text)
        return [FOUND[name]]


def check(query: StoredQuery, value: str) -> str:
    """Bind a value and compare; return "taken" or "refused"."""
    try:
        text = query.bind(**resolve(query, {"p": value}, Release()))
    except BadParameter as problem:
        assert problem.members["parameter"] == "p"
        assert problem.members["allowed"]
        json.dumps([problem.detail, problem.members], ensure_ascii=False).encode()
        return "refused"
    assert tokens(text) == tokens(query.bind(p=PLAIN[query.parameters[0].kind])), text
    reading = read(text)
    assert (reading.form, reading.dataset) == ("SELECT", False)
    ENGINE.query(text)
    return "taken"


def lists_of(kind: str, most: int = LISTS) -> Iterator[list[str]]:
    """Yield lists of values for a kind, the same ones each time."""
    made: list[list[str]] = []

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ANYTHING | st.sampled_from(RIGHT[kind]), min_size=LENGTH, max_size=LENGTH))
    def collect(values: list[str]) -> None:
        made.append(values)

    collect()
    yield from made


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_changes_the_structure_of_a_query(kind: str) -> None:
    query, outcomes = probe(kind), Counter[str]()
    for values in lists_of(kind):
        outcomes.update(check(query, value) for value in values)
    assert outcomes.total() >= LISTS * LENGTH
    assert min(outcomes["taken"], outcomes["refused"]) > 100, outcomes


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The application over a small release, with a query for each kind of parameter."""
    home = tmp_path_factory.mktemp("fuzzed")
    store = EmbeddedStore.open(write_release(home, 1) / "public", 1 << 20, 1)
    queries = {**library(), **{query.id: query for query in map(probe, KINDS)}}
    with create_app(Settings(home=home, base=BASE), store, Library(queries)).test_client() as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_takes_or_refuses_a_value_and_never_fails(client: FlaskClient, kind: str) -> None:
    statuses = Counter[int]()
    for values in lists_of(kind, SENT // LENGTH):
        for value in values:
            sent = value.encode("utf-8", "surrogatepass")
            answer = client.get(f"/api/probe-{kind}", query_string={"p": sent, "format": "srj"})
            statuses[answer.status_code] += 1
            if answer.status_code == 400:
                assert (answer.json or {})["parameter"] == "p"
    assert statuses.keys() <= {200, 400}, statuses
    assert min(statuses[200], statuses[400]) > 20 or kind in NAMED


@pytest.mark.parametrize("name", ["\x00", "\u202e", "p ", "P", "é", "a" * 5000, "p[]", '"', "%"])
def test_a_name_may_be_anything_too(client: FlaskClient, name: str) -> None:
    answer = client.get("/api/probe-string", query_string={"p": "x", name: "1"})
    assert (answer.status_code, (answer.json or {})["parameter"]) == (400, name[:100])
    assert set((answer.json or {})["allowed"]) == {"p", "format"}
