"""The register of gemeenten and OCMW's: bodies, dated states, areas, mergers and inhabitants.

Reads the tables in ``ontology/facts`` and makes one snapshot of ``graph/organisaties``. A name, NIS
code, province or number that changes makes a new state of the same body (semantics.md "Bodies").
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

from loaders import Context, Reading
from loaders.areas import area_lines, geography
from loaders.documents import defect_lines, source_lines, source_of
from loaders.inhabitants import ESTIMATED, inhabitant_lines
from loaders.register import GEMEENTE, BodyRow, MergerRow, Register, StateRow, read_register
from loaders.register_checks import check
from service import terms

GRAPH = "graph/organisaties"
CLASS_CODES: Mapping[str, str] = {
    "gemeente": "bk:5ab0e9b8a3b2ca7c5e000001",
    "ocmw": "bk:5ab0e9b8a3b2ca7c5e000002",
}
CENTRE_CITIES: Mapping[str, str] = {
    "gemeente": "imc:groep/gemeenten-centrumsteden",
    "ocmw": "imc:groep/ocmws-centrumsteden",
}
_SLUG = re.compile("[^a-z0-9]+")


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read the tables; those in ``paths`` take the place of bundled ones of the same file name."""
    register, tables = read_register(paths)
    if not tables.refused:  # a row that was left out would make others look wrong
        check(register, tables)
    graph = context.base + GRAPH
    reading = Reading(
        source="organisations",
        kind="snapshot",
        file=", ".join(path.name for path in paths) or "ontology/facts",
        graphs={graph: "OPEN"},
        findings=tables.findings,
        redacted=tables.redacted,
        original_sha256=hashlib.sha256(tables.redacted).hexdigest(),
        rows=tables.rows,
    )
    if not tables.refused:
        reading.snapshots[graph] = "".join(register_lines(register, context.base)).encode()
    yield reading


def register_lines(register: Register, base: str) -> Iterator[str]:
    """Yield the N-Triples of the whole register."""
    yield from _type_lines(register)
    for body in register.bodies:
        yield from body_lines(body, base)
        yield from _name_lines(register, body)
        for state in register.states_of.get(body.kbo, []):
            yield from _state_lines(body, state, base)
    yield from area_lines(register, base)
    gained = geography(register).gained
    for merger in register.mergers:
        touched = {nis for code in merger.results for nis in gained.get((merger.date, code), ())}
        for classification in CLASS_CODES:
            yield from _merger_lines(register, merger, classification, touched, base)
    yield from inhabitant_lines(register, base)
    yield from _centre_city_lines(register, base)
    yield from defect_lines(register.defects, base)
    yield from source_lines(register.sources, register.source_keys() | {ESTIMATED}, base)


def state_iri(state: StateRow, base: str) -> str:
    """Return the IRI of a state: KBO number and first day, or "begin" when that is not known."""
    return f"{base}id/toestand/{state.kbo}/{state.valid_from or 'begin'}"


def slug(name: str) -> str:
    """Return a name as part of an IRI: lower case, without accents, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _SLUG.sub("-", plain).strip("-")


def body_lines(body: BodyRow, base: str) -> Iterator[str]:
    """Yield type, class, identifiers and counterpart of a body."""
    for kind in ("besluit:Bestuurseenheid", "org:Organization", "m8g:PublicOrganisation"):
        yield terms.triple(body.iri, "rdf:type", terms.ref(kind))
    code = terms.ref(CLASS_CODES[body.classification])
    yield terms.triple(body.iri, "besluit:classificatie", code)
    yield terms.triple(body.iri, "org:classification", code)
    if body.counterpart_iri:
        yield terms.triple(body.iri, "imon:counterpart", terms.ref(body.counterpart_iri))
    if body.same_as:
        yield terms.triple(body.iri, "owl:sameAs", terms.ref(body.same_as))
    yield terms.triple(body.iri, "prov:hadPrimarySource", source_of(body.source, base))
    for scheme, notation, value in (
        ("kbo", "KBO nummer", body.kbo),
        ("ovo", "OVO-nummer", body.ovo),
    ):
        yield terms.triple(body.iri, "dct:identifier", terms.plain(value))
        node = f"{base}id/identificator/{scheme}/{value}"
        yield terms.triple(body.iri, "adms:identifier", terms.ref(node))
        yield terms.triple(node, "rdf:type", terms.ref("adms:Identifier"))
        yield terms.triple(node, "skos:notation", terms.plain(notation))
        structured = f"{node}/waarde"
        yield terms.triple(node, "generiek:gestructureerdeIdentificator", terms.ref(structured))
        yield terms.triple(
            structured, "rdf:type", terms.ref("generiek:GestructureerdeIdentificator")
        )
        yield terms.triple(structured, "generiek:lokaleIdentificator", terms.plain(value))


def _type_lines(register: Register) -> Iterator[str]:
    """Yield names for the type of change, which its own register does not give in English."""
    for merger_type in sorted({merger.type for merger in register.mergers}):
        yield terms.triple(merger_type, "skos:prefLabel", terms.text("Fusie", "nl"))
        yield terms.triple(merger_type, "skos:prefLabel", terms.text("Merger", "en"))


def _name_lines(register: Register, body: BodyRow) -> Iterator[str]:
    """Yield the latest name of a body, and its former ones."""
    for index, name in enumerate(register.names(body)):
        yield terms.triple(
            body.iri, "skos:altLabel" if index else "skos:prefLabel", terms.text(name, "nl")
        )


def _state_lines(body: BodyRow, state: StateRow, base: str) -> Iterator[str]:
    node = state_iri(state, base)
    province = terms.ref(f"imc:provincie/{state.province}")
    area = terms.ref(f"{base}id/werkingsgebied/{state.nis}")
    yield terms.triple(node, "rdf:type", terms.ref("imon:BodyState"))
    yield terms.triple(node, "dct:isVersionOf", terms.ref(body.iri))
    yield terms.triple(node, "skos:prefLabel", terms.text(state.name, "nl"))
    yield terms.triple(node, "besluit:werkingsgebied", area)
    yield terms.triple(node, "imon:province", province)
    if state.valid_from:
        yield terms.triple(node, "schema:validFrom", terms.date(state.valid_from))
    if state.valid_to:
        yield terms.triple(node, "schema:validThrough", terms.date(state.valid_to))
    yield terms.triple(node, "prov:hadPrimarySource", source_of(state.source, base))


def _centre_city_lines(register: Register, base: str) -> Iterator[str]:
    """Yield the members of the groups of centrumsteden: who has, or once had, one of the codes."""
    for city in register.centre_cities:
        for classification, group in CENTRE_CITIES.items():
            for state in register.states_at.get((city.nis, classification), []):
                body = terms.ref(register.by_kbo[state.kbo].iri)
                yield terms.triple(group, "prov:hadMember", body)
            yield terms.triple(group, "prov:hadPrimarySource", source_of(city.source, base))


def _merger_lines(
    register: Register, merger: MergerRow, classification: str, touched: Set[str], base: str
) -> Iterator[str]:
    """Yield the change event of one class: gemeenten and OCMW's merge apart.

    ``touched`` are areas that the merged one touches only since, under the code that it kept.
    """
    before, after = register.before_and_after(merger, classification)
    areas = [register.at(nis, GEMEENTE, merger.date) for nis in merger.results]
    name = slug("-".join(state.name for state in areas if state))
    node = f"{base}id/fusie/{merger.date}/{classification}/{name}"
    old, new = [state.name for state in before], [state.name for state in after]
    yield terms.triple(node, "rdf:type", terms.ref("org:ChangeEvent"))
    yield terms.triple(node, "dct:date", terms.date(merger.date))
    yield terms.triple(node, "ch:typeWijziging", terms.ref(merger.type))
    for predicate, states in (
        ("org:originalOrganization", before),
        ("org:resultingOrganization", after),
    ):
        for state in states:
            body = terms.ref(register.by_kbo[state.kbo].iri)
            yield terms.triple(node, predicate, body)
    dutch = f"Fusie van {_listed(old, 'en')} tot {_listed(new, 'en')}"
    english = f"Merger of {_listed(old, 'and')} into {_listed(new, 'and')}"
    for text, lang in ((dutch, "nl"), (english, "en")):
        yield terms.triple(node, "skos:prefLabel", terms.text(text, lang))
    for text, lang in ((merger.note_nl, "nl"), (merger.note_en, "en")):
        yield terms.triple(node, "skos:note", terms.text(text, lang))
    for nis in sorted(touched):
        yield terms.triple(node, "imon:newNeighbour", terms.ref(f"{base}id/werkingsgebied/{nis}"))
    yield terms.triple(node, "prov:hadPrimarySource", source_of(merger.source, base))


def _listed(names: Sequence[str], conjunction: str) -> str:
    *rest, last = names
    return f"{', '.join(rest)} {conjunction} {last}" if rest else last
