"""Ten kinds of queries, from a look-up to a scan of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyoxigraph import Store

from service.store.rows import select

_PREFIXES = """\
PREFIX besluit: <http://data.vlaanderen.be/ns/besluit#>
PREFIX imon: <https://w3id.org/imonitor/ns#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX theme: <https://w3id.org/imonitor/concept/thema/>
"""
_OBSERVED_MOST = """
SELECT ?body (COUNT(?o) AS ?n) WHERE {
  ?o qb:dataSet ?scores ; imon:body ?body FILTER(STRENDS(STR(?scores), "/dataset/theme-score"))
} GROUP BY ?body ORDER BY DESC(?n) ?body LIMIT 1"""
_LAST_SCORED = """
SELECT ?wave WHERE {
  ?o qb:dataSet ?scores ; imon:wave ?wave FILTER(STRENDS(STR(?scores), "/dataset/theme-score"))
} ORDER BY DESC(?wave) LIMIT 1"""

_TEXTS = {
    "point describe": "DESCRIBE <{body}>",
    "scores of a body": """SELECT ?theme ?score ?low ?high WHERE {{
      ?o imon:body <{body}> ; imon:wave <{wave}> ; imon:theme ?theme ; imon:score ?score ;
        imon:low ?low ; imon:high ?high }} ORDER BY ?theme""",
    "timeline of a body": """SELECT ?year ?theme ?score WHERE {{
      ?o imon:body <{body}> ; imon:theme ?theme ; imon:score ?score ; imon:wave ?wave .
      ?wave imon:year ?year }} ORDER BY ?year ?theme""",
    "weakest 50": """SELECT ?body ?name ?score WHERE {{
      ?o imon:wave <{wave}> ; imon:theme theme:T1 ; imon:score ?score ; imon:body ?body .
      ?body skos:prefLabel ?name }} ORDER BY ?score ?body LIMIT 50""",
    "average of groups": """SELECT ?class ?theme (AVG(?score) AS ?mean) (COUNT(?o) AS ?n) WHERE {{
      ?o imon:wave <{wave}> ; imon:theme ?theme ; imon:score ?score ; imon:body ?body .
      ?body besluit:classificatie ?class }} GROUP BY ?class ?theme ORDER BY ?class ?theme""",
    "count by type": """SELECT ?type (COUNT(?s) AS ?n) WHERE {{
      ?s a ?type }} GROUP BY ?type ORDER BY DESC(?n) ?type""",
    "page by construct": """CONSTRUCT {{
      <{body}> ?p ?v . ?v skos:prefLabel ?label . ?o ?q ?w }} WHERE {{
      {{ <{body}> ?p ?v OPTIONAL {{ ?v skos:prefLabel ?label }} }} UNION
      {{ ?o imon:body <{body}> ; imon:wave <{wave}> ; ?q ?w }} }}""",
    "1 MB result": """SELECT ?o ?body ?theme ?score WHERE {{
      ?o imon:theme ?theme ; imon:score ?score ; imon:body ?body }} LIMIT 2450""",
    "filter contains": """SELECT ?thing ?name WHERE {{
      ?thing skos:prefLabel ?name FILTER(CONTAINS(LCASE(STR(?name)), "gent")) }}""",
    "full scan": "SELECT (COUNT(*) AS ?n) WHERE {{ ?s ?p ?o }}",
}
_GRAPHS = ("point describe", "page by construct")
# What rdflib-endpoint answers in seconds; it gives DESCRIBE the type of another kind of answer.
SMALL = (
    "scores of a body",
    "timeline of a body",
    "weakest 50",
    "page by construct",
    "filter contains",
)


@dataclass(frozen=True)
class Kind:
    """A query; its answer is a graph, or rows."""

    name: str
    query: str
    is_graph: bool

    @property
    def unit(self) -> str:
        """What its answer is counted in."""
        return "triples" if self.is_graph else "rows"

    @property
    def accept(self) -> str:
        """The media type that its answer is asked in."""
        return "text/turtle" if self.is_graph else "application/sparql-results+json"


def kinds(store: Store) -> dict[str, Kind]:
    """Return the kinds by name, about a body and a wave of a store."""
    values = {
        "body": _first(store, _OBSERVED_MOST)["body"],
        "wave": _first(store, _LAST_SCORED)["wave"],
    }
    queries = {name: _PREFIXES + text.format(**values) for name, text in _TEXTS.items()}
    return {name: Kind(name, text, name in _GRAPHS) for name, text in queries.items()}


def _first(store: Store, query: str) -> Mapping[str, str]:
    return next(select(store, _PREFIXES + query, union=True))
