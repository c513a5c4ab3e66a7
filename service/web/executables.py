"""Stored queries as RDF: ``sh:SPARQLExecutable`` with text, prefixes and parameters (SHACL §5).

The text is valid SPARQL as it stands: a parameter is a variable, called ``$given_x`` where the
query has a variable ``?x`` of its own. Where it stands in the data block of VALUES, which takes no
variables, it is UNDEF; the service puts the values there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

from pyoxigraph import Literal, NamedNode, Triple, serialize

from service.formats import Format
from service.parameters import list_iri
from service.queries import ABSENT, Parameter, StoredQuery, filled_in
from service.vocab import PREFIXES, XSD, expand
from service.web.site import Site

_FORMS = {
    "SELECT": ("sh:SPARQLSelectExecutable", "sh:select"),
    "ASK": ("sh:SPARQLAskExecutable", "sh:ask"),
    "CONSTRUCT": ("sh:SPARQLConstructExecutable", "sh:construct"),
}
_DATATYPES = {"integer": "integer", "decimal": "decimal", "date": "date"}
_TEXTS = ("string", "lang")
_PREFIXED = ("dcat", "dct", "rdf", "rdfs", "sh", "xsd")
_SHORTENED = ("turtle", "rdfxml")
_VALUES = re.compile(r"\bVALUES\s*(?:[?$]\w+|\([^)]*\))\s*\{[^}]*\}", re.I)
_TITLES = (
    ("nl", "Opgeslagen vragen van I-Monitor Linked Data"),
    ("en", "Stored queries of I-Monitor Linked Data"),
)
Term = NamedNode | Literal


def described(site: Site, queries: Iterable[StoredQuery], form: Format) -> bytes:
    """Return stored queries, and the service that answers them, as RDF."""
    target = io.BytesIO()
    triples = list(_service(site, list(queries)))
    prefixes = {name: PREFIXES[name] for name in _PREFIXED} if form.name in _SHORTENED else None
    serialize(triples, target, format=form.rdf, prefixes=prefixes)
    return target.getvalue()


def executable_iri(base: str, name: str) -> str:
    """Return the IRI of a stored query, which is also the address of its description."""
    return f"{base}api/{name}/query"


def open_text(query: StoredQuery) -> str:
    """Return the text with its parameters as variables, as the start of this module says."""
    names = {row.name: f"${variable(query, row)}" for row in query.parameters}
    absent = dict.fromkeys(names, ABSENT)
    text = _VALUES.sub(lambda block: filled_in(block[0], absent), query.body)
    return filled_in(text, names)


def variable(query: StoredQuery, row: Parameter) -> str:
    """Return the name of the variable that stands for a parameter in `open_text`."""
    own = re.search(rf"\?{row.name}\b", query.body)
    return f"given_{row.name}" if own else row.name


def _service(site: Site, queries: Sequence[StoredQuery]) -> Iterator[Triple]:
    service = NamedNode(f"{site.base}api")
    yield _triple(service, "rdf:type", NamedNode(expand("dcat:DataService")))
    for lang, title in _TITLES:
        yield _triple(service, "dct:title", Literal(title, language=lang))
    yield _triple(service, "dcat:endpointURL", service)
    description = NamedNode(f"{site.base}api/openapi.json")
    yield _triple(service, "dcat:endpointDescription", description)
    for query in queries:
        node = NamedNode(executable_iri(site.base, query.name))
        yield _triple(service, "dct:hasPart", node)
        for predicate, value in _query(site, query):
            yield _triple(node, predicate, value)
        for row in query.parameters:
            parameter = NamedNode(f"{node.value}#parameter-{row.name}")
            yield _triple(node, "sh:parameter", parameter)
            path = NamedNode(f"{node.value}#{variable(query, row)}")
            yield _triple(parameter, "sh:path", path)
            for predicate, value in _parameter(row):
                yield _triple(parameter, predicate, value)


def _query(site: Site, query: StoredQuery) -> Iterator[tuple[str, Term]]:
    kind, text = _FORMS[query.form]
    yield "rdf:type", NamedNode(expand("sh:SPARQLExecutable"))
    yield "rdf:type", NamedNode(expand(kind))
    yield "dct:identifier", Literal(query.name)
    for lang, summary in query.head["summary"].items():
        yield "rdfs:label", Literal(str(summary), language=lang)
    yield text, Literal(open_text(query))
    yield "sh:prefixes", NamedNode(PREFIXES["imon"])
    for tag in query.head.get("tags") or ():
        yield "dcat:keyword", Literal(str(tag), language="nl")
    yield "rdfs:seeAlso", NamedNode(f"{site.base}api/{query.name}")


def _parameter(row: Parameter) -> Iterator[tuple[str, Term]]:
    yield "rdf:type", NamedNode(expand("sh:Parameter"))
    yield "dct:identifier", Literal(row.name)
    for lang, label in row.label.items():
        yield "sh:name", Literal(str(label), language=lang)
    if row.kind in _DATATYPES:
        yield "sh:datatype", NamedNode(XSD + _DATATYPES[row.kind])
    elif row.kind in _TEXTS:
        yield "sh:datatype", NamedNode(XSD + "string")
    else:
        yield "sh:nodeKind", NamedNode(expand("sh:IRI"))
    if row.kind == "concept":
        yield "rdfs:seeAlso", NamedNode(list_iri(row))
    if row.optional:
        yield "sh:optional", Literal(True)
    if row.default is not None and row.kind in (*_DATATYPES, *_TEXTS):
        datatype = XSD + _DATATYPES.get(row.kind, "string")
        yield "sh:defaultValue", Literal(str(row.default), datatype=NamedNode(datatype))


def _triple(subject: NamedNode, predicate: str, value: Term) -> Triple:
    return Triple(subject, NamedNode(expand(predicate)), value)
