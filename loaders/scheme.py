"""A scoring scheme as triples (graph/scoreschema/{version}): weights, scores and what they make.

Scores are written once per option, multiplied by the weight of the question, so that a theme score
is a sum over one join (domain.md §5.1). All figures are exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from loaders.instrument_checks import NONE_TICKED
from loaders.instrument_graph import Choice, choices
from loaders.instrument_lists import about, edition, labels, reconstruction
from loaders.instrument_tables import Row, Tables
from service.terms import boolean, decimal, integer, plain, ref


def number(value: Decimal) -> str:
    """Return an xsd:decimal in the form that stores give back ("20", "62.5")."""
    return decimal(value.normalize())


@dataclass
class Scheme:
    """One version of the scoring: its row, and what the other tables say of it."""

    row: Row
    tables: Tables
    base: str
    weights: dict[str, Decimal] = field(init=False)
    themes: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        rows = self.tables.where("item-weights", scheme=self.version)
        self.weights = {row.text("question"): row.number("weight") for row in rows}
        self.themes = {row.text("code"): row.text("theme") for row in self.tables["questions"]}

    @property
    def version(self) -> str:
        """The scheme's version."""
        return self.row.text("version")

    @property
    def iri(self) -> str:
        """The scheme's IRI."""
        return f"{self.base}id/scoreschema/{self.version}"

    def score(self, point: str) -> Decimal:
        """Return the score of a scale point ``imc:schaal/{scale}/{value}`` in this scheme."""
        scale, value = point.removeprefix("imc:schaal/").split("/")
        own = self.tables.where("option-scores", scheme=self.version, scale=scale, value=value)
        rows = own or self.tables.where("scales", scale=scale, value=value)
        return rows[0].number("score")


def scheme_lines(scheme: Scheme) -> Iterator[str]:
    """Yield the graph of one scheme."""
    yield from _head(scheme)
    yield from _theme_weights(scheme)
    yield from _item_weights(scheme)
    for choice in choices(scheme.tables):
        yield from _option_score(scheme, choice)
    yield from _applicable(scheme)
    yield from _modules(scheme)


def _head(scheme: Scheme) -> Iterator[str]:
    row, version = scheme.row, scheme.version
    facts = [
        ("rdf:type", ref("imon:ScoringScheme")),
        ("rdf:type", ref("prov:Plan")),
        ("dcat:version", plain(version)),
        *edition(scheme.tables, scheme.base).facts(),
        reconstruction(scheme.tables),
        ("imon:aggregation", ref(f"imc:aggregatie/{row.text('aggregation')}")),
        ("imon:publicationThreshold", number(row.number("publication_threshold", "0.70"))),
        ("imon:productThreshold", number(row.number("product_threshold", "0.70"))),
        ("imon:bandWidth", number(row.number("band_width", "10"))),
        *labels(
            row.text("label_nl", f"Scoreschema {version}"),
            row.text("label_en", f"Scoring scheme {version}"),
        ),
        *labels(row.text("definition_nl"), row.text("definition_en"), "skos:definition"),
    ]
    if row.has("based_on"):
        base = f"{scheme.base}id/scoreschema/{row.text('based_on')}"
        facts.append(("prov:wasDerivedFrom", ref(base)))
    if row.has("banded_theme"):
        facts.append(("imon:bandedTheme", ref(f"imc:thema/{row.text('banded_theme')}")))
    yield from about(scheme.iri, *facts)


def _theme_weights(scheme: Scheme) -> Iterator[str]:
    for row in scheme.tables.where("theme-weights", scheme=scheme.version):
        iri = f"{scheme.iri}/thema/{row.text('theme')}"
        yield from about(scheme.iri, ("imon:themeWeight", ref(iri)))
        yield from about(
            iri,
            ("rdf:type", ref("imon:ThemeWeight")),
            ("imon:scheme", ref(scheme.iri)),
            ("imon:theme", ref(f"imc:thema/{row.text('theme')}")),
            ("imon:weight", number(row.number("weight"))),
            ("imon:core", boolean(row.truth("core", True))),
        )


def _item_weights(scheme: Scheme) -> Iterator[str]:
    for row in scheme.tables["questions"]:
        code = row.text("code")
        if code in scheme.weights:
            yield from about(
                f"{scheme.iri}/vraag/{code}",
                ("rdf:type", ref("imon:ItemWeight")),
                *_place(scheme, code),
                ("imon:weight", number(scheme.weights[code])),
                ("imon:method", ref(f"imc:methode/{row.text('method', 'keuze')}")),
            )


def _place(scheme: Scheme, question: str) -> tuple[tuple[str, str], ...]:
    return (
        ("imon:scheme", ref(scheme.iri)),
        ("imon:question", ref(f"imc:vraag/{question}")),
        ("imon:theme", ref(f"imc:thema/{scheme.themes[question]}")),
    )


def _option_score(scheme: Scheme, choice: Choice) -> Iterator[str]:
    """Yield what an option is worth; one of a question without weight is worth nothing here.

    An option of a part of a module has no weight: the module's mean has.
    """
    question, dot, _ = choice.question.partition(".")
    if question not in scheme.weights:
        return
    facts = [
        ("rdf:type", ref("imon:OptionScore")),
        *_place(scheme, question),
        ("imon:option", ref(choice.iri)),
    ]
    if dot:
        facts.append(("imon:module", ref(f"imc:vraag/{question}")))
    else:
        facts.append(("imon:weight", number(scheme.weights[question])))
    if choice.missing:
        row = scheme.tables.where("missing", code=choice.missing)[0]
        facts.append(("imon:exclusion", ref(f"imc:noemer/{row.text('denominator')}")))
    elif choice.point:
        score = scheme.score(choice.point)
        facts.append(("imon:itemScore", number(score)))
        if not dot:
            facts.append(("imon:weightedScore", number(scheme.weights[question] * score)))
    else:
        ticks = len(scheme.tables.where("options", question=question))
        facts.append(("imon:tickCount", integer(ticks)))
        facts.append(("imon:share", integer(0 if choice.code == NONE_TICKED else 1)))
    yield from about(f"{scheme.iri}/optie/{choice.question}/{choice.code}", *facts)


def _applicable(scheme: Scheme) -> Iterator[str]:
    """Yield Σ w·a per questionnaire type and theme: the denominator of coverage and bounds."""
    for letter in "ABC":
        sums: dict[str, Decimal] = {}
        for row in scheme.tables["questions"]:
            code, theme = row.text("code"), row.text("theme")
            if letter in row.parts("applies_to") and code in scheme.weights:
                sums[theme] = sums.get(theme, Decimal(0)) + scheme.weights[code]
        for theme, weight in sums.items():
            yield from about(
                f"{scheme.iri}/type/{letter}/{theme}",
                ("rdf:type", ref("imon:ApplicableWeight")),
                ("imon:scheme", ref(scheme.iri)),
                ("imon:questionnaireType", ref(f"imc:vragenlijsttype/{letter}")),
                ("imon:theme", ref(f"imc:thema/{theme}")),
                ("imon:weight", number(weight)),
            )


def _modules(scheme: Scheme) -> Iterator[str]:
    """Yield how many products of a module apply to each questionnaire type."""
    for row in scheme.tables.where("questions", method="module"):
        code = row.text("code")
        if code not in scheme.weights:
            continue
        for letter in row.parts("applies_to"):
            products = scheme.tables.where("products", question=code)
            count = sum(letter in product.parts("applies_to") for product in products)
            yield from about(
                f"{scheme.iri}/type/{letter}/{code}",
                ("rdf:type", ref("imon:ApplicableParts")),
                ("imon:questionnaireType", ref(f"imc:vragenlijsttype/{letter}")),
                *_place(scheme, code),
                ("imon:partCount", integer(count)),
            )
