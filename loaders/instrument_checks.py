"""Whether the tables of an instrument fit together: known codes, weights that sum to 100, types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from loaders import Finding
from loaders.instrument_messages import fault
from loaders.instrument_tables import Row, Tables

METHODS = ("keuze", "meerkeuze", "module")
AGGREGATIONS = ("rekenkundig", "meetkundig")
DENOMINATORS = ("binnen", "buiten")
SOURCE_KINDS = ("bron", "gebied", "modus")
NONE_TICKED = "geen"
TOTAL = "TOTAL"
SOURCE_USE = "BR"
# table, column, table it must be in, its column there, code of the finding
_LINKS = (
    ("questions", "theme", "themes", "code", "unknown-theme"),
    ("questions", "scale", "scales", "scale", "unknown-scale"),
    ("options", "question", "questions", "code", "unknown-question"),
    ("products", "question", "questions", "code", "unknown-question"),
    ("schemes", "banded_theme", "themes", "code", "unknown-theme"),
    ("theme-weights", "scheme", "schemes", "version", "unknown-scheme"),
    ("theme-weights", "theme", "themes", "code", "unknown-theme"),
    ("item-weights", "scheme", "schemes", "version", "unknown-scheme"),
    ("item-weights", "question", "questions", "code", "unknown-question"),
    ("option-scores", "scheme", "schemes", "version", "unknown-scheme"),
    ("option-scores", "scale", "scales", "scale", "unknown-scale"),
    ("gates", "theme", "themes", "code", "unknown-theme"),
    ("gates", "method", "types", "method", "unknown-reference"),
    ("clusterings", "method", "types", "method", "unknown-reference"),
    ("waves", "scheme", "schemes", "version", "unknown-scheme"),
    ("reference-profile", "theme", "themes", "code", "unknown-theme"),
    ("recommendations", "theme", "themes", "code", "unknown-theme"),
    ("recommendations", "method", "types", "method", "unknown-reference"),
)
_CHOICES = (
    ("questions", "method", METHODS),
    ("missing", "denominator", DENOMINATORS),
    ("schemes", "aggregation", AGGREGATIONS),
    ("source-use", "kind", SOURCE_KINDS),
)
_WHOLE = (
    ("questions", "order"),
    ("types", "type"),
    ("clusterings", "seed"),
    ("clusterings", "draws"),
    ("gates", "from_type"),
    ("waves", "year"),
    ("recommendations", "type"),
    ("recommendations", "priority"),
)


def check(tables: Tables) -> Iterator[Finding]:
    """Yield what does not fit together between the tables."""
    yield from _links(tables)
    yield from _choices(tables)
    yield from _reserved(tables)
    yield from _answers(tables)
    for scheme in tables["schemes"]:
        yield from _weights(tables, scheme)
    yield from _types(tables)
    yield from _sources(tables)


def theme_of(tables: Tables, question: str) -> str:
    """Return the theme of a question, or nothing when there is no such question."""
    return next((row.text("theme") for row in tables.where("questions", code=question)), "")


def _links(tables: Tables) -> Iterator[Finding]:
    for name, column, target, key, code in _LINKS:
        known = list(dict.fromkeys(row.text(key) for row in tables[target]))
        for row in tables[name]:
            if row.has(column) and row.text(column) not in known:
                yield fault(
                    code,
                    row.file,
                    row.line,
                    column,
                    row.text(column),
                    table=target,
                    options=_listed(known),
                )


def _choices(tables: Tables) -> Iterator[Finding]:
    for name, column, choices in _CHOICES:
        for row in tables[name]:
            if row.has(column) and row.text(column) not in choices:
                yield fault(
                    "unknown-value",
                    row.file,
                    row.line,
                    column,
                    row.text(column),
                    options=_listed(choices),
                )
    for name, column in _WHOLE:
        for row in tables[name]:
            if row.number(column) % 1:
                yield fault("whole-number", row.file, row.line, column, row.text(column))


def _reserved(tables: Tables) -> Iterator[Finding]:
    """Codes that would give two things one IRI."""
    missing = {row.text("code") for row in tables["missing"]}
    for row in tables.where("themes", code=TOTAL):
        yield fault("reserved-code", row.file, row.line, "code", TOTAL)
    for row in tables.where("questions", code=SOURCE_USE):
        yield fault("reserved-code", row.file, row.line, "code", SOURCE_USE)
    for name, column, taken in (
        ("scales", "value", missing),
        ("options", "code", missing | {NONE_TICKED}),
    ):
        for row in tables[name]:
            if row.text(column) in taken:
                yield fault("reserved-code", row.file, row.line, column, row.text(column))


def _answers(tables: Tables) -> Iterator[Finding]:
    """Each question must have answers of the kind its method asks for."""
    filled = {row.text("scale") for row in tables["scales"] if row.has("value")}
    known = {row.text("scale") for row in tables["scales"]}
    methods = {row.text("code"): row.text("method", "keuze") for row in tables["questions"]}
    for row in tables["questions"]:
        code, method, scale = row.text("code"), row.text("method", "keuze"), row.text("scale")
        if method == "meerkeuze" and not tables.where("options", question=code):
            yield fault("options-missing", row.file, row.line, "code", code)
        if method == "module" and not tables.where("products", question=code):
            yield fault("products-missing", row.file, row.line, "code", code)
        if method != "meerkeuze" and scale in known - filled:
            yield fault("scale-empty", row.file, row.line, "scale", scale)
    for name, method in (("options", "meerkeuze"), ("products", "module")):
        for row in tables[name]:
            question = row.text("question")
            if methods.get(question, method) != method:
                yield fault(f"{name}-unused", row.file, row.line, "question", question)
    for row in tables["scales"]:
        if row.has("value") and not row.has("score"):
            yield fault("score-missing", row.file, row.line, "score", row.text("value"))


def _weights(tables: Tables, scheme: Row) -> Iterator[Finding]:
    """The weights of one scheme: above 0, each theme adding up to 100 exactly."""
    version = scheme.text("version")
    items = tables.where("item-weights", scheme=version)
    themes = tables.where("theme-weights", scheme=version)
    for row in [*items, *themes]:
        if row.has("weight") and row.number("weight") <= 0:
            name = row.text("question") or row.text("theme")
            yield fault("weight-zero", row.file, row.line, "weight", name)
    sums: dict[str, Decimal] = {}
    for row in items:
        theme = theme_of(tables, row.text("question"))
        sums[theme] = sums.get(theme, Decimal(0)) + row.number("weight")
    weighted = {row.text("theme") for row in themes}
    for theme in [row.text("code") for row in tables["themes"]]:
        total = sums.get(theme)
        if total is None and theme not in weighted:
            continue
        if total != 100:
            yield fault(
                "theme-sum",
                "item-weights.csv",
                column="weight",
                value=theme,
                scheme=version,
                sum=f"{total or 0:f}",
            )
        if theme not in weighted:
            yield fault("theme-weight-missing", "theme-weights.csv", value=theme, scheme=version)
    yield from _left_out(tables, version, items, themes)


def _left_out(
    tables: Tables, version: str, items: Sequence[Row], themes: Sequence[Row]
) -> Iterator[Finding]:
    """Remarks on what a scheme does not count."""
    if themes and not any(row.truth("core", True) for row in themes):
        yield fault("core-missing", "theme-weights.csv", severity="warning", scheme=version)
    counted = {row.text("question") for row in items}
    for row in tables["questions"]:
        if row.text("code") not in counted:
            yield fault(
                "question-weight-missing",
                "item-weights.csv",
                value=row.text("code"),
                severity="warning",
                scheme=version,
            )


def _types(tables: Tables) -> Iterator[Finding]:
    """The types of a method cover 0 to 100 without a gap or an overlap; clusters have no bounds."""
    clusters = {row.text("method") for row in tables["clusterings"]}
    for method in dict.fromkeys(row.text("method") for row in tables["types"]):
        if method in clusters:
            continue
        rows = sorted(tables.where("types", method=method), key=lambda row: row.number("type"))
        edge: Decimal | None = Decimal(0)
        for row in rows:
            last = row is rows[-1]
            if not row.has("lower") or row.number("lower") != edge or row.has("upper") == last:
                yield fault("type-bounds", row.file, row.line, "lower", method)
            edge = row.number("upper") if row.has("upper") else None


def _sources(tables: Tables) -> Iterator[Finding]:
    areas = [row.text("code") for row in tables.where("source-use", kind="gebied")]
    for row in tables.where("source-use", kind="bron"):
        code = row.text("code")
        if not row.parts("areas") or not row.parts("applies_to"):
            yield fault("source-incomplete", row.file, row.line, "areas", code)
        for area in row.parts("areas"):
            if area not in areas:
                yield fault(
                    "unknown-value", row.file, row.line, "areas", area, options=_listed(areas)
                )


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(codes) or "—"
