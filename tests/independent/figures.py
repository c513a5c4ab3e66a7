"""Scores, bounds, overall scores and types of one response (domain.md §5.1 to §5.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.independent.tables import Instrument, Question

TOTAL = "TOTAL"
Answers = Mapping[str, Sequence[str]]
Missing = None  # in the denominator; a question outside it has no entry


def six(value: Fraction) -> Fraction:
    """Round to 6 places, half to even."""
    return Fraction(round(value * 10**6), 10**6)


@dataclass(frozen=True)
class Rules:
    """What the formulae leave to numbers; a mutation changes one of them."""

    threshold: Fraction = Fraction(7, 10)
    products: Fraction = Fraction(7, 10)
    width: int = 10
    lowest: Fraction = Fraction(0)
    highest: Fraction = Fraction(100)
    middle: Fraction = Fraction(1, 2)
    rounded: Callable[[Fraction], Fraction] = six
    least: int = 5
    least_quartile: int = 8
    equal: Fraction = Fraction(1, 2)


@dataclass(frozen=True)
class Figure:
    """What is published of a theme; no score where too little was answered."""

    score: Fraction | None
    low: Fraction
    high: Fraction
    coverage: Fraction


def themes(given: Instrument, rules: Rules, kind: str, answers: Answers) -> dict[str, Figure]:
    """Return the public figures of every theme and of the whole."""
    found = {}
    for theme in sorted({question.theme for question in given.questions}):
        asked = [row for row in given.questions if row.theme == theme and kind in row.kinds]
        scores = {row: _item(given, rules, row, kind, answers) for row in asked}
        inside = {row: score for row, score in scores.items() if score != "outside"}
        found[theme] = _theme(rules, inside, banded=theme == given.banded)
    found[TOTAL] = _overall(given, rules, found)
    return found


def _item(
    given: Instrument, rules: Rules, question: Question, kind: str, answers: Answers
) -> Fraction | str | None:
    if question.method == "module":
        return _module(given, rules, question, kind, answers)
    codes = list(answers.get(question.code, ()))
    if codes and codes[0] in given.outside:
        return "outside"
    if not codes or codes[0].isupper():
        return Missing
    if question.method == "meerkeuze":
        ticked = [code for code in codes if code != "geen"]
        return rules.rounded(Fraction(100 * len(ticked), given.ticks[question.code]))
    return given.scales[question.scale, codes[0]]


def _module(
    given: Instrument, rules: Rules, question: Question, kind: str, answers: Answers
) -> Fraction | str | None:
    """Return the mean over the answered applicable products, if enough are answered."""
    codes = [
        (answers.get(code) or ["GA"])[0] for code, kinds in given.products.items() if kind in kinds
    ]
    applicable = [code for code in codes if code not in given.outside]
    levels = [given.scales[question.scale, code] for code in applicable if not code.isupper()]
    if not applicable:
        return "outside"
    if not levels or Fraction(len(levels), len(applicable)) < rules.products:
        return Missing
    return rules.rounded(sum(levels, Fraction(0)) / len(levels))


def _theme(
    rules: Rules, items: Mapping[Question, Fraction | str | None], *, banded: bool
) -> Figure:
    scored = {row: score for row, score in items.items() if isinstance(score, Fraction)}
    total = sum((row.weight for row in items), Fraction(0))
    answered = sum((row.weight for row in scored), Fraction(0))
    gained = sum((row.weight * score for row, score in scored.items()), Fraction(0))
    coverage = answered / total if total else Fraction(0)
    if not answered or coverage < rules.threshold:
        if banded or not answered:
            return Figure(None, rules.lowest, rules.highest, Fraction(0))
        return Figure(None, *_bounds(rules, gained, answered, total), rules.rounded(coverage))
    score = rules.rounded(gained / answered)
    if not banded:
        return Figure(score, *_bounds(rules, gained, answered, total), rules.rounded(coverage))
    edge = min(score // rules.width, (100 - 1) // rules.width) * rules.width
    middle = edge + rules.width * rules.middle
    return Figure(middle, Fraction(edge), Fraction(edge + rules.width), rules.threshold)


def _bounds(
    rules: Rules, gained: Fraction, answered: Fraction, total: Fraction
) -> tuple[Fraction, Fraction]:
    """Return the score with all that is missing as 0, and as 100."""
    missing = total - answered
    low, high = gained + missing * rules.lowest, gained + missing * rules.highest
    return rules.rounded(low / total), rules.rounded(high / total)


def _overall(given: Instrument, rules: Rules, found: Mapping[str, Figure]) -> Figure:
    weight = sum(given.core.values(), Fraction(0))

    def mean(value: Callable[[Figure], Fraction]) -> Fraction:
        parts = (share * value(found[theme]) for theme, share in given.core.items())
        return rules.rounded(sum(parts, Fraction(0)) / weight)

    scores = {theme: found[theme].score for theme in given.core}
    is_whole = all(score is not None for score in scores.values())
    return Figure(
        mean(lambda row: row.score or Fraction(0)) if is_whole else None,
        mean(lambda row: row.low),
        mean(lambda row: row.high),
        mean(lambda row: row.coverage),
    )


def type_of(given: Instrument, found: Mapping[str, Figure]) -> tuple[int, int] | None:
    """Return the type, and the type by score alone; None where there is no overall score."""
    score = found[TOTAL].score
    if score is None:
        return None
    by_score = max(number for number, lower, _ in given.types if score >= lower)
    reached = by_score
    for theme, minimum, first in given.gates:
        value = found[theme].score
        assert value is not None
        if value < minimum:
            reached = min(reached, first - 1)
    return reached, by_score
