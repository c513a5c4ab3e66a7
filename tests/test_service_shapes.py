"""The shapes of services and standards on real data: published feeds of IPDC and LPDC, and the
standards register of Flanders. They find the defects that are known, and nothing besides.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from pyoxigraph import RdfFormat, parse, serialize
from rdflib import RDF, RDFS, SH, SKOS, Graph, Namespace, URIRef

from service import terms
from service.shapes import Report, ShapeSet
from service.vocab import expand
from tests.shape_parts import Parts, local

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
IPDC = SHARED / "ipdc"
REGISTER = SHARED / "standaardenregister" / "standaarden"
CONCEPTS = ("ipdc-stub/ldes-pages/page-0.json", "ipdc-stub/ldes-pages/page-1.json")
INSTANCES = tuple(
    f"instancesnapshot-ldes-stub/ldes-pages/page-{number}.json" for number in range(3)
)
CONTEXTS = {"ipdc-stub": "jsonld", "instancesnapshot-ldes-stub": "ldes-pages"}
GENERATED = b"-x-generated-"
M8G = Namespace(expand("m8g:"))
LISTED = "https://productencatalogus.data.vlaanderen.be/id/concept/"
# Since 2024-07-04 a service has several procedures and requirements (CHANGELOG of the model).
SEVERAL = {(expand("cpsv:follows"), ""), (expand("ps:hasRequirement"), "")}
# Languages are the European list, which is not among the delivered ones.
LANGUAGES = "http://publications.europa.eu/resource/authority/language/"


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet.load(["public-services", "services", "standards", "recommended"])


def page(name: str) -> bytes:
    """Return a page of a feed as N-Triples, read with the contexts that stand beside it."""
    path = IPDC / name
    if not path.exists():
        pytest.skip(f"no {name}; it lies in shared/data/ipdc")
    document = json.loads(path.read_text("utf-8"))
    folder = IPDC / name.partition("/")[0] / CONTEXTS[name.partition("/")[0]]
    contexts: list[Any] = []
    for file in ("ipdc-lpdc-im.jsonld", "ldes.jsonld"):
        found = json.loads((folder / file).read_text("utf-8"))["@context"]
        contexts += found if isinstance(found, list) else [found]
    text = json.dumps(document | {"@context": contexts}).encode()
    rows = parse(text, format=RdfFormat.JSON_LD, base_iri="http://example.org/", lenient=True)
    # A key that the context does not know is no IRI, and is to be left out (JSON-LD API §5.1.2).
    known = (row.triple for row in rows if ":" in row.predicate.value)
    return serialize(known, format=RdfFormat.N_TRIPLES) or b""


def without_generated(triples: bytes) -> bytes:
    """Leave out texts in ``nl-be-x-generated-…``: "generated" is too long for a language tag."""
    return b"".join(row for row in triples.splitlines(True) if GENERATED not in row)


def with_authorities(triples: bytes) -> bytes:
    """Add the class of each body that a page names, as our organisations have it."""
    graph = Graph().parse(data=triples, format="nt")
    ways = (M8G.hasCompetentAuthority, URIRef(expand("pav:createdBy")))
    bodies = {body for way in ways for body in graph.objects(None, way)}
    for body in bodies | set(graph.objects(None, URIRef(expand("ipdc:hasExecutingAuthority")))):
        graph.add((body, RDF.type, M8G.PublicOrganisation))
    return graph.serialize(format="nt").encode()


def counted(report: Report, severity: str = "Violation") -> Counter[str]:
    return Counter(local(row.shape) for row in report.results if row.severity == severity)


@pytest.mark.parametrize("name", CONCEPTS)
def test_concepts_of_ipdc_conform_but_for_a_language_tag_that_is_none(
    name: str, shapes: ShapeSet
) -> None:
    """BCP 47 (RFC 5646 §2.1): a subtag has eight characters at most, "generated" has nine."""
    triples = page(name)
    with pytest.raises(ValueError, match="subtag"):
        shapes.validate(triples)
    assert shapes.validate(without_generated(triples)).results == ()


@pytest.mark.parametrize("name", INSTANCES)
def test_a_body_that_nobody_describes_is_found(name: str, shapes: ShapeSet) -> None:
    found = counted(shapes.validate(page(name)))
    assert found["InstancePublicService-createdBy"] > 0
    assert found["PublicService-competentAuthority"] > 0
    assert found["PublicService-executingAuthority"] > 0
    beside = counted(shapes.validate(with_authorities(page(name))))
    assert not {shape for shape in beside if "uthority" in shape or "createdBy" in shape}


def test_instances_of_lpdc_have_the_defects_that_are_known(shapes: ShapeSet) -> None:
    first, second, third = (shapes.validate(with_authorities(page(name))) for name in INSTANCES)
    assert counted(first) == counted(third) == {}
    assert counted(second) == {"ServiceContact-email": 2}  # info@gent.be1 and …be2 are made up
    advice = {"PublicService-typeKnown", "PublicService-thematicAreaKnown"}
    assert set(counted(first, "Warning")) == advice
    assert set(counted(second, "Warning")) - advice == {
        "InstancePublicService-areaListed",  # BE234, which left the list in July 2024
        "InstancePublicService-conceptKnown",  # the concept is in another feed
    }
    changed = [row for row in third.results if local(row.shape).endswith("createdBeforeModified")]
    assert [row.value[:16] for row in changed] == ["2024-03-19T10:42"]  # modified at 10:25


@pytest.mark.parametrize("name", [*CONCEPTS, *INSTANCES])
def test_whatever_the_shapes_of_ipdc_find_our_shapes_find(name: str, shapes: ShapeSet) -> None:
    data = with_authorities(without_generated(page(name)))
    ours = {(row.path, row.value) for row in shapes.validate(data).results}
    file = "concept-shape.ttl" if name in CONCEPTS else "instantie-shape.ttl"
    graph = Graph().parse(data=data, format="nt")
    for path in (IPDC / "model" / "codelijsten").glob("*.ttl"):
        graph.parse(path)
    graph.add((URIRef(expand("ipdc:FinancialAdvantage")), RDFS.subClassOf, M8G.Output))
    official = Graph().parse(IPDC / "model/shacl" / file)
    _, report, _ = pyshacl.validate(graph, shacl_graph=official)
    assert isinstance(report, Graph)
    theirs = {
        (str(report.value(row, SH.resultPath)), str(report.value(row, SH.value) or ""))
        for row in report.objects(None, SH.result)
    }
    assert {row for row in theirs - ours - SEVERAL if not row[1].startswith(LANGUAGES)} == set()


def test_the_lists_of_ipdc_stand_in_our_shapes_as_they_are_published() -> None:
    if not IPDC.exists():
        pytest.skip("no lists of IPDC; they lie in shared/data/ipdc")
    lists = Graph()
    for path in (IPDC / "model" / "codelijsten").glob("*.ttl"):
        lists.parse(path)
    graph = Parts(["public-services"]).graph
    compared = 0
    for shape, head in graph.subject_objects(SH["in"]):
        written = set(graph.items(head))
        schemes = {scheme for row in written for scheme in lists.objects(row, SKOS.inScheme)}
        if any(str(row).startswith(LISTED) for row in written):
            assert written == set(lists.subjects(SKOS.inScheme, schemes.pop())), shape
            compared += 1
    assert compared == 7


def standards() -> Iterator[str]:
    """Yield the standards of the register as triples, as it writes them itself."""
    for path in sorted(REGISTER.glob("*/nl/configuration.json")):
        row = json.loads(path.read_text("utf-8"))
        subject = f"https://data.vlaanderen.be/standaarden/{path.parent.parent.name}"
        pages = [document["resourceReference"] for document in row["specificationDocuments"]]
        page = next(filter(None, pages), subject)
        yield terms.triple(subject, "rdf:type", terms.ref("adms:Asset"))
        yield terms.triple(subject, "rdf:type", terms.ref("dct:Standard"))
        yield terms.triple(subject, "dct:title", terms.text(row["title"], "nl"))
        yield terms.triple(subject, "dct:identifier", terms.plain(page))
        yield terms.triple(subject, "adms:status", named(row["status"]))
        for key in ("category", "usage", "domain"):
            if row.get(key):
                yield terms.triple(subject, "dct:type", named(row[key]))
        publisher = row["responsibleOrganisation"][0]["resourceReference"]
        yield terms.triple(subject, "dct:publisher", named(publisher))
        if day := row["dateOfAcknowledgementBySteeringCommittee"]:
            yield terms.triple(subject, "dct:issued", dated(day))
        if row["category"].endswith("/Vocabularium"):
            yield terms.triple(subject, "vann:preferredNamespaceUri", named(page))


def named(text: str) -> str:
    return terms.ref(text) if text.startswith("http") else terms.plain(text)


def dated(text: str) -> str:
    return terms.date(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else terms.plain(text)


def test_the_defects_of_the_standards_register_are_found(shapes: ShapeSet) -> None:
    if not REGISTER.exists():
        pytest.skip("no standards register; it lies in shared/data/standaardenregister")
    report = shapes.validate("".join(standards()).encode())
    found = {(local(row.shape), row.value) for row in report.results if row.value}
    doc = "https://data.vlaanderen.be/doc/concept/"
    wrong = {value for shape, value in found if shape in ("Standard-status", "Standard-category")}
    assert wrong == {
        f"{doc}StandaardStatus/KandidaatStandaard",
        f"{doc}StandaardType/TechnischeStandaard",
        f"{doc}StandaardGebruik/Aanbevolen",
        "Aanbevolgen (vrijwillig)",
        "TBD",
    }
    assert {value for shape, value in found if shape == "Standard-issued"} >= {"TBD", "N.v.t."}
    namespaces = [row for row in report.results if local(row.shape) == "Standard-namespace"]
    assert namespaces
    assert not [row for row in namespaces if row.value.endswith(("#", "/"))]
    assert set(counted(report)) == {
        "Standard-category",
        "Standard-issued",
        "Standard-namespace",
        "Standard-status",
        "Standard-type",
    }
