"""Shapes told in words: each constraint in Dutch and in English, with its cardinality."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.memory import in_memory
from service.vocab import expand, prefix_lines
from service.web import prose
from service.web.model import Model
from service.web.rules import Rule
from service.web.site import Site, Term

SHAPE = "imsh:Thing a sh:NodeShape ; sh:targetClass imon:Wave ; sh:property imsh:Thing-p .\n"
OTHERS = """
imsh:Day a sh:NodeShape ; sh:datatype xsd:date .
imsh:Month a sh:NodeShape ; sh:datatype xsd:gYearMonth .
imsh:Named a sh:NodeShape ; sh:property imsh:Named-p .
imsh:Named-p a sh:PropertyShape ; sh:path rdfs:label ; sh:minCount 1 .
"""


def rules(folder: Path, turtle: str) -> dict[str, Rule]:
    """Return the shapes of a text by name, those about properties too."""
    path = folder / "try.ttl"
    path.write_text(prefix_lines() + SHAPE + OTHERS + turtle, "utf-8")
    settings = Settings()
    model = Model(Site(settings, in_memory({}, settings.base)), {"shapes/try": path})
    sections = model.rulebook.sections
    return {row.name: row for row in [*sections, *(r for s in sections for _, r in s.rows)]}


def rule(folder: Path, constraints: str) -> Rule:
    """Return a property shape with some constraints."""
    return rules(folder, f"imsh:Thing-p a sh:PropertyShape ; sh:path imon:wave ; {constraints} .")[
        "Thing-p"
    ]


def told(parts: list[prose.Part]) -> str:
    """Return parts as the page writes them, terms by their local name."""
    return ", ".join(
        "".join(row if isinstance(row, str) else _local(row) for row in part) for part in parts
    )


def _local(term: Term) -> str:
    return term.value.rpartition("#")[2].rpartition("/")[2]


@pytest.mark.parametrize(
    ("constraints", "short", "dutch", "english"),
    [
        ("sh:minCount 1 ; sh:maxCount 1", "[1..1]", "precies één", "exactly one"),
        ("sh:maxCount 1", "[0..1]", "hoogstens één", "at most one"),
        ("sh:minCount 1", "[1..*]", "minstens één", "at least one"),
        ("sh:minCount 2 ; sh:maxCount 2", "[2..2]", "precies 2", "exactly 2"),
        ("sh:minCount 1 ; sh:maxCount 4", "[1..4]", "1 tot 4", "1 to 4"),
        ("sh:maxCount 0", "[0..0]", "geen", "no"),
        ("sh:nodeKind sh:IRI", "[0..*]", "eender hoeveel", "any number of"),
    ],
)
def test_how_many_is_told(
    tmp_path: Path, constraints: str, short: str, dutch: str, english: str
) -> None:
    found = rule(tmp_path, constraints)
    assert prose.cardinality(found) == short
    assert (prose.number(found, "nl"), prose.number(found, "en")) == (dutch, english)


@pytest.mark.parametrize(
    ("constraints", "dutch", "english"),
    [
        ("sh:datatype xsd:date", "een dag (JJJJ-MM-DD)", "a day (YYYY-MM-DD)"),
        ("sh:datatype imon:odd", "odd", "odd"),
        ("sh:nodeKind sh:IRI", "een IRI", "an IRI"),
        ("sh:class imon:Wave ; sh:nodeKind sh:IRI", "van de klasse Wave", "of the class Wave"),
        ("sh:in ( 10 20 )", "een van 10, 20", "one of 10, 20"),
        ("sh:hasValue imon:Wave", "met de waarde Wave", "with the value Wave"),
        ("sh:or ( imsh:Day imsh:Month )",
         "een dag (JJJJ-MM-DD) of een maand van een jaar",
         "a day (YYYY-MM-DD) or a month of a year"),
        ("sh:or ( [ sh:datatype xsd:date ] imsh:Named )",
         "een dag (JJJJ-MM-DD) of zoals Named zegt", "a day (YYYY-MM-DD) or as Named says"),
        ("sh:xone ( imsh:Day imsh:Named )",
         "precies één van: een dag (JJJJ-MM-DD); zoals Named zegt",
         "exactly one of: a day (YYYY-MM-DD); as Named says"),
        ("sh:node imsh:Named", "zoals Named zegt", "as Named says"),
    ],
)  # fmt: skip
def test_what_a_value_is_is_told(
    tmp_path: Path, constraints: str, dutch: str, english: str
) -> None:
    found = rule(tmp_path, constraints)
    assert told(prose.extent(found, "nl")) == dutch
    assert told(prose.extent(found, "en")) == english


@pytest.mark.parametrize(
    ("constraints", "dutch", "english"),
    [
        ("sh:minInclusive 0 ; sh:maxInclusive 100",
         "hoogstens 100, minstens 0", "at most 100, at least 0"),
        ("sh:minExclusive 0", "groter dan 0", "greater than 0"),
        ("sh:maxExclusive 9", "kleiner dan 9", "less than 9"),
        ("sh:pattern \"^a{2}$\"", "in de vorm ^a{2}$", "of the form ^a{2}$"),
        ("sh:uniqueLang true", "hoogstens één per taal", "at most one in each language"),
        ("sh:languageIn ( \"nl\" \"en\" )", "in de taal nl, en", "in the language nl, en"),
        ("sh:lessThan imon:x", "kleiner of vroeger dan x", "less or earlier than x"),
        ("sh:lessThanOrEquals imon:x",
         "niet groter of later dan x", "not greater or later than x"),
        ("sh:equals imon:x", "gelijk aan x", "equal to x"),
        ("sh:disjoint imon:x", "een andere dan x", "another than x"),
        ("sh:minLength 2 ; sh:maxLength 3",
         "hoogstens 3 tekens lang, minstens 2 tekens lang",
         "at most 3 characters long, at least 2 characters long"),
        ("sh:not imsh:Named", "niet zoals Named zegt", "not as Named says"),
        ("sh:and ( imsh:Named imsh:Day )",
         "zoals Named zegt en een dag (JJJJ-MM-DD)", "as Named says and a day (YYYY-MM-DD)"),
        ("sh:qualifiedValueShape imsh:Named ; sh:qualifiedMinCount 1",
         "minstens één: zoals Named zegt", "at least one: as Named says"),
    ],
)  # fmt: skip
def test_what_else_is_asked_is_told(
    tmp_path: Path, constraints: str, dutch: str, english: str
) -> None:
    found = rule(tmp_path, constraints)
    assert told(prose.demands(found, "nl")) == dutch
    assert told(prose.demands(found, "en")) == english


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("imon:wave", "imon:wave"),
        ("[ sh:inversePath imon:wave ]", "^imon:wave"),
        ("( imon:wave imon:theme )", "imon:wave/imon:theme"),
        ("[ sh:alternativePath ( imon:wave imon:theme ) ]", "imon:wave|imon:theme"),
        ("[ sh:zeroOrMorePath imon:wave ]", "(imon:wave)*"),
        ("( [ sh:inversePath imon:wave ] rdfs:label )", "^imon:wave/rdfs:label"),
    ],
)
def test_a_path_is_written_as_in_sparql(tmp_path: Path, path: str, text: str) -> None:
    assert (
        rules(tmp_path, f"imsh:Thing-p a sh:PropertyShape ; sh:path {path} .")["Thing-p"].path
        == text
    )


def test_a_closed_shape_tells_what_it_lets_through(tmp_path: Path) -> None:
    text = """imsh:Thing sh:closed true ; sh:ignoredProperties ( rdf:type ) .
        imsh:Thing-p a sh:PropertyShape ; sh:path imon:wave ."""
    found = rules(tmp_path, text)["Thing"]
    assert told(prose.demands(found, "en")) == "no other properties than type, wave"
    assert told(prose.about(found, "nl")) == "elk ding van de klasse Wave"


def test_a_query_loses_its_indent_and_a_warning_its_weight(tmp_path: Path) -> None:
    found = rule(
        tmp_path,
        """sh:severity sh:Warning ; sh:message "let op"@nl ; sh:sparql imsh:Thing-p-select .
        imsh:Thing-p-select a sh:SPARQLConstraint ; sh:select \"\"\"SELECT $this {
            $this a ?c
        }\"\"\"""",
    )
    assert found.queries == (("Thing-p-select", "SELECT $this {\n    $this a ?c\n}"),)
    assert (prose.severity(found, "nl"), prose.severity(found, "en")) == (
        "aanbevolen",
        "recommended",
    )
    assert found.messages == {"nl": "let op"}


def test_how_many_is_told_once_for_a_path(tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        """imsh:Thing sh:property imsh:Thing-q .
        imsh:Thing-p a sh:PropertyShape ; sh:path imon:wave ; sh:minCount 1 .
        imsh:Thing-q a sh:PropertyShape ; sh:path imon:wave ; sh:class imon:Wave .""",
    )
    beside = found["Thing"].properties
    assert [prose.cardinality(row, beside) for row in beside] == ["[1..*]", ""]
    assert expand("imon:wave") == beside[1].predicate
