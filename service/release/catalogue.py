"""The catalogue of a release: graph ``{BASE}graph/catalogus``.

DCAT-AP-VL 3.0, valid for 2.0 too, with VoID for the named graphs. It is a function of the OPEN
graphs and calls no clock, so it changes only when they do. Real and synthetic data stand in two
catalogues, and nothing in the first leads to the second: who harvests ``/catalog`` never takes in a
made-up figure. For the same reason each catalogue describes the endpoint for its own datasets.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from service import terms
from service.release.catalogue_description import Description
from service.release.catalogue_tables import LANGUAGES, Pairs, Row, Tables, load
from service.release.lines import canonical_triples, to_quads
from service.release.manifest import OPEN, GraphEntry
from service.release.names import GraphName, WaveName

CATALOGUE = "catalogus"  # describes the datasets and is none itself
ALL_DUMPS = "all"
_PROFILES = ("dcat-ap-vl-3", "dcat-ap-vl-2")
_LANGUAGE_CONCEPTS = ("NLD", "ENG")
_SPATIAL = "vlaanderen"
_ACCESS = "PUBLIC"
_TAXONOMY = "data-theme"

Holdings = dict[str, dict[str, GraphEntry]]


def catalogue_lines(base: str, open_graphs: Mapping[str, GraphEntry], instant: str) -> list[bytes]:
    """Return the sorted N-Quads lines of the catalogue.

    Args:
        base: base IRI of minted identifiers, ending in ``/``.
        open_graphs: the OPEN graphs by IRI; the catalogue's own graph is left out.
        instant: when anything of the release last changed, xsd:dateTime.

    Raises:
        LookupError: a graph belongs to no dataset of the table.
        ValueError: a graph is not OPEN.
    """
    tables = load()
    out = Description(base, tables)
    for synthetic in (False, True):
        holdings = _holdings(open_graphs, synthetic, tables)
        if holdings:
            _Shelf(out, synthetic, holdings, instant).describe()
    return to_quads(canonical_triples(out.ntriples()), GraphName(CATALOGUE).iri(base))


def dump_name(dataset: str, synthetic: bool, extension: str = "nq.gz") -> str:
    """Return the file name of a dataset's dump, below ``{BASE}download/``."""
    return f"{'synthetisch_' if synthetic else ''}{dataset}.{extension}"


def dump_contents(open_graphs: Mapping[str, GraphEntry]) -> dict[str, list[str]]:
    """Return, for each N-Quads dump by file name, its graph IRIs in order.

    A dataset's dump holds the graphs that are part of it too; ``all.nq.gz`` holds every OPEN graph.

    Raises:
        LookupError: a graph belongs to no dataset of the table.
        ValueError: a graph is not OPEN.
    """
    found = {dump_name(ALL_DUMPS, synthetic=False): sorted(open_graphs)}
    for synthetic in (False, True):
        for dataset, graphs in _holdings(open_graphs, synthetic, load()).items():
            found[dump_name(dataset, synthetic)] = sorted(graphs)
    return found


def _holdings(graphs: Mapping[str, GraphEntry], synthetic: bool, tables: Tables) -> Holdings:
    """Return the graphs of the real or the synthetic data by catalogued dataset."""
    found: Holdings = {}
    for graph, entry in sorted(graphs.items()):
        if entry.access != OPEN:
            raise ValueError(f"not an OPEN graph: {graph}")
        if entry.synthetic == synthetic and entry.dataset != CATALOGUE:
            found.setdefault(tables.holder(entry.dataset), {})[graph] = entry
    return found


@dataclass(frozen=True)
class _Shelf:
    """One ``dcat:Catalog`` and what stands in it."""

    out: Description
    synthetic: bool
    holdings: Holdings
    instant: str

    @property
    def row(self) -> Row:
        """Its row in the table: texts, the root of its IRIs, and what marks synthetic data."""
        return self.out.tables.catalogues["synthetic" if self.synthetic else "real"]

    def describe(self) -> None:
        """Describe the catalogue, its services, its datasets and a record of each."""
        self._catalogue()
        for key, row in self.out.tables.services.items():
            self._service(self._iri("dataservice", key), row)
        for name, graphs in self.holdings.items():
            self._dataset(name, graphs)

    def _iri(self, kind: str, reference: str) -> str:
        return f"{self.out.base}{self.row['root']}{kind}/{reference}"

    @property
    def _catalogue_iri(self) -> str:
        return self.out.base + self.row["path"]

    def _title(self, row: Row, addition: str = "") -> Pairs:
        return [
            (lang, f"{self.row[f'prefix_{lang}']}{text}{addition}")
            for lang, text in row.pairs("title")
        ]

    def _about(self, row: Row) -> Pairs:
        return [
            (lang, f"{text} {self.row[f'notice_{lang}']}".strip())
            for lang, text in row.pairs("description")
        ]

    def _named(self, subject: str, row: Row) -> None:
        """Add what catalogues, datasets, distributions and services have alike."""
        self.out.identify(subject)
        self.out.texts(subject, "dct:title", self._title(row))
        self.out.texts(subject, "dct:description", self._about(row))

    def _resource(self, subject: str, row: Row, modified: str) -> None:
        """Add what datasets and services have alike, with the record of the resource."""
        out = self.out
        out.types(subject, "dcat:Resource")  # DCAT-AP asks this class of what a record is about
        self._named(subject, row)
        out.owned(subject)
        out.link(subject, "dct:accessRights", _ACCESS)
        out.link(subject, "dcat:theme", row["theme"])
        out.link(subject, "dct:conformsTo", *row.many("conforms_to"))
        out.link(subject, "dct:language", *_LANGUAGE_CONCEPTS)
        out.add(subject, "dct:modified", terms.typed(modified, "xsd:dateTime"))
        for lang in LANGUAGES:
            words = row.many(f"keywords_{lang}") + self.row.many(f"keywords_{lang}")
            out.add(subject, "dcat:keyword", *(terms.text(word, lang) for word in words))
        page = f"{out.base}doc/{subject.removeprefix(f'{out.base}id/')}"
        out.document(subject, "dcat:landingPage", page)
        self._record(subject, modified)

    def _catalogue(self) -> None:
        out, subject = self.out, self._catalogue_iri
        out.types(subject, "dcat:Catalog")
        self._named(subject, self.row)
        out.owned(subject)
        out.add(subject, "dct:modified", terms.typed(self.instant, "xsd:dateTime"))
        out.link(subject, "dct:license", self.row["licence"])
        out.link(subject, "dct:accessRights", _ACCESS)
        out.link(subject, "dct:language", *_LANGUAGE_CONCEPTS)
        out.link(subject, "dct:spatial", _SPATIAL)
        out.link(subject, "dcat:themeTaxonomy", _TAXONOMY)
        out.document(subject, "foaf:homepage", out.base)

    def _record(self, topic: str, modified: str) -> None:
        """Add the record of a resource; its identifier is a UUID that follows from the topic."""
        out = self.out
        root = out.base + self.row["root"]
        record = f"{root}catalogusrecord/{topic.removeprefix(root)}"
        out.point(self._catalogue_iri, "dcat:record", record)
        out.types(record, "dcat:CatalogRecord")
        name = uuid.uuid5(uuid.NAMESPACE_URL, record)
        out.add(record, "dct:identifier", terms.plain(str(name)))
        out.add(record, "dct:modified", terms.typed(modified, "xsd:dateTime"))
        out.point(record, "foaf:primaryTopic", topic)
        out.link(record, "dct:conformsTo", *_PROFILES)
        out.link(record, "dct:language", *_LANGUAGE_CONCEPTS)

    def _service(self, subject: str, row: Row) -> None:
        out, endpoint = self.out, self.out.base + row["endpoint"]
        out.point(self._catalogue_iri, "dcat:service", subject)
        out.types(subject, "dcat:DataService")
        changes = (entry.changed for graphs in self.holdings.values() for entry in graphs.values())
        self._resource(subject, row, max(changes))
        out.link(subject, "dct:license", row["licence"])
        out.point(subject, "dcat:endpointURL", endpoint)
        out.point(subject, "dcat:endpointDescription", endpoint)
        out.types(endpoint, "rdfs:Resource")
        served = (self._iri("dataset", name) for name in self.holdings)
        out.point(subject, "dcat:servesDataset", *served)

    def _dataset(self, name: str, graphs: Mapping[str, GraphEntry]) -> None:
        out, row, subject = self.out, self.out.tables.datasets[name], self._iri("dataset", name)
        out.point(self._catalogue_iri, "dcat:dataset", subject)
        out.types(subject, "dcat:Dataset", "void:Dataset")
        self._resource(subject, row, max(entry.changed for entry in graphs.values()))
        out.link(subject, "dct:type", row["type"], self.row["type"])
        out.link(subject, "dct:accrualPeriodicity", row["frequency"])
        out.link(subject, "dct:spatial", _SPATIAL)
        if row.says("cube"):
            out.types(subject, "qb:DataSet")
            out.point(subject, "qb:structure", f"{out.base}id/structuur/{name}")
        if row.says("waves"):
            out.period(subject, (entry.wave for entry in graphs.values()))
        out.add(subject, "void:triples", terms.integer(sum(e.triples for e in graphs.values())))
        for key, form in out.tables.distributions.items():
            self._distribution(subject, name, key, form)
        for graph, entry in graphs.items():
            self._graph(subject, graph, entry)

    def _distribution(self, dataset: str, name: str, key: str, form: Row) -> None:
        out, subject = self.out, self._iri("distributie", f"{name}/{key}")
        file = f"{out.base}download/{dump_name(name, self.synthetic, form['extension'])}"
        out.point(dataset, "dcat:distribution", subject)
        out.types(subject, "dcat:Distribution")
        self._named(subject, form)
        out.point(subject, "dcat:accessURL", file)
        out.point(subject, "dcat:downloadURL", file)
        out.point(dataset, "void:dataDump", file)
        out.link(subject, "dct:license", out.tables.datasets[name]["licence"])
        out.link(subject, "dct:format", form["format"])
        out.link(subject, "dcat:mediaType", form["media_type"])
        out.link(subject, "dcat:compressFormat", form["compress_format"])
        out.link(subject, "dct:language", *_LANGUAGE_CONCEPTS)

    def _graph(self, dataset: str, graph: str, entry: GraphEntry) -> None:
        """Add a named graph as a part of its dataset (VoID §4.4)."""
        out = self.out
        for predicate in ("void:subset", "dct:hasPart"):
            out.point(dataset, predicate, graph)
        out.types(graph, "void:Dataset")
        name = out.tables.datasets[entry.dataset]
        out.texts(graph, "dct:title", self._title(name, f" – {entry.wave}" if entry.wave else ""))
        out.add(graph, "void:triples", terms.integer(entry.triples))
        out.add(graph, "dct:modified", terms.typed(entry.changed, "xsd:dateTime"))
        out.point(graph, "imon:accessLevel", f"imc:toegang/{entry.access}")
        if out.tables.datasets[out.tables.holder(entry.dataset)].says("waves"):
            wave = WaveName(entry.wave, entry.synthetic)
            out.point(graph, "imon:wave", wave.iri(out.base))
