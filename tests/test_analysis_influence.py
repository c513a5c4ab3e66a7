"""The influence of a question on the theme score of a class, held against a second reckoning."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest

from tests import reckoning
from tests.made_wave import SCHEME, Body, MadeWave, Response, items, keyed, random_responses

V = SCHEME.version


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types."""
    return random_responses(60, seed=19)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """The wave with all that is derived."""
    return MadeWave(responses).derive()


def changes(response: Response) -> dict[str, tuple[str, Fraction]]:
    """Return question → (theme, score of the theme without it minus with it)."""
    scored: dict[str, list[tuple[str, int, Fraction]]] = defaultdict(list)
    for question in reckoning.questions():
        if response.kind in question.types:
            score = reckoning.item_score(question, response.kind, response.answers)
            if isinstance(score, Fraction):
                scored[question.theme].append((question.code, question.weight, score))
    found = {}
    for theme, rows in scored.items():
        answered = sum(weight for _, weight, _ in rows)
        gained = sum((weight * score for _, weight, score in rows), Fraction(0))
        for code, weight, score in rows:
            if answered > weight:
                without = (gained - weight * score) / (answered - weight)
                found[code] = (theme, without - gained / answered)
    return found


def test_influences_are_those_of_the_second_reckoning(
    wave: MadeWave, responses: list[Response]
) -> None:
    rows = keyed(wave.rows_of("question-influence"))
    published = {(key[0], key[1]) for key in keyed(wave.rows_of("theme-score"))}
    found: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for response in responses:
        for code, (theme, change) in changes(response).items():
            for body in response.bodies:
                if (body.kbo, theme) in published:
                    group = "gemeenten" if body.kind == "gemeente" else "ocmws"
                    found[group, code].append(change)
    wanted = {
        (*key, V): (reckoning.six(sum(values, Fraction(0)) / len(values)), len(values))
        for key, values in found.items()
        if len(values) >= 5
    }
    shown = {key: (Decimal(row["obsValue"]), int(row["groupSize"])) for key, row in rows.items()}
    assert shown == wanted
    codes = {key[1] for key in wanted}
    assert {"DI4", "PD8", "IV5"} <= codes, "no checklist, module or security question was met"
    assert any(value < 0 for value, _ in wanted.values())
    assert any(value > 0 for value, _ in wanted.values())


@pytest.mark.parametrize(("count", "shown"), [(4, False), (5, True)])
def test_four_bodies_are_too_few_to_tell(count: int, shown: bool) -> None:
    answers = {item.code: [item.options[-1]] for item in items() if "B" in item.types}
    answers["AB1"] = ["0"]
    made = [Response(n, "B", (Body(n, "gemeente"),), answers) for n in range(count)]
    wave = MadeWave(made).derive(
        "theme-score-exact", "theme-score", "overall", "frame", "question-influence"
    )
    row = wave.row("question-influence", "gemeenten", "AB1", V)
    assert bool(row) == shown
    if shown:
        weights = {q.code: q.weight for q in reckoning.questions() if q.theme == "T1"}
        del weights["AB5"]  # not in questionnaire B
        total = sum(weights.values())
        with_it = Fraction(100 * (total - weights["AB1"]), total)
        assert Decimal(row["obsValue"]) == reckoning.six(100 - with_it)


def test_nothing_is_told_of_a_body(wave: MadeWave) -> None:
    assert not any("body" in row for row in wave.rows_of("question-influence").values())
