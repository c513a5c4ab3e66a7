"""What analyses publish goes into the check on disclosure; what does not follow is found."""

from __future__ import annotations

import pytest

from tests.disclosure import check_release
from tests.made_wave import MadeWave, random_responses
from tests.test_disclosure import open_store


@pytest.fixture(scope="module")
def wave() -> MadeWave:
    """A wave with clusters, and joint responses in them."""
    return MadeWave(random_responses(80, seed=23)).derive()


def changed(wave: MadeWave, where: str, predicate: str, value: str) -> list[str]:
    """Return what the check finds after the first line with both texts has another value."""
    lines = (line for rows in wave.lines.values() for line in rows)
    first = next(
        line.decode() for line in lines if where in line.decode() and predicate in line.decode()
    )
    start = first[: first.index(predicate) + len(predicate)]
    kind = first[first.index('"^^') :]

    def edit(line: str) -> str:
        return f'{start}> "{value}{kind}' if line == first else line

    return check_release(open_store(wave, edit))


def test_what_is_published_follows(wave: MadeWave) -> None:
    assert check_release(open_store(wave)) == []


@pytest.mark.parametrize(
    ("where", "predicate", "value", "found"),
    [
        ("/group-statistic/2016/gemeenten/T2/gemiddelde/", "obsValue", "1.5", "a statistic of T2"),
        ("/cluster/2016/", "ns#silhouette", "0.123457", "cluster: figures that do not follow"),
        ("/question-influence/2016/ocmws/IV1/", "ns#groupSize", "4", "tells of few bodies"),
    ],
)
def test_a_figure_that_does_not_follow_is_found(
    wave: MadeWave, where: str, predicate: str, value: str, found: str
) -> None:
    if where == "/cluster/2016/":  # of a body that shares its response with another
        joint = next(
            row.bodies[0].kbo
            for row in wave.responses
            if row.kind == "A" and wave.row("cluster", row.bodies[0].kbo, "TY-2", "1.0")
        )
        where += joint
    problems = changed(wave, where, predicate, value)
    assert problems
    assert all(found in row for row in problems), problems
