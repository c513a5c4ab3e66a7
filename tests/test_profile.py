"""The application profile names all of its parts, and the alignments say nothing that is untrue."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef

from service.release.manifest import Release
from service.vocab import CONCEPT, IMON, PREFIXES, expand
from tests import rdfs, term_use
from tests.serving_site import facade
from tests.term_use import BASE, ROOT

ONTOLOGY = ROOT / "ontology"
PROFILE = URIRef("https://w3id.org/imonitor/profile")
ALIGNMENTS = URIRef("https://w3id.org/imonitor/ns/alignments")
ROLES = {"vocabulary", "validation", "schema", "specification", "guidance", "example", "mapping"}
MEDIA = "https://www.iana.org/assignments/media-types/"
#: Of each specification that we profile, a prefix whose terms only it has.
SPECIFICATIONS = {
    "https://www.w3.org/TR/vocab-data-cube/": "qb",
    "https://cube.link/": "cube",
    "http://rdf-vocabulary.ddialliance.org/discovery": "disco",
    "https://www.w3.org/TR/vocab-org/": "org",
    "https://data.vlaanderen.be/doc/applicatieprofiel/organisatie-basis/": "generiek",
    "https://data.vlaanderen.be/ns/besluit": "besluit",
    "https://productencatalogus.data.vlaanderen.be/doc/implementatiemodel/ipdc-lpdc": "ipdc",
    "https://data.vlaanderen.be/doc/applicatieprofiel/DCAT-AP-VL/": "dcat",
    "https://www.w3.org/TR/prov-o/": "prov",
    "https://www.w3.org/TR/skos-reference/": "skos",
    "https://www.w3.org/TR/vocab-adms/": "adms",
    "https://www.w3.org/TR/EARL10-Schema/": "earl",
    "https://www.w3.org/TR/void/": "void",
}
#: Own classes with nothing near in another vocabulary: the parts of a scoring scheme.
ALONE = {
    "ThemeWeight", "ItemWeight", "OptionScore", "ApplicableWeight", "ApplicableParts", "Gate",
    "ReferenceProfile", "TargetScore",
}  # fmt: skip
#: Classes of which a thing is one at most.
_APART = (
    "org:Organization", "qb:Observation", "qb:ComponentSpecification", "skos:ConceptScheme",
    "prov:Activity", "prov:Plan", "prov:Location", "imon:Response", "imon:Enrolment",
    "imon:FrameEntry", "imon:BodyState", "imon:Claim", "disco:Study", "disco:StudyGroup",
    "disco:Instrument", "disco:Question", "dcat:Distribution", "adms:Identifier", "dct:Standard",
)  # fmt: skip
APART = [
    _APART,
    # A question and an authentic source are concepts too: they stand in lists.
    [name for name in (*_APART, "skos:Concept") if name != "disco:Question"],
    # A report has distributions, so DCAT takes it for a dataset; a figure is never one.
    [*(name for name in _APART if name != "dct:Standard"), "dcat:Dataset"],
    [*(name for name in _APART if name != "dct:Standard"), "foaf:Document"],
]
#: Pairs that a thing is of all the same, with the class of those things. ORG takes a change for an
#: activity, its primary source makes it an entity for PROV, and the two are disjoint there. Besluit
#: says of all that has a working area that it is a body; ours is that of a body in one state.
KNOWN = {
    ("prov:Activity", "prov:Entity"): "org:ChangeEvent",
    ("org:Organization", "imon:BodyState"): "imon:BodyState",
}


def term(name: str) -> URIRef:
    return URIRef(expand(name))


def read(*paths: Path) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path, publicID=BASE)
    return graph


@pytest.fixture(scope="module")
def profile() -> Graph:
    return read(ONTOLOGY / "profile.ttl")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return facade(tmp_path_factory.mktemp("profile"))


def artifacts(profile: Graph) -> list[str]:
    return [
        str(place).removeprefix(BASE) for place in profile.objects(None, term("prof:hasArtifact"))
    ]


@pytest.mark.parametrize(
    ("folder", "address"), [(ROOT / "shapes", "shapes"), (ONTOLOGY / "codelists", "concept")]
)
def test_every_document_has_a_part_and_every_part_a_document(
    profile: Graph, folder: Path, address: str
) -> None:
    described = [place for place in artifacts(profile) if place.startswith(f"{address}/")]
    assert sorted(described) == sorted(f"{address}/{path.stem}" for path in folder.glob("*.ttl"))


def test_the_profile_says_what_it_is(profile: Graph) -> None:
    ontology = read(ONTOLOGY / "imonitor.ttl")
    for predicate in ("dct:title", "dct:description", "rdfs:label"):
        languages = sorted(text.language for text in profile.objects(PROFILE, term(predicate)))
        assert languages == ["en", "nl"]
    for predicate in ("dct:license", "dct:publisher", "owl:versionInfo"):
        said = set(profile.objects(PROFILE, term(predicate)))
        assert said == set(ontology.objects(URIRef(IMON), term(predicate))) != set()
    assert list(profile.objects(PROFILE, term("prof:hasToken"))) == [Literal("imonitor")]


def test_every_part_is_named_and_has_role_address_format_and_language(profile: Graph) -> None:
    parts = set(profile.objects(PROFILE, term("prof:hasResource")))
    assert parts == set(profile.subjects(RDF.type, term("prof:ResourceDescriptor")))
    for part in parts:
        assert str(part).startswith(f"{PROFILE}#")
        assert sorted(text.language for text in profile.objects(part, RDFS.label)) == ["en", "nl"]
        (role,) = profile.objects(part, term("prof:hasRole"))
        assert str(role).removeprefix(expand("role:")) in ROLES
        assert list(profile.objects(part, term("prof:hasArtifact")))
        formats = list(profile.objects(part, term("dct:format")))
        assert formats
        assert all(str(row).startswith(MEDIA) for row in formats)
        (language,) = profile.objects(part, term("dct:conformsTo"))
        assert (language, RDF.type, term("dct:Standard")) in profile
    names = [str(text) for part in parts for text in profile.objects(part, RDFS.label)]
    assert len(names) == len(set(names))


def test_every_role_has_a_part(profile: Graph) -> None:
    found = {str(role) for role in profile.objects(None, term("prof:hasRole"))}
    assert found == {expand(f"role:{name}") for name in ROLES}


def test_every_address_of_a_part_answers_in_its_formats(profile: Graph, site: Flask) -> None:
    client = site.test_client()
    for part in profile.objects(PROFILE, term("prof:hasResource")):
        for form in profile.objects(part, term("dct:format")):
            media = str(form).removeprefix(MEDIA)
            for place in profile.objects(part, term("prof:hasArtifact")):
                answer = client.get("/" + str(place).removeprefix(BASE), headers={"Accept": media})
                assert (answer.status_code, answer.mimetype) == (200, media), place


def test_every_specification_is_named_and_used(profile: Graph, demo_home: Path) -> None:
    named = {str(iri) for iri in profile.objects(PROFILE, term("prof:isProfileOf"))}
    assert named == set(SPECIFICATIONS)
    release = Release.current(demo_home)
    assert release
    uses = [
        *term_use.in_release(release),
        *term_use.in_stored_queries(),
        *term_use.in_files("shapes", ".ttl"),
    ]
    for iri, prefix in SPECIFICATIONS.items():
        assert (URIRef(iri), RDF.type, term("dct:Standard")) in profile
        assert sum(used.startswith(PREFIXES[prefix]) for used, _ in uses) > 1, iri


# --- Alignments -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(demo_home: Path) -> Graph:
    """All that the demo release says of three things of each class, from each graph."""
    release = Release.current(demo_home)
    assert release
    kind = f" <{RDF.type}> "
    graph = Graph()
    for entry in release.all_graphs.values():
        with gzip.open(release.lines_file(entry), "rt", encoding="utf-8") as file:
            lines = [line.rpartition(" <")[0] + " ." for line in file]  # without the graph
        counts: Counter[str] = Counter()
        chosen = set()
        for subject, _, value in (line.partition(kind) for line in lines if kind in line):
            counts[value] += 1
            if counts[value] <= 3:
                chosen.add(subject)
        found = [line for line in lines if line.partition(" ")[0] in chosen]
        graph.parse(data="\n".join(found), format="nt")
    return graph


@pytest.fixture(scope="module")
def ontology() -> Graph:
    """Own terms, alignments, and what others say of the terms that we use."""
    return read(
        ONTOLOGY / "imonitor.ttl",
        ONTOLOGY / "alignments.ttl",
        *(ONTOLOGY / name for name in ("components.ttl", "cubes.ttl", "datasets.ttl")),
        *sorted((ONTOLOGY / "terms").glob("*.ttl")),
        *sorted((ONTOLOGY / "codelists").glob("*.ttl")),
        ROOT / "tests" / "data" / "other-vocabularies.ttl",
    )


@pytest.fixture(scope="module")
def entailed(ontology: Graph, sample: Graph) -> Graph:
    """What follows from the ontology, the examples and a sample of the demo release."""
    examples = read(*sorted((ONTOLOGY / "examples").glob("*.ttl")))
    return rdfs.entail(ontology + examples + sample)


def apart() -> list[list[URIRef]]:
    return [[term(name) for name in group] for group in APART]


def known(graph: Graph) -> set[str]:
    """Return the lines that are to be expected."""
    return {
        f"{thing} is both <{expand(one)}> and <{expand(other)}>"
        for (one, other), kind in KNOWN.items()
        for thing in graph.subjects(RDF.type, term(kind))
    }


def test_nothing_becomes_what_it_cannot_be(entailed: Graph) -> None:
    found = set(rdfs.clashes(entailed, apart()))
    assert sorted(found - known(entailed)) == []
    seen = {line.partition(" is both ")[2] for line in found}
    assert len(seen) == len(KNOWN)  # one that no longer follows is to be struck out


def test_no_term_and_no_code_becomes_a_class_or_a_property(entailed: Graph) -> None:
    assert rdfs.double_terms(entailed) == []
    own = set(read(*(ONTOLOGY / "terms").glob("*.ttl")).subjects(RDF.type, RDFS.Class))
    for thing in entailed.subjects(RDF.type, RDFS.Class):
        assert thing in own or not str(thing).startswith((IMON, CONCEPT)), thing


def test_what_should_follow_does(entailed: Graph) -> None:
    for narrow, wide in [
        ("imon:Response", "prov:Entity"),
        ("imon:AnswerScale", "disco:Representation"),
        ("imon:Partner", "foaf:Agent"),
        ("imon:Wave", "disco:Study"),
    ]:
        things = set(entailed.subjects(RDF.type, term(narrow)))
        assert things
        assert things <= set(entailed.subjects(RDF.type, term(wide)))
    linked = set(entailed.subject_objects(term("imon:counterpart")))
    assert linked
    assert linked <= set(entailed.subject_objects(term("org:linkedTo")))


@pytest.mark.parametrize(
    ("statement", "clash"),
    [
        ("imon:Response rdfs:subClassOf org:Organization", "org:Organization"),
        ("imon:body rdfs:subPropertyOf qb:dataSet", "qb:Observation"),
        ("imon:partner rdfs:subPropertyOf prov:wasGeneratedBy", "prov:Activity"),
        ("imon:coversBody rdfs:subPropertyOf org:linkedTo", "org:Organization"),
    ],
)
def test_an_untrue_alignment_is_found(statement: str, clash: str, sample: Graph) -> None:
    subject, predicate, value = statement.split()
    graph = read(ROOT / "tests" / "data" / "other-vocabularies.ttl") + sample
    graph.add((term(subject), term(predicate), term(value)))
    found = set(rdfs.clashes(rdfs.entail(graph), apart())) - known(graph)
    assert any(expand(clash) in line for line in found)


def test_a_property_that_makes_codes_classes_is_found() -> None:
    graph = read(ROOT / "tests" / "data" / "other-vocabularies.ttl")
    graph.add((term("imon:questionnaireType"), RDFS.subPropertyOf, term("dct:type")))
    graph.add((URIRef(BASE + "id/a"), term("imon:questionnaireType"), term("imon:order")))
    graph.add((term("imon:order"), RDF.type, RDF.Property))
    assert rdfs.double_terms(rdfs.entail(graph)) == [f"{IMON}order is both a class and a property"]


def of_others(ontology: Graph, subject: URIRef) -> Iterator[URIRef]:
    relations = [RDFS.subClassOf, RDFS.subPropertyOf]
    relations += [term(f"skos:{name}Match") for name in ("close", "related", "broad", "exact")]
    for relation in relations:
        for value in ontology.objects(subject, relation):
            if isinstance(value, URIRef) and not value.startswith(IMON):
                yield value


def test_every_own_class_is_aligned_or_stands_alone(ontology: Graph) -> None:
    own = set(read(*(ONTOLOGY / "terms").glob("*.ttl")).subjects(RDF.type, OWL.Class))
    alone = {thing for thing in own if not list(of_others(ontology, URIRef(str(thing))))}
    assert {str(thing).removeprefix(IMON) for thing in alone} == ALONE


def test_alignments_are_of_own_terms_with_declared_terms_of_the_same_kind(ontology: Graph) -> None:
    aligned = read(ONTOLOGY / "alignments.ttl")
    reused = read(*(ONTOLOGY / "reused").glob("*.ttl"))
    own = term_use.own_terms()
    for subject in set(aligned.subjects()) - {ALIGNMENTS}:
        assert str(subject) in own
        is_class = (subject, RDF.type, OWL.Class) in ontology
        for value in aligned.objects(subject):
            assert isinstance(value, URIRef)
            if not value.startswith(str(RDF)):
                kind = RDFS.Class if is_class else RDF.Property
                assert (value, RDF.type, kind) in reused, (subject, value)


def test_the_alignments_are_a_document_of_their_own() -> None:
    graph = read(ONTOLOGY / "alignments.ttl")
    version = graph.value(ALIGNMENTS, OWL.versionInfo)
    assert (ALIGNMENTS, RDF.type, OWL.Ontology) in graph
    assert version == read(ONTOLOGY / "imonitor.ttl").value(URIRef(IMON), OWL.versionInfo)
    assert graph.value(ALIGNMENTS, OWL.versionIRI) == ALIGNMENTS + f"/{version}"
    assert list(graph.objects(None, OWL.imports)) == [URIRef(IMON)]
    assert "zero" in str(graph.value(ALIGNMENTS, term("dct:license")))
    titles = graph.objects(ALIGNMENTS, term("dct:title"))
    assert sorted(text.language for text in titles) == ["en", "nl"]


def test_the_profile_and_the_alignments_are_short_enough_to_read() -> None:
    for name in ("profile", "alignments"):
        text = (ONTOLOGY / f"{name}.ttl").read_text("utf-8")
        assert len(re.findall("\n", text)) < 400
