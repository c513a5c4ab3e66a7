"""The vocabulary: own terms are defined, with a reason, and prefixes are the same everywhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, parse
from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef

from loaders import Context
from loaders.instrument import load as load_instrument
from loaders.instrument_lists import PUBLISHER
from loaders.reference import Reference
from loaders.support import load as load_support
from loaders.vocabulary import bundled_files, load
from service import data_dir
from service.release import catalogue_tables
from service.release.manifest import Release
from service.vocab import CONCEPT, IMON, PREFIXES

ROOT = Path(__file__).resolve().parent.parent
BASE = "http://localhost:8000/"
ONTOLOGY = URIRef(IMON)
AGENT = URIRef(BASE + PUBLISHER)
LANGUAGE = {RDF.Property, RDF.langString, RDFS.Resource, RDFS.Literal}
FOLDERS = ("ontology", "shapes", "queries", "service", "loaders")
TURTLE = sorted(path for name in ("ontology", "shapes") for path in (ROOT / name).rglob("*.ttl"))
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
SNIPPETS = [ROOT / "tests" / "data" / "shapes" / "context.ttl"]
LINES = 400  # as for modules (style.md)
Said = tuple[str, str, str]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def core() -> Graph:
    graph = Graph()
    for path in [data_dir("ontology") / "imonitor.ttl", *data_dir("ontology").glob("terms/*.ttl")]:
        graph.parse(path, format="turtle", publicID=BASE)
    return graph


@pytest.fixture(scope="module")
def reused() -> Graph:
    """What we say of the terms of others that we use."""
    graph = Graph()
    for path in data_dir("ontology").glob("reused/*.ttl"):
        graph.parse(path, format="turtle", publicID=BASE)
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


def test_every_concept_that_a_file_names_exists() -> None:
    context = Context(BASE, b"", Reference())
    readings = [*load([], context), *load_instrument([], context), *load_support([], context)]
    snapshots = b"".join(data for reading in readings for data in reading.snapshots.values())
    known = set(re.findall(rf"^<({CONCEPT}[^>]+)> ", snapshots.decode(), re.M))
    for path in QUERIES:
        text = path.read_text("utf-8")
        named = set(re.findall(rf"<({CONCEPT}[^>]+)>", text))
        assert named <= known, name_of(path)
        assert not re.search(r"(?<![\w/])imc:\w", text), f"write the IRI in full: {name_of(path)}"
    for path in TURTLE:
        rows = list(parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE))
        here = {row.subject.value for row in rows}
        values = {row.object.value for row in rows if isinstance(row.object, NamedNode)}
        named = {iri for iri in here | values if iri.startswith(CONCEPT)}
        assert named <= known | here, name_of(path)


def test_every_own_term_has_label_definition_and_reason_in_dutch_and_english(core: Graph) -> None:
    for term in core.subjects(RDFS.isDefinedBy, ONTOLOGY):
        for predicate in (RDFS.label, SKOS.definition, SKOS.scopeNote):
            languages = sorted(text.language for text in core.objects(term, predicate))
            assert languages == ["en", "nl"], (term, predicate)


def test_a_reason_names_the_same_known_terms_in_both_languages(core: Graph) -> None:
    for term in core.subjects(RDFS.isDefinedBy, ONTOLOGY):
        named = {
            text.language: sorted(re.findall(r"\b([a-z][a-z0-9-]*):([A-Za-z][\w-]*)", text))
            for text in core.objects(term, SKOS.scopeNote)
        }
        assert named["nl"] == named["en"], term
        assert {prefix for prefix, _ in named["nl"]} <= PREFIXES.keys(), term


def test_every_subject_of_the_ontology_is_ours(core: Graph) -> None:
    described = set(core.subjects(RDFS.isDefinedBy, ONTOLOGY)) | {ONTOLOGY, AGENT}
    assert set(core.subjects()) == described
    assert {str(subject)[: len(IMON)] for subject in described - {AGENT}} == {IMON}


def test_every_domain_range_and_superclass_is_a_class_that_exists(
    core: Graph, reused: Graph
) -> None:
    own = set(core.subjects(RDF.type, RDFS.Class))
    others = set(reused.subjects(RDF.type, RDFS.Class))
    for term in core.subjects(RDF.type, RDF.Property):
        assert core.value(term, RDFS.range), term
    for predicate in (RDFS.domain, RDFS.range, RDFS.subClassOf):
        for term, value in core.subject_objects(predicate):
            assert value in own | others | LANGUAGE or value in XSD, (term, value)


def in_release(release: Release) -> Iterator[Said]:
    """Yield subject, predicate and object of every line of a release, as N-Triples."""
    for entry in release.all_graphs.values():
        with gzip.open(release.lines_file(entry), "rt", encoding="utf-8") as lines:
            for line in lines:
                subject, predicate, rest = line.split(" ", 2)
                yield subject, predicate, rest.partition(" ")[0]


def in_files() -> Iterator[Said]:
    """Yield the triples of all our Turtle, as N-Triples."""
    for path in TURTLE:
        for row in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE):
            yield str(row.subject), str(row.predicate), str(row.object)


def test_no_term_is_both_a_class_and_a_property_in_the_ontology_or_in_data(
    demo_home: Path,
) -> None:
    classes, properties = set(), set()
    for subject, predicate, value in [*in_files(), *in_release(Release.current(demo_home))]:
        properties.add(predicate)
        if value == f"<{RDF.Property}>":
            properties.add(subject)
        elif predicate in (f"<{RDF.type}>", f"<{RDFS.subClassOf}>"):
            classes.add(value)
    assert f"<{IMON}Wave>" in classes
    assert f"<{IMON}wave>" in properties
    assert classes & properties == set()


def test_a_property_of_literals_is_no_object_property(core: Graph) -> None:
    literals = (PREFIXES["xsd"], str(RDF.langString), str(RDFS.Literal))
    for term in core.subjects(RDF.type, OWL.ObjectProperty):
        assert not str(core.value(term, RDFS.range)).startswith(literals), term
    for term in core.subjects(RDF.type, OWL.DatatypeProperty):
        assert str(core.value(term, RDFS.range)).startswith(literals), term


def test_the_ontology_names_its_version_licence_and_namespace_with_hash(core: Graph) -> None:
    version = core.value(ONTOLOGY, OWL.versionInfo)
    assert core.value(ONTOLOGY, OWL.versionIRI) == URIRef(f"{IMON[:-1]}/{version}")
    assert "zero" in str(core.value(ONTOLOGY, DCTERMS.license))
    namespace = core.value(ONTOLOGY, URIRef(PREFIXES["vann"] + "preferredNamespaceUri"))
    assert namespace == Literal(IMON)
    assert str(namespace).endswith("#")
    assert core.value(ONTOLOGY, DCTERMS.creator) == core.value(ONTOLOGY, DCTERMS.publisher) == AGENT
    dates = [core.value(ONTOLOGY, DCTERMS[name]) for name in ("created", "issued", "modified")]
    assert all(isinstance(day, Literal) and day.datatype == XSD.date for day in dates)
    assert dates == sorted(dates, key=str)
    assert not set(core.objects(ONTOLOGY, OWL.imports))


def test_the_change_notes_tell_of_this_version_and_of_those_before(core: Graph) -> None:
    told: dict[str, list[str]] = {"nl": [], "en": []}
    for note in core.objects(ONTOLOGY, SKOS.changeNote):
        told[note.language].append(str(note).partition(":")[0])
    prior = [str(iri).rpartition("/")[2] for iri in core.objects(ONTOLOGY, OWL.priorVersion)]
    versions = sorted([*prior, str(core.value(ONTOLOGY, OWL.versionInfo))])
    assert len(versions) > 1
    assert sorted(told["nl"]) == sorted(told["en"]) == versions


def test_the_publisher_of_the_ontology_is_that_of_the_catalogue(core: Graph) -> None:
    publisher = catalogue_tables.load().publisher
    assert URIRef(BASE + publisher["path"]) == AGENT
    names = {(text.language, str(text)) for text in core.objects(AGENT, FOAF.name)}
    assert names == set(publisher.pairs("name"))


@pytest.mark.parametrize("path", TURTLE + SNIPPETS, ids=name_of)
def test_turtle_parses_and_uses_the_prefixes_of_the_table(path: Path) -> None:
    triples = list(parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE))
    assert triples
    for prefix, namespace in re.findall(
        r"@prefix\s+([\w-]*):\s*<([^>]*)>", path.read_text("utf-8")
    ):
        assert PREFIXES.get(prefix) == namespace


@pytest.mark.parametrize("path", [path for path in TURTLE if "ontology" in path.parts], ids=name_of)
def test_the_ontology_is_split_by_topic_before_a_file_gets_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LINES


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
