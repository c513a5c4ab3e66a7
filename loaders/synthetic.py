"""A synthetic wave: an answers table like a real one that says in every row that it is not.

``generate`` is a pure function of year, seed and look-ups. Missing answers, checklists, products
and the use of sources are made too, so that each path of the real data is walked.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TextIO

from loaders.csvw import table_metadata
from loaders.draws import Draws
from loaders.population import Population, Respondent
from loaders.reference import Question, Reference
from loaders.response import COLUMNS, HEADER, NONE_TICKED

_FUNCTIONS = ("informatiebeheerder", "ICT-verantwoordelijke", "diensthoofd organisatie")
_PARTS = re.compile(r"([A-Z]+)(\d*)\.?(.*)")
_FIELD_DAYS = 120
_MISSING = 0.035  # share of answers without a value
_SLOPPY = 0.04  # share of themes in which a respondent leaves half blank: coverage below 0.70
_SECURITY = "IV"


@dataclass(frozen=True)
class Generated:
    """What was written: the files, the frame, and how many bodies and responses there are."""

    table: Path
    metadata: Path
    frame: Mapping[str, int]
    answered: Mapping[str, int]
    responses: Mapping[str, int]
    rows: int


def default_name(year: int) -> str:
    """Return the file name of a synthetic wave."""
    return f"antwoorden-synthetisch-{year}.csv"


def generate(year: int, seed: int, reference: Reference, out: Path) -> Generated:
    """Write the answers table of a synthetic wave, and its CSVW description beside it.

    Args:
        year: the wave; one that is not in the look-ups has the frame of 2016.
        seed: equal seeds give equal bytes.
        reference: bodies, questions and waves.
        out: the file to write, or a folder.

    Raises:
        OSError: it cannot be written.
    """
    path = out / default_name(year) if out.is_dir() else out
    population = Population(year, seed, reference)
    chosen = population.respondents()
    questions = sorted(reference.questions.values(), key=_order)
    answering = Answering(year, seed, [item for item in questions if item.options])
    with path.open("w", encoding="utf-8", newline="") as handle:
        rows = _write(handle, chosen, population, answering)
    metadata = path.with_name(f"{path.name}-metadata.json")
    nl = f"Antwoorden I-Monitor {year} (synthetische gegevens)"
    en = f"Answers I-Monitor {year} (synthetic data)"
    metadata.write_bytes(table_metadata(path.name, COLUMNS, nl, en))
    kinds = [respondent.kind for respondent in chosen]
    return Generated(
        table=path,
        metadata=metadata,
        frame={name: len(bodies) for name, bodies in population.frame.items()},
        answered={
            "gemeente": kinds.count("A") + kinds.count("B"),
            "ocmw": kinds.count("A") + kinds.count("C"),
        },
        responses={kind: kinds.count(kind) for kind in "ABC"},
        rows=rows,
    )


def _write(
    handle: TextIO, chosen: list[Respondent], population: Population, answering: Answering
) -> int:
    """Write the table; the header cells of a response stand in its first row, the label in all."""
    writer = csv.writer(handle, delimiter=";", lineterminator="\n")
    writer.writerow([column.name for column in COLUMNS])
    blank = [""] * (len(HEADER) - 2)
    personal = [""] * sum(column.personal for column in COLUMNS)
    rows = 0
    for number, respondent in enumerate(chosen, 1):
        reference, wave = f"S{population.year}-{number:04d}", f"synthetisch/{population.year}"
        draws = Draws(population.seed, population.year, "contact", respondent.key)
        header, contact = _header(respondent, population, draws), _contact(number, draws)
        for code, answer in answering.answers(respondent):
            writer.writerow([reference, wave, *header, code, answer, *contact])
            header, contact = blank, personal
            rows += 1
    return rows


def _header(respondent: Respondent, population: Population, draws: Draws) -> list[str]:
    day = population.day + timedelta(days=int(draws.uniform() * _FIELD_DAYS))
    moment = datetime.combine(day, time(8)) + timedelta(minutes=int(draws.uniform() * 600))
    second = respondent.bodies[1].kbo if len(respondent.bodies) > 1 else ""
    submitted = f"{moment.isoformat(timespec='seconds')}Z"
    return [respondent.kind, respondent.bodies[0].kbo, second, submitted, ""]


def _contact(number: int, draws: Draws) -> list[str]:
    """Return a person whom nobody takes for a real one (RFC 6761: ``.invalid`` never resolves)."""
    remark = "Synthetische opmerking" if draws.happens(0.05) else ""
    return [
        f"Synthetische Persoon {number:04d}",
        f"persoon{number:04d}@voorbeeld.invalid",
        f"000 00 {number // 100:02d} {number % 100:02d}",
        draws.pick(_FUNCTIONS),
        remark,
    ]


def _order(question: Question) -> tuple[str, int, str]:
    letters, number, rest = _split(question.code)
    return letters, int(number or 0), rest


def _split(code: str) -> tuple[str, str, str]:
    match = _PARTS.fullmatch(code)
    return (match[1], match[2], match[3]) if match else (code, "", "")


class Answering:
    """How a respondent answers: its maturity, themes it is better or worse at, and chance."""

    def __init__(self, year: int, seed: int, questions: list[Question]) -> None:
        self.year, self.seed = year, seed
        self._items = [_Item(question, seed) for question in questions]

    def answers(self, respondent: Respondent) -> Iterator[tuple[str, str]]:
        """Yield question code and answer for all questions of the respondent's questionnaire."""
        draws = Draws(self.seed, self.year, "answers", respondent.key)
        strengths: dict[str, float] = {}
        careless: dict[str, float] = {}
        for item in self._items:
            if respondent.kind not in item.applies:
                continue
            if item.theme not in strengths:
                strengths[item.theme] = self._strength(item.theme, respondent, draws)
                careless[item.theme] = 0.5 if draws.happens(_SLOPPY) else _MISSING
            level = respondent.maturity + strengths[item.theme] - item.difficulty
            yield item.code, _answer(item, level, careless[item.theme], draws)

    def _strength(self, theme: str, respondent: Respondent, draws: Draws) -> float:
        """Return how much better a respondent is at a theme than at all: mostly lasting."""
        area = Draws(self.seed, "theme", theme, respondent.area).normal()
        body = Draws(self.seed, "theme", theme, respondent.key).normal()
        return 0.3 * area + 0.25 * body + 0.2 * draws.normal()


class _Item:
    """A question as it is answered: what there is to choose, lowest first, and how hard it is."""

    def __init__(self, question: Question, seed: int) -> None:
        self.code, self.kind, self.applies = question.code, question.kind, question.applies
        self.theme, _, self.part = _split(question.code)
        chosen = sorted(code for code in question.options if not code.isupper())
        self.options = [code for code in chosen if code != NONE_TICKED]
        if self.theme == "BR":  # no use, by hand, machine to machine
            self.options = [NONE_TICKED, "manueel", "m2m"]
        self.difficulty = 0.4 * Draws(seed, "question", question.code).normal()


def _answer(item: _Item, level: float, missing: float, draws: Draws) -> str:
    if draws.happens(missing):
        return _reason(item, draws)
    if item.part and draws.happens(0.03):
        return "NVT"  # a product that this body does not offer
    if item.kind == "meerkeuze":
        ticked = [code for code in item.options if draws.happens(_share(level, draws))]
        return "|".join(ticked) or NONE_TICKED
    place = int(_share(level, draws) * len(item.options))
    return item.options[min(place, len(item.options) - 1)]


def _share(level: float, draws: Draws) -> float:
    """Return how far on the scale an answer lies, from 0 to 1, with chance."""
    return 1 / (1 + math.exp(-(level + 0.7 * draws.normal())))


def _reason(item: _Item, draws: Draws) -> str:
    """Return a missing reason: confidential mostly on security, now and then a skipped question."""
    turn = draws.uniform()
    if turn < (0.40 if item.theme == _SECURITY else 0.05):
        return "GW"
    return "RS" if turn > 0.95 else "ZD" if turn < 0.70 else "GA"
