"""Scores worked out a second time: fractions over the instrument's tables, no RDF, no SPARQL.

It follows domain.md §5.1 and §5.4 and shares nothing with the queries but the tables of the
instrument, so that what it agrees with is the specification.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from service import data_dir

#: The scheme of the bundled waves; the others are variants of it.
OWN = "1.0"
OUTSIDE = {"NVT", "RS", "NB", "NR"}
THRESHOLD = Fraction(7, 10)
ZERO, HUNDRED = Decimal(0), Decimal(100)


def six(value: Fraction) -> Decimal:
    """Round half-even to 6 places: Python rounds fractions so."""
    return Decimal(round(value * 10**6)).scaleb(-6)


def is_tie(value: Fraction) -> bool:
    """Tell whether a value lies exactly between two figures of 6 places."""
    return (value * 10**6 * 2) % 2 == 1


@dataclass(frozen=True)
class Question:
    """A scored question: its theme, scale, method, weight and questionnaire types."""

    code: str
    theme: str
    scale: str
    method: str
    types: str
    weight: int


@dataclass(frozen=True)
class Gate:
    """From type ``start`` on, ``theme`` must score ``minimum``."""

    slug: str
    theme: str
    minimum: int
    start: int


@dataclass(frozen=True)
class Figures:
    """A theme's figures; no score where nothing is answered; ``ties`` counts forced roundings."""

    score: Decimal | None
    low: Decimal
    high: Decimal
    coverage: Decimal
    published: bool
    ties: int = 0


def _table(name: str) -> list[dict[str, str]]:
    path = data_dir("ontology") / "instrument" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _lineage(scheme: str) -> list[str]:
    """Return a scheme and those that it is based on, the first of them first."""
    found = [scheme]
    bases = {row["version"]: row["based_on"] for row in _table("schemes")}
    while bases[found[0]]:
        found.insert(0, bases[found[0]])
    return found


def _rows_of(name: str, scheme: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a scheme; those of its own after those that it takes over."""
    for version in _lineage(scheme):
        yield from (row for row in _table(name) if row["scheme"] == version)


@lru_cache(maxsize=8)
def questions(scheme: str = OWN) -> tuple[Question, ...]:
    """Return the scored questions."""
    # A scheme that weighs a question of a theme gives the weights of the whole theme.
    weights = {row["question"]: int(row["weight"]) for row in _rows_of("item-weights", scheme)}
    return tuple(
        Question(
            row["code"],
            row["theme"],
            row["scale"],
            row["method"],
            row["applies_to"],
            weights[row["code"]],
        )
        for row in _table("questions")
    )


@lru_cache(maxsize=8)
def _scale_scores(scheme: str = OWN) -> dict[tuple[str, str], int]:
    rows = [row for row in _table("scales") if row["value"]] + [*_rows_of("option-scores", scheme)]
    return {(row["scale"], row["value"]): int(row["score"]) for row in rows}


@lru_cache(maxsize=16)
def scale(name: str) -> dict[str, int]:
    """Return the score of each option of a scale."""
    return {value: score for (owner, value), score in _scale_scores().items() if owner == name}


@lru_cache(maxsize=1)
def gates() -> tuple[Gate, ...]:
    """Return the gates of the typology."""
    return tuple(
        Gate(row["gate"], row["theme"], int(row["minimum"]), int(row["from_type"]))
        for row in _table("gates")
    )


@lru_cache(maxsize=1)
def _products() -> dict[str, str]:
    return {f"{row['question']}.{row['code']}": row["applies_to"] for row in _table("products")}


@lru_cache(maxsize=1)
def _ticks() -> dict[str, int]:
    codes = [row["question"] for row in _table("options")]
    return {code: codes.count(code) for code in codes}


@lru_cache(maxsize=8)
def core_weights(scheme: str = OWN) -> dict[str, int]:
    """Return the weights of the themes that make the overall score."""
    rows = _rows_of("theme-weights", scheme)
    return {row["theme"]: int(row["weight"]) for row in rows if row["core"] == "true"}


def item_score(
    question: Question, kind: str, answers: Mapping[str, Sequence[str]], scheme: str = OWN
) -> Fraction | str:
    """Return a question's score, "missing" (in the denominator) or "outside" (of it)."""
    if question.method == "module":
        return _module_score(question, kind, answers, scheme)
    codes = list(answers.get(question.code, ()))
    if codes and codes[0] in OUTSIDE:
        return "outside"
    if question.method == "meerkeuze":
        if not codes or codes[0].isupper():
            return "missing"
        ticked = [code for code in codes if code != "geen"]
        return Fraction(six(Fraction(100 * len(ticked), _ticks()[question.code])))
    scores = _scale_scores(scheme)
    return (
        Fraction(scores[question.scale, codes[0]])
        if codes and (question.scale, codes[0]) in scores
        else "missing"
    )


def _module_score(
    question: Question, kind: str, answers: Mapping[str, Sequence[str]], scheme: str
) -> Fraction | str:
    applicable = [code for code, types in _products().items() if kind in types]
    given = {code: answers[code][0] for code in applicable if code in answers}
    asked = [code for code in applicable if given.get(code) not in OUTSIDE]
    scores = _scale_scores(scheme)
    levels = [
        scores[question.scale, given[c]]
        for c in asked
        if (question.scale, given.get(c, "")) in scores
    ]
    if not asked:
        return "outside"
    if not levels or len(levels) < THRESHOLD * len(asked):
        return "missing"
    return Fraction(six(Fraction(sum(levels), len(levels))))


def theme_figures(
    theme: str, kind: str, answers: Mapping[str, Sequence[str]], scheme: str = OWN
) -> Figures:
    """Return the exact figures of one theme."""
    gained = answered = total = Fraction(0)
    for question in questions(scheme):
        if question.theme != theme or kind not in question.types:
            continue
        found = item_score(question, kind, answers, scheme)
        if found == "outside":
            continue
        total += question.weight
        if isinstance(found, Fraction):
            answered += question.weight
            gained += question.weight * found
    if not answered:
        return Figures(None, ZERO, HUNDRED, ZERO, published=False)
    exact = (gained / answered, gained / total, (gained + 100 * (total - answered)) / total)
    score, low, high = (six(value) for value in exact)
    coverage = answered / total
    ties = sum(is_tie(value) for value in (*exact, coverage))
    return Figures(score, low, high, six(coverage), coverage >= THRESHOLD, ties)


def banded(figures: Figures) -> Figures:
    """Return what is public of the banded theme."""
    if not figures.published or figures.score is None:
        return Figures(None, ZERO, HUNDRED, ZERO, published=False)
    edge = min(figures.score // 10, Decimal(9)) * 10
    return Figures(edge + 5, edge, edge + 10, Decimal("0.7"), published=True)


def weighted(pairs: Iterable[tuple[Decimal, int]]) -> Fraction:
    """Return the exact weighted mean."""
    rows = list(pairs)
    total = sum((Fraction(value) * weight for value, weight in rows), Fraction(0))
    return total / sum(weight for _, weight in rows)


def overall(themes: Mapping[str, Figures], scheme: str = OWN) -> Figures:
    """Return the overall figures; a score only where every core theme is published."""
    core = core_weights(scheme)
    exact = [
        weighted((getattr(themes[theme], name), weight) for theme, weight in core.items())
        for name in ("low", "high", "coverage")
    ]
    low, high, coverage = (six(value) for value in exact)
    if not all(themes[theme].published for theme in core):
        return Figures(None, low, high, coverage, published=False)
    mean = weighted((themes[theme].score or ZERO, weight) for theme, weight in core.items())
    ties = sum(is_tie(value) for value in (mean, *exact))
    return Figures(six(mean), low, high, coverage, published=True, ties=ties)


def type_of(themes: Mapping[str, Figures], total: Decimal) -> tuple[int, int, set[str]]:
    """Return (type by score, type, deciding gates) of typology TY-1."""
    by_score = min(int(total // 20), 4) + 1
    unmet = [
        (gate.start, gate.slug)
        for gate in gates()
        if (themes[gate.theme].score or ZERO) < gate.minimum
    ]
    held = [start for start, _ in unmet if start <= by_score]
    final = min(held) - 1 if held else by_score
    return by_score, final, {gate for start, gate in unmet if held and start == min(held)}


def rank_of(score: Decimal, scores: Sequence[Decimal]) -> int:
    """Return the competition rank, the highest first."""
    return sorted(scores, reverse=True).index(score) + 1


def percentile_of(score: Decimal, scores: Sequence[Decimal]) -> Decimal:
    """Return the mid-rank percentile."""
    below = sum(other < score for other in scores)
    return six(Fraction(100 * (2 * below + scores.count(score)), 2 * len(scores)))


def geometric(pairs: Iterable[tuple[Decimal, int]]) -> Decimal:
    """Return the weighted geometric mean, each score counted as at least 1."""
    rows = list(pairs)
    logs = sum((max(score, Decimal(1)).ln() * weight for score, weight in rows), Decimal(0))
    mean = (logs / sum(weight for _, weight in rows)).exp()
    return mean.quantize(Decimal("0.000001"))
