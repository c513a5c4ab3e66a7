"""Goals of action plans: CQ25 and CQ26, asked of the model's examples.

The tracks of the support programme come later; CQ25 must give what the shapes warn of.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyoxigraph import RdfFormat, Store

from tests.competency import last
from tests.example_store import EXAMPLE, GEMEENTE, example_store, report_of, snippet
from tests.stored import answer

PARTS = {
    "specific": 'dct:description "Minder formulieren."@nl',
    "measurable": "imon:measuredBy imc:vraag\\/AB9 ; imon:baseline 25.0 ; imon:targetValue 75.0",
    "acceptable": "imon:acceptedBy $other",
    "realistic": 'imon:resources "Vijf dagen."@nl',
    "timeBound": 'imon:deadline "2018-07-14"^^xsd:date',
}


def goal(name: str, parts: list[str], *statuses: tuple[str, str]) -> str:
    """Return a goal; statuses are (code, day)."""
    iri = f"<id/synthetisch/voorbeeld/doelstelling/{name}>"
    text = f"{iri} a imon:SmartGoal , prov:Entity ; "
    text += "dct:isPartOf <id/synthetisch/voorbeeld/actieplan/1>"
    text += "".join(f" ; {part}" for part in parts)
    entries = []
    for number, (code, day) in enumerate(statuses or (("nieuw", "2017-10-09"),)):
        entry = f"{iri[:-1]}/status/{number}>"
        text += f" ; imon:goalStatus {entry}"
        entries.append(
            f"{entry} a imon:GoalStatus , prov:Entity ; "
            f'adms:status imc:doelstatus\\/{code} ; dct:date "{day}"^^xsd:date .\n'
        )
    return text + " .\n" + "".join(entries)


def without(*names: str) -> list[str]:
    return [part for name, part in PARTS.items() if name not in names]


INCOMPLETE = {
    "a": ("measurable",),
    "b": ("acceptable", "realistic"),
    "c": ("timeBound",),
    "d": (),
    "e": ("measurable", "acceptable", "realistic", "timeBound"),
}


def smart_list(store: Store) -> set[tuple[str, str]]:
    return {(row["goal"], row["element"]) for row in answer(store, "api/cq25")}


def warnings(data: bytes) -> set[tuple[str, str]]:
    """Return (goal, element) of the warnings of the shapes."""
    found = set()
    for row in report_of(data).results:
        shape, _, element = last(row.shape).partition("-")
        if shape == "SmartGoal" and row.severity == "Warning":
            found.add((row.focus, element))
    return found


def test_cq25_gives_the_list_that_the_shapes_warn_of() -> None:
    text = "".join(goal(name, without(*missing)) for name, missing in INCOMPLETE.items())
    store = example_store(text)
    wanted = {
        (f"{EXAMPLE}doelstelling/{name}", element)
        for name, missing in INCOMPLETE.items()
        for element in missing
    }
    assert smart_list(store) == wanted == warnings(snippet(text))
    rows = answer(store, "api/cq25", lang="en")
    assert {row["elementLabel"] for row in rows if row["element"] == "timeBound"} == {"time-bound"}
    assert {row["label"] for row in rows} == {""}  # these goals are described in Dutch only
    assert {row["track"].removeprefix(EXAMPLE) for row in rows} == {"traject/1"}


def test_cq25_part_of_what_makes_a_goal_measurable_is_not_enough() -> None:
    part = [*without("measurable"), "imon:measuredBy imc:vraag\\/AB9 ; imon:targetValue 75.0"]
    text = goal("part", part)
    found = {(f"{EXAMPLE}doelstelling/part", "measurable")}
    assert smart_list(example_store(text)) == found == warnings(snippet(text))


def test_cq25_a_goal_without_words_is_refused_and_both_say_why() -> None:
    text = goal("mute", without("specific"))
    assert (f"{EXAMPLE}doelstelling/mute", "specific") in warnings(snippet(text))
    assert not report_of(snippet(text)).conforms
    store = example_store()
    store.load(snippet(text), format=RdfFormat.N_TRIPLES)
    assert smart_list(store) == {(f"{EXAMPLE}doelstelling/mute", "specific")}


DAY = date(2018, 4, 15)
GOALS: dict[str, tuple[date, tuple[tuple[str, str], ...]]] = {
    # name: deadline, statuses
    "today": (DAY, (("nieuw", "2017-10-09"),)),
    "last-day": (DAY + timedelta(90), (("nieuw", "2017-10-09"),)),
    "day-after": (DAY + timedelta(91), (("nieuw", "2017-10-09"),)),
    "passed": (DAY - timedelta(1), (("nieuw", "2017-10-09"),)),
    "begun": (DAY + timedelta(30), (("nieuw", "2017-10-09"), ("bezig", "2018-04-15"))),
    "begun-later": (DAY + timedelta(30), (("nieuw", "2017-10-09"), ("bezig", "2018-04-16"))),
    "reached": (DAY + timedelta(30), (("nieuw", "2017-10-09"), ("bereikt", "2018-01-01"))),
    "dropped": (DAY + timedelta(30), (("vervallen", "2018-01-01"),)),
    "unknown-then": (DAY + timedelta(30), (("bezig", "2018-05-01"),)),
}


@pytest.fixture(scope="module")
def goals() -> Store:
    return example_store(
        "".join(
            goal(
                name,
                [*without("timeBound"), f'imon:deadline "{deadline}"^^xsd:date'],
                *statuses,
            )
            for name, (deadline, statuses) in GOALS.items()
        )
    )


def stuck(day: date, days: int) -> set[str]:
    """Return the goals that expire within a number of days and of which nothing was begun."""
    found = set()
    for name, (deadline, statuses) in GOALS.items():
        known = [code for code, since in statuses if date.fromisoformat(since) <= day]
        if timedelta(0) <= deadline - day <= timedelta(days) and known[-1:] in ([], ["nieuw"]):
            found.add(name)
    return found


@pytest.mark.parametrize("days", [0, 29, 30, 90, 91, 365])
def test_cq26_goals_that_expire_and_are_not_begun(days: int, goals: Store) -> None:
    rows = answer(goals, "api/cq26", date=DAY.isoformat(), days=str(days), lang="nl")
    found = {last(row["goal"]) for row in rows}
    assert found == stuck(DAY, days)
    assert [row["deadline"] for row in rows] == sorted(row["deadline"] for row in rows)
    if days == 90:
        assert found == {"today", "last-day", "begun-later", "unknown-then"}
        told = {last(row["goal"]): (last(row["status"]), row["since"]) for row in rows}
        assert told["today"] == ("nieuw", "2017-10-09")
        assert told["unknown-then"] == ("", "")


def test_cq26_the_example_was_begun_in_january(goals: Store) -> None:
    """Its deadline is 30 June 2018; its status was new until 8 January."""
    before = answer(goals, "api/cq26", date="2018-01-07", days="200")
    after = answer(goals, "api/cq26", date="2018-01-08", days="200")
    assert "1" in {last(row["goal"]) for row in before}
    assert "1" not in {last(row["goal"]) for row in after}
    (row,) = (row for row in before if last(row["goal"]) == "1")
    assert row["responsible"] == GEMEENTE
    assert row["responsibleName"] == "Wommelgem"
