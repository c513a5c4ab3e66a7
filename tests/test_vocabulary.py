"""The vocabulary: own terms are defined in both languages, and prefixes are the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, RdfFormat, parse
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from loaders import Context
from loaders.instrument import load as load_instrument
from loaders.reference import Reference
from loaders.vocabulary import bundled_files, load
from service import data_dir
from service.vocab import CONCEPT, IMON, PREFIXES

ROOT = Path(__file__).resolve().parent.parent
BASE = "http://localhost:8000/"
ONTOLOGY = URIRef(IMON)
FOLDERS = ("ontology", "shapes", "queries", "service", "loaders")
TURTLE = sorted(path for name in ("ontology", "shapes") for path in (ROOT / name).rglob("*.ttl"))
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
CODE_LISTS = sorted((ROOT / "ontology" / "codelists").glob("*.ttl"))
SNIPPETS = sorted((ROOT / "tests" / "data" / "shapes").rglob("*.ttl"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def core() -> Graph:
    graph = Graph()
    for path in [data_dir("ontology") / "imonitor.ttl", *data_dir("ontology").glob("terms/*.ttl")]:
        graph.parse(path, format="turtle")
    return graph


def used_terms() -> Iterator[tuple[str, str]]:
    """Yield (term, file) for each ``imon:term`` in what makes or reads RDF."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".rq", ".ttl", ".csv"} and "_data" not in path.parts:
                for term in re.findall(r"(?<![\w/])imon:([A-Za-z]\w*)", path.read_text("utf-8")):
                    yield term, name_of(path)


def test_every_own_term_that_is_used_is_defined(core: Graph) -> None:
    defined = {str(term).removeprefix(IMON) for term in core.subjects(RDFS.isDefinedBy, ONTOLOGY)}
    missing = {f"imon:{term} in {file}" for term, file in used_terms() if term not in defined}
    assert not missing


def test_every_concept_that_a_query_names_exists() -> None:
    context = Context(BASE, b"", Reference())
    readings = [*load([], context), *load_instrument([], context)]
    known = b"".join(data for reading in readings for data in reading.snapshots.values()).decode()
    for path in [*QUERIES, *TURTLE]:
        named = re.findall(r"(?<![\w/])imc:(\w+)\\/([\w-]+)", path.read_text("utf-8"))
        if path.name not in {"support.ttl", "claims.ttl"}:  # these have lists of their own
            for scheme, concept in named:
                assert f"<{CONCEPT}{scheme}/{concept}> " in known, name_of(path)


def test_every_own_term_has_label_and_definition_in_dutch_and_english(core: Graph) -> None:
    for term in core.subjects(RDFS.isDefinedBy, ONTOLOGY):
        for predicate in (RDFS.label, SKOS.definition):
            languages = sorted(text.language for text in core.objects(term, predicate))
            assert languages == ["en", "nl"], (term, predicate)


def test_every_subject_of_the_ontology_is_ours(core: Graph) -> None:
    assert {str(subject)[: len(IMON)] for subject in core.subjects()} == {IMON}
    described = set(core.subjects(RDFS.isDefinedBy, ONTOLOGY)) | {ONTOLOGY}
    assert set(core.subjects()) == described


def test_every_property_has_a_range_and_every_own_domain_and_range_is_a_class(core: Graph) -> None:
    classes = set(core.subjects(RDF.type, RDFS.Class))
    for term in core.subjects(RDF.type, RDF.Property):
        assert core.value(term, RDFS.range), term
        for predicate in (RDFS.domain, RDFS.range):
            for value in core.objects(term, predicate):
                assert value in classes or not str(value).startswith(IMON), (term, value)


def test_a_property_of_literals_is_no_object_property(core: Graph) -> None:
    literals = (PREFIXES["xsd"], str(RDF.langString), str(RDFS.Literal))
    for term in core.subjects(RDF.type, OWL.ObjectProperty):
        assert not str(core.value(term, RDFS.range)).startswith(literals), term
    for term in core.subjects(RDF.type, OWL.DatatypeProperty):
        assert str(core.value(term, RDFS.range)).startswith(literals), term


def test_the_ontology_names_its_version_licence_and_namespace_with_hash(core: Graph) -> None:
    version = core.value(ONTOLOGY, OWL.versionInfo)
    assert core.value(ONTOLOGY, OWL.versionIRI) == URIRef(f"{IMON[:-1]}/{version}")
    assert core.value(ONTOLOGY, URIRef(PREFIXES["dct"] + "license"))
    namespace = core.value(ONTOLOGY, URIRef(PREFIXES["vann"] + "preferredNamespaceUri"))
    assert namespace == Literal(IMON)
    assert str(namespace).endswith("#")


@pytest.mark.parametrize("path", CODE_LISTS, ids=lambda path: path.stem)
def test_a_code_list_holds_one_list_of_labelled_concepts(path: Path) -> None:
    graph = Graph().parse(path, format="turtle")
    schemes = set(graph.objects(None, SKOS.inScheme))
    assert len(schemes) == 1
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    assert concepts
    for concept in concepts:
        assert graph.value(concept, SKOS.notation) or str(concept).startswith(PREFIXES["bk"])
        for predicate in (SKOS.prefLabel, SKOS.definition):
            assert {text.language for text in graph.objects(concept, predicate)} == {"nl", "en"}
    (scheme,) = schemes
    if str(scheme).startswith(CONCEPT):
        assert path.stem == str(scheme).removeprefix(CONCEPT)
        assert (scheme, RDF.type, SKOS.ConceptScheme) in graph
        assert all(str(concept).startswith(f"{scheme}/") for concept in concepts)
        assert "zero" in str(graph.value(scheme, URIRef(PREFIXES["dct"] + "license")))
        assert graph.value(scheme, OWL.versionInfo)


def test_size_classes_cover_every_number_of_inhabitants_once() -> None:
    graph = Graph().parse(data_dir("ontology") / "codelists" / "schaalklasse.ttl", format="turtle")
    lower, upper = URIRef(IMON + "lowerBound"), URIRef(IMON + "upperBound")
    starts = sorted(int(value) for value in graph.objects(None, lower))
    ends = sorted(int(value) for value in graph.objects(None, upper))
    assert starts == [0, *ends]


@pytest.mark.parametrize("path", TURTLE + SNIPPETS, ids=name_of)
def test_turtle_parses_and_uses_the_prefixes_of_the_table(path: Path) -> None:
    triples = list(parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE))
    assert triples
    for prefix, namespace in re.findall(
        r"@prefix\s+([\w-]*):\s*<([^>]*)>", path.read_text("utf-8")
    ):
        assert PREFIXES.get(prefix) == namespace


@pytest.mark.parametrize("path", [path for path in TURTLE if "ontology" in path.parts], ids=name_of)
def test_the_ontology_folder_has_no_blank_node(path: Path) -> None:
    for triple in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE):
        assert not isinstance(triple.subject, BlankNode)
        assert not isinstance(triple.object, BlankNode)


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_a_query_uses_the_prefixes_of_the_table(path: Path) -> None:
    pattern = r"^\s*PREFIX\s+([\w-]*):\s*<([^>]*)>"
    for prefix, namespace in re.findall(pattern, path.read_text("utf-8"), re.M | re.I):
        assert PREFIXES.get(prefix) == namespace


def test_the_prefix_table_declares_each_prefix_once() -> None:
    text = (data_dir("ontology") / "prefixes.ttl").read_text("utf-8")
    names = re.findall(r'sh:prefix "([^"]+)"', text)
    assert len(names) == len(set(names)) == len(PREFIXES)


def test_the_vocabulary_is_read_into_one_open_graph() -> None:
    (reading,) = load([], Context(BASE, b"", Reference()))
    assert reading.findings == []
    assert reading.graphs == {f"{BASE}graph/vocabulaire": "OPEN"}
    (data,) = reading.snapshots.values()
    assert b"_:" not in data
    expected = {
        str(triple)
        for path in bundled_files()
        for triple in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE)
    }
    assert data.count(b"\n") == len(expected)


def test_a_vocabulary_with_a_blank_node_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text("@prefix ex: <http://example.org/> .\nex:a ex:b [ ex:c 1 ] .\n", "utf-8")
    (reading,) = load([file], Context(BASE, b"", Reference()))
    assert reading.snapshots == {}
    assert {row.severity for row in reading.findings} == {"violation"}
    assert all(
        row.file == "own.ttl" and row.message_nl and row.message_en for row in reading.findings
    )
