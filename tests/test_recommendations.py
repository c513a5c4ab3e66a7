"""Recommendations as data: when each holds, that every score has one, and the words."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from rdflib import RDF, SKOS, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS

from service.release.validation import reference_shapes
from service.vocab import CONCEPT, expand
from tests.instrument_tables import BASE, TINY, folder, graph_of, read

GRAPH = f"{BASE}graph/aanbevelingen"
FORM = "code;theme;method;type;gate;lower;upper;priority;label_nl;label_en;text_nl;text_en\n"


@pytest.fixture(scope="module")
def bundled() -> Graph:
    return Graph().parse(data=read().snapshots[GRAPH], format="nt")


def imon(name: str) -> URIRef:
    return URIRef(expand(f"imon:{name}"))


def last(term: object) -> str:
    return str(term).rpartition("/")[2]


def conditions(graph: Graph, name: str) -> dict[str, list[str]]:
    """Return code → what the rule asks for by one property."""
    found = {}
    for rule in graph.subjects(RDF.type, imon("Recommendation")):
        found[last(rule)] = sorted(last(value) for value in graph.objects(rule, imon(name)))
    return {code: values for code, values in found.items() if values}


def test_every_type_and_every_gate_of_ty_1_has_a_rule(bundled: Graph) -> None:
    types = sorted(value for values in conditions(bundled, "forType").values() for value in values)
    gates = sorted(value for values in conditions(bundled, "forGate").values() for value in values)
    assert types == ["1", "2", "3", "4", "5"]
    assert gates == ["t1-vanaf-4", "t2-vanaf-4", "t5-vanaf-5"]


@pytest.mark.parametrize("theme", ["T1", "T2", "T3", "T4", "T5", "T6"])
def test_every_score_of_a_theme_has_one_rule(theme: str, bundled: Graph) -> None:
    rules = bundled.subjects(imon("theme"), URIRef(f"{CONCEPT}thema/{theme}"))
    bounds = []
    for rule in rules:
        low, high = (bundled.value(rule, imon(name)) for name in ("lowerBound", "upperBound"))
        if isinstance(low, Literal) and isinstance(high, Literal):
            bounds.append((Decimal(str(low)), Decimal(str(high))))
    bounds.sort()
    assert len(bounds) == 4
    assert [bounds[0][0], bounds[-1][1]] == [0, 100]
    assert all(one[1] == other[0] for one, other in pairwise(bounds))
    assert all(edge % 10 == 0 for pair in bounds for edge in pair)  # as the bands of T2


def test_words_are_one_or_two_sentences_in_both_languages(bundled: Graph) -> None:
    for rule in bundled.subjects(RDF.type, imon("Recommendation")):
        texts = list(bundled.objects(rule, DCTERMS.description))
        assert sorted(str(getattr(text, "language", "")) for text in texts) == ["en", "nl"]
        for text in texts:
            assert 1 <= len(re.findall(r"[.?](?: |$)", str(text))) <= 2, text
            assert len(str(text)) < 260, text
        assert bundled.value(rule, imon("reconstruction")) == Literal(True)


def test_the_rules_conform(bundled: Graph) -> None:
    data = b"".join(read().snapshots.values())
    assert b"imonitor/ns#Recommendation" in data
    focus = [row for row in reference_shapes().validate(data).results if "aanbev" in row.focus]
    assert focus == []


def test_a_rule_of_a_gate_is_about_the_theme_of_the_gate_and_others_about_all(
    tmp_path: Path,
) -> None:
    graph = graph_of(read(folder(tmp_path)))
    themes = conditions(graph, "theme")
    assert [themes[code] for code in "abcd"] == [["A1"], ["TOTAL"], ["A1"], ["A1"]]
    assert set(graph.objects(URIRef(f"{CONCEPT}aanbeveling/d"), SKOS.definition)) == {
        Literal("Advies over A1, voor een score vanaf 50.", lang="nl"),
        Literal("Advice on A1, for a score of 50 or more.", lang="en"),
    }


def test_a_rule_may_ask_for_a_type_and_a_score_at_once(tmp_path: Path) -> None:
    text = FORM + "a;A1;E;2;;0;50;1;Nu;Now;Doe dit.;Do this.\n"
    reading = read(folder(tmp_path, recommendations=text))
    assert [row.code for row in reading.findings] == ["bundled-table"]
    graph = graph_of(reading)
    rule = URIRef(f"{CONCEPT}aanbeveling/a")
    assert graph.value(rule, imon("forType")) == URIRef(f"{CONCEPT}type/E/2")
    assert graph.value(rule, imon("upperBound")) == Literal(Decimal(50))


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("a;A1;E;9;;;;1;Nu;Now;Doe.;Do.", "unknown-reference", "type"),
        ("a;A1;E;;b9;;;1;Nu;Now;Doe.;Do.", "unknown-reference", "gate"),
        ("a;A1;F;2;;;;1;Nu;Now;Doe.;Do.", "unknown-reference", "method"),
        ("a;A9;;;;0;100;1;Nu;Now;Doe.;Do.", "unknown-theme", "theme"),
        ("a;A1;;2;;;;1;Nu;Now;Doe.;Do.", "cell-missing", "method"),
        ("a;A1;;;;0;100;;Nu;Now;Doe.;Do.", "cell-missing", "priority"),
        ("a;A1;;;;0;100;1.5;Nu;Now;Doe.;Do.", "whole-number", "priority"),
        ("a;A1;;;;50;50;1;Nu;Now;Doe.;Do.", "advice-band", "lower"),
        ("a;A1;;;;50;;1;Nu;Now;Doe.;Do.", "advice-band", "lower"),
        ("a;A1;;;;0;101;1;Nu;Now;Doe.;Do.", "number-range", "upper"),
    ],
)
def test_a_bad_rule_is_refused_with_its_cell(
    row: str, code: str, column: str, tmp_path: Path
) -> None:
    reading = read(folder(tmp_path, recommendations=f"{FORM}{row}\n"))
    found = [(finding.code, finding.line, finding.column) for finding in reading.findings]
    assert (code, 2, column) in found
    assert not reading.snapshots


def test_a_score_without_a_rule_is_told(tmp_path: Path) -> None:
    text = TINY["recommendations"].replace("0;50", "10;40")
    reading = read(folder(tmp_path, recommendations=text))
    told = [row.message_en for row in reading.findings if row.code == "advice-gap"]
    assert [re.findall(r"\d+ to \d+", message) for message in told] == [["0 to 10"], ["40 to 50"]]
    assert reading.snapshots


def test_an_instrument_without_the_table_has_no_graph_of_them(tmp_path: Path) -> None:
    assert GRAPH not in read(folder(tmp_path, recommendations=None)).snapshots
