"""The catalogue of a release: what harvesters of DCAT-AP-VL need, and nothing made up among it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyshacl
import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SH, SKOS, VOID, XSD
from rdflib.term import Node

from service import data_dir
from service.analysis import ANALYSES
from service.queries import Library
from service.release import catalogue_tables
from service.release.catalogue import CATALOGUE, catalogue_lines, dump_contents, dump_name
from service.release.lines import digest, to_triples
from service.release.manifest import OPEN, GraphEntry
from service.release.names import GraphName
from service.vocab import expand
from tests.graph_entries import FIRST, entry

BASE = "http://localhost:8000/"
LATER = "2026-02-01T10:00:00Z"
SHAPES = Path(__file__).resolve().parents[2] / "shared" / "data" / "shacl"

# What the loaders fill, besides what is derived (blueprint of graphs; loaders/*.py).
LOADED = (
    GraphName("vocabulaire"),
    GraphName("instrument"),
    GraphName("scoreschema", "1.0"),
    GraphName("organisaties"),
    GraphName("ondersteuning"),
    GraphName("claims"),
    GraphName("indicatoren"),
    GraphName("indicatoren", synthetic=True),
    GraphName("results", "2016"),
    GraphName("results", "2016", synthetic=True),
    GraphName("golf", "2016", synthetic=True),
    GraphName("golf", "2025", synthetic=True),
)
# Cubes whose structure is there before their data.
NOT_PUBLIC = ("dataset/theme-score-exact", "dataset/type-exact")
DERIVED_WAVES = (("2016", False), ("2016", True), ("2025", True))


def derived() -> Iterator[GraphName]:
    """Yield every OPEN graph that a query or an analysis derives."""
    for query in Library.load().area("derive"):
        if query.head["access"] == OPEN and query.head["unit"] == "release":
            yield GraphName(query.name, derived=True)
    names = [
        query.name
        for query in Library.load().area("derive")
        if query.head["access"] == OPEN and query.head["unit"] != "release"
    ] + [row.name for row in ANALYSES.values() if row.access == OPEN]
    for name in names:
        for wave, synthetic in DERIVED_WAVES:
            yield GraphName(name, wave, synthetic, derived=True)


@pytest.fixture(scope="module")
def graphs() -> dict[str, GraphEntry]:
    """Every graph that a release may hold."""
    return {name.iri(BASE): entry(name) for name in (*LOADED, *derived())}


def parsed(lines: list[bytes]) -> Graph:
    graph = Graph()
    data = to_triples(lines, GraphName(CATALOGUE).iri(BASE))
    return graph.parse(data=data.decode(), format="nt")


@pytest.fixture(scope="module")
def catalogue(graphs: dict[str, GraphEntry]) -> Graph:
    return parsed(catalogue_lines(BASE, graphs, FIRST))


def term(name: str) -> URIRef:
    return URIRef(expand(name))


def texts(graph: Graph, subject: Node | None, predicate: str) -> dict[str | None, str]:
    """Return the texts of a property by language; blank ones do not count."""
    assert subject is not None
    rows = graph.objects(subject, term(predicate))
    return {row.language: str(row) for row in rows if isinstance(row, Literal) and row.strip()}


def langs(graph: Graph, subject: Node | None, predicate: str) -> set[str | None]:
    return set(texts(graph, subject, predicate))


def reachable(graph: Graph, start: URIRef) -> set[Node]:
    """Return all nodes that a reader of ``start`` comes to by following links."""
    found: set[Node] = {start}
    waiting: list[Node] = [start]
    while waiting:
        for node in graph.objects(waiting.pop()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


# vocabulary.md §5.1: class, property, least, most (None: any number).
CARDINALITIES = [
    ("dcat:Catalog", "dct:title", 1, None),
    ("dcat:Catalog", "dct:description", 1, None),
    ("dcat:Catalog", "dct:publisher", 1, 1),
    ("dcat:Catalog", "dcat:contactPoint", 1, 1),
    ("dcat:Catalog", "dct:identifier", 1, 1),
    ("dcat:Catalog", "dct:license", 1, 1),
    ("dcat:Catalog", "dct:accessRights", 1, 1),
    ("dcat:Catalog", "dcat:record", 1, None),
    ("dcat:Dataset", "dct:title", 1, None),
    ("dcat:Dataset", "dct:description", 1, None),
    ("dcat:Dataset", "dct:publisher", 1, 1),
    ("dcat:Dataset", "dcat:contactPoint", 1, 1),
    ("dcat:Dataset", "dct:identifier", 1, 1),
    ("dcat:Dataset", "dct:accessRights", 1, 1),
    ("dcat:Dataset", "dcat:keyword", 1, None),
    ("dcat:Dataset", "dcat:theme", 1, 1),
    ("dcat:Dataset", "dct:spatial", 1, 1),
    ("dcat:Dataset", "dct:temporal", 0, 1),
    ("dcat:Dataset", "dct:modified", 1, 1),
    ("dcat:Dataset", "dct:accrualPeriodicity", 1, 1),
    ("dcat:Dataset", "dcat:distribution", 1, None),
    ("dcat:Distribution", "dct:identifier", 1, 1),
    ("dcat:Distribution", "dcat:accessURL", 1, 1),
    ("dcat:Distribution", "dcat:downloadURL", 1, 1),
    ("dcat:Distribution", "dct:license", 1, 1),
    ("dcat:Distribution", "dct:format", 1, 1),
    ("dcat:Distribution", "dcat:mediaType", 1, 1),
    ("dcat:Distribution", "dcat:compressFormat", 0, 1),
    ("dcat:DataService", "dct:title", 1, None),
    ("dcat:DataService", "dct:publisher", 1, 1),
    ("dcat:DataService", "dcat:contactPoint", 1, 1),
    ("dcat:DataService", "dct:identifier", 1, 1),
    ("dcat:DataService", "dct:accessRights", 1, 1),
    ("dcat:DataService", "dcat:endpointURL", 1, 1),
    ("dcat:DataService", "dcat:endpointDescription", 1, 1),
    ("dcat:DataService", "dcat:servesDataset", 1, None),
    ("dcat:DataService", "dct:license", 1, 1),
    ("dcat:CatalogRecord", "dct:identifier", 1, 1),
    ("dcat:CatalogRecord", "dct:modified", 1, 1),
    ("dcat:CatalogRecord", "foaf:primaryTopic", 1, 1),
    ("dcat:CatalogRecord", "dct:conformsTo", 2, 2),
    ("foaf:Agent", "foaf:name", 1, None),
    ("vcard:Organization", "vcard:hasEmail", 1, 1),
    ("vcard:Organization", "vcard:hasURL", 1, 1),
]


@pytest.mark.parametrize(("kind", "name", "least", "most"), CARDINALITIES)
def test_each_resource_has_the_properties_that_dcat_ap_vl_asks(
    catalogue: Graph, kind: str, name: str, least: int, most: int | None
) -> None:
    subjects = list(catalogue.subjects(RDF.type, term(kind)))
    assert subjects
    counts = {str(row): len(list(catalogue.objects(row, term(name)))) for row in subjects}
    assert {k: v for k, v in counts.items() if v < least or (most is not None and v > most)} == {}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in ("dcat:Catalog", "dcat:Dataset", "dcat:DataService", "dcat:Distribution")
        for name in ("dct:title", "dct:description")
    ]
    + [
        ("dcat:Dataset", "dcat:keyword"),
        ("foaf:Agent", "foaf:name"),
        ("void:Dataset", "dct:title"),
    ],
)
def test_each_text_is_there_in_dutch_and_in_english(catalogue: Graph, kind: str, name: str) -> None:
    for subject in catalogue.subjects(RDF.type, term(kind)):
        assert langs(catalogue, subject, name) == {"nl", "en"}, subject


def test_each_dataset_and_service_has_one_record_that_names_both_profiles(
    catalogue: Graph,
) -> None:
    resources = {*catalogue.subjects(RDF.type, DCAT.Dataset)}
    resources |= {*catalogue.subjects(RDF.type, DCAT.DataService)}
    topics = list(catalogue.objects(None, FOAF.primaryTopic))
    assert len(topics) == len(set(topics))
    assert set(topics) == resources
    profile = "https://data.vlaanderen.be/doc/applicatieprofiel/DCAT-AP-VL"
    for record in catalogue.subjects(RDF.type, DCAT.CatalogRecord):
        names = {str(row) for row in catalogue.objects(record, DCTERMS.conformsTo)}
        assert names == {profile, profile + "/"}
        modified = catalogue.value(record, DCTERMS.modified)
        assert isinstance(modified, Literal)
        assert modified.datatype == XSD.dateTime


def test_no_identifier_occurs_twice(catalogue: Graph) -> None:
    found = [str(row) for row in catalogue.objects(None, DCTERMS.identifier)]
    assert len(found) == len(set(found))


def test_every_record_stands_in_the_catalogue_of_its_resource(catalogue: Graph) -> None:
    for shelf in catalogue.subjects(RDF.type, DCAT.Catalog):
        shown = {*catalogue.objects(shelf, DCAT.dataset), *catalogue.objects(shelf, DCAT.service)}
        records = catalogue.objects(shelf, DCAT.record)
        assert {catalogue.value(row, FOAF.primaryTopic) for row in records} == shown


def test_the_contact_is_an_organisation_with_an_address_that_reaches_no_stranger(
    catalogue: Graph,
) -> None:
    (email,) = {str(row) for row in catalogue.objects(None, term("vcard:hasEmail"))}
    assert email.startswith("mailto:")
    assert email.endswith(".invalid")  # RFC 2606: a name that never exists


def test_licences_are_the_flemish_ones(catalogue: Graph) -> None:
    root = "https://data.vlaanderen.be/id/licentie/"
    free, zero = (
        root + "modellicentie-gratis-hergebruik/v1.0",
        root + "creative-commons-zero-verklaring/v1.0",
    )

    def licence(dataset: str) -> str:
        (form,) = catalogue.objects(URIRef(f"{BASE}id/dataset/{dataset}"), DCAT.distribution)
        return str(catalogue.value(form, DCTERMS.license))

    assert {licence(row) for row in ("vocabulaire", "instrument", "scoreschema")} == {zero}
    assert {licence(row) for row in ("theme-score", "organisaties", "ondersteuning")} == {free}
    shelf = URIRef(f"{BASE}catalog")
    assert str(catalogue.value(shelf, DCTERMS.license)) == zero


def test_every_node_of_another_publisher_that_is_linked_to_is_typed(catalogue: Graph) -> None:
    own = (BASE, expand("imc:"), expand("imon:"))
    skipped = (RDF.type, term("vcard:hasEmail"), term("vcard:hasURL"))
    linked = {
        row
        for _, predicate, row in catalogue
        if isinstance(row, URIRef) and predicate not in skipped and not str(row).startswith(own)
    }
    assert linked
    assert {row for row in linked if (row, RDF.type, None) not in catalogue} == set()


def test_a_harvester_like_ckan_finds_identity_texts_and_licence(catalogue: Graph) -> None:
    """As ckanext-dcat reads: each dcat:Dataset by IRI, both languages, licence of a resource."""
    datasets = list(catalogue.subjects(RDF.type, DCAT.Dataset))
    assert len(datasets) == len(set(datasets)) > 20
    for dataset in datasets:
        assert isinstance(dataset, URIRef)
        assert langs(catalogue, dataset, "dct:title") == {"nl", "en"}
        agent = catalogue.value(dataset, DCTERMS.publisher)
        assert langs(catalogue, agent, "foaf:name") == {"nl", "en"}
        for form in catalogue.objects(dataset, DCAT.distribution):
            assert isinstance(form, URIRef)
            licence = catalogue.value(form, DCTERMS.license)
            assert langs(catalogue, licence, "dct:title") == {"nl", "en"}
            kind = catalogue.value(form, DCTERMS["format"])
            assert langs(catalogue, kind, "skos:prefLabel") == {"nl", "en"}


def test_a_dataset_has_the_iri_that_observations_name(catalogue: Graph) -> None:
    cubes = {str(row) for row in catalogue.subjects(RDF.type, term("qb:DataSet"))}
    table = data_dir("ontology") / "catalogue" / "datasets.csv"
    with table.open(encoding="utf-8", newline="") as handle:
        names = {row["name"] for row in csv.DictReader(handle) if row["cube"] == "true"}
    assert names > {"theme-score", "theme-bounds", "position", "type", "back-cast", "results"}
    assert cubes == {f"{BASE}id/{root}dataset/{x}" for root in ("", "synthetisch/") for x in names}
    for root in ("", "synthetisch/"):
        dataset = URIRef(f"{BASE}id/{root}dataset/theme-score")
        structure = catalogue.value(dataset, term("qb:structure"))
        assert str(structure) == f"{BASE}id/structuur/theme-score"


def test_a_cube_that_is_not_public_is_no_dataset(catalogue: Graph) -> None:
    cubes = Graph().parse(data_dir("ontology") / "datasets.ttl", format="turtle", publicID=BASE)
    described = set(cubes.subjects(RDF.type, term("qb:DataSet")))
    waiting = {name for name in described if str(name).endswith(NOT_PUBLIC)}
    assert len(waiting) == 2 * len(NOT_PUBLIC)
    assert not waiting & set(catalogue.all_nodes())


def test_each_graph_is_a_part_of_one_dataset_with_its_size_and_access_level(
    catalogue: Graph, graphs: dict[str, GraphEntry]
) -> None:
    for graph in map(URIRef, graphs):
        assert len(list(catalogue.subjects(VOID.subset, graph))) == 1
        assert len(list(catalogue.subjects(DCTERMS.hasPart, graph))) == 1
        assert (graph, RDF.type, VOID.Dataset) in catalogue
        assert catalogue.value(graph, VOID.triples) == Literal(10)
        level = catalogue.value(graph, term("imon:accessLevel"))
        assert level == term("imc:toegang/OPEN")
    parts = catalogue.objects(URIRef(f"{BASE}id/dataset/theme-score"), VOID.subset)
    names = {"theme-score", "overall"}
    assert set(parts) == {URIRef(f"{BASE}graph/derived/{name}/2016") for name in names}


def test_a_graph_of_a_wave_names_the_wave(catalogue: Graph) -> None:
    graph = URIRef(f"{BASE}graph/synthetisch/derived/overall/2025")
    wave = catalogue.value(graph, term("imon:wave"))
    assert str(wave) == f"{BASE}id/synthetisch/golf/2025"
    scheme = URIRef(f"{BASE}graph/scoreschema/1.0")
    assert catalogue.value(scheme, term("imon:wave")) is None


def test_the_period_runs_from_the_first_to_the_last_wave(catalogue: Graph) -> None:
    def period(path: str) -> tuple[str, str] | None:
        node = catalogue.value(URIRef(f"{BASE}id/{path}"), DCTERMS.temporal)
        if node is None:
            return None
        ends = (catalogue.value(node, row) for row in (DCAT.startDate, DCAT.endDate))
        first, last = (str(row) for row in ends)
        return first, last

    assert period("dataset/theme-score") == ("2016-01-01", "2016-12-31")
    assert period("synthetisch/dataset/theme-score") == ("2016-01-01", "2025-12-31")
    assert period("dataset/scoreschema") is None


def test_synthetic_data_stand_in_the_second_catalogue_only_and_say_so(catalogue: Graph) -> None:
    real, made_up = URIRef(f"{BASE}catalog"), URIRef(f"{BASE}catalog/synthetisch")
    assert set(catalogue.subjects(RDF.type, DCAT.Catalog)) == {real, made_up}
    assert not [row for row in reachable(catalogue, real) if "synthetisch" in str(row)]
    for dataset in catalogue.objects(made_up, DCAT.dataset):
        assert str(dataset).startswith(f"{BASE}id/synthetisch/dataset/")
        assert {str(row).split("]")[0] for row in catalogue.objects(dataset, DCTERMS.title)} == {
            "[Synthetisch",
            "[Synthetic",
        }
        about = texts(catalogue, dataset, "dct:description")
        assert "synthetische" in about["nl"]
        assert "synthetic" in about["en"]
        assert any(str(row).endswith("/SYNTHETIC_DATA") for row in catalogue.objects(dataset))
    for dataset in catalogue.objects(real, DCAT.dataset):
        assert "ynthet" not in "".join(str(row) for row in catalogue.objects(dataset))


def test_each_catalogue_describes_the_endpoint_for_its_own_datasets(catalogue: Graph) -> None:
    for shelf in catalogue.subjects(RDF.type, DCAT.Catalog):
        (service,) = catalogue.objects(shelf, DCAT.service)
        assert catalogue.value(service, DCAT.endpointURL) == URIRef(f"{BASE}sparql")
        served = set(catalogue.objects(service, DCAT.servesDataset))
        assert served == set(catalogue.objects(shelf, DCAT.dataset))


def test_without_synthetic_data_there_is_one_catalogue(graphs: dict[str, GraphEntry]) -> None:
    real = {row: kept for row, kept in graphs.items() if not kept.synthetic}
    found = parsed(catalogue_lines(BASE, real, FIRST))
    assert set(found.subjects(RDF.type, DCAT.Catalog)) == {URIRef(f"{BASE}catalog")}
    assert catalogue_lines(BASE, {}, FIRST) == []


def test_the_lines_are_sorted_quads_of_the_graph_without_blank_nodes(
    graphs: dict[str, GraphEntry],
) -> None:
    lines = catalogue_lines(BASE, graphs, FIRST)
    assert lines == sorted(set(lines))
    assert all(line.endswith(f" <{BASE}graph/catalogus> .\n".encode()) for line in lines)
    assert not [line for line in lines if line.startswith(b"_:") or b" _:" in line]


def test_the_same_graphs_give_the_same_catalogue_in_any_order(
    graphs: dict[str, GraphEntry],
) -> None:
    turned = dict(reversed(graphs.items()))
    first = catalogue_lines(BASE, graphs, FIRST)
    assert digest(first) == digest(catalogue_lines(BASE, turned, FIRST))
    own = GraphName(CATALOGUE)
    with_itself = {**graphs, own.iri(BASE): entry(own, LATER)}
    assert first == catalogue_lines(BASE, with_itself, FIRST)


def test_a_changed_graph_changes_the_dates_of_its_own_dataset_only(
    graphs: dict[str, GraphEntry], catalogue: Graph
) -> None:
    graph = f"{BASE}graph/organisaties"
    changed = {**graphs, graph: replace(graphs[graph], changed=LATER, triples=11)}
    after = parsed(catalogue_lines(BASE, changed, LATER))

    def moved(kind: str) -> set[str]:
        later = Literal(LATER, datatype=XSD.dateTime)
        return {
            str(row)
            for row in after.subjects(RDF.type, term(kind))
            if (row, DCTERMS.modified, later) in after
        }

    assert moved("dcat:Dataset") == {f"{BASE}id/dataset/organisaties"}
    records = {"dataset/organisaties", "dataservice/sparql"}
    assert moved("dcat:CatalogRecord") == {f"{BASE}id/catalogusrecord/{row}" for row in records}
    kept = {line for line in catalogue if line[1] not in (DCTERMS.modified, VOID.triples)}
    assert kept == {line for line in after if line[1] not in (DCTERMS.modified, VOID.triples)}


def test_every_open_graph_that_is_derived_or_loaded_belongs_to_a_described_dataset(
    graphs: dict[str, GraphEntry],
) -> None:
    tables = catalogue_tables.load()
    for row in graphs.values():
        holder = tables.holder(row.dataset)
        assert tables.datasets[holder]["part_of"] == ""
        assert tables.datasets[holder]["description_nl"]


def test_a_graph_that_no_row_describes_is_an_error_that_names_the_table() -> None:
    name = GraphName("onbekend")
    with pytest.raises(LookupError, match=r"datasets\.csv has no row for 'onbekend'"):
        catalogue_lines(BASE, {name.iri(BASE): entry(name)}, FIRST)


def test_a_graph_that_is_not_open_is_refused() -> None:
    name = GraphName("antwoorden", "2016")
    private = {name.iri(BASE): replace(entry(name), access="BESTUUR")}
    for function in (dump_contents, lambda row: catalogue_lines(BASE, row, FIRST)):
        with pytest.raises(ValueError, match="not an OPEN graph"):
            function(private)


def test_the_dumps_hold_every_graph_once_and_once_more_in_the_whole(
    graphs: dict[str, GraphEntry], catalogue: Graph
) -> None:
    dumps = dump_contents(graphs)
    assert dumps.pop("all.nq.gz") == sorted(graphs)
    parts = [graph for held in dumps.values() for graph in held]
    assert sorted(parts) == sorted(graphs)
    assert dumps["synthetisch_golf.nq.gz"] == [
        f"{BASE}graph/synthetisch/golf/2016",
        f"{BASE}graph/synthetisch/golf/2025",
    ]
    addresses = {str(row) for row in catalogue.objects(None, DCAT.downloadURL)}
    assert addresses == {f"{BASE}download/{name}" for name in dumps}
    assert dump_name("golf", synthetic=True, extension="csv") == "synthetisch_golf.csv"


def test_the_tables_say_everything_in_both_languages_and_link_to_rows_that_exist() -> None:
    tables = catalogue_tables.load()
    groups: list[Mapping[str, catalogue_tables.Row]] = [
        tables.catalogues, tables.datasets, tables.distributions, tables.services, tables.concepts
    ]  # fmt: skip
    rows = [row for group in groups for row in group.values()]
    for row in [*rows, tables.publisher, tables.contact]:
        dutch = {name for name in row.cells if name.endswith("_nl") and row[name]}
        english = {name for name in row.cells if name.endswith("_en") and row[name]}
        assert {name[:-3] for name in dutch} == {name[:-3] for name in english}, row
    linking = "theme type licence frequency conforms_to scheme kind format media_type"
    for row in rows:
        for name in {*linking.split(), "compress_format"} & set(row.cells):
            assert {*row.many(name)} <= {*tables.concepts}, row
    assert {row["part_of"] for row in tables.datasets.values()} <= {"", *tables.datasets}


def violations(catalogue: Graph, *files: str) -> list[str]:
    """Return focus node and path of each violation; a detail of a mere warning is none."""
    folder = [SHAPES / name for name in files]
    if missing := [path.name for path in folder if not path.exists()]:
        pytest.skip(f"no published shapes here ({missing}); they lie in shared/data/shacl")
    shapes = Graph()
    for path in folder:
        shapes.parse(path)
    for owner, part in list(shapes.subject_objects(SH.property)):
        if (part, SH.path, None) not in shapes:  # the EU file names shapes that it does not hold
            shapes.remove((owner, SH.property, part))
    _, report, _ = pyshacl.validate(catalogue, shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    return [
        f"{report.value(row, SH.focusNode)} {report.value(row, SH.resultPath)}"
        for row in report.objects(None, SH.result)
        if report.value(row, SH.resultSeverity) == SH.Violation
    ]


def without(catalogue: Graph, *pattern: Node | None) -> Graph:
    subject, predicate, value = pattern
    copy = Graph()
    copy += catalogue
    return copy.remove((subject, predicate, value))


def test_the_published_shapes_of_dcat_ap_vl_find_no_violation(catalogue: Graph) -> None:
    files = ("dcat-ap-vl/DCAT-AP-VL-SHACL.ttl", "dcat-ap-vl/DCAT-AP-VL-range.ttl")
    assert violations(catalogue, *files) == []
    shelf = URIRef(f"{BASE}catalog")
    spoilt = without(catalogue, shelf, DCTERMS.identifier, None)
    assert violations(spoilt, *files) == [f"{shelf} {DCTERMS.identifier}"]
    spoilt = without(catalogue, None, RDF.type, SKOS.Concept)
    assert f"{BASE}id/dataset/instrument {DCAT.theme}" in violations(spoilt, *files)


def test_the_published_shapes_of_dcat_ap_find_no_violation(catalogue: Graph) -> None:
    files = (
        "dcat-ap-3.0.1/shacl/dcat-ap-SHACL.ttl",
        "dcat-ap-3.0.1/shacl/ranges.ttl",
        "dcat-ap-3.0.1/html-shacl/range.ttl",
        "dcat-ap-3.0.1/html-shacl/mdr-vocabularies.shape.ttl",
    )
    assert violations(catalogue, *files) == []
    spoilt = without(catalogue, None, RDF.type, DCTERMS.Frequency)
    assert f"{BASE}id/dataset/instrument {DCTERMS.accrualPeriodicity}" in violations(spoilt, *files)
