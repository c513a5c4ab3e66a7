"""The shapes of our own catalogue: they let it through, stop a broken one, and miss nothing that
the published shapes of DCAT-AP and DCAT-AP-VL find.
"""

from __future__ import annotations

from pathlib import Path

import pyshacl
import pytest
from rdflib import Graph
from rdflib.namespace import SH

from service import data_dir
from service.problems import ShapeViolation
from service.release import validation
from service.release.archive import Archive
from service.release.catalogue import CATALOGUE, catalogue_lines
from service.release.lines import read, to_triples
from service.release.manifest import GraphEntry, Release
from service.release.names import GraphName
from service.release.validation import full_shapes, validate_catalogue
from service.settings import Settings
from service.vocab import expand
from tests.graph_entries import entry
from tests.home import publish
from tests.shape_parts import local

BASE = "http://localhost:8000/"
PUBLISHED = Path(__file__).resolve().parents[2] / "shared" / "data" / "shacl"
DCAT_AP_VL = ("dcat-ap-vl/DCAT-AP-VL-SHACL.ttl", "dcat-ap-vl/DCAT-AP-VL-range.ttl")
DCAT_AP = (
    "dcat-ap-3.0.1/shacl/dcat-ap-SHACL.ttl",
    "dcat-ap-3.0.1/shacl/ranges.ttl",
    "dcat-ap-3.0.1/html-shacl/range.ttl",
)
GRAPHS = (
    *(GraphName(name) for name in ("vocabulaire", "instrument", "organisaties", "ondersteuning")),
    *(GraphName(name) for name in ("claims", "indicatoren")),
    GraphName("scoreschema", "1.0"),
    GraphName("golf", "2016", synthetic=True),
    GraphName("theme-score", "2016", synthetic=True, derived=True),
)
# What is taken out of one catalogue, each from another resource, so that no gap hides another.
GAPS = (
    ("id/dataset/vocabulaire", "dct:title"),
    ("id/dataset/instrument", "dct:description"),
    ("id/dataset/organisaties", "dct:publisher"),
    ("id/dataset/ondersteuning", "dcat:contactPoint"),
    ("id/dataset/claims", "dct:identifier"),
    ("id/dataset/scoreschema", "dct:accessRights"),
    ("catalog/synthetisch", "dct:title"),
    ("catalog/synthetisch", "dct:description"),
    ("catalog/synthetisch", "dct:identifier"),
    ("catalog/synthetisch", "dct:publisher"),
    ("catalog/synthetisch", "dcat:contactPoint"),
    ("id/distributie/vocabulaire/nq", "dcat:accessURL"),
    ("id/distributie/instrument/nq", "dct:identifier"),
    ("id/dataservice/sparql", "dct:title"),
    ("id/dataservice/sparql", "dcat:endpointURL"),
    ("id/dataservice/sparql", "dcat:endpointDescription"),
    ("id/dataservice/sparql", "dct:accessRights"),
    ("id/catalogusrecord/dataset/claims", "dct:identifier"),
    ("id/catalogusrecord/dataset/indicatoren", "dct:modified"),
    ("id/catalogusrecord/dataset/instrument", "foaf:primaryTopic"),
    ("id/organisatie/imonitor-linked-data", "foaf:name"),
)


@pytest.fixture(scope="module")
def catalogue() -> bytes:
    """The catalogues of real and of synthetic data, as N-Triples."""
    graphs = {name.iri(BASE): entry(name) for name in GRAPHS}
    lines = catalogue_lines(BASE, graphs, "2026-01-01T10:00:00Z")
    return to_triples(lines, GraphName(CATALOGUE).iri(BASE))


def without(triples: bytes, path: str, name: str) -> bytes:
    """Return the triples without a property of one subject; it must have been there."""
    start = f"<{BASE}{path}> <{expand(name)}> ".encode()
    lines = triples.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(start)]
    assert len(kept) < len(lines), (path, name)
    return b"".join(kept)


def refusals(triples: bytes) -> set[tuple[str, str]]:
    """Return (shape, focus below the base) of what the gate finds."""
    with pytest.raises(ShapeViolation) as caught:
        validate_catalogue(triples)
    rows = caught.value.members["report"]
    assert isinstance(rows, list)
    return {(local(row["shape"]), row["focus"].removeprefix(BASE)) for row in rows}


def test_the_catalogue_passes_the_gate_and_all_advice(catalogue: bytes) -> None:
    validate_catalogue(catalogue)
    assert full_shapes().validate(catalogue).results == ()


def test_the_catalogues_of_a_release_pass_the_gate(demo_home: Path) -> None:
    release = Release.current(demo_home)
    assert release is not None
    graph = GraphName(CATALOGUE).iri(BASE)
    triples = to_triples(read(release.lines_file(release.graphs[graph])), graph)
    assert triples.count(b"/ns/dcat#Catalog>") == 2
    validate_catalogue(triples)


def test_a_broken_catalogue_refuses_the_publication_and_says_where(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(base: str, graphs: dict[str, GraphEntry], instant: str) -> list[bytes]:
        keyword = f"<{base}id/dataset/instrument> <{expand('dcat:keyword')}> ".encode()
        return [row for row in catalogue_lines(base, graphs, instant) if keyword not in row]

    with monkeypatch.context() as patch:
        patch.setattr("service.release.build.catalogue_lines", broken)
        with pytest.raises(ShapeViolation) as caught:
            publish(settings)
    rows = caught.value.members["report"]
    assert rows == [
        {
            "focus": f"{settings.base}id/dataset/instrument",
            "path": expand("dcat:keyword"),
            "value": None,
            "component": "MinCountConstraintComponent",
            "severity": "Violation",
            "shape": expand("imsh:CatalogDataset-keyword"),
            "message": {
                "nl": "Geef minstens één trefwoord, en zeg in welke taal.",
                "en": "Give at least one keyword, and say in which language.",
            },
        }
    ]
    assert Release.current(settings.home) is None
    refusal = Archive(settings.archive).refusal(1)
    assert refusal is not None
    assert refusal["report"] == rows
    assert publish(settings).number == 2


def test_a_gap_is_found_where_it_is(catalogue: bytes) -> None:
    shelf, dataset = "catalog/synthetisch", "id/dataset/instrument"
    record = "id/catalogusrecord/dataset/instrument"
    for path, name, expected in (
        (shelf, "dct:license", {("Catalog-license", shelf)}),
        (dataset, "dcat:keyword", {("CatalogDataset-keyword", dataset)}),
        (
            record,
            "foaf:primaryTopic",
            {("CatalogRecord-primaryTopic", record), ("Catalog-recordOfDataset", "catalog")},
        ),
    ):
        assert refusals(without(catalogue, path, name)) == expected


def test_a_wrong_value_is_found_where_it_is(catalogue: bytes) -> None:
    doubled = catalogue.replace(
        f'<{expand("dct:identifier")}> "{BASE}id/dataset/claims"'.encode(),
        f'<{expand("dct:identifier")}> "{BASE}id/dataset/instrument"'.encode(),
    )
    pair = {f"id/dataset/{name}" for name in ("claims", "instrument")}
    assert refusals(doubled) == {("CatalogueIdentifier-unique", focus) for focus in pair}
    plain = catalogue.replace(b"<mailto:", b"<https://").replace(b".invalid>", b".invalid/>")
    assert refusals(plain) == {("CatalogueContact-hasEmail", "id/contact/imonitor")}
    mixed = (
        catalogue
        + (
            f"<{BASE}catalog> <{expand('dcat:dataset')}> <{BASE}id/synthetisch/dataset/golf> .\n"
        ).encode()
    )
    assert ("Catalog-syntheticApart", "catalog") in refusals(mixed)


def with_gaps(catalogue: bytes) -> bytes:
    for path, name in GAPS:
        catalogue = without(catalogue, path, name)
    return catalogue


def published_shapes(files: tuple[str, ...]) -> Graph:
    """Read shapes of others; skip where they are not."""
    missing = [name for name in files if not (PUBLISHED / name).exists()]
    if missing:
        pytest.skip(f"no published shapes here ({missing}); they lie in shared/data/shacl")
    shapes = Graph()
    for name in files:
        shapes.parse(PUBLISHED / name)
    for owner, part in list(shapes.subject_objects(SH.property)):
        if (part, SH.path, None) not in shapes:  # the EU file names shapes that it does not hold
            shapes.remove((owner, SH.property, part))
    return shapes


def theirs(shapes: Graph, catalogue: bytes) -> set[tuple[str, str]]:
    """Return (focus, path) of the violations that published shapes find."""
    data = Graph().parse(data=catalogue, format="nt")
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    return {
        (str(report.value(row, SH.focusNode)), str(report.value(row, SH.resultPath)))
        for row in report.objects(None, SH.result)
        if report.value(row, SH.resultSeverity) == SH.Violation
    }


@pytest.mark.parametrize("files", [DCAT_AP_VL, DCAT_AP], ids=["DCAT-AP-VL", "DCAT-AP 3.0.1"])
def test_whatever_the_published_shapes_find_our_shapes_find(
    files: tuple[str, ...], catalogue: bytes
) -> None:
    shapes = published_shapes(files)
    assert theirs(shapes, catalogue) == set()
    spoilt = with_gaps(catalogue)
    ours = {(row.focus, row.path) for row in validation.catalogue_shapes().validate(spoilt).results}
    found = theirs(shapes, spoilt)
    assert len(found) > 5
    assert found - ours == set()


def test_our_shapes_find_every_gap(catalogue: bytes) -> None:
    report = validation.catalogue_shapes().validate(with_gaps(catalogue))
    found = {(row.focus, row.path) for row in report.results}
    assert {(BASE + path, expand(name)) for path, name in GAPS} <= found


def test_every_file_of_shapes_is_in_a_gate() -> None:
    names = {path.stem for path in data_dir("shapes").glob("*.ttl")}
    assert {name for gate in validation.GATES.values() for name in gate} == names


def test_the_full_gate_judges_a_catalogue_too(catalogue: bytes) -> None:
    """`imonitor validate` takes documents of any kind."""
    report = full_shapes().validate(without(catalogue, "catalog", "dct:license"))
    assert [local(row.shape) for row in report.results] == ["Catalog-license"]
