"""Source documents and the faults found in them: ``sources.csv`` and ``defects.csv`` as triples."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from loaders.register import DefectRow, SourceRow
from service import terms

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR = re.compile(r"\d{4}")


def source_of(key: str, base: str) -> str:
    """Return a source document as a term."""
    return terms.ref(f"{base}id/bron/{key}")


def source_lines(sources: Sequence[SourceRow], keys: Collection[str], base: str) -> Iterator[str]:
    """Yield the documents of ``keys``: title, publisher, date, address and reference."""
    for row in sources:
        if row.key not in keys:
            continue
        node = f"{base}id/bron/{row.key}"
        yield terms.triple(node, "rdf:type", terms.ref("foaf:Document"))
        yield terms.triple(node, "rdf:type", terms.ref("prov:Entity"))
        yield terms.triple(node, "dct:identifier", terms.plain(row.key))
        yield terms.triple(node, "dct:title", terms.text(row.title_nl, "nl"))
        yield terms.triple(node, "dct:title", terms.text(row.title_en, "en"))
        if row.publisher:
            yield terms.triple(node, "dct:publisher", terms.ref(base + row.publisher))
        if row.url:
            yield terms.triple(node, "foaf:page", terms.ref(row.url))
        if row.reference:
            reference = terms.text(row.reference, "nl")
            yield terms.triple(node, "dct:bibliographicCitation", reference)
        if _DAY.fullmatch(row.date):
            yield terms.triple(node, "dct:issued", terms.date(row.date))
        elif _YEAR.fullmatch(row.date):
            yield terms.triple(node, "dct:issued", terms.year(row.date))


def defect_lines(defects: Sequence[DefectRow], base: str) -> Iterator[str]:
    """Yield each fault found in a source, with what we say in its place and why."""
    for row in defects:
        node = f"{base}id/gebrek/{row.id}"
        yield terms.triple(node, "rdf:type", terms.ref("imon:SourceDefect"))
        for text, lang in ((row.what_nl, "nl"), (row.what_en, "en")):
            yield terms.triple(node, "rdfs:label", terms.text(text, lang))
        for text, lang in ((row.reason_nl, "nl"), (row.reason_en, "en")):
            yield terms.triple(node, "dct:description", terms.text(text, lang))
        yield terms.triple(node, "imon:wrongValue", terms.text(row.wrong_value, "nl"))
        yield terms.triple(node, "imon:ourValue", terms.text(row.our_value, "nl"))
        yield terms.triple(node, "prov:hadPrimarySource", source_of(row.source, base))
        for nis in row.nis:
            area = terms.ref(f"{base}id/werkingsgebied/{nis}")
            yield terms.triple(node, "dct:subject", area)
