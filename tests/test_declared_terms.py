"""No undeclared term: what data, queries, shapes and code use is ours, or declared as reused.

Declared terms of others stand in ``ontology/reused``, each with a name, its ontology and a note on
how we use it. The languages that all is written in (RDF, RDFS, OWL, XSD, SHACL) need none.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF, ORG, PROF, PROV, QB, SKOS, VANN, VOID

from loaders.vocabulary import bundled_files
from service.release.manifest import Release
from service.vocab import CONCEPT, IMON, curie, expand
from tests import term_use
from tests.term_use import BASE, ROOT, Use

REUSED = sorted((ROOT / "ontology" / "reused").glob("*.ttl"))
NOTE = URIRef(expand("vann:usageNote"))
#: The document that an ontology IRI of ours stands for.
DOCUMENTS = {
    IMON: "imonitor.ttl",
    "https://w3id.org/imonitor/ns/alignments": "alignments.ttl",
}
#: IRIs of the ontologies that define the reused terms, by prefix: the namespace without its last
#: character, unless the vocabulary itself says otherwise.
ONTOLOGIES = {
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vann": "http://purl.org/vocab/vann/",
    "pav": "http://purl.org/pav/",
    "schema": "http://schema.org/",
    "m8g": "http://data.europa.eu/m8g/",
    "ch": "http://data.lblod.info/vocabularies/contacthub/",
    "cube": "https://cube.link/",
    "qudt": "http://qudt.org/schema/qudt/",
    "prov": "http://www.w3.org/ns/prov-o#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "earl": "http://www.w3.org/ns/earl#",
}


def name_of(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def declared() -> set[str]:
    """Own terms and reused ones."""
    return term_use.own_terms() | set(term_use.reused_terms())


@pytest.fixture(scope="module")
def in_data(demo_home: Path) -> list[Use]:
    """What the demo release uses, in graphs of every access level."""
    release = Release.current(demo_home)
    assert release
    return list(term_use.in_release(release))


@pytest.fixture(scope="module")
def in_tree() -> dict[str, list[Use]]:
    """What the files of the project use, by folder."""
    return {
        "queries": list(term_use.in_stored_queries()),
        "shapes": list(term_use.in_files("shapes", ".ttl")),
        "ontology": list(term_use.in_files("ontology", ".ttl")),
        "loaders": list(term_use.in_files("loaders", ".py")),
        "service": list(term_use.in_files("service", ".py")),
    }


def test_every_term_of_the_demo_release_is_declared(in_data: list[Use], declared: set[str]) -> None:
    assert len({place for _, place in in_data}) > 30
    assert term_use.undeclared(in_data, declared) == []


@pytest.mark.parametrize("folder", ["queries", "shapes", "ontology", "loaders", "service"])
def test_every_term_of_our_files_is_declared(
    folder: str, in_tree: dict[str, list[Use]], declared: set[str]
) -> None:
    assert in_tree[folder]
    assert term_use.undeclared(in_tree[folder], declared) == []


def test_every_reused_term_is_used(in_data: list[Use], in_tree: dict[str, list[Use]]) -> None:
    """Of data that no loader makes yet, a shape or an example counts as use."""
    everywhere = [*in_data, *(use for uses in in_tree.values() for use in uses)]
    kept = [use for use in everywhere if not use[1].startswith("ontology/reused/")]
    assert term_use.unused(term_use.reused_terms(), kept) == []


@pytest.mark.parametrize("path", REUSED, ids=name_of)
def test_a_reused_term_is_named_and_explained_and_not_redefined(path: Path) -> None:
    graph = Graph().parse(path, publicID=BASE)
    allowed = {RDF.type, RDFS.label, RDFS.isDefinedBy, NOTE}
    for term in set(graph.subjects()):
        assert set(graph.predicates(term)) == allowed, term
        assert not str(term).startswith((IMON, CONCEPT)), term
        for predicate in (RDFS.label, NOTE):
            languages = sorted(text.language for text in graph.objects(term, predicate))
            assert languages == ["en", "nl"], (term, predicate)
        for note in graph.objects(term, NOTE):
            assert re.fullmatch(r"[^.].*\.", str(note)), note
        (kind,) = graph.objects(term, RDF.type)
        assert kind in (RDF.Property, RDFS.Class), term
        (ontology,) = graph.objects(term, RDFS.isDefinedBy)
        prefix, _, _ = curie(str(term)).partition(":")
        assert str(ontology) == ONTOLOGIES.get(prefix, expand(f"{prefix}:")[:-1]), term


@pytest.mark.parametrize("path", REUSED, ids=name_of)
def test_a_file_of_reused_terms_is_short(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") < 400


def test_a_reused_term_has_one_name_in_all_of_the_vocabulary() -> None:
    graph = Graph()
    for path in bundled_files():
        graph.parse(path, publicID=BASE)
    for term in term_use.reused_terms():
        labels = graph.objects(URIRef(term), RDFS.label)
        assert sorted(text.language for text in labels) == ["en", "nl"], term


def test_a_reused_term_is_declared_once() -> None:
    found = [
        (term, path.name)
        for path in REUSED
        for term in set(Graph().parse(path, publicID=BASE).subjects())
    ]
    assert len(found) == len({term for term, _ in found})


def test_a_class_has_a_capital_and_a_property_has_none() -> None:
    for path in REUSED:
        graph = Graph().parse(path, publicID=BASE)
        for term in set(graph.subjects()):
            name = re.split("[#/]", str(term))[-1].rpartition(".")[2]
            if (term, RDF.type, RDFS.Class) in graph:
                assert name[0].isupper(), term
            elif curie(str(term)) != "adres:Straatnaam":  # written so by OSLO
                assert name[0].islower(), term


@pytest.mark.parametrize("vocabulary", [DCTERMS, FOAF, ORG, PROF, PROV, QB, SKOS, VANN, VOID])
def test_a_reused_term_exists_in_its_vocabulary(vocabulary: type) -> None:
    """rdflib ships the names of these vocabularies; that is another source than ours."""
    known = {str(term) for term in dir(vocabulary)}
    ours = {term for term in term_use.reused_terms() if term.startswith(str(vocabulary))}
    assert ours
    assert ours <= known


def test_what_is_imported_is_a_document_of_ours() -> None:
    for path in sorted((ROOT / "ontology").rglob("*.ttl")):
        for target in Graph().parse(path, publicID=BASE).objects(None, OWL.imports):
            assert (ROOT / "ontology" / DOCUMENTS[str(target)]).exists(), (path, target)
    for iri, file in DOCUMENTS.items():
        graph = Graph().parse(ROOT / "ontology" / file, publicID=BASE)
        assert (URIRef(iri), RDF.type, OWL.Ontology) in graph


# --- The search itself: a planted term is found, whatever it hides in -----------------------------

PLANTED = expand("dct:madeUp")
QUERIES = [
    "SELECT * { ?s dct:madeUp ?o }",
    "SELECT * { ?s dct:title/^dct:madeUp* ?o }",
    "SELECT * { ?s !(dct:title|dct:madeUp) ?o }",
    "SELECT * { ?s a dct:madeUp }",
    "SELECT * { ?s dct:title/a dct:madeUp }",
    "SELECT * { ?s a ?t FILTER(?t = dct:madeUp) }",
    "SELECT * { ?s ?p ?o FILTER(?p IN (dct:title, dct:madeUp)) }",
    "SELECT * { VALUES ?p { dct:title dct:madeUp } ?s ?p ?o }",
    "SELECT * { ?s ?p ?o FILTER(?o != 1 && NOT EXISTS { ?s dct:title ?t ; dct:madeUp ?m }) }",
    "SELECT * { ?s ?p ?o MINUS { ?s dct:madeUp ?m } OPTIONAL { ?s dct:title ?t } }",
    "SELECT ?s { GRAPH ?g { { SELECT ?s { ?s dct:madeUp [] } GROUP BY ?s } } }",
    "SELECT * { ?c qb:dimension dct:madeUp }",
    "CONSTRUCT { ?s dct:madeUp ?o } WHERE { ?s ?p ?o }",
    "ASK { <http://example.org/a> <http://purl.org/dc/terms/madeUp> [] }",
    "DESCRIBE ?s { ?s dct:madeUp ?o }",
]
TURTLE = [
    "<a> dct:madeUp 1 .",
    "<a> a dct:madeUp .",
    "<a> rdfs:subClassOf dct:madeUp .",
    "<a> imon:claimedProperty dct:madeUp .",
    "imon:Track skos:closeMatch dct:madeUp .",
    "<a> sh:targetClass dct:madeUp .",
    "<a> sh:targetSubjectsOf dct:madeUp .",
    "<a> sh:class dct:madeUp .",
    "<a> sh:lessThan dct:madeUp .",
    "<a> sh:path dct:madeUp .",
    "<a> sh:path [ sh:inversePath dct:madeUp ] .",
    "<a> sh:path [ sh:alternativePath ( dct:title dct:madeUp ) ] .",
    "<a> sh:path ( dct:title [ sh:zeroOrMorePath dct:madeUp ] ) .",
    "<a> sh:path ( dct:title dct:madeUp ) .",
    "<a> sh:ignoredProperties ( rdf:type dct:madeUp ) .",
    '<a> sh:select "SELECT $this { $this $PATH ?v . ?v dct:madeUp ?w }" .',
]


@pytest.mark.parametrize("text", QUERIES)
def test_a_planted_term_is_found_in_a_query(text: str, declared: set[str]) -> None:
    found = term_use.undeclared(term_use.in_query(text, "queries/x/y.rq"), declared)
    assert found == [f"<{PLANTED}> in queries/x/y.rq"]


@pytest.mark.parametrize("text", TURTLE)
def test_a_planted_term_is_found_in_turtle(text: str, declared: set[str]) -> None:
    prefixes = {name.group(1) for name in re.finditer(r"([\w-]+):", text)} - {"http"}
    head = "".join(f"@prefix {name}: <{expand(name + ':')}> .\n" for name in sorted(prefixes))
    found = term_use.undeclared(term_use.in_turtle(head + text, "shapes/x.ttl"), declared)
    assert found == [f"<{PLANTED}> in shapes/x.ttl"]


def test_a_planted_term_is_found_in_code(declared: set[str]) -> None:
    found = term_use.undeclared(term_use.in_code('triple(a, "dct:madeUp", b)', "x.py"), declared)
    assert found == [f"<{PLANTED}> in x.py"]


@pytest.mark.parametrize(
    "line",
    [
        f'<http://a> <{PLANTED}> "x > y" <http://g> .',
        f"<http://a> <{RDF.type}> <{PLANTED}> <http://g> .",
        f"<http://a> <{expand('imon:claimedProperty')}> <{PLANTED}> <http://g> .",
    ],
)
def test_a_planted_term_is_found_in_a_line_of_a_release(line: str, declared: set[str]) -> None:
    uses = [(term, "release: x") for term in term_use.of_line(line.encode())]
    kept = [use for use in uses if use[0] != str(RDF.type)]
    assert term_use.undeclared(kept, declared) == [f"<{PLANTED}> in release: x"]


def test_a_word_that_is_no_term_is_not_taken_for_one() -> None:
    turtle = "@prefix dct: <http://purl.org/dc/terms/> . <a> dct:title 'dct:madeUp', dct:madeUp ."
    assert [term for term, _ in term_use.in_turtle(turtle, "x")] == [expand("dct:title")]
    assert not list(term_use.in_code('"""Tell what dct:madeUp is."""\nx = "http:nothing"', "x"))
    query = "SELECT * { ?s dct:title <http://example.org/madeUp> , dct:madeUp , 'dct:madeUp' }"
    assert {term for term, _ in term_use.in_query(query, "x")} == {expand("dct:title")}


def test_a_declared_term_that_nothing_uses_is_told() -> None:
    reused = {PLANTED: "dublin-core.ttl", expand("dct:title"): "dublin-core.ttl"}
    uses = [(expand("dct:title"), "shapes/x.ttl")]
    assert term_use.unused(reused, uses) == [f"<{PLANTED}> in dublin-core.ttl"]
