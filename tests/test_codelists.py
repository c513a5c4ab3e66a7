"""Every code list, from a file or made by a loader, tells what it is and what its codes mean."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from loaders import Context
from loaders.instrument_lists import LISTS, PUBLISHER
from loaders.reference import Reference
from loaders.sources import SOURCES
from service import data_dir
from service.vocab import CONCEPT, IMON, PREFIXES
from tests.instrument_tables import folder, graph_of, read

BASE = "http://localhost:8000/"
FOLDER = data_dir("ontology") / "codelists"
FILES = sorted(FOLDER.glob("*.ttl"))
BOTH = ["en", "nl"]
NOT_OURS = {"bestuursklasse", "waarnemingsstatus"}
#: Lists whose codes are what a table of answers holds, so that a digit is a code like any other.
CODES_OF_TABLES = {f"{CONCEPT}optie"}


@pytest.fixture(scope="module")
def everything() -> Graph:
    """All code lists: those of the vocabulary, the instrument and the support facts."""
    graph = Graph()
    context = Context(BASE, b"", Reference())
    for name in ("vocabulary", "instrument", "support"):
        for reading in SOURCES[name].loader([], context):
            for data in reading.snapshots.values():
                graph.parse(data=data, format="nt")
    return graph


def lists(graph: Graph) -> set[Node]:
    return set(graph.subjects(RDF.type, SKOS.ConceptScheme))


def own_lists(graph: Graph) -> set[Node]:
    return {name for name in lists(graph) if str(name).startswith(CONCEPT)}


def languages(graph: Graph, subject: Node, predicate: URIRef) -> list[str]:
    return sorted(str(getattr(text, "language", "")) for text in graph.objects(subject, predicate))


def only(graph: Graph, subject: Node, predicate: URIRef) -> Node:
    (value,) = graph.objects(subject, predicate)
    return value


def test_every_list_of_the_model_is_there(everything: Graph) -> None:
    names = {str(name).removeprefix(CONCEPT) for name in own_lists(everything)}
    assert {path.stem for path in FILES} - NOT_OURS <= names
    assert {name for name, _, _ in LISTS} <= names
    assert {"fase", "programmafase", "pijler", "identificatiemiddel", "beginsel"} <= names
    assert {"schaal/MAT", "schaal/DVN", "type/TY-1"} <= names


def test_every_list_has_a_name_and_a_definition_in_both_languages(everything: Graph) -> None:
    for name in lists(everything):
        assert languages(everything, name, SKOS.prefLabel) == BOTH, name
        assert languages(everything, name, SKOS.definition) == BOTH, name


def test_every_own_list_has_version_licence_publisher_and_date(everything: Graph) -> None:
    for name in own_lists(everything):
        assert re.fullmatch(r"\d+\.\d+", str(only(everything, name, OWL.versionInfo))), name
        assert "zero" in str(only(everything, name, DCTERMS.license)), name
        assert only(everything, name, DCTERMS.publisher) == URIRef(BASE + PUBLISHER), name
        issued = only(everything, name, DCTERMS.issued)
        assert isinstance(issued, Literal), name
        assert issued.datatype == XSD.date, name


def test_we_state_no_licence_or_publisher_of_the_lists_of_others(everything: Graph) -> None:
    others = lists(everything) - own_lists(everything)
    assert len(others) == len(NOT_OURS)
    for name in others:
        assert not set(everything.objects(name, DCTERMS.license))
        assert not set(everything.objects(name, DCTERMS.publisher))


def test_every_concept_has_one_name_and_definition_in_each_language(everything: Graph) -> None:
    concepts = set(everything.subjects(SKOS.inScheme))
    assert concepts >= set(everything.subjects(RDF.type, SKOS.Concept))
    for concept in concepts:
        assert languages(everything, concept, SKOS.prefLabel) == BOTH, concept
        assert languages(everything, concept, SKOS.definition) == BOTH, concept


def test_every_concept_has_one_notation_and_a_number_is_a_number(everything: Graph) -> None:
    for concept, name in everything.subject_objects(SKOS.inScheme):
        if str(concept).startswith(PREFIXES["bk"]):
            continue  # that list has no codes
        notation = only(everything, concept, SKOS.notation)
        assert isinstance(notation, Literal), concept
        if notation.isdecimal() and str(name) not in CODES_OF_TABLES:
            assert notation.datatype == XSD.integer, concept
        else:
            assert notation.datatype in (None, XSD.string), concept


def test_a_notation_occurs_once_in_its_list(everything: Graph) -> None:
    for name in lists(everything) - {URIRef(CONCEPT + "optie")}:
        concepts = list(everything.subjects(SKOS.inScheme, name))
        codes = [code for one in concepts for code in everything.objects(one, SKOS.notation)]
        assert len(codes) == len(set(codes)), name


def test_every_concept_is_on_top_of_its_list_or_below_another(everything: Graph) -> None:
    for concept, name in everything.subject_objects(SKOS.inScheme):
        top = (concept, SKOS.topConceptOf, name) in everything
        broader = list(everything.objects(concept, SKOS.broader))
        assert top != bool(broader), concept
        assert ((name, SKOS.hasTopConcept, concept) in everything) == top, concept
        assert all((wider, SKOS.inScheme, name) in everything for wider in broader), concept


def test_what_a_list_names_as_its_top_is_a_concept_of_it(everything: Graph) -> None:
    for name, concept in everything.subject_objects(SKOS.hasTopConcept):
        assert (concept, SKOS.inScheme, name) in everything, concept


def test_a_list_has_concepts_unless_they_stand_with_each_question(everything: Graph) -> None:
    empty = {
        name for name in lists(everything) if not set(everything.subjects(SKOS.inScheme, name))
    }
    assert empty == {URIRef(CONCEPT + "schaal/MUL")}


def test_own_properties_name_code_lists_that_exist(everything: Graph) -> None:
    code_list = URIRef(PREFIXES["qb"] + "codeList")
    coded = dict(everything.subject_objects(code_list))
    assert set(coded.values()) <= lists(everything)
    typed = set(everything.subjects(RDF.type, URIRef(PREFIXES["qb"] + "CodedProperty")))
    assert set(coded) == typed


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_holds_one_list(path: Path) -> None:
    graph = Graph().parse(path, format="turtle", publicID=BASE)
    (scheme,) = set(graph.objects(None, SKOS.inScheme))
    assert lists(graph) == {scheme}
    if path.stem not in NOT_OURS:
        assert str(scheme) == CONCEPT + path.stem
        concepts = graph.subjects(SKOS.inScheme, scheme)
        assert all(str(concept).startswith(f"{scheme}/") for concept in concepts)


@pytest.mark.parametrize("path", sorted(NOT_OURS))
def test_codes_that_are_not_ours_have_no_iri_of_ours(path: str) -> None:
    graph = Graph().parse(FOLDER / f"{path}.ttl", format="turtle", publicID=BASE)
    assert not [subject for subject in graph.subjects() if str(subject).startswith(CONCEPT)]


def test_size_classes_cover_every_number_of_inhabitants_once() -> None:
    graph = Graph().parse(FOLDER / "schaalklasse.ttl", format="turtle", publicID=BASE)
    lower, upper = URIRef(IMON + "lowerBound"), URIRef(IMON + "upperBound")
    starts = sorted(Decimal(value) for value in graph.objects(None, lower))
    ends = sorted(Decimal(value) for value in graph.objects(None, upper))
    assert starts == [0, *ends]


@pytest.mark.parametrize(
    ("ours", "theirs"), [("dienstniveau", "schaal/DVN"), ("ontsluitingswijze", "modus")]
)
def test_a_list_that_repeats_one_of_the_instrument_says_the_same(
    everything: Graph, ours: str, theirs: str
) -> None:
    pairs = [
        (concept, match)
        for concept in everything.subjects(SKOS.inScheme, URIRef(CONCEPT + ours))
        for match in everything.objects(concept, SKOS.exactMatch)
    ]
    assert {match for _, match in pairs} == set(
        everything.subjects(SKOS.inScheme, URIRef(CONCEPT + theirs))
    )
    for concept, match in pairs:
        for predicate in (SKOS.notation, SKOS.prefLabel):
            said, meant = (set(everything.objects(one, predicate)) for one in (concept, match))
            assert said == meant, concept


def test_an_instrument_without_dates_and_notes_makes_lists_without_them(tmp_path: Path) -> None:
    graph = graph_of(read(folder(tmp_path)))
    assert not set(graph.objects(None, DCTERMS.issued))
    for name in own_lists(graph):
        assert "zero" in str(only(graph, name, DCTERMS.license)), name
        assert only(graph, name, OWL.versionInfo), name
        assert languages(graph, name, RDFS.label) == [], name
