"""The page on our own terms is as the vocabulary says."""

from __future__ import annotations

import re

import pytest

from tests.own_terms import FOLDER, PAGE, renewed, topics

LEFT_OUT = ("TypeAssignment", "Answer", "Contact", "Comparison")


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_vocabulary(page: str) -> None:
    assert page == renewed(page), "stale: run `make docs`"


def test_every_topic_has_one_table(page: str) -> None:
    assert sorted(topics(page)) == sorted(path.stem for path in FOLDER.glob("*.ttl"))


def test_every_own_term_stands_in_the_page_once(page: str) -> None:
    turtle = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.ttl"))
    terms = re.findall(r"^imon:(\w+) a ", turtle, re.M)
    named = re.findall(r"^\| `(\w+)` \| ", page, re.M)
    assert sorted(terms) == sorted(named)
    assert len(terms) == len(set(terms)) > 150


def test_a_changed_table_is_made_anew(page: str) -> None:
    row = next(line for line in page.splitlines(keepends=True) if line.startswith("| `Wave` |"))
    assert renewed(page.replace(row, "")) == page


def test_what_the_model_leaves_out_is_no_term_and_has_a_reason(page: str) -> None:
    section = page.partition("## What the model leaves out")[2]
    for name in LEFT_OUT:
        assert re.search(rf"^\| {name}: .+ \| .+ \| .+ \|$", section, re.M), name
        assert f"| `{name}` |" not in page
