"""The vocabulary keeps the rules of ``shapes/vocabulary.ttl``, and these look at all of it."""

from __future__ import annotations

import pytest

from loaders import Context
from loaders.reference import Reference as Known
from loaders.vocabulary import load
from service.shapes import ShapeSet
from service.vocab import CONCEPT, PREFIXES, expand
from tests.reference_shacl import Reference, agreed
from tests.shape_parts import local

IMON = PREFIXES["imon"]
DEFINED = f"<{expand('rdfs:isDefinedBy')}> <{IMON}> .".encode()


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet.load(["vocabulary"])


@pytest.fixture(scope="module")
def vocabulary() -> bytes:
    (reading,) = load([], Context("http://localhost:8000/", b"", Known()))
    return b"".join(reading.snapshots.values())


def without(data: bytes, name: str, language: str = "") -> bytes:
    """Return the data without the statements of a property, of one language where it is given."""
    predicate = f" <{expand(name)}> ".encode()
    end = f'"@{language} .'.encode() if language else b" ."
    return b"".join(
        line
        for line in data.splitlines(keepends=True)
        if predicate not in line or not line.rstrip().endswith(end)
    )


def subjects(data: bytes, ending: bytes) -> set[str]:
    return {
        line.split(b" ")[0].decode()[1:-1]
        for line in data.splitlines()
        if line.rstrip().endswith(ending)
    }


def test_the_bundled_vocabulary_keeps_its_own_rules(shapes: ShapeSet, vocabulary: bytes) -> None:
    found = [f"{row.focus}: {row.message_en}" for row in shapes.validate(vocabulary).results]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("rdfs:label", "Term-label"),
        ("skos:definition", "Term-definition"),
        ("skos:scopeNote", "Term-scopeNote"),
    ],
)
def test_a_term_without_its_words_in_a_language_is_found_whichever_it_is(
    name: str, shape: str, language: str, shapes: ShapeSet, vocabulary: bytes
) -> None:
    terms = subjects(vocabulary, DEFINED)
    assert len(terms) > 150
    found = shapes.validate(without(vocabulary, name, language)).results
    assert {row.focus for row in found if local(row.shape) == shape} == terms


@pytest.mark.parametrize(
    ("name", "shapes_of_lists", "shape_of_concepts"),
    [
        ("skos:prefLabel", "ConceptScheme-prefLabel", "Concept-prefLabel"),
        ("owl:versionInfo", "ConceptScheme-version", ""),
        ("dct:license", "ConceptScheme-licence", ""),
        ("skos:notation", "", "Concept-notation"),
        ("skos:inScheme", "", "Concept-inScheme"),
    ],
)
def test_a_code_list_or_concept_without_what_it_must_have_is_found_whichever_it_is(
    name: str, shapes_of_lists: str, shape_of_concepts: str, shapes: ShapeSet, vocabulary: bytes
) -> None:
    kinds = {shapes_of_lists: "skos:ConceptScheme", shape_of_concepts: "skos:Concept"}
    found = shapes.validate(without(vocabulary, name)).results
    for shape, kind in kinds.items():
        if shape:
            every = subjects(vocabulary, f"<{expand('rdf:type')}> <{expand(kind)}> .".encode())
            ours = {iri for iri in every if iri.startswith(CONCEPT)}
            assert len(ours) > 20
            assert {row.focus for row in found if local(row.shape) == shape} == ours


def test_a_term_that_does_not_say_where_it_is_defined_is_found(
    shapes: ShapeSet, vocabulary: bytes
) -> None:
    found = shapes.validate(without(vocabulary, "rdfs:isDefinedBy")).results
    assert {row.focus for row in found} == subjects(vocabulary, DEFINED)
    assert {local(row.shape) for row in found} == {"OwnTerm-isDefinedBy"}


def test_both_engines_agree_on_the_vocabulary_with_faults(
    shapes: ShapeSet, vocabulary: bytes
) -> None:
    faulty = without(without(vocabulary, "skos:scopeNote", "en"), "skos:notation")
    ours = agreed(shapes.validate(faulty))
    assert len(ours) > 200
    assert ours == Reference(["vocabulary"]).validate(faulty)
