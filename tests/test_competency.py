"""The questions of 2 March 2017 and of the register, over HTTP, against the demo release."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.live_service import Live
from tests.live_service import live as served

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30) as service:
        yield service


def sparql(live: Live, name: str, **values: object) -> list[dict[str, str]]:
    """Send the text of a stored query, as the API gives it, to ``/sparql`` and return the rows."""
    text = live.ask(f"/api/{name}?{urlencode({**values, 'format': 'sparql'})}")
    assert text.status == 200, text.body
    body = urlencode({"query": text.body.decode()}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/csv"}
    answer = live.ask("/sparql", "POST", body, headers)
    assert answer.status == 200, answer.body
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_cq01_27_sign_ups_of_38_bodies(live: Live) -> None:
    found = sparql(live, "cq01", lang="nl")
    by_label = {row["label"]: (row["bodies"], row["enrolments"]) for row in found}
    assert by_label["Gemeente"][0] == "20"
    assert by_label["OCMW"][0] == "18"
    assert ("38", "27") in by_label.values()


def test_cq02_11_joint_9_municipality_only_7_ocmw_only(live: Live) -> None:
    assert sorted(int(row["enrolments"]) for row in sparql(live, "cq02")) == [7, 9, 11]


def test_cq04_both_claims_with_their_sources(live: Live) -> None:
    text = str(sparql(live, "cq04"))
    assert all(part in text for part in ("'27'", "'28'", "/id/bron/D1", "/id/bron/D2"))


def test_cq05_by_province(live: Live) -> None:
    found = {row["province"].rpartition("/")[2]: row["enrolments"] for row in sparql(live, "cq05")}
    assert found == {
        "vlaams-brabant": "9",
        "west-vlaanderen": "8",
        "oost-vlaanderen": "6",
        "antwerpen": "3",
        "limburg": "1",
    }


def test_cq08_two_of_the_bodies_are_no_more(live: Live) -> None:
    text = [str(row) for row in sparql(live, "cq08", date="2025-01-01")]
    assert any("Knesselare" in row and "Aalter" in row for row in text)
    assert any("Kruibeke" in row and "Beveren-Kruibeke-Zwijndrecht" in row for row in text)


def test_cq34_a_code_leads_to_the_body_and_its_successor(live: Live) -> None:
    (ardooie,) = sparql(live, "cq34", code="0216771046")
    assert (ardooie["name"], ardooie["scheme"]) == ("Ardooie", "KBO")
    found = sparql(live, "cq34", code="44029", date="2019-06-01")
    assert any(
        (row["name"], row["successorName"], row["successorNis"])
        == ("Knesselare", "Aalter", "44084")
        for row in found
    )


@pytest.mark.parametrize(
    ("day", "count"), [("2016-06-01", "308"), ("2019-06-01", "300"), ("2025-06-01", "285")]
)
def test_how_many_bodies_there_were_on_a_day(live: Live, day: str, count: str) -> None:
    assert [row["bodies"] for row in sparql(live, "bodies-on-date", date=day)] == [count, count]
