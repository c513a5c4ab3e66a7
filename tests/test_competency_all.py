"""The forty competency questions (domain.md §10.2) by name: answered, or what each waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.queries import StoredQuery
from tests.competency import asked, full_store
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer, library

pytestmark = pytest.mark.live

NAMES = [f"cq{number:02}" for number in range(1, 41)]
#: Who asks (domain.md §10.2), as the first tag of a question says it.
ASKERS = {
    **dict.fromkeys(range(1, 8), "parlement"),
    8: "burger",
    **dict.fromkeys(range(9, 16), "ict-manager"),
    16: "schepen",
    **dict.fromkeys(range(17, 23), "beheerder"),
    **dict.fromkeys(range(23, 27), "partner"),
    **dict.fromkeys(range(27, 31), "integrator"),
    **dict.fromkeys(range(31, 35), "ontwikkelaar"),
    **dict.fromkeys((35, 36), "portaal"),
    **dict.fromkeys((37, 38, 39), "onderzoeker"),
    40: "dpo",
}
#: Questions of which the demo has no data yet, and what they wait for. They are asked of examples
#: of the model in `test_competency_support` and `test_competency_catalogue`.
WAITS = {
    "cq22": "tracks of the support programme, with their phases",
    "cq24": "analyses of plans made in a track",
    "cq25": "action plans and goals made in a track",
    "cq26": "action plans and goals made in a track, with the history of their status",
    "cq29": "products linked to concepts of IPDC, with their target groups",
    "cq30": "products linked to concepts of IPDC, with their Your Europe tags",
    "cq36": "the standards register, and claims of conformity",
}
#: Answered in part: what is there, and what the rest waits for.
IN_PART = {"cq23": "the number of tracks as claimed; days planned and spent wait for the tracks"}
MUST_BE_EMPTY = {"cq40"}
WAVE = "synthetisch/2016"


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30, result_limit=64) as service:
        yield service


def examples(query: StoredQuery) -> dict[str, str]:
    """Return what a query is asked with: the examples of what has no default, and one wave."""
    values = {
        row.name: str(row.example)
        for row in query.parameters
        if row.default is None and (row.required or row.kind == "wave")
    }
    return {name: WAVE if name == "wave" else value for name, value in values.items()}


@pytest.mark.parametrize("name", NAMES)
def test_each_question_is_stored_with_its_number_and_who_asks(name: str) -> None:
    query = library()[f"api/{name}"]
    number = int(name[2:])
    assert query.head["order"] == number
    assert query.head["tags"][0] == ASKERS[number]
    assert all(query.head["summary"][lang] for lang in ("nl", "en"))
    assert query.head["form"] == "construct" or query.head["columns"]
    assert all(row.label.keys() >= {"nl", "en"} for row in query.parameters)


def test_each_question_has_a_test_of_its_own() -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in Path(__file__).parent.glob("test_*.py")
        if path != Path(__file__)
    )
    tested = set(re.findall(r"\bcq\d\d\b|(?<=test_)cq\d\d", text))
    assert [name for name in NAMES if name not in tested] == []


def test_what_waits_is_a_question_and_says_for_what() -> None:
    assert (WAITS.keys() | IN_PART.keys() | MUST_BE_EMPTY) <= set(NAMES)
    assert not WAITS.keys() & IN_PART.keys()
    assert all(len(text.split()) > 3 for text in (*WAITS.values(), *IN_PART.values()))


@pytest.mark.parametrize("name", NAMES)
def test_each_question_is_answered_or_waits_for_what_is_said(
    live: Live, demo_home: Path, name: str
) -> None:
    query = library()[f"api/{name}"]
    if query.access != "OPEN":
        assert live.ask(f"/api/{name}?format=csv").status in (400, 401)
        rows = answer(full_store(demo_home), query.id, **examples(query))
        found = len(rows)
    elif query.head["form"] == "construct":
        graph = live.ask(f"/api/{name}?wave={WAVE}&cube=type&format=ntriples")
        assert graph.status == 200
        found = len(graph.body.splitlines())
    else:
        found = len(asked(live, name, **examples(query)))
    empty = name in WAITS or name in MUST_BE_EMPTY
    assert (found == 0) == empty, (name, found, WAITS.get(name, "is answered"))
