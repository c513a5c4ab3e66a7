"""The use of sources by each body, and what of it may be counted in public."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from service import terms
from service.analysis.source_counts import FEWEST, MODES, shown
from service.release.derivation import derivations
from service.release.manifest import Release
from service.release.validation import reference_shapes
from service.store.rows import select
from tests.made_wave import MadeWave, Response, library, random_responses
from tests.made_wave import reference_triples as reference

USES = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?use ?body ?source ?area ?mode ?response WHERE {
  ?use a imon:SourceUse ; imon:body ?body ; imon:authenticSource ?source ; imon:processArea ?area ;
    imon:accessMode ?mode ; imon:fromResponse ?response .
}
"""


def last(iri: str) -> str:
    return iri.rpartition("/")[2]


@pytest.fixture(scope="module")
def wave() -> MadeWave:
    """Responses of all types and provinces, the joint ones of bodies that know each other."""
    made = MadeWave(random_responses(300, seed=3))
    joint = [row.bodies for row in made.responses if len(row.bodies) == 2]
    pairs = [
        terms.triple(one.iri, "imon:counterpart", terms.ref(other.iri))
        for bodies in joint
        for one, other in (bodies, bodies[::-1])
    ]
    made.store.load("".join(pairs).encode(), format=RdfFormat.N_TRIPLES)
    return made.derive("frame", "source-use", "source-use-count")


def answered(response: Response) -> dict[tuple[str, str], str]:
    """Return (source, area) → mode, of the answers that are not missing."""
    found = {}
    for question, codes in response.answers.items():
        module, *place = question.split(".")
        if module == "BR" and codes[0] in MODES:
            found[place[0], place[1]] = codes[0]
    return found


def test_each_answer_that_is_not_missing_is_the_use_of_each_body(wave: MadeWave) -> None:
    found = {
        (row["body"], last(row["source"]), last(row["area"])): last(row["mode"])
        for row in select(wave.store, USES)
    }
    expected = {
        (body.iri, *place): mode
        for response in wave.responses
        for place, mode in answered(response).items()
        for body in response.bodies
    }
    assert found == expected
    assert {mode for mode in found.values()} == set(MODES)


def test_the_uses_conform(wave: MadeWave) -> None:
    data = b"".join(wave.lines["source-use"]).decode()
    triples = "".join(f"{line.rpartition(' <')[0]} .\n" for line in data.splitlines())
    report = reference_shapes().validate(triples.encode() + reference() + wave.facts())
    assert [row for row in report.results if "/brongebruik/" in row.focus] == []


def test_the_uses_are_not_public() -> None:
    access = {step.name: step.access for step in derivations(library())}
    assert access["source-use"] == "BESTUUR"
    assert access["source-use-count"] == "OPEN"


def mode_of(response: Response, source: str) -> str:
    """Return how a response uses a source: by hand anywhere counts before machine to machine."""
    modes = {mode for place, mode in answered(response).items() if place[0] == source}
    return next((mode for mode in MODES if mode in modes), "")


def test_the_counts_follow_from_the_answers(wave: MadeWave) -> None:
    """Recounted from the answers: at least 5 responses, and at least 5 or none beside them."""
    sources = {source for row in wave.responses for source, _ in answered(row)}
    groups: dict[tuple[str, str], list[Response]] = defaultdict(list)
    for response in wave.responses:
        groups[response.bodies[0].province, response.kind].append(response)
    expected = {}
    for source in sources:
        for (province, kind), group in groups.items():
            modes = Counter(mode_of(row, source) for row in group)
            for mode, count in shown({m: modes[m] for m in MODES}, len(group)).items():
                size = 2 if kind == "A" else 1
                expected[source, mode, province, kind] = (count * size, len(group) * size)
    rows = wave.rows_of("source-use-count").values()
    names = ("authenticSource", "accessMode", "province", "questionnaireType")
    found = {
        tuple(last(row[name]) for name in names): (int(row["bodyCount"]), int(row["groupSize"]))
        for row in rows
    }
    assert found == expected
    assert len(found) > 50


@pytest.mark.parametrize(
    ("counts", "responses", "expected"),
    [
        ({"m2m": 10, "manueel": 10, "geen": 10}, 30, {"m2m", "manueel", "geen"}),
        ({"m2m": 10, "manueel": 10, "geen": 10}, 31, {"m2m", "manueel"}),  # one did not answer
        ({"m2m": 10, "manueel": 10, "geen": 4}, 24, {"manueel"}),  # the smallest of two goes too
        ({"m2m": 10, "manueel": 12, "geen": 4}, 26, {"manueel"}),
        ({"m2m": 10, "manueel": 10}, 20, {"m2m", "manueel"}),
        ({"m2m": 20}, 20, set()),  # all of them: that tells of each
        ({"m2m": 20}, 24, set()),
        ({"m2m": 20}, 25, {"m2m"}),
        ({"m2m": 4, "manueel": 4, "geen": 4}, 12, set()),
        ({"m2m": 5, "manueel": 5}, 11, {"manueel"}),
        ({}, 40, set()),
    ],
)
def test_what_is_withheld(counts: Mapping[str, int], responses: int, expected: set[str]) -> None:
    assert set(shown(counts, responses)) == expected


def test_no_count_gives_a_small_number_away() -> None:
    """Whatever is subtracted: each shown count, and the rest of the group, is 0 or at least 5."""
    rng, seen = random.Random(4), 0
    for _ in range(20_000):
        counts = {mode: rng.choice((0, 1, 3, 4, 5, 6, 9, 30)) for mode in MODES}
        responses = sum(counts.values()) + rng.choice((0, 0, 1, 4, 5, 12))
        kept = shown(counts, responses)
        rest = responses - sum(kept.values())
        assert all(counts[mode] == count >= FEWEST for mode, count in kept.items())
        assert rest == 0 or rest >= FEWEST or not kept
        assert all(responses - count >= FEWEST for count in kept.values())
        seen += bool(kept)
    assert seen > 5_000


FRAME = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?wave ?body ?province ?type WHERE {
  ?entry a imon:FrameEntry ; imon:wave ?wave ; imon:body ?body ; imon:province ?province ;
    imon:questionnaireType ?type .
}
"""
COUNTS = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?wave ?source ?province ?type ?mode ?count ?size WHERE {
  ?row imon:bodyCount ?count ; imon:groupSize ?size ; imon:wave ?wave ;
    imon:authenticSource ?source ;
    imon:province ?province ; imon:questionnaireType ?type ; imon:accessMode ?mode .
}
"""


@pytest.mark.slow
def test_the_demo_counts_whole_groups_that_share_no_body_and_nothing_small(
    demo_home: Path,
) -> None:
    release = Release.current(demo_home)
    assert release is not None
    store = Store.read_only(str(release.public_store))
    assert not list(select(store, USES, union=True))
    groups: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in select(store, FRAME, union=True):
        groups[row["wave"], row["province"], row["type"]].add(row["body"])
    places = Counter((wave, body) for (wave, *_), bodies in groups.items() for body in bodies)
    assert set(places.values()) == {1}
    left: dict[tuple[str, ...], int] = {}
    for row in select(store, COUNTS, union=True):
        place, joint = (row["wave"], row["province"], row["type"]), row["type"].endswith("/A")
        assert int(row["size"]) == len(groups[place])
        assert int(row["count"]) >= FEWEST * (2 if joint else 1)
        key = (*place, row["source"])
        left[key] = left.get(key, int(row["size"])) - int(row["count"])
    assert len(left) > 100
    assert all(rest == 0 or rest >= FEWEST for rest in left.values())
