"""TY-2: clusters that are what they should be, always the same, and none where few respond."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from service.analysis.clusters import Clusters, find
from service.analysis.draws import uniform
from service.store.rows import select
from tests import reckoning
from tests.made_wave import (
    BASE,
    SCHEME,
    WAVE,
    Body,
    MadeWave,
    Response,
    keyed,
    library,
    random_answers,
    random_responses,
)
from tests.test_disclosure import open_store

V = SCHEME.version
CORE = ("T1", "T2", "T3", "T4", "T5")
NOTES = """
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?wave ?note WHERE { ?wave skos:note ?note }
"""
Row = Mapping[str, str]


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types, joint ones among them."""
    return random_responses(150, seed=13)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """The wave with all that is derived."""
    return MadeWave(responses).derive()


@pytest.fixture(scope="module")
def labels(wave: MadeWave) -> dict[str, int]:
    """KBO → number of the cluster."""
    rows = keyed(wave.rows_of("cluster"))
    return {key[0]: int(row["type"].rpartition("/")[2]) for key, row in rows.items()}


@pytest.fixture(scope="module")
def points(wave: MadeWave, responses: list[Response]) -> dict[str, dict[str, Decimal]]:
    """First body of each response with an overall score → theme → published score."""
    found: dict[str, dict[str, Decimal]] = {}
    rows = keyed(wave.rows_of("theme-score"))
    for response in responses:
        kbo = response.bodies[0].kbo
        if (kbo, "TOTAL", V) in rows:
            themes = (*CORE, "TOTAL")
            found[kbo] = {theme: Decimal(rows[kbo, theme, V]["score"]) for theme in themes}
    return found


def profile(wave: MadeWave) -> dict[tuple[int, str], Row]:
    """Return (cluster, theme) → row of the profile."""
    rows = keyed(wave.rows_of("cluster-profile"))
    return {(int(key[1]), key[2]): row for key, row in rows.items()}


def test_every_body_with_an_overall_score_has_a_cluster_and_no_other(
    labels: dict[str, int], wave: MadeWave
) -> None:
    overall = {key[0] for key in keyed(wave.rows_of("theme-score")) if key[1] == "TOTAL"}
    assert labels.keys() == overall
    assert set(labels.values()) == {1, 2, 3, 4, 5}


def test_the_bodies_of_a_joint_response_are_in_one_cluster(
    labels: dict[str, int], responses: list[Response], wave: MadeWave
) -> None:
    rows = keyed(wave.rows_of("cluster"))
    joint = [row.bodies for row in responses if row.kind == "A" and row.bodies[0].kbo in labels]
    assert joint
    for first, second in joint:
        assert labels[first.kbo] == labels[second.kbo]
        shown = {rows[body.kbo, "TY-2", V]["silhouette"] for body in (first, second)}
        assert len(shown) == 1


def test_a_centroid_is_the_mean_of_the_distinct_responses_of_its_cluster(
    wave: MadeWave, labels: dict[str, int], points: dict[str, dict[str, Decimal]]
) -> None:
    shown = profile(wave)
    assert shown.keys() == {(n, theme) for n in range(1, 6) for theme in (*CORE, "TOTAL")}
    sizes = Counter(labels.values())
    for (number, theme), row in shown.items():
        values = [Fraction(point[theme]) for kbo, point in points.items() if labels[kbo] == number]
        assert Decimal(row["obsValue"]) == reckoning.six(sum(values, Fraction(0)) / len(values))
        assert int(row["groupSize"]) == sizes[number]


def test_every_response_lies_nearest_to_the_centroid_of_its_own_cluster(
    wave: MadeWave, labels: dict[str, int], points: dict[str, dict[str, Decimal]]
) -> None:
    shown = profile(wave)
    for kbo, point in points.items():
        squares = {
            number: sum((point[t] - Decimal(shown[number, t]["obsValue"])) ** 2 for t in CORE)
            for number in range(1, 6)
        }
        assert squares[labels[kbo]] == min(squares.values())


def test_clusters_are_numbered_by_the_mean_of_their_centroids(wave: MadeWave) -> None:
    shown = profile(wave)
    means = [sum(Decimal(shown[n, t]["obsValue"]) for t in CORE) for n in range(1, 6)]
    assert means == sorted(means)
    assert len(set(means)) == 5


def test_silhouettes_are_those_of_a_second_reckoning(
    wave: MadeWave, labels: dict[str, int], points: dict[str, dict[str, Decimal]]
) -> None:
    rows = keyed(wave.rows_of("cluster"))
    names = list(points)
    data = [[float(points[kbo][theme]) for theme in CORE] for kbo in names]
    own = [labels[kbo] for kbo in names]
    theirs = silhouette_samples(np.array(data), np.array(own))
    for kbo, point, number, other in zip(names, data, own, theirs, strict=True):
        found = float(rows[kbo, "TY-2", V]["silhouette"])
        assert found == pytest.approx(_silhouette(point, number, data, own), abs=2e-6)
        assert found == pytest.approx(float(other), abs=1e-5)
    for number in range(1, 6):
        inside = [Fraction(rows[kbo, "TY-2", V]["silhouette"]) for kbo in names
                  if labels[kbo] == number]  # fmt: skip
        wanted = reckoning.six(sum(inside, Fraction(0)) / len(inside))
        assert Decimal(profile(wave)[number, "T1"]["silhouette"]) == wanted


def _silhouette(
    point: Sequence[float], number: int, data: Sequence[Sequence[float]], own: Sequence[int]
) -> float:
    far: dict[int, list[float]] = {}
    for other, label in zip(data, own, strict=True):
        far.setdefault(label, []).append(_distance(point, other))
    within = sum(far[number]) / (len(far[number]) - 1)
    beside = min(sum(row) / len(row) for label, row in far.items() if label != number)
    return (beside - within) / max(within, beside)


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def test_stability_lies_between_0_and_1_and_is_told_once_a_cluster(wave: MadeWave) -> None:
    shown = profile(wave)
    for number in range(1, 6):
        values = {shown[number, theme]["stability"] for theme in (*CORE, "TOTAL")}
        assert len(values) == 1
        assert 0 < Decimal(values.pop()) <= 1


def test_the_cross_table_counts_each_body_once_by_class(
    wave: MadeWave, labels: dict[str, int], responses: list[Response]
) -> None:
    kinds = {body.kbo: body.kind for response in responses for body in response.bodies}
    types = {key[0]: int(row["type"][-1]) for key, row in keyed(wave.rows_of("type")).items()}
    wanted = Counter((kinds[kbo], types[kbo], number) for kbo, number in labels.items())
    text = library()["api/types-crossed"].bind(wave=WAVE.iri(BASE), lang="nl")
    names = {"Gemeente": "gemeente", "OCMW": "ocmw"}
    rows = list(select(open_store(wave), text, union=True))
    found = {
        (names[row["classLabel"]], int(row["rowNumber"]), int(row["columnNumber"])): int(
            row["bodies"]
        )
        for row in rows
    }
    assert found == wanted
    assert len(found) == len(rows)
    assert {row["synthetic"] for row in rows} == {"true"}
    assert all("Cluster" in row["columnLabel"] and row["rowLabel"] for row in rows)


# --- Clear cases ----------------------------------------------------------------------------------


def blocks(*sizes: int) -> Clusters:
    """Return the clusters of groups that lie far apart, with a little noise in each."""
    rng = random.Random(5)
    rows = [
        [20 * 10**6 * number + rng.randrange(10**6) for _ in range(5)]
        for number, size in enumerate(sizes)
        for _ in range(size)
    ]
    rng.shuffle(rows)
    points = np.array(rows, dtype=np.int64)
    made = find(points, points.sum(axis=1) // 5, len(sizes))
    assert made is not None
    return made


def test_groups_that_lie_apart_are_found_again() -> None:
    made = blocks(6, 9, 5, 7, 8)
    assert Counter(made.labels.tolist()) == {0: 6, 1: 9, 2: 5, 3: 7, 4: 8}
    assert (made.points[:, 0] // (20 * 10**6) == made.labels).all()
    assert made.silhouettes.min() > 0.9
    overall = made.points.sum(axis=1) // 5
    assert min(made.stability(overall, seed=1, draws=20)) > 0.9


def test_the_order_of_the_responses_does_not_matter() -> None:
    made = blocks(6, 9, 5, 7, 8)
    order = np.array(random.Random(3).sample(range(35), 35))
    points = made.points[order]
    again = find(points, points.sum(axis=1) // 5, 5)
    assert again is not None
    assert (again.labels == made.labels[order]).all()
    assert (again.centroids == made.centroids).all()


def test_fewer_different_points_than_clusters_give_none() -> None:
    points = np.array([[1, 2, 3, 4, 5]] * 20 + [[9, 9, 9, 9, 9]] * 20, dtype=np.int64) * 10**6
    assert find(points, points.sum(axis=1), 5) is None


def test_too_few_responses_give_no_clusters_and_a_note_that_says_so() -> None:
    rng = random.Random(2)
    made = [
        Response(n, "B", (Body(n, "gemeente"),), random_answers(rng, "B", 0, 0)) for n in range(24)
    ]
    wave = MadeWave(made).derive()
    assert not wave.rows_of("cluster")
    assert not wave.rows_of("cluster-profile")
    notes = [row["note"] for row in select(wave.store, NOTES) if "golf/2016" in row["wave"]]
    assert len(notes) == 2
    assert all("24" in note and "25" in note and "TY-2" in note for note in notes)
    more = Response(24, "B", (Body(24, "gemeente"),), random_answers(rng, "B", 0, 0))
    assert MadeWave([*made, more]).derive().rows_of("cluster")


# --- Random numbers -------------------------------------------------------------------------------


def test_the_random_numbers_are_the_stream_of_pcg64() -> None:
    """The first numbers of seed 1, written down: a NumPy that makes others is found."""
    assert [round(float(value), 8) for value in uniform(1, 3)] == [
        0.51182162,
        0.9504637,
        0.14415961,
    ]
    assert (uniform(7, 2, 3).ravel() == uniform(7, 6)).all()
    values = uniform(20160601, 10_000)
    assert 0 <= values.min() < values.max() < 1
    assert abs(float(values.mean()) - 0.5) < 0.01
