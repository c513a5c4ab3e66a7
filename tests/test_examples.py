"""The examples: one file a class, true to the rules, and made up where they are not facts."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from service import data_dir
from service.shapes import Result, ShapeSet
from service.store.rows import select
from service.vocab import PREFIXES, expand, prefix_lines
from tests.examples import (
    BASE,
    EXAMPLES,
    MADE_UP,
    beside,
    class_of,
    graph,
    made_up,
    name_of,
    reference,
    triples,
)
from tests.reference_shacl import Reference, agreed

SHAPE_FILES = sorted(path.stem for path in data_dir("shapes").glob("*.ttl"))
LANGUAGES = {str(OWL.Class), str(RDF.Property)}  # a term is shown on its own page
DERIVED = f"<{expand('imon:currentState')}>"
CLAIMED = URIRef(expand("imon:claimedProperty"))
HEADING = re.compile(r"# nl: \S.*\n# en: \S.*\n(?:# warning: (?P<warnings>\S.*)\n)?@prefix ")


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet.load(SHAPE_FILES)


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    terms = Graph()
    for path in (data_dir("ontology") / "terms").glob("*.ttl"):
        terms.parse(path, format="turtle")
    return terms


@pytest.fixture(scope="module")
def together() -> Graph:
    whole = Graph()
    for path in EXAMPLES:
        whole += graph(path)
    return whole


def targeted() -> set[str]:
    rules = Graph()
    for name in SHAPE_FILES:
        rules.parse(data_dir("shapes") / f"{name}.ttl", format="turtle")
    return {str(row) for row in rules.objects(None, SH.targetClass)}


def warned(path: Path) -> set[str]:
    heading = HEADING.match(path.read_text("utf-8"))
    assert heading, "two lines, # nl: and # en:, say what is shown"
    return set((heading["warnings"] or "").split())


def names(results: list[Result]) -> set[str]:
    return {row.shape.removeprefix(PREFIXES["imsh"]) for row in results}


def test_there_is_an_example_of_every_own_class(vocabulary: Graph) -> None:
    own = {str(row) for row in vocabulary.subjects(RDF.type, OWL.Class)}
    assert own <= {class_of(path) for path in EXAMPLES}


def test_there_is_an_example_of_every_class_that_a_shape_judges() -> None:
    assert targeted() - LANGUAGES <= {class_of(path) for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_holds_the_class_that_it_is_named_after(path: Path) -> None:
    assert (None, RDF.type, URIRef(class_of(path))) in graph(path)


def test_every_own_property_occurs_in_an_example(vocabulary: Graph, together: Graph) -> None:
    used: set[Node] = {*together.predicates(), *together.objects(None, CLAIMED)}
    for term in set(vocabulary.subjects(RDF.type, RDF.Property)) - used:
        why = {str(text) for text in vocabulary.objects(term, SKOS.definition)}
        assert any(text.startswith("During a computation only") for text in why), term


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_declares_the_prefixes_that_it_uses_and_no_other(path: Path) -> None:
    text = path.read_text("utf-8")
    declared = dict(re.findall(r"^@prefix ([\w-]+): <([^>]+)> \.$", text, re.M))
    assert declared == {name: PREFIXES.get(name) for name in declared}
    assert list(declared) == sorted(declared)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|<[^>]*>|^[@#].*$', " ", text, flags=re.M)
    assert set(re.findall(r"(?<![\w-])([a-z][\w-]*):", bare)) == set(declared)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_has_no_blank_node_and_words_have_a_language(path: Path) -> None:
    for row in graph(path):
        assert not [term for term in row if isinstance(term, BNode)]
        if row[1] in (RDFS.label, SKOS.prefLabel, URIRef(expand("dct:title"))):
            assert isinstance(row[2], Literal) and row[2].language


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_what_is_not_made_up_is_a_fact_of_the_reference_data(path: Path) -> None:
    known = set(reference().splitlines())
    for line in triples(path).splitlines():
        if not line.startswith(f"<{MADE_UP}".encode()) and DERIVED.encode() not in line:
            assert line in known


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_every_figure_is_made_up(path: Path) -> None:
    for figure in graph(path).subjects(URIRef(expand("qb:dataSet"))):
        assert str(figure).startswith(MADE_UP)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_conforms_alone_and_says_what_it_is_warned_of(
    path: Path, shapes: ShapeSet
) -> None:
    data = made_up(path)
    report = shapes.validate(data + beside(data))
    results = [row for row in report.results if row.focus.startswith(MADE_UP)]
    assert names([row for row in results if row.severity == "Violation"]) == set()
    assert names(results) == warned(path)


def test_all_examples_conform_beside_the_reference_data(shapes: ShapeSet) -> None:
    report = shapes.validate(reference() + b"".join(map(triples, EXAMPLES)))
    assert names([row for row in report.results if row.severity == "Violation"]) == set()
    assert names(list(report.results)) == {name for path in EXAMPLES for name in warned(path)}


def test_the_reference_engine_finds_the_same_in_the_examples(shapes: ShapeSet) -> None:
    examples = b"".join(map(made_up, EXAMPLES))
    data = examples + beside(examples)
    theirs = Reference(SHAPE_FILES).validate_touched(data, examples)
    assert agreed(shapes.validate(data)) == theirs
    ours = [row for row in theirs if row[0].startswith(MADE_UP)]
    assert {severity for *_, severity, _ in ours} <= {"Warning"}


def test_the_examples_tell_one_story(together: Graph) -> None:
    """From the joint response to the goal: each refers to the one before it."""
    story = [
        ("observatie/theme-score/2016/0207535161/T1/1.0", "imon:fromResponse", "respons/1"),
        ("toelating/1", "imon:fromResponse", "respons/1"),
        ("traject/1", "imon:enrolment", "intekening/1"),
        ("traject/1/fase/2", "dct:isPartOf", "traject/1"),
        ("diagnose/1", "dct:isPartOf", "traject/1"),
        ("plananalyse/1", "dct:isPartOf", "traject/1"),
        ("actieplan/1", "imon:goal", "doelstelling/1"),
        ("rapport/1", "imon:recommendation", "aanbeveling/brongebruik"),
    ]
    start = MADE_UP + "voorbeeld/"
    for subject, predicate, value in story:
        row = (URIRef(start + subject), URIRef(expand(predicate)), URIRef(start + value))
        assert row in together, row


def test_the_score_of_the_story_follows_from_its_answers() -> None:
    """Weighted mean of the answers that count; the one that is missing makes the bounds."""
    store = Store()
    store.load(reference() + b"".join(map(triples, EXAMPLES)), format=RdfFormat.N_TRIPLES)
    start = MADE_UP + "voorbeeld/"
    scheme = f"{BASE}id/scoreschema/1.0"
    answers = f"""{prefix_lines()} SELECT ?weight ?points {{
        <{start}respons/1> imon:answer ?option .
        ?scored imon:option ?option ; imon:weight ?weight ; imon:scheme <{scheme}> .
        OPTIONAL {{ ?scored imon:weightedScore ?points }} }}"""
    figure = f"""{prefix_lines()} SELECT ?score ?low ?high ?coverage {{
        <{start}observatie/theme-score/2016/0207535161/T1/1.0> imon:score ?score ;
            imon:low ?low ; imon:high ?high ; imon:coverage ?coverage }}"""
    rows = list(select(store, answers))
    weight = sum(Decimal(row["weight"]) for row in rows)
    answered = sum(Decimal(row["weight"]) for row in rows if row["points"])
    points = sum(Decimal(row["points"]) for row in rows if row["points"])
    (told,) = select(store, figure)
    assert weight == 100
    assert Decimal(told["coverage"]) == answered / weight
    assert Decimal(told["score"]) == round(points / answered, 6)
    assert Decimal(told["low"]) == points / weight
    assert Decimal(told["high"]) == points / weight + weight - answered
