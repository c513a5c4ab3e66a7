"""Competency questions over HTTP, and a synthetic wave worked out from its files alone.

`asked` sends a stored query to ``/api`` as a user does. `Wave` reads the table of answers and the
tables of facts, and takes the figures from `tests.reckoning`: no RDF, no SPARQL.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlencode

from pyoxigraph import Store

from service import data_dir
from service.release.manifest import Release
from tests import reckoning
from tests.live_service import Live
from tests.reckoning import Figures
from tests.stored import library

THEMES = ("T1", "T2", "T3", "T4", "T5", "T6")
BANDED = "T2"
GROUPS = {"gemeente": "gemeenten", "ocmw": "ocmws"}
SIZES = (("lt10k", 10_000), ("10k-15k", 15_000), ("15k-25k", 25_000), ("25k-50k", 50_000))
Row = Mapping[str, str]


def asked(live: Live, name: str, **values: str) -> list[dict[str, str]]:
    """Return all rows of a stored query; the columns must be those that it declares."""
    query = library()[f"api/{name}"]
    paged = {"size": "1000"} if query.page_size else {}
    address = f"/api/{name}?" + urlencode({**values, **paged, "format": "csv"})
    answer = live.ask(address)
    assert answer.status == 200, answer.body
    assert 'rel="next"' not in answer.headers.get("link", ""), "more rows than a page holds"
    reader = csv.DictReader(io.StringIO(answer.body.decode()))
    assert reader.fieldnames == query.head["columns"]
    return list(reader)


def full_store(home: Path) -> Store:
    """Return the store with all that is not public too."""
    release = Release.current(home)
    assert release is not None
    return Store.read_only(str(release.full_store))


def last(iri: str) -> str:
    """Return what a short name of a thing is: the last part of its IRI."""
    return iri.rpartition("/")[2].rpartition("#")[2]


def facts(table: str) -> list[dict[str, str]]:
    """Return a bundled table of facts."""
    path = data_dir("ontology") / "facts" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@dataclass(frozen=True)
class Response:
    """A response of an answers table: questionnaire, bodies by KBO number, answers by question."""

    kind: str
    bodies: tuple[str, ...]
    answers: Mapping[str, Sequence[str]]


def read_responses(table: Path) -> list[Response]:
    """Return the responses of a table; what belongs to all rows stands in the first of each."""
    heads: dict[str, tuple[str, tuple[str, ...]]] = {}
    answers: dict[str, dict[str, list[str]]] = {}
    with table.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter=";"):
            key = row["respons"]
            bodies = tuple(kbo for kbo in (row["bestuur"], row["bestuur_2"]) if kbo)
            heads.setdefault(key, (row["vragenlijst"], bodies))
            answers.setdefault(key, {})[row["vraag"]] = row["antwoord"].split("|")
    return [Response(kind, bodies, answers[key]) for key, (kind, bodies) in heads.items()]


@dataclass(frozen=True)
class Body:
    """A body as it was on the reference date of a wave; ``size`` is a code of imc:schaalklasse."""

    kbo: str
    iri: str
    kind: str
    name: str
    province: str
    size: str


def read_frame(day: str) -> dict[str, Body]:
    """Return the bodies that existed on a day, by KBO number.

    The size class is left empty where the number of inhabitants is not in the table.
    """
    people: dict[str, dict[int, int]] = {}
    for row in facts("inhabitants"):
        people.setdefault(row["nis"], {})[int(row["year"])] = int(row["count"])
    known = {row["kbo"]: row for row in facts("bodies")}
    found = {}
    for row in facts("states"):
        if (row["valid_from"] or day) <= day <= (row["valid_to"] or day):
            body = known[row["kbo"]]
            size = _size(people.get(row["nis"], {}), int(day[:4]))
            where = (row["name"], row["province"], size)
            found[row["kbo"]] = Body(row["kbo"], body["iri"], body["class"], *where)
    return found


def _size(counts: Mapping[int, int], year: int) -> str:
    if not counts:
        return ""
    before = [known for known in counts if known <= year]
    count = counts[max(before) if before else min(counts)]
    return next((code for code, top in SIZES if count < top), "ge50k")


class Wave:
    """The frame and the figures of a synthetic wave.

    ``exact`` and ``public`` are KBO number → theme → figures; TOTAL is the overall score, and in
    ``public`` the banded theme is in bands, and the overall score follows from them.
    """

    def __init__(self, home: Path, year: int) -> None:
        self.responses = read_responses(home / f"antwoorden-synthetisch-{year}.csv")
        self.frame = read_frame(f"{year}-06-01")
        self.exact: dict[str, dict[str, Figures]] = {}
        self.public: dict[str, dict[str, Figures]] = {}
        self.kind: dict[str, str] = {}
        for response in self.responses:
            themes = {
                theme: reckoning.theme_figures(theme, response.kind, response.answers)
                for theme in THEMES
            }
            shown = {**themes, BANDED: reckoning.banded(themes[BANDED])}
            themes["TOTAL"] = reckoning.overall(themes)
            shown["TOTAL"] = reckoning.overall(shown)
            for kbo in response.bodies:
                self.exact[kbo], self.public[kbo] = themes, shown
                self.kind[kbo] = response.kind

    def score(self, kbo: str, theme: str) -> Decimal | None:
        """Return the public score, None where there is none."""
        figures = self.public.get(kbo, {}).get(theme)
        return figures.score if figures and figures.published else None

    def scores(self, theme: str, members: Sequence[str]) -> list[Decimal]:
        """Return the public scores of a theme that members have."""
        found = (self.score(kbo, theme) for kbo in members)
        return [score for score in found if score is not None]

    def alike(self, kbo: str) -> list[str]:
        """Return the bodies of the same class and size class, itself among them."""
        own = self.frame[kbo]
        same = (own.kind, own.size)
        return [row.kbo for row in self.frame.values() if (row.kind, row.size) == same]

    def of_class(self, kind: str) -> list[str]:
        """Return the KBO numbers of a class: gemeente or ocmw."""
        return [row.kbo for row in self.frame.values() if row.kind == kind]


def mean(values: Sequence[Decimal]) -> Decimal:
    """Return the mean to 6 places."""
    return reckoning.six(sum(map(Fraction, values), Fraction(0)) / len(values))


def quantile(values: Sequence[Decimal], part: Fraction) -> Decimal:
    """Return a quantile by linear interpolation between the sorted values, to 6 places."""
    ordered = [Fraction(value) for value in sorted(values)]
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return reckoning.six(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
