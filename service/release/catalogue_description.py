"""Triples of the catalogue in the making, and the nodes that every description links to.

Every node that is linked to is described too (typed and labelled), else the range checks of a
harvester fail; our own concepts are described in the graph of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service import terms
from service.release.catalogue_tables import Pairs, Row, Tables


@dataclass
class Description:
    """N-Triples lines; what is linked to by key is described when they are taken out."""

    base: str
    tables: Tables
    _lines: set[str] = field(default_factory=set)
    _linked: set[str] = field(default_factory=set)

    def add(self, subject: str, predicate: str, *objects: str) -> None:
        """Add triples; objects are terms made by `service.terms`."""
        self._lines.update(terms.triple(subject, predicate, obj) for obj in objects)

    def point(self, subject: str, predicate: str, *names: str) -> None:
        """Add triples whose objects are IRIs or CURIEs."""
        self.add(subject, predicate, *(terms.ref(name) for name in names))

    def types(self, subject: str, *names: str) -> None:
        """Add the classes of a node."""
        self.point(subject, "rdf:type", *names)

    def texts(self, subject: str, predicate: str, pairs: Pairs) -> None:
        """Add a text in each language."""
        self.add(subject, predicate, *(terms.text(text, lang) for lang, text in pairs))

    def link(self, subject: str, predicate: str, *keys: str) -> None:
        """Link to concepts by their key; an empty key is no link.

        Raises:
            KeyError: the table of concepts has no such row.
        """
        for key in filter(None, keys):
            self._linked.add(key)
            self.point(subject, predicate, self.tables.concepts[key]["iri"])

    def document(self, subject: str, predicate: str, iri: str) -> None:
        """Link to a page."""
        self.point(subject, predicate, iri)
        self.types(iri, "foaf:Document")

    def identify(self, subject: str) -> None:
        """Add the identifier: the IRI itself, unique over all catalogues it is harvested into."""
        self.add(subject, "dct:identifier", terms.plain(subject))

    def owned(self, subject: str) -> None:
        """Add publisher and contact point."""
        publisher = self.base + self.tables.publisher["path"]
        contact = self.base + self.tables.contact["path"]
        self.point(subject, "dct:publisher", publisher)
        self.point(subject, "dcat:contactPoint", contact)
        self._agents(publisher, contact)

    def _agents(self, publisher: str, contact: str) -> None:
        self.types(publisher, "foaf:Agent", "dct:Agent")
        self.texts(publisher, "foaf:name", self.tables.publisher.pairs("name"))
        self.document(publisher, "foaf:homepage", self.base)
        row = self.tables.contact
        self.types(contact, "vcard:Organization", "vcard:Kind")
        self.texts(contact, "vcard:fn", row.pairs("name"))
        self.texts(contact, "vcard:note", row.pairs("note"))
        self.point(contact, "vcard:hasEmail", row["email"])
        self.point(contact, "vcard:hasURL", self.base)

    def period(self, subject: str, years: Iterable[str]) -> None:
        """Add the period from the first to the last of ``years``, none where there are none."""
        found = sorted(years)
        if not found:
            return
        first, last = found[0], found[-1]
        period = f"{self.base}id/periode/{first}-{last}"
        self.point(subject, "dct:temporal", period)
        self.types(period, "dct:PeriodOfTime")
        self.add(period, "dcat:startDate", terms.date(f"{first}-01-01"))
        self.add(period, "dcat:endDate", terms.date(f"{last}-12-31"))

    def ntriples(self) -> bytes:
        """Return all lines, in no order, with the concepts that were linked to."""
        described: set[str] = set()
        while waiting := self._linked - described:
            for key in waiting:
                self._concept(self.tables.concepts[key])
            described |= waiting
        return "".join(self._lines).encode()

    def _concept(self, row: Row) -> None:
        self.types(row["iri"], *row.many("types"))
        for name in row.many("label_properties"):
            self.texts(row["iri"], name, row.pairs("label"))
        self.link(row["iri"], "skos:inScheme", row["scheme"])
        self.link(row["iri"], "dct:type", row["kind"])
