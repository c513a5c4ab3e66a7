"""The instrument as triples: themes, scales, questions and their answer options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loaders.instrument_checks import NONE_TICKED, SOURCE_USE, TOTAL
from loaders.instrument_tables import Row, Tables
from service.terms import boolean, integer, plain, ref, text, triple

CC0 = "https://data.vlaanderen.be/id/licentie/creative-commons-zero-verklaring/v1.0"
_SCHEMES = (
    ("thema", "Thema's", "Themes"),
    ("vraag", "Vragen", "Questions"),
    ("optie", "Antwoordopties", "Answer options"),
    ("ontbrekend", "Redenen van ontbreken", "Reasons for a missing answer"),
    ("product", "Producten van de referentielijst", "Products of the reference list"),
    ("module", "Modules van de vragenlijst", "Modules of the questionnaire"),
    ("bron", "Authentieke bronnen", "Authentic sources"),
    ("gebied", "Procesgebieden", "Process areas"),
    ("modus", "Wijzen van brongebruik", "Modes of source use"),
)
_NONE = ("geen van deze", "none of these")
_SOURCE_USE = (
    "Hoe gebruikt uw bestuur deze bron in dit gebied: {source}, {area}?",
    "How does your government use this source in this area: {source}, {area}?",
)


@dataclass(frozen=True)
class Choice:
    """An answer option of a question: its code and what it stands for.

    ``exclusive``: it cannot go with another option of the same checklist.
    """

    question: str
    code: str
    labels: tuple[str, str]
    point: str = ""
    missing: str = ""
    exclusive: bool = False

    @property
    def iri(self) -> str:
        """The option's name, ``imc:vraag/{question}/optie/{code}``."""
        return f"imc:vraag/{self.question}/optie/{self.code}"


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


def code_list(iri: str, dutch: str, english: str, version: str) -> Iterator[str]:
    """Yield a concept scheme with the licence and the version that every list has."""
    yield from about(
        iri,
        ("rdf:type", ref("skos:ConceptScheme")),
        *labels(dutch, english),
        ("dct:license", ref(CC0)),
        ("owl:versionInfo", plain(version)),
    )


def concept(iri: str, scheme: str, code: str, *more: tuple[str, str]) -> Iterator[str]:
    """Yield a concept with its notation and its list."""
    yield from about(
        iri,
        ("rdf:type", ref("skos:Concept")),
        ("skos:notation", plain(code)),
        ("skos:inScheme", ref(scheme)),
        *more,
    )


def instrument_lines(tables: Tables, base: str) -> Iterator[str]:
    """Yield graph/instrument but for the waves, types and profile."""
    about_it = _instrument(tables)
    version = about_it.text("version", "1.0")
    code = about_it.text("code")
    rebuilt = reconstruction(tables)
    instrument = f"{base}id/instrument/{code}"
    yield from about(
        instrument,
        ("rdf:type", ref("imon:Instrument")),
        ("rdf:type", ref("disco:StudyGroup")),
        *labels(about_it.text("label_nl"), about_it.text("label_en")),
        *labels(about_it.text("note_nl"), about_it.text("note_en"), "dct:description"),
        ("owl:versionInfo", plain(version)),
        rebuilt,
    )
    for name, dutch, english in _SCHEMES:
        yield from code_list(f"imc:{name}", dutch, english, version)
    yield from _themes(tables)
    yield from _scales(tables, version)
    yield from _missing(tables)
    yield from _products(tables)
    yield from _sources(tables)
    yield from _questions(tables, rebuilt)
    yield from _source_questions(tables, rebuilt)
    for choice in choices(tables):
        yield from _option(choice)
    for letter in "ABC":
        yield from _questionnaire(tables, letter, base, instrument, version, rebuilt)


def reconstruction(tables: Tables) -> tuple[str, str]:
    """Return the fact that says whether all this is a reconstruction; every export shows it."""
    return "imon:reconstruction", boolean(_instrument(tables).truth("reconstruction"))


def _instrument(tables: Tables) -> Row:
    default = {"code": "imonitor", "label_nl": "I-Monitor", "label_en": "I-Monitor"}
    return next(iter(tables["instrument"]), Row("instrument.csv", 0, default))


def _themes(tables: Tables) -> Iterator[str]:
    for order, row in enumerate(tables["themes"], 1):
        iri = f"imc:thema/{row.text('code')}"
        kind = ("rdf:type", ref("imon:Theme"))
        broader = ("skos:broader", ref(f"imc:thema/{TOTAL}"))
        place = ("imon:order", integer(order))
        yield from concept(iri, "imc:thema", row.text("code"), kind, *named(row), place, broader)
    total = labels("Totaal", "Overall")
    words = ("Gewogen gemiddelde van de kernthema's.", "Weighted mean of the core themes.")
    note = labels(*words, "skos:definition")
    yield from concept(f"imc:thema/{TOTAL}", "imc:thema", TOTAL, *total, *note)


def _scales(tables: Tables, version: str) -> Iterator[str]:
    for scale in dict.fromkeys(row.text("scale") for row in tables["scales"]):
        iri = f"imc:schaal/{scale}"
        rows = tables.where("scales", scale=scale)
        head = next((row for row in rows if not row.has("value")), None)
        names = (head.text("label_nl"), head.text("label_en")) if head else (scale, scale)
        yield from code_list(iri, *names, version)
        yield from about(
            iri,
            ("rdf:type", ref("imon:AnswerScale")),
            ("rdf:type", ref("disco:Representation")),
            ("skos:notation", plain(scale)),
        )
        for order, row in enumerate((row for row in rows if row.has("value")), 1):
            value = row.text("value")
            facts = (*named(row), ("imon:order", integer(order)), ("disco:isValid", boolean(True)))
            yield from concept(f"{iri}/{value}", iri, value, *facts)


def _missing(tables: Tables) -> Iterator[str]:
    for row in tables["missing"]:
        code = row.text("code")
        yield from concept(
            f"imc:ontbrekend/{code}",
            "imc:ontbrekend",
            code,
            *named(row),
            ("imon:exclusion", ref(f"imc:noemer/{row.text('denominator')}")),
            ("disco:isValid", boolean(False)),
        )


def _products(tables: Tables) -> Iterator[str]:
    for row in tables["products"]:
        code = row.text("code")
        yield from concept(f"imc:product/{code}", "imc:product", code, *named(row))


def _sources(tables: Tables) -> Iterator[str]:
    if tables["source-use"]:
        names = labels("Gebruik van authentieke bronnen", "Use of authentic sources")
        yield from concept("imc:module/bronnengebruik", "imc:module", "bronnengebruik", *names)
    for row in tables["source-use"]:
        scheme, code = f"imc:{row.text('kind')}", row.text("code")
        yield from concept(f"{scheme}/{code}", scheme, code, *named(row))
        if row.text("kind") == "bron":
            yield triple(f"{scheme}/{code}", "rdf:type", ref("imon:AuthenticSource"))
            owner = labels(row.text("owner_nl"), row.text("owner_en"), "imon:owner")
            yield from about(f"{scheme}/{code}", *owner)
            if row.has("channel"):
                yield triple(f"{scheme}/{code}", "imon:channel", plain(row.text("channel")))


def question(code: str, letters: tuple[str, ...], *facts: tuple[str, str]) -> Iterator[str]:
    """Yield what every question has, and ``facts`` of this one."""
    yield from concept(
        f"imc:vraag/{code}",
        "imc:vraag",
        code,
        ("rdf:type", ref("imon:Question")),
        ("rdf:type", ref("disco:Question")),
        *(("imon:appliesTo", ref(f"imc:vragenlijsttype/{letter}")) for letter in letters),
        *facts,
    )


def _questions(tables: Tables, rebuilt: tuple[str, str]) -> Iterator[str]:
    for position, row in enumerate(tables["questions"], 1):
        code = row.text("code")
        order = int(row.number("order", str(position * 10)))
        full = (row.text("text_nl"), row.text("text_en"))
        short = (row.text("label_nl", full[0]), row.text("label_en", full[1]))
        shared = (
            ("imon:theme", ref(f"imc:thema/{row.text('theme')}")),
            ("disco:responseDomain", ref(f"imc:schaal/{row.text('scale')}")),
            rebuilt,
        )
        yield from question(
            code,
            row.parts("applies_to"),
            *shared,
            ("imon:method", ref(f"imc:methode/{row.text('method', 'keuze')}")),
            ("imon:order", integer(order)),
            *labels(*full, "disco:questionText"),
            *labels(*short),
        )
        for place, product in enumerate(tables.where("products", question=code), 1):
            names = (product.text("label_nl"), product.text("label_en"))
            texts = (product.text("text_nl", names[0]), product.text("text_en", names[1]))
            yield from question(
                f"{code}.{product.text('code')}",
                product.parts("applies_to"),
                *shared,
                ("imon:method", ref("imc:methode/keuze")),
                ("imon:order", integer(order * 1000 + place)),
                ("imon:partOf", ref(f"imc:vraag/{code}")),
                ("imon:product", ref(f"imc:product/{product.text('code')}")),
                *labels(*texts, "disco:questionText"),
                *labels(*names),
            )


def source_questions(tables: Tables) -> Iterator[tuple[str, Row, Row]]:
    """Yield (code, source, area) of each question of the module on source use."""
    areas = {row.text("code"): row for row in tables.where("source-use", kind="gebied")}
    for source in tables.where("source-use", kind="bron"):
        for area in source.parts("areas"):
            yield f"{SOURCE_USE}.{source.text('code')}.{area}", source, areas[area]


def _source_questions(tables: Tables, rebuilt: tuple[str, str]) -> Iterator[str]:
    for place, (code, source, area) in enumerate(source_questions(tables), 1):
        dutch = (source.text("label_nl"), area.text("label_nl"))
        english = (source.text("label_en"), area.text("label_en"))
        texts = (
            _SOURCE_USE[0].format(source=dutch[0], area=dutch[1]),
            _SOURCE_USE[1].format(source=english[0], area=english[1]),
        )
        yield from question(
            code,
            source.parts("applies_to"),
            rebuilt,
            ("imon:method", ref("imc:methode/keuze")),
            ("imon:order", integer(900000 + place)),
            ("imon:module", ref("imc:module/bronnengebruik")),
            ("imon:authenticSource", ref(f"imc:bron/{source.text('code')}")),
            ("imon:processArea", ref(f"imc:gebied/{area.text('code')}")),
            *labels(*texts, "disco:questionText"),
            *labels(": ".join(dutch), ": ".join(english)),
        )


def choices(tables: Tables) -> Iterator[Choice]:
    """Yield every answer option, the missing reasons of each question among them."""
    for row in tables["questions"]:
        code, scale = row.text("code"), row.text("scale")
        method = row.text("method", "keuze")
        if method == "module":
            for product in tables.where("products", question=code):
                yield from _scale_choices(tables, f"{code}.{product.text('code')}", scale)
        elif method == "meerkeuze":
            for option in tables.where("options", question=code):
                yield Choice(code, option.text("code"), _labels_of(option))
            yield Choice(code, NONE_TICKED, _NONE, exclusive=True)
            yield from _missing_choices(tables, code, exclusive=True)
        else:
            yield from _scale_choices(tables, code, scale)
    for code, _, _ in source_questions(tables):
        for mode in tables.where("source-use", kind="modus"):
            name = mode.text("code")
            yield Choice(code, name, _labels_of(mode), point=f"imc:modus/{name}")
        yield from _missing_choices(tables, code)


def _scale_choices(tables: Tables, code: str, scale: str) -> Iterator[Choice]:
    for row in tables.where("scales", scale=scale):
        if row.has("value"):
            value = row.text("value")
            yield Choice(code, value, _labels_of(row), point=f"imc:schaal/{scale}/{value}")
    yield from _missing_choices(tables, code)


def _missing_choices(tables: Tables, code: str, exclusive: bool = False) -> Iterator[Choice]:
    for row in tables["missing"]:
        if row.truth("option", True):
            reason = row.text("code")
            yield Choice(code, reason, _labels_of(row), missing=reason, exclusive=exclusive)


def _labels_of(row: Row) -> tuple[str, str]:
    return row.text("label_nl"), row.text("label_en")


def _option(choice: Choice) -> Iterator[str]:
    facts = [
        ("rdf:type", ref("imon:AnswerOption")),
        ("imon:question", ref(f"imc:vraag/{choice.question}")),
        *labels(*choice.labels),
    ]
    if choice.point:
        facts.append(("imon:scalePoint", ref(choice.point)))
    if choice.missing:
        facts.append(("imon:missingReason", ref(f"imc:ontbrekend/{choice.missing}")))
    if choice.exclusive:
        facts.append(("imon:exclusive", boolean(True)))
    yield from concept(choice.iri, "imc:optie", choice.code, *facts)


def _questionnaire(
    tables: Tables, letter: str, base: str, instrument: str, version: str, rebuilt: tuple[str, str]
) -> Iterator[str]:
    """Yield one questionnaire; its ``disco:question`` are the scored items, not their parts."""
    items = [row.text("code") for row in tables["questions"] if letter in row.parts("applies_to")]
    if not items:
        return
    module = [("imon:module", ref("imc:module/bronnengebruik"))] if tables["source-use"] else []
    yield from about(
        f"{base}id/vragenlijst/{letter}",
        ("rdf:type", ref("imon:Questionnaire")),
        ("rdf:type", ref("disco:Questionnaire")),
        ("imon:questionnaireType", ref(f"imc:vragenlijsttype/{letter}")),
        ("dct:isPartOf", ref(instrument)),
        ("owl:versionInfo", plain(version)),
        rebuilt,
        *labels(f"Vragenlijst {letter}", f"Questionnaire {letter}"),
        *(("disco:question", ref(f"imc:vraag/{code}")) for code in items),
        *module,
    )
