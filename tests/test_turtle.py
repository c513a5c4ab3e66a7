"""RDF from others: what is read, and how what is not read is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat

from loaders.turtle import MAX_FINDINGS, MAX_LINE, Document
from tests.facts import BASE, FACTS, located

GOOD = "<http://a.example/s> <http://a.example/p> "


def read(text: str | bytes, base: str | None = None) -> tuple[list[str], Document]:
    data = text.encode() if isinstance(text, str) else text
    document = Document(data, "in.ttl", base)
    return [f"{row.subject} {row.predicate} {row.object}" for row in document], document


def test_iris_and_literals_are_read() -> None:
    found, document = read(
        '@prefix e: <http://e.example/> .\ne:s e:p "één"@nl , 5 , e:o , <urn:isbn:1> .'
    )
    assert found == [
        '<http://e.example/s> <http://e.example/p> "één"@nl',
        '<http://e.example/s> <http://e.example/p> "5"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "<http://e.example/s> <http://e.example/p> <http://e.example/o>",
        "<http://e.example/s> <http://e.example/p> <urn:isbn:1>",
    ]
    assert (document.findings, document.count, document.refused) == ([], 4, False)


def test_relative_iris_are_resolved_against_the_base_that_is_given() -> None:
    assert read("<id/a> <http://p.example/> <../b> .", BASE)[0] == [
        f"<{BASE}id/a> <http://p.example/> <{BASE}b>"
    ]


def test_relative_iris_without_a_base_are_refused_with_line_and_column() -> None:
    found, document = read(f"{GOOD}'x' .\n  {GOOD}<b> .")
    assert len(found) == 1
    assert located(document.findings) == [("rdf-relative", "in.ttl", 2, "45")]
    assert "relatief" in document.findings[0].message_nl
    assert "relative" in document.findings[0].message_en


@pytest.mark.parametrize(
    "bad",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://x.example/",
        "http:relative",
        "vbscript:x",
    ],
)
@pytest.mark.parametrize("place", ["subject", "predicate", "object"])
def test_iris_that_must_not_become_links_are_refused_wherever_they_stand(
    bad: str, place: str
) -> None:
    terms = dict.fromkeys(("subject", "predicate", "object"), "http://a.example/")
    terms[place] = bad
    line = " ".join(f"<{terms[name]}>" for name in ("subject", "predicate", "object"))
    found, document = read(f"{GOOD}'x' .\n{line} .\n{GOOD}'y' .")
    assert len(found) == 2  # what stands around it is still read
    (finding,) = document.findings
    assert (finding.code, finding.line, finding.value) == ("rdf-iri", 2, bad)
    assert document.refused


def test_a_bad_iri_behind_a_prefix_is_found_at_the_prefix() -> None:
    found, document = read(f"@prefix x: <javascript:> .\n{GOOD}x:alert .")
    assert found == []
    assert located(document.findings) == [("rdf-iri", "in.ttl", 2, "44")]


@pytest.mark.parametrize("blank", ["[]", "_:b", "[ <http://a.example/q> 'x' ]", "('x')"])
def test_blank_nodes_are_refused_and_never_get_a_name(blank: str) -> None:
    found, document = read(f"{GOOD}'x' ;\n <http://a.example/q> {blank} .")
    assert all("_:" not in row for row in found)
    assert {row.code for row in document.findings} == {"rdf-blank-node"}
    assert "http://a.example/" in document.findings[0].message_nl


def test_statements_about_statements_are_refused() -> None:
    found, document = read(f"{GOOD}<<( <http://a.example/s> <http://a.example/p> 'x' )>> .")
    assert found == []
    assert [row.code for row in document.findings] == ["rdf-triple-term"]


def test_a_syntax_error_tells_line_column_and_reason_and_keeps_what_came_before() -> None:
    found, document = read(f"{GOOD}'x' .\n{GOOD} %% .")
    assert len(found) == 1
    assert located(document.findings) == [("rdf-syntax", "in.ttl", 2, "44")]
    assert "Parser error" not in document.findings[0].message_en
    assert "regel 2, kolom 44" in document.findings[0].message_nl


def test_a_file_that_breaks_off_is_refused() -> None:
    assert [row.code for row in read(f"{GOOD}'x' ;\n")[1].findings] == ["rdf-syntax"]


def test_latin_1_is_refused_with_line_and_column() -> None:
    found, document = read(f"{GOOD}'x' .\n{GOOD}'café' .".encode("latin-1"))
    assert found == []
    assert located(document.findings) == [("rdf-not-utf8", "in.ttl", 2, "47")]


def test_utf_16_is_refused_as_no_utf_8() -> None:
    assert [row.code for row in read(f"{GOOD}'x' .".encode("utf-16"))[1].findings] == [
        "rdf-not-utf8"
    ]


def test_a_huge_line_is_refused_before_it_is_parsed() -> None:
    found, document = read(f"{GOOD}'x' .\n{GOOD}'{'x' * MAX_LINE}' .")
    assert found == []
    assert located(document.findings) == [("rdf-line-too-long", "in.ttl", 2, None)]


def test_deep_nesting_is_refused_and_ends() -> None:
    assert read(GOOD + "(" * 200_000)[1].refused
    assert read(GOOD + "[ <http://a.example/p> " * 20_000)[1].refused


def test_reading_stops_after_many_refused_statements() -> None:
    lines = f"{GOOD}<data:x> .\n" * (MAX_FINDINGS + 100)
    found, document = read(lines + f"{GOOD}'x' .")
    assert found == []
    assert len(document.findings) == MAX_FINDINGS + 1
    assert document.findings[-1].code == "rdf-too-many"


def test_a_byte_order_mark_is_skipped() -> None:
    assert len(read(b"\xef\xbb\xbf" + f"{GOOD}'x' .".encode())[0]) == 1


def test_an_empty_document_says_nothing() -> None:
    found, document = read("")
    assert (found, document.findings) == ([], [])


def test_the_suffix_tells_n_triples_from_turtle(tmp_path: Path) -> None:
    path = tmp_path / "in.nt"
    path.write_text(f"{GOOD}'x' .")  # single quotes are Turtle, not N-Triples
    document = Document.at(path)
    assert document.format == RdfFormat.N_TRIPLES
    assert list(document) == []
    assert [row.code for row in document.findings] == ["rdf-syntax"]
    path.write_text(f'{GOOD}"x" .')
    assert len(list(Document.at(path))) == 1


@pytest.mark.parametrize("name", ["support.ttl", "claims.ttl"])
def test_our_own_facts_need_a_base_and_are_clean(name: str) -> None:
    own = Document.at(FACTS / name, BASE)
    assert len(list(own)) > 300
    assert own.findings == []
    without = Document.at(FACTS / name)
    assert list(without) == []
    assert [row.code for row in without.findings] == ["rdf-relative"]
