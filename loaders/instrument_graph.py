"""The instrument as triples: themes, scales, questions and their answer options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loaders.instrument_checks import NONE_TICKED, SOURCE_USE, TOTAL
from loaders.instrument_lists import (
    LISTS,
    Edition,
    Pair,
    about,
    about_instrument,
    code_list,
    concept,
    edition,
    labels,
    named,
    reconstruction,
)
from loaders.instrument_tables import Row, Tables
from service.terms import boolean, integer, plain, ref, triple

_INTEGER = re.compile("0|[1-9][0-9]*")
_NONE = ("geen van deze", "none of these")
_SOURCE_USE = (
    "Hoe gebruikt uw bestuur deze bron in dit gebied: {source}, {area}?",
    "How does your government use this source in this area: {source}, {area}?",
)


_MODULE = (
    "Vragen over hoe een bestuur elke authentieke bron per gebied gebruikt, zonder score.",
    "Questions on how a body uses each authentic source in each area, without a score.",
)


@dataclass(frozen=True)
class Choice:
    """An answer option of a question: its code and what it stands for.

    ``exclusive``: it cannot go with another option of the same checklist.
    """

    question: str
    code: str
    labels: Pair
    point: str = ""
    missing: str = ""
    exclusive: bool = False

    @property
    def iri(self) -> str:
        """The option's name, ``imc:vraag/{question}/optie/{code}``."""
        return f"imc:vraag/{self.question}/optie/{self.code}"

    @property
    def definition(self) -> Pair:
        """What the option says, in Dutch and English."""
        dutch, english = self.labels
        return (
            f"Antwoord op vraag {self.question}: {dutch}." if dutch else "",
            f"Answer to question {self.question}: {english}." if english else "",
        )


def instrument_lines(tables: Tables, base: str) -> Iterator[str]:
    """Yield graph/instrument but for the waves, types and profile."""
    about_it, alike, rebuilt = (
        about_instrument(tables),
        edition(tables, base),
        reconstruction(tables),
    )
    instrument = f"{base}id/instrument/{about_it.text('code')}"
    yield from about(
        instrument,
        ("rdf:type", ref("imon:Instrument")),
        ("rdf:type", ref("disco:StudyGroup")),
        *labels(about_it.text("label_nl"), about_it.text("label_en")),
        *labels(about_it.text("note_nl"), about_it.text("note_en"), "dct:description"),
        ("owl:versionInfo", plain(alike.version)),
        *alike.facts(),
        rebuilt,
    )
    for name, label, definition in LISTS:
        yield from code_list(f"imc:{name}", label, definition, alike)
    yield from _themes(tables)
    yield from _scales(tables, alike)
    yield from _missing(tables)
    yield from _products(tables)
    yield from _sources(tables)
    yield from _questions(tables, rebuilt)
    yield from _source_questions(tables, rebuilt)
    for choice in choices(tables):
        yield from _option(choice)
    for letter in "ABC":
        yield from _questionnaire(tables, letter, base, instrument, alike.version)


def _themes(tables: Tables) -> Iterator[str]:
    for order, row in enumerate(tables["themes"], 1):
        iri = f"imc:thema/{row.text('code')}"
        kind = ("rdf:type", ref("imon:Theme"))
        broader = ("skos:broader", ref(f"imc:thema/{TOTAL}"))
        place = ("imon:order", integer(order))
        facts = (kind, *named(row), place, broader)
        yield from concept(iri, "imc:thema", row.text("code"), *facts, top=False)
    total = labels("Totaal", "Overall")
    words = ("Gewogen gemiddelde van de kernthema's.", "Weighted mean of the core themes.")
    note = labels(*words, "skos:definition")
    yield from concept(f"imc:thema/{TOTAL}", "imc:thema", TOTAL, *total, *note)


def _scales(tables: Tables, alike: Edition) -> Iterator[str]:
    for scale in dict.fromkeys(row.text("scale") for row in tables["scales"]):
        iri = f"imc:schaal/{scale}"
        rows = tables.where("scales", scale=scale)
        head = next((row for row in rows if not row.has("value")), Row("scales.csv", 0, {}))
        names = (head.text("label_nl", scale), head.text("label_en", scale))
        words = (head.text("definition_nl"), head.text("definition_en"))
        yield from code_list(iri, names, words, alike)
        yield from about(
            iri,
            ("rdf:type", ref("imon:AnswerScale")),
            ("rdf:type", ref("disco:Representation")),
            ("skos:notation", plain(scale)),
        )
        for order, row in enumerate((row for row in rows if row.has("value")), 1):
            value = row.text("value")
            facts = (*named(row), ("imon:order", integer(order)), ("disco:isValid", boolean(True)))
            notation = int(value) if _INTEGER.fullmatch(value) else value
            yield from concept(f"{iri}/{value}", iri, notation, *facts)


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
        note = labels(*_MODULE, "skos:definition")
        yield from concept(
            "imc:module/bronnengebruik", "imc:module", "bronnengebruik", *names, *note
        )
    for row in tables["source-use"]:
        scheme, code = f"imc:{row.text('kind')}", row.text("code")
        yield from concept(f"{scheme}/{code}", scheme, code, *named(row))
        if row.text("kind") == "bron":
            yield triple(f"{scheme}/{code}", "rdf:type", ref("imon:AuthenticSource"))
            owner = labels(row.text("owner_nl"), row.text("owner_en"), "imon:owner")
            yield from about(f"{scheme}/{code}", *owner)
            if row.has("channel"):
                yield triple(f"{scheme}/{code}", "imon:channel", plain(row.text("channel")))


def question(
    code: str, letters: tuple[str, ...], texts: Pair, *facts: tuple[str, str]
) -> Iterator[str]:
    """Yield what every question has, its text among it, and ``facts`` of this one."""
    yield from concept(
        f"imc:vraag/{code}",
        "imc:vraag",
        code,
        ("rdf:type", ref("imon:Question")),
        ("rdf:type", ref("disco:Question")),
        *(("imon:appliesTo", ref(f"imc:vragenlijsttype/{letter}")) for letter in letters),
        *labels(*texts, "disco:questionText"),
        *labels(*texts, "skos:definition"),
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
            full,
            *shared,
            ("imon:method", ref(f"imc:methode/{row.text('method', 'keuze')}")),
            ("imon:order", integer(order)),
            *labels(*short),
        )
        for place, product in enumerate(tables.where("products", question=code), 1):
            names = (product.text("label_nl"), product.text("label_en"))
            texts = (product.text("text_nl", names[0]), product.text("text_en", names[1]))
            yield from question(
                f"{code}.{product.text('code')}",
                product.parts("applies_to"),
                texts,
                *shared,
                ("imon:method", ref("imc:methode/keuze")),
                ("imon:order", integer(order * 1000 + place)),
                ("dct:isPartOf", ref(f"imc:vraag/{code}")),
                ("imon:product", ref(f"imc:product/{product.text('code')}")),
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
            texts,
            rebuilt,
            ("imon:method", ref("imc:methode/keuze")),
            ("imon:order", integer(900000 + place)),
            ("imon:module", ref("imc:module/bronnengebruik")),
            ("imon:authenticSource", ref(f"imc:bron/{source.text('code')}")),
            ("imon:processArea", ref(f"imc:gebied/{area.text('code')}")),
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
        *labels(*choice.definition, "skos:definition"),
    ]
    if choice.point:
        facts.append(("imon:scalePoint", ref(choice.point)))
    if choice.missing:
        facts.append(("imon:missingReason", ref(f"imc:ontbrekend/{choice.missing}")))
    if choice.exclusive:
        facts.append(("imon:exclusive", boolean(True)))
    yield from concept(choice.iri, "imc:optie", choice.code, *facts)


def _questionnaire(
    tables: Tables, letter: str, base: str, instrument: str, version: str
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
        reconstruction(tables),
        *labels(f"Vragenlijst {letter}", f"Questionnaire {letter}"),
        *(("disco:question", ref(f"imc:vraag/{code}")) for code in items),
        *module,
    )
