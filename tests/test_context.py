"""The JSON-LD context: complete, true to the vocabulary and the shapes, and lossless."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import rdflib
from pyld import jsonld
from pyoxigraph import RdfFormat, Triple, parse
from rdflib import OWL, RDF, RDFS, SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from service import data_dir
from service.context import context
from service.vocab import PREFIXES, curie, expand
from tests.examples import BASE, EXAMPLES, graph, name_of

# rdflib's own reader of JSON-LD uses a class that rdflib has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

ADDRESS = BASE + "ns/context.jsonld"
CONTEXT = context()["@context"]
#: Name → what it stands for, without keywords and prefixes.
TERMS = {
    name: {"@id": value} if isinstance(value, str) else value
    for name, value in CONTEXT.items()
    if name not in PREFIXES and not name.startswith("@")
}
NAMES = {value["@id"]: name for name, value in TERMS.items()}
#: Where terms of others share a local name: which has it plain. A name that was given out stays.
PLAIN = {
    "Agent": "foaf:Agent",
    "Dataset": "dcat:Dataset",
    "Location": "prov:Location",
    "Observation": "qb:Observation",
    "Organization": "org:Organization",
    "contactPoint": "dcat:contactPoint",
    "contributor": "dct:contributor",
    "creator": "dct:creator",
    "description": "dct:description",
    "endDate": "schema:endDate",
    "identifier": "dct:identifier",
    "license": "dct:license",
    "name": "foaf:name",
    "note": "skos:note",
    "publisher": "dct:publisher",
    "startDate": "schema:startDate",
    "subject": "dct:subject",
}
#: One shape sees one kind of value and other data have another, so a value tells its own type.
MIXED = {"dct:dateSubmitted", "dct:issued", "dct:source", "skos:notation"}
#: How the note of a reused term begins that occurs in no data of ours.
ASIDE = ("For alignment", "In checks only", "Only read")
LINK = {"@type": "@id"}
TEXTS = {"@container": "@language"}


def turtle(pattern: str, folder: str = "ontology") -> Graph:
    found = Graph()
    for path in data_dir(folder).glob(pattern):
        found.parse(path, format="turtle", publicID=BASE)
    return found


OWN, REUSED, SHAPES = turtle("terms/*.ttl"), turtle("reused/*.ttl"), turtle("*.ttl", "shapes")


def terms(subjects: Iterator[Node]) -> set[str]:
    return {curie(str(row)) for row in subjects if isinstance(row, URIRef)}


def own_terms() -> set[str]:
    return terms(OWN.subjects(RDFS.isDefinedBy))


def reused() -> set[str]:
    """Return the reused terms that stand in data: not those that we only compare ours with."""
    notes = REUSED.subject_objects(URIRef(expand("vann:usageNote")))
    aside = {curie(str(term)) for term, note in notes if str(note).startswith(ASIDE)}
    return terms(REUSED.subjects()) - aside


def asked() -> set[str]:
    """Return the properties that shapes ask for."""
    return terms(SHAPES.objects(None, SH.path)) - {"rdf:type"}


def shaped() -> set[str]:
    classes = terms(SHAPES.objects(None, SH["class"]))
    return classes | terms(SHAPES.objects(None, SH.targetClass)) | asked()


def exemplified() -> set[str]:
    found: set[str] = set()
    for path in EXAMPLES:
        found |= terms(graph(path).predicates()) | terms(graph(path).objects(None, RDF.type))
    return found - {"rdf:type"}


def form(term: str) -> dict[str, str]:
    """Return how values of a property are written, its name left out."""
    return {key: value for key, value in TERMS[NAMES[term]].items() if key != "@id"}


def wanted(term: URIRef) -> dict[str, str]:
    """Return how values of an own property are to be written, by its range."""
    of = OWN.value(term, RDFS.range)
    kind = curie(str(of))
    if of == RDF.langString:
        return TEXTS
    if kind.startswith("xsd:"):
        return {} if kind == "xsd:string" else {"@type": kind}
    return LINK if (term, RDF.type, OWL.ObjectProperty) in OWN else {}


def opinions(term: URIRef) -> Iterator[str]:
    """Yield what the shapes say of the values of a property: datatype, or ``@id``."""
    for shape in SHAPES.subjects(SH.path, term):
        yield from (curie(str(row)) for row in SHAPES.objects(shape, SH.datatype))
        yield from ("@id" for _ in SHAPES.objects(shape, SH["class"]))
        yield from ("@id" for row in SHAPES.objects(shape, SH.nodeKind) if row == SH.IRI)
        yield from ("rdf:langString" for _ in SHAPES.objects(shape, SH.languageIn))
        values = list(SHAPES.objects(shape, SH.hasValue))
        for members in SHAPES.objects(shape, SH["in"]):
            values += Collection(SHAPES, members)
        yield from ("@id" for row in values if isinstance(row, URIRef))


def written(path: Path) -> set[Triple]:
    """Return an example as it is written. Without blank nodes, equal sets are isomorphic."""
    rows = parse(path=str(path), format=RdfFormat.TURTLE, base_iri=BASE)
    return {row.triple for row in rows}


def compacted(path: Path) -> dict[str, Any]:
    """Return an example as JSON-LD in our names, by PyLD."""
    rows = "".join(f"{row} .\n" for row in written(path))
    expanded = jsonld.from_rdf(rows, {"format": "application/n-quads"})
    return dict(jsonld.compact(expanded, ADDRESS, {"documentLoader": offline, "graph": True}))


def offline(address: str, _options: object) -> dict[str, Any]:
    """Return our context for its address; nothing else is ever fetched."""
    assert address == ADDRESS
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": context(),
    }


def by_pyld(document: Mapping[str, Any]) -> set[Triple]:
    options = {"format": "application/n-quads", "documentLoader": offline}
    return triples(jsonld.to_rdf(document, options))


def by_rdflib(document: Mapping[str, Any]) -> set[Triple]:
    data = json.dumps({**document, "@context": CONTEXT})
    return triples(Graph().parse(data=data, format="json-ld").serialize(format="nt"))


def triples(ntriples: str) -> set[Triple]:
    return {row.triple for row in parse(ntriples.encode(), format=RdfFormat.N_TRIPLES)}


@pytest.fixture(autouse=True)
def as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep rdflib from rewriting literals ("Z" to "+00:00")."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def walk(value: object) -> Iterator[tuple[str, object]]:
    """Yield each key with its value, at any depth; a member of a list has no key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield "", inner
            yield from walk(inner)


# --- What stands in it ----------------------------------------------------------------------------


def test_it_is_json_ld_1_1_with_the_prefixes_of_the_table_and_cannot_be_overridden() -> None:
    assert CONTEXT["@version"] == 1.1
    assert CONTEXT["@protected"] is True
    assert {name: CONTEXT[name] for name in PREFIXES} == dict(PREFIXES)
    with pytest.raises(jsonld.JsonLdError) as refused:
        jsonld.expand({"@context": [CONTEXT, {"score": "https://example.org/score"}]})
    assert "protected" in str(refused.value)


def test_every_call_returns_a_document_of_its_own() -> None:
    context()["@context"].clear()
    assert context()["@context"] == CONTEXT


def test_every_own_term_has_its_local_name() -> None:
    missing = {term for term in own_terms() if NAMES.get(term) != term.partition(":")[2]}
    assert not missing, "add a line to ontology/context.jsonld for each"


def test_every_reused_term_and_every_term_that_a_shape_or_example_names_has_a_name() -> None:
    missing = (reused() | shaped() | exemplified()) - NAMES.keys()
    assert not missing, "add a line to ontology/context.jsonld for each"


def test_a_term_has_one_name_its_local_one_or_where_that_is_taken_with_its_prefix() -> None:
    assert len(NAMES) == len(TERMS)
    for term, name in NAMES.items():
        prefix, _, local = term.partition(":")
        assert expand(term) != term, "written with a prefix of the table"
        if name != local:
            assert name == f"{prefix}_{local}"
            assert local in TERMS or local in PREFIXES


def test_a_local_name_of_several_terms_belongs_to_our_own_or_stays_where_it_is() -> None:
    sharing: dict[str, set[str]] = {}
    for term in NAMES:
        sharing.setdefault(term.partition(":")[2], set()).add(term)
    shared = {local for local, found in sharing.items() if len(found) > 1}
    holders = {local: TERMS[local]["@id"] for local in shared}
    assert {k: v for k, v in holders.items() if v != f"imon:{k}"} == PLAIN
    assert not {k for k in PLAIN if f"imon:{k}" in NAMES}


@pytest.mark.parametrize("term", sorted(terms(OWN.subjects(RDF.type, RDF.Property))))
def test_the_form_of_values_of_an_own_property_follows_its_range(term: str) -> None:
    assert form(term) == wanted(URIRef(expand(term)))


@pytest.mark.parametrize("term", sorted(asked() - own_terms()))
def test_the_form_of_values_agrees_with_the_shapes(term: str) -> None:
    said = set(opinions(URIRef(expand(term))))
    names = {"@id": LINK, "rdf:langString": TEXTS, "xsd:string": {}}
    forms = [names.get(row, {"@type": row}) for row in said]
    if len(forms) == 1 and term not in MIXED:
        assert forms == [form(term)]
    elif forms:
        assert form(term) == {}


def test_a_class_has_no_form_of_values() -> None:
    classes = terms(OWN.subjects(RDF.type, OWL.Class)) | terms(
        REUSED.subjects(RDF.type, RDFS.Class)
    )
    assert not {term for term in classes & NAMES.keys() if form(term)}


# --- What it does ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_survives_json_ld_in_both_processors(path: Path) -> None:
    document = compacted(path)
    assert document["@context"] == ADDRESS
    assert by_pyld(document) == written(path)
    assert by_rdflib(document) == written(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_what_rdflib_writes_with_the_context_is_read_by_both_processors(path: Path) -> None:
    document = json.loads(graph(path).serialize(format="json-ld", context=CONTEXT))
    assert by_rdflib(document) == written(path)
    assert by_pyld({**document, "@context": ADDRESS}) == written(path)
    assert not [key for key, value in walk(document) if value is None]


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_is_compact(path: Path) -> None:
    for key, value in walk({**compacted(path), "@context": None}):
        assert ":" not in key, "a full IRI or a prefixed name as key"
        if key == "@type" and isinstance(value, list):
            assert not [kind for kind in value if ":" in kind]
        elif key in TERMS and TERMS[key].get("@type"):
            assert isinstance(value, str | list), "a value object where the context has the type"
            assert not [row for row in value if not isinstance(row, str)]
        elif key in TERMS and TERMS[key].get("@container"):
            assert isinstance(value, dict)
            assert "@value" not in value


@pytest.mark.parametrize("number", ["0.1", "62.50", "100.000000", "37.272727", "-0", "007"])
def test_a_decimal_is_a_text_in_json_and_comes_back_as_it_was(number: str) -> None:
    """A JSON number would be a float: "62.50" would be lost, and 0.1 not be exact."""
    score, decimal = expand("imon:score"), expand("xsd:decimal")
    line = f'<{BASE}x> <{score}> "{number}"^^<{decimal}> .\n'
    expanded = jsonld.from_rdf(line, {"format": "application/n-quads"})
    document = jsonld.compact(expanded, ADDRESS, {"documentLoader": offline})
    assert document["score"] == number
    assert by_pyld(document) == by_rdflib(document) == triples(line)


def test_a_record_written_by_hand_means_what_it_says() -> None:
    document = {
        "@context": ADDRESS,
        "@id": BASE + "id/synthetisch/respons/1",
        "@type": "Response",
        "wave": BASE + "id/synthetisch/golf/2016",
        "questionnaireType": "imc:vragenlijsttype/B",
        "dateSubmitted": {"@type": "xsd:dateTime", "@value": "2016-05-12T09:30:00Z"},
        "answer": ["imc:vraag/AB1/optie/2", "imc:vraag/AB2/optie/1"],
        "prefLabel": {"nl": ["een", "twee"], "@none": "zonder taal"},
    }
    found = by_pyld(document)
    assert found == by_rdflib(document)
    rows = {(curie(row.predicate.value), str(row.object)) for row in found}
    concept = PREFIXES["imc"]
    assert rows == {
        ("rdf:type", f"<{PREFIXES['imon']}Response>"),
        ("imon:wave", f"<{BASE}id/synthetisch/golf/2016>"),
        ("imon:questionnaireType", f"<{concept}vragenlijsttype/B>"),
        ("dct:dateSubmitted", f'"2016-05-12T09:30:00Z"^^<{PREFIXES["xsd"]}dateTime>'),
        ("imon:answer", f"<{concept}vraag/AB1/optie/2>"),
        ("imon:answer", f"<{concept}vraag/AB2/optie/1>"),
        ("skos:prefLabel", '"een"@nl'),
        ("skos:prefLabel", '"twee"@nl'),
        ("skos:prefLabel", '"zonder taal"'),
    }
