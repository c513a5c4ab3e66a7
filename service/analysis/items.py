"""The score of each question in each response, as a table (domain.md §5.1).

The same rules as ``queries/derive/theme-score-exact.rq``, which sums them in the engine: a single
choice has the score of its option, a checklist ticked / options × 100, a module the mean level of
its answered parts if enough of those that apply are answered. Nothing of it is public.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyoxigraph import NamedNode

from service.analysis.given import AnalysisInput
from service.vocab import expand

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Items:
    """``scores`` has a row a response, a column a question, and is NaN where nothing is valid."""

    questions: Sequence[str]
    themes: Sequence[str]
    weights: Floats
    responses: Mapping[str, int]
    bodies: Mapping[str, str]
    scores: Floats


@dataclass(frozen=True)
class _Sums:
    """What the answers to checklists and modules add up to, by response and question."""

    ticked: Floats
    options: Floats
    levels: Floats
    valid: Floats
    outside: Floats


def read_items(given: AnalysisInput, scheme: str) -> Items:
    """Read the answers of a wave, and score them by a scheme."""
    rows = given.table("items", scheme=scheme)
    questions = [question for question, _, _ in rows]
    covered = given.table("covered", wave=given.wave)
    kinds = {response: kind for response, kind, _ in covered}
    place = {response: number for number, response in enumerate(sorted(kinds))}
    scores = np.full((len(place), len(questions)), np.nan)
    sums = _add_up(given, scheme, place, questions, scores)
    with np.errstate(divide="ignore", invalid="ignore"):
        checklist = _six(sums.ticked * 100 / sums.options)
        module = _six(sums.levels / sums.valid)
    needed = _needed(given, scheme, questions, kinds, place)
    applicable = needed[0] - sums.outside
    enough = (applicable > 0) & (sums.valid > 0) & (sums.valid >= needed[1] * applicable)
    scores = np.where(sums.options > 0, checklist, scores)
    scores = np.where(enough, module, scores)
    return Items(
        questions,
        [theme for _, theme, _ in rows],
        np.array([float(weight) for _, _, weight in rows]),
        place,
        {kbo: response for response, _, kbo in covered},
        scores,
    )


def _add_up(
    given: AnalysisInput,
    scheme: str,
    place: Mapping[str, int],
    questions: Sequence[str],
    scores: Floats,
) -> _Sums:
    """Put single choices into ``scores``, and return what the rest adds up to."""
    column = {question: number for number, question in enumerate(questions)}
    sums = _Sums(*(np.zeros(scores.shape) for _ in range(5)))
    worth = {row[0]: row[1:] for row in given.table("options", scheme=scheme)}
    for response, option in _answers(given):
        if response not in place or option not in worth:
            continue
        question, module, score, tick, ticks, outside = worth[option]
        cell = place[response], column[question]
        if tick:
            sums.ticked[cell] += float(tick)
            sums.options[cell] = float(ticks)
        elif not module:
            if score:
                scores[cell] = float(score)
        elif outside:
            sums.outside[cell] += 1
        elif score:
            sums.levels[cell] += float(score)
            sums.valid[cell] += 1
    return sums


def _answers(given: AnalysisInput) -> Iterable[tuple[str, str]]:
    for quad in given.store.quads_for_pattern(None, NamedNode(expand("imon:answer")), None):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            yield quad.subject.value, quad.object.value


def _needed(
    given: AnalysisInput,
    scheme: str,
    questions: Sequence[str],
    kinds: Mapping[str, str],
    place: Mapping[str, int],
) -> Floats:
    """Return parts and threshold of the module in each cell; no parts where it is no module."""
    found = np.zeros((2, len(place), len(questions)))
    for module, kind, parts, threshold in given.table("parts", scheme=scheme):
        rows = [place[response] for response in place if kinds[response] == kind]
        found[0, rows, questions.index(module)] = float(parts)
        found[1, rows, questions.index(module)] = float(threshold)
    return found


def _six(values: Floats) -> Floats:
    found: Floats = np.rint(values * 1e6) / 1e6
    return found
