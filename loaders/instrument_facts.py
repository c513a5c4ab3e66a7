"""What goes with an instrument: real waves, the typology and the reference profile."""

from __future__ import annotations

from collections.abc import Iterator

from loaders.instrument_lists import (
    about,
    code_list,
    concept,
    edition,
    labels,
    named,
    reconstruction,
)
from loaders.instrument_tables import Row, Tables
from service.terms import boolean, date, decimal, integer, plain, ref, triple, typed, year


def fact_lines(tables: Tables, base: str) -> Iterator[str]:
    """Yield the waves, the typologies with their gates, and the reference profiles."""
    code = next((row.text("code") for row in tables["instrument"]), "imonitor")
    for row in tables["waves"]:
        yield from _wave(row, f"{base}id/instrument/{code}", base)
    for method in dict.fromkeys(row.text("method") for row in tables["types"]):
        yield from _typology(tables, method, base)
    for profile in dict.fromkeys(row.text("profile") for row in tables["reference-profile"]):
        yield from _profile(tables, profile, base)


def _wave(row: Row, instrument: str, base: str) -> Iterator[str]:
    wave = f"{base}id/golf/{row.text('code')}"
    yield from about(
        wave,
        ("rdf:type", ref("imon:Wave")),
        ("rdf:type", ref("disco:Study")),
        ("dct:isPartOf", ref(instrument)),
        ("imon:year", year(int(row.number("year")))),
        ("imon:referenceDate", date(row.text("reference_date"))),
        ("imon:scheme", ref(f"{base}id/scoreschema/{row.text('scheme')}")),
        ("imon:synthetic", boolean(False)),
        *labels(row.text("label_nl"), row.text("label_en"), "rdfs:label"),
        *labels(row.text("alt_label_nl"), row.text("alt_label_en"), "skos:altLabel"),
        *(("prov:hadPrimarySource", ref(f"{base}id/bron/{code}")) for code in row.parts("sources")),
    )
    if row.has("launched"):
        day = row.text("launched")
        term = date(day) if len(day) == len("2016-06-01") else typed(day, "xsd:gYearMonth")
        yield triple(wave, "imon:launched", term)


def _typology(tables: Tables, method: str, base: str) -> Iterator[str]:
    plan, scheme = f"{base}id/typologie/{method}", f"imc:type/{method}"
    names = (f"Typologie {method}", f"Typology {method}")
    words = (
        f"De geordende types van typologie {method}.",
        f"The ordered types of typology {method}.",
    )
    alike = edition(tables, base)
    yield from code_list(scheme, names, words, alike)
    yield from about(
        plan,
        ("rdf:type", ref("imon:TypologyMethod")),
        ("rdf:type", ref("prov:Plan")),
        ("skos:notation", plain(method)),
        ("imon:typeList", ref(scheme)),
        *alike.facts(),
        reconstruction(tables),
        *labels(*names),
    )
    for row in tables.where("types", method=method):
        number = int(row.number("type"))
        bounds = [
            (f"imon:{bound}Bound", decimal(row.number(bound).normalize()))
            for bound in ("lower", "upper")
            if row.has(bound)
        ]
        kind = ("rdf:type", ref("imon:Type"))
        facts = (kind, ("imon:method", ref(plan)), *bounds, *named(row))
        yield from concept(f"{scheme}/{number}", scheme, number, *facts)
    for row in tables.where("clusterings", method=method):
        yield triple(plan, "imon:seed", integer(int(row.number("seed"))))
        yield triple(plan, "imon:draws", integer(int(row.number("draws"))))
    for row in tables.where("gates", method=method):
        yield from about(
            f"{scheme}/poort/{row.text('gate')}",
            ("rdf:type", ref("imon:Gate")),
            ("imon:method", ref(plan)),
            ("imon:theme", ref(f"imc:thema/{row.text('theme')}")),
            ("imon:minimum", decimal(row.number("minimum").normalize())),
            ("imon:fromType", integer(int(row.number("from_type")))),
            *labels(row.text("label_nl"), row.text("label_en")),
        )


def _profile(tables: Tables, profile: str, base: str) -> Iterator[str]:
    iri = f"{base}id/referentieprofiel/{profile}"
    yield triple(iri, "rdf:type", ref("imon:ReferenceProfile"))
    for row in tables.where("reference-profile", profile=profile):
        if not row.has("theme"):
            note = labels(row.text("note_nl"), row.text("note_en"), "dct:description")
            yield from about(iri, reconstruction(tables), *named(row), *note)
            continue
        target = f"{iri}/{row.text('theme')}"
        yield triple(iri, "imon:target", ref(target))
        yield from about(
            target,
            ("rdf:type", ref("imon:TargetScore")),
            ("imon:profile", ref(iri)),
            ("imon:theme", ref(f"imc:thema/{row.text('theme')}")),
            ("imon:targetScore", decimal(row.number("target").normalize())),
        )
