"""Which classes and properties are used where: in data, Turtle, shapes, stored queries and code.

A *use* is (IRI of a term, place). The languages that all of this is written in (RDF, RDFS, OWL, XML
Schema datatypes, SHACL) are left out: they are not part of what is modelled.
"""

from __future__ import annotations

import ast
import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rdflib import RDF, Graph, URIRef
from rdflib.collection import Collection
from rdflib.paths import Path as PropertyPath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from service.queries import Library
from service.release.manifest import Release
from service.vocab import IMON, PREFIXES, expand, prefix_lines

Use = tuple[str, str]

ROOT = Path(__file__).resolve().parent.parent
BASE = "http://localhost:8000/"
_TYPE = str(RDF.type)
_LANGUAGES = tuple(PREFIXES[name] for name in ("rdf", "rdfs", "owl", "xsd", "sh"))
#: Prefixes of lists of values, not of classes and properties.
_VALUES = {"imc", "bk", "sdmx-code", "sdmx-concept", "formats", "role", "imsh", "unit"}
#: Values that stand in the namespace of a vocabulary.
_INDIVIDUALS = {
    expand(name)
    for name in (
        "cube:Undefined",
        "qudt:NominalScale", "qudt:OrdinalScale", "qudt:IntervalScale", "qudt:RatioScale",
    )
}  # fmt: skip
_TERMS = tuple(PREFIXES[name] for name in PREFIXES.keys() - _VALUES)
#: Properties whose value is a class or a property.
_NAMING = {
    expand(name)
    for name in (
        "rdf:type",
        "rdfs:domain", "rdfs:range", "rdfs:subClassOf", "rdfs:subPropertyOf", "owl:inverseOf",
        "qb:dimension", "qb:measure", "qb:attribute", "qb:componentProperty", "qb:measureType",
        "qb:componentAttachment", "qb:parentChildProperty",
        "void:class", "void:property", "void:linkPredicate", "imon:claimedProperty",
        "sh:class", "sh:targetClass", "sh:targetSubjectsOf", "sh:targetObjectsOf",
        "sh:equals", "sh:disjoint", "sh:lessThan", "sh:lessThanOrEquals",
    )
}  # fmt: skip
_MATCHES = {
    expand(f"skos:{name}Match") for name in ("exact", "close", "related", "broad", "narrow")
}
#: Properties whose value is a property, a list of them, or a path of other steps.
_PATHS = {
    URIRef(expand(f"sh:{name}"))
    for name in (
        "path", "alternativePath", "inversePath", "zeroOrMorePath", "oneOrMorePath",
        "zeroOrOnePath", "ignoredProperties",
    )
}  # fmt: skip
_TEXTS = tuple(URIRef(expand(f"sh:{name}")) for name in ("select", "ask", "construct"))
#: A value of each kind of parameter of a stored query; the languages do not count as use.
_SOME = {
    "iri": expand("rdf:nil"),
    "string": "",
    "integer": 0,
    "decimal": 0,
    "date": "2016-06-01",
    "lang": "nl",
    **dict.fromkeys(("body", "wave", "concept", "scheme"), expand("rdf:nil")),
    "bodies": [expand("rdf:nil")],
}
_CURIE = re.compile(r"([a-z][a-z0-9-]*):([A-Za-z][\w.-]*)")


def _kept(terms: Iterable[str], place: str) -> Iterator[Use]:
    """Yield the uses of terms that are not of the languages themselves."""
    return ((term, place) for term in terms if not term.startswith(_LANGUAGES))


def in_release(release: Release) -> Iterator[Use]:
    """Yield what the lines of a release use, in graphs of every access level."""
    for entry in release.all_graphs.values():
        with gzip.open(release.lines_file(entry)) as lines:
            found = {term for line in lines for term in of_line(line)}
        yield from _kept(found, f"release: {entry.slug}")


def of_line(line: bytes) -> Iterator[str]:
    """Yield the terms of one line of N-Quads, of which the subject is an IRI without a space."""
    _, predicate, rest = line.decode().split(" ", 2)
    yield predicate[1:-1]
    if predicate[1:-1] in _NAMING:
        yield rest[1:].partition(">")[0]


def in_turtle(text: str, place: str) -> Iterator[Use]:
    """Yield what a Turtle document uses: predicates, types, and terms that it names as such."""
    graph = Graph().parse(data=text, format="turtle", publicID=BASE)
    yield from _kept({term for triple in graph for term in _of_triple(graph, triple)}, place)


def _of_triple(graph: Graph, triple: tuple[Node, Node, Node]) -> Iterator[str]:
    subject, predicate, value = triple
    yield str(predicate)
    own = str(subject).startswith(IMON)
    if str(predicate) in (_NAMING | _MATCHES if own else _NAMING):
        yield str(value)
    elif predicate in _PATHS:
        yield from _of_path(graph, value)
    elif predicate in _TEXTS:
        yield from _of_query(str(value))


def _of_path(graph: Graph, node: Node) -> Iterator[str]:
    """Yield a property, or those of a list; other steps of a path are triples of their own."""
    if (node, RDF.first, None) in graph:
        for member in Collection(graph, node):
            yield from _of_path(graph, member)
    elif isinstance(node, URIRef):
        yield str(node)


def in_query(text: str, place: str) -> Iterator[Use]:
    """Yield what a SPARQL query uses; prefixes of the table need not be declared in it."""
    return _kept(_of_query(text), place)


def _of_query(text: str) -> set[str]:
    """Return the terms of a query.

    Raises:
        pyparsing.ParseException: it is no query.
    """
    return set(_of_algebra(translateQuery(parseQuery(prefix_lines() + text)).algebra))


def _of_algebra(node: object, key: str = "") -> Iterator[str]:
    """Yield terms from a node of rdflib's algebra: from patterns by position, else by namespace."""
    if key in ("triples", "template"):
        for row in node if isinstance(node, list) else []:
            for start in range(0, len(row), 3):  # rdflib leaves some rows of an EXISTS in one piece
                yield from _of_pattern(*row[start : start + 3])
    elif isinstance(node, CompValue):
        for name, value in node.items():
            yield from _of_algebra(value, name)
    elif isinstance(node, dict):
        for value in node.values():
            yield from _of_algebra(value)
    elif isinstance(node, list | tuple | set):
        for value in node:
            yield from _of_algebra(value)
    elif isinstance(node, URIRef):
        text = str(node)  # startswith of rdflib takes no tuple
        if text.startswith(_TERMS) and text not in _INDIVIDUALS:
            yield text


def _of_pattern(_: object, predicate: object, value: object) -> Iterator[str]:
    steps = list(_of_predicate(predicate))
    yield from steps
    if isinstance(value, URIRef) and steps and steps[-1] in _NAMING:
        yield str(value)


def _of_predicate(node: object) -> Iterator[str]:
    """Yield the properties of a predicate or property path, in the order of the path."""
    if isinstance(node, URIRef):
        yield str(node)
    elif isinstance(node, PropertyPath):
        for part in vars(node).values():
            for step in part if isinstance(part, list) else [part]:
                yield from _of_predicate(step)


def in_code(text: str, place: str) -> Iterator[Use]:
    """Yield what Python writes or reads: literals that are a prefixed name and nothing else."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = _CURIE.fullmatch(node.value)
            if match and match[1] in PREFIXES.keys() - _VALUES:
                yield from _kept([expand(node.value)], place)


def in_stored_queries() -> Iterator[Use]:
    """Yield what the stored queries use, with some value for each parameter."""
    for query in Library.load().values():
        values = {row.name: _SOME[row.kind] for row in query.parameters}
        yield from in_query(query.bind(**values), f"queries/{query.id}.rq")


_READERS = {".ttl": in_turtle, ".py": in_code}


def in_files(folder: str, suffix: str) -> Iterator[Use]:
    """Yield what the files with a suffix below a folder of the project use."""
    for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
        if "_data" not in path.parts:
            yield from _READERS[suffix](path.read_text("utf-8"), str(path.relative_to(ROOT)))


def own_terms() -> set[str]:
    """Return the terms that our ontology defines."""
    return set(_defined("terms", URIRef(IMON)))


def reused_terms() -> dict[str, str]:
    """Return the terms of others that are declared, each with the file that declares it."""
    return {
        str(term): path.name
        for path in sorted((ROOT / "ontology" / "reused").glob("*.ttl"))
        for term in Graph().parse(path, publicID=BASE).subjects(URIRef(expand("vann:usageNote")))
    }


def _defined(folder: str, ontology: URIRef) -> Iterator[str]:
    for path in sorted((ROOT / "ontology" / folder).glob("*.ttl")):
        graph = Graph().parse(path, publicID=BASE)
        yield from map(str, graph.subjects(URIRef(expand("rdfs:isDefinedBy")), ontology))


def undeclared(uses: Iterable[Use], declared: Iterable[str]) -> list[str]:
    """Return a line for each use of a term that is not declared, naming term and place."""
    known = set(declared)
    return sorted({f"<{term}> in {place}" for term, place in uses if term not in known})


def unused(reused: dict[str, str], uses: Iterable[Use]) -> list[str]:
    """Return a line for each declared term of others that nothing uses."""
    used = {term for term, _ in uses}
    return sorted(f"<{term}> in {file}" for term, file in reused.items() if term not in used)
