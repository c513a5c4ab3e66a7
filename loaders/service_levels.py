"""Assessments of products by criterion: at what level a body offers a product, and who says so.

Of the seven criteria (``imc:dienstcriterium``) the lowest decides the level of the product
(domain.md §8.3); the derive query ``service-lowest`` says so. The unit of acceptance is a row. What
anyone can observe is OPEN (semantics.md "Disclosure").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pyoxigraph import Literal, RdfFormat, parse

from loaders import Context, Finding, Reading, Record
from loaders.answers import sha256_of
from loaders.findings import TableRefused
from loaders.instants import read_instant
from loaders.reference import Body
from loaders.tables import Column, Row, Table
from loaders.wave_rows import Kind, WaveRow, WaveRows
from service import data_dir
from service.release.names import WaveName
from service.release.sources import ASSESSMENTS
from service.terms import date, ref, triple
from service.vocab import expand

SOURCE = "service-levels"
COLUMNS = (
    Column("golf", "Golf", "Wave"),
    Column("bestuur", "Bestuur", "Body"),
    Column("product", "Product", "Product"),
    Column("criterium", "Criterium", "Criterion"),
    Column("niveau", "Niveau (0 tot 5)", "Level (0 to 5)", datatype="integer"),
    Column("beoordelaar", "Beoordelaar", "Assessor"),
    Column("bron", "Bron", "Source"),
    Column("datum", "Datum van de beoordeling", "Date of the assessment", datatype="date"),
    Column("vervangt", "Verbetering (ja)", "Correction (ja)", required=False),
)
#: The questionnaire whose products a class of bodies offers.
_OFFERS = {"gemeente": "B", "ocmw": "C"}
_KIND = Kind(
    "beoordeling",
    ("golf", "bestuur", "product", "criterium"),
    "assessment-twice",
    "assessment-differs",
)


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Yield one reading a file."""
    for path in paths:
        yield _read(path, context)


@lru_cache(maxsize=8)
def codes(name: str) -> tuple[str, ...]:
    """Return the notations of one of our code lists, in order of the alphabet."""
    path = data_dir("ontology") / "codelists" / f"{name}.ttl"
    quads = parse(path=str(path), format=RdfFormat.TURTLE, base_iri="https://example.org/")
    notation = expand("skos:notation")
    found = (quad.object for quad in quads if quad.predicate.value == notation)
    return tuple(sorted(row.value for row in found if isinstance(row, Literal)))


def _read(path: Path, context: Context) -> Reading:
    table = Table(path, COLUMNS)
    reading = Reading(SOURCE, "records", file=table.file, original_sha256=sha256_of(path))

    def record(row: Row) -> tuple[Record | None, list[Finding]]:
        check = _Check(row, table, context, _KIND.named)
        return check.record(), check.findings

    rows = WaveRows(_KIND, table, context, record)
    try:
        for row in table:
            rows.add(row)
    except TableRefused as refused:
        reading.findings = rows.findings + refused.findings
        return reading
    reading.records = list(rows.records.values())
    reading.graphs = {record.graph: "OPEN" for record in reading.records}
    reading.findings, reading.redacted, reading.rows = rows.findings, table.redacted, table.rows
    return reading


class _Check(WaveRow):
    """The checks of one row."""

    def record(self) -> Record | None:
        """Return the row as a record whose IRI is not known yet, or None."""
        wave = self.wave()
        body = self.body(wave)
        product = self._product(body)
        criterion = self._code("criterium", "dienstcriterium")
        assessor = self._code("beoordelaar", "beoordelaar")
        level = self._code("niveau", "dienstniveau")
        source, day = self.source(), self._day()
        self.correction()
        if self.findings or wave is None or body is None:
            return None
        name = WaveName(str(wave.year), wave.synthetic)
        path = f"beoordeling/{wave.year}/{body.kbo}/{product}/{criterion}"
        pairs = (
            ("rdf:type", ref("imon:ServiceAssessment")),
            ("imon:body", ref(body.iri)),
            ("imon:wave", ref(wave.iri)),
            ("imon:product", ref(f"imc:product/{product}")),
            ("imon:criterion", ref(f"imc:dienstcriterium/{criterion}")),
            ("imon:serviceLevel", ref(f"imc:dienstniveau/{level}")),
            ("imon:assessor", ref(f"imc:beoordelaar/{assessor}")),
            ("prov:hadPrimarySource", ref(source)),
            ("dct:issued", date(day)),
        )
        subject = name.root(self.context.base) + path
        return Record(
            iri="",
            reference=f"{body.kbo}/{product}/{criterion}",
            graph=name.graph(ASSESSMENTS, derived=False).iri(self.context.base),
            wave=wave.iri,
            bodies=(body.iri,),
            triples="".join(sorted(triple(subject, p, o) for p, o in pairs)).encode(),
        )

    def _product(self, body: Body | None) -> str:
        """Return the code of a product that bodies of this class offer."""
        code = self.filled("product")
        known = {
            row.code.partition(".")[2]: row.applies
            for row in self.context.reference.questions.values()
            if row.code.startswith("PD8.")
        }
        if code and code not in known:
            options = ", ".join(sorted(known)) or "–"
            self.tell("unknown-code", "product", code, name=code, options=options)
        elif code and body and _OFFERS[body.classification] not in known[code]:
            self.tell("product-of-other-class", "product", code, name=code)
        return code

    def _code(self, column: str, listed: str) -> str:
        """Return a code of a list of ours."""
        code = self.filled(column)
        if code and code not in codes(listed):
            options = ", ".join(codes(listed))
            self.tell("unknown-code", column, code, name=code, options=options)
        return code

    def _day(self) -> str:
        text = self.row.cells["datum"]
        try:
            return read_instant(text).date().isoformat()
        except ValueError as error:
            self.tell(str(error), "datum", text)
            return ""
