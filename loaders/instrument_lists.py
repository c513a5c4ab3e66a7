"""Code lists of an instrument as triples: what every list states alike, and its concepts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loaders.instrument_tables import Row, Tables
from service.terms import boolean, date, integer, plain, ref, text, triple

CC0 = "https://data.vlaanderen.be/id/licentie/creative-commons-zero-verklaring/v1.0"
PUBLISHER = "id/organisatie/imonitor-linked-data"  # as ontology/catalogue/publisher.csv
Pair = tuple[str, str]
#: name of the list, its label and its definition, each in Dutch and English
LISTS: tuple[tuple[str, Pair, Pair], ...] = (
    (
        "thema",
        ("Thema's", "Themes"),
        (
            "De onderdelen van digitale volwassenheid waarvoor een score berekend wordt.",
            "The parts of digital maturity for which a score is computed.",
        ),
    ),
    (
        "vraag",
        ("Vragen", "Questions"),
        (
            "De vragen van de vragenlijsten A, B en C, en hun onderdelen.",
            "The questions of the questionnaires A, B and C, and their parts.",
        ),
    ),
    (
        "optie",
        ("Antwoordopties", "Answer options"),
        (
            "De mogelijke antwoorden; elke vraag heeft haar eigen opties.",
            "The possible answers; each question has options of its own.",
        ),
    ),
    (
        "ontbrekend",
        ("Redenen van ontbreken", "Reasons for a missing answer"),
        (
            "Waarom een vraag geen geldig antwoord heeft.",
            "Why a question has no valid answer.",
        ),
    ),
    (
        "product",
        ("Producten van de referentielijst", "Products of the reference list"),
        (
            "De producten en diensten waarvan het digitale niveau gevraagd wordt.",
            "The products and services whose digital level is asked for.",
        ),
    ),
    (
        "module",
        ("Modules van de vragenlijst", "Modules of the questionnaire"),
        (
            "Reeksen vragen die samen één onderwerp uitwerken.",
            "Series of questions that together work out one subject.",
        ),
    ),
    (
        "bron",
        ("Authentieke bronnen", "Authentic sources"),
        (
            "De authentieke gegevensbronnen waarvan het gebruik gevraagd wordt.",
            "The authentic data sources whose use is asked for.",
        ),
    ),
    (
        "gebied",
        ("Procesgebieden", "Process areas"),
        (
            "De gebieden van de werking van een bestuur waarin een bron gebruikt kan worden.",
            "The areas of the work of a body in which a source can be used.",
        ),
    ),
    (
        "modus",
        ("Wijzen van brongebruik", "Modes of source use"),
        (
            "Hoe een bestuur aan de gegevens van een bron komt.",
            "How a body gets at the data of a source.",
        ),
    ),
)


@dataclass(frozen=True)
class Edition:
    """What all lists of one instrument have alike; ``issued`` may be empty."""

    version: str
    issued: str
    publisher: str

    def facts(self) -> list[tuple[str, str]]:
        """Return licence, publisher and date of issue."""
        issued = [("dct:issued", date(self.issued))] if self.issued else []
        return [("dct:license", ref(CC0)), ("dct:publisher", ref(self.publisher)), *issued]


def about_instrument(tables: Tables) -> Row:
    """Return the row that describes the instrument itself, or what holds where there is none."""
    default = {"code": "imonitor", "label_nl": "I-Monitor", "label_en": "I-Monitor"}
    return next(iter(tables["instrument"]), Row("instrument.csv", 0, default))


def edition(tables: Tables, base: str) -> Edition:
    """Return what the instrument says of its version, for the installation at ``base``."""
    row = about_instrument(tables)
    return Edition(row.text("version", "1.0"), row.text("issued"), f"{base}{PUBLISHER}")


def reconstruction(tables: Tables) -> tuple[str, str]:
    """Return the fact that says whether all this is a reconstruction; every export shows it."""
    return "imon:reconstruction", boolean(about_instrument(tables).truth("reconstruction"))


def about(subject: str, *facts: tuple[str, str]) -> Iterator[str]:
    """Yield one N-Triples line a fact (property, term)."""
    for predicate, term in facts:
        yield triple(subject, predicate, term)


def labels(dutch: str, english: str, predicate: str = "skos:prefLabel") -> list[tuple[str, str]]:
    """Return a text in both languages, as far as there is one."""
    rows = ((dutch, "nl"), (english, "en"))
    return [(predicate, text(words, lang)) for words, lang in rows if words]


def named(row: Row) -> list[tuple[str, str]]:
    """Return the label and the definition of a row."""
    return [
        *labels(row.text("label_nl"), row.text("label_en")),
        *labels(row.text("definition_nl"), row.text("definition_en"), "skos:definition"),
    ]


def code_list(iri: str, name: Pair, definition: Pair, alike: Edition) -> Iterator[str]:
    """Yield a concept scheme with the licence, version, publisher and date that lists have."""
    yield from about(
        iri,
        ("rdf:type", ref("skos:ConceptScheme")),
        *labels(*name),
        *labels(*definition, "skos:definition"),
        ("owl:versionInfo", plain(alike.version)),
        *alike.facts(),
    )


def concept(
    iri: str, scheme: str, notation: str | int, *more: tuple[str, str], top: bool = True
) -> Iterator[str]:
    """Yield a concept with its notation and its list; ``top``: no other concept is broader."""
    yield from about(
        iri,
        ("rdf:type", ref("skos:Concept")),
        ("skos:notation", integer(notation) if isinstance(notation, int) else plain(notation)),
        ("skos:inScheme", ref(scheme)),
        *more,
    )
    if top:
        yield triple(iri, "skos:topConceptOf", ref(scheme))
        yield triple(scheme, "skos:hasTopConcept", ref(iri))
