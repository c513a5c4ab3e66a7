"""Positions and statistics over all fixed groups, held against a second reckoning.

Groups follow from what the tests know of each body, statistics from fractions: nothing of
`service.analysis` and no numpy is used to say what is expected.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from pyoxigraph import Store

from loaders import organisations
from service.analysis import ANALYSES, behind
from service.analysis.given import AnalysisInput
from service.analysis.group_statistics import statistics
from service.release.derivation import derivations
from service.store.rows import select
from tests import reckoning
from tests.facts import BASE as FACTS_BASE
from tests.facts import CONTEXT
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
    reference_triples,
    store_of,
)

V = SCHEME.version
SIZES = ((10_000, "lt10k"), (15_000, "10k-15k"), (25_000, "15k-25k"), (50_000, "25k-50k"))
GROUPS = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT ?body ?group WHERE { ?entry a imon:FrameEntry ; imon:body ?body ; imon:group ?group }
"""
Scores = Mapping[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """Responses of all types, provinces and sizes."""
    return random_responses(150, seed=11)


@pytest.fixture(scope="module")
def wave(responses: list[Response]) -> MadeWave:
    """The wave with all that is derived."""
    return MadeWave(responses).derive()


def people(body: Body) -> int:
    """Return the inhabitants that count in 2016: the first figure, since all are later."""
    return min(body.inhabitants)[1]


def groups_of(body: Body, kind: str) -> set[str]:
    """Return the groups of a body that answered with a questionnaire."""
    name = "gemeenten" if body.kind == "gemeente" else "ocmws"
    size = next((code for upper, code in SIZES if people(body) < upper), "ge50k")
    found = {
        name,
        f"{name}-schaal-{size}",
        f"{name}-{body.province}",
        f"{name}-type-{kind.lower()}",
    }
    return found | ({f"{name}-centrumsteden"} if body.centre else set())


@pytest.fixture(scope="module")
def members(responses: list[Response]) -> dict[str, list[Body]]:
    """Group → its bodies."""
    found: dict[str, list[Body]] = {}
    for response in responses:
        for body in response.bodies:
            for group in groups_of(body, response.kind):
                found.setdefault(group, []).append(body)
    return found


@pytest.fixture(scope="module")
def scores(wave: MadeWave) -> Scores:
    """(KBO, theme) → published score."""
    rows = keyed(wave.rows_of("theme-score"))
    return {(key[0], key[1]): Decimal(row["score"]) for key, row in rows.items()}


def scored(members: Sequence[Body], scores: Scores, theme: str) -> dict[Body, Decimal]:
    """Return the bodies that have a score on a theme."""
    return {body: scores[body.kbo, theme] for body in members if (body.kbo, theme) in scores}


# --- Groups ---------------------------------------------------------------------------------------


def test_the_frame_puts_each_body_in_its_groups(
    wave: MadeWave, members: dict[str, list[Body]]
) -> None:
    found = {(row["group"].rpartition("/")[2], row["body"]) for row in select(wave.store, GROUPS)}
    assert found == {(group, body.iri) for group, rows in members.items() for body in rows}
    assert len(members) == 28


def test_who_did_not_respond_is_in_no_group_of_a_questionnaire() -> None:
    answers = random_answers(random.Random(1), "B", 0, 0)
    silent = Body(2, "ocmw", (), "antwerpen")
    response = Response(1, "B", (Body(1, "gemeente"),), answers)
    made = MadeWave([response])
    made.store.extend(store_of("".join(silent.triples()).encode()))
    work = f'<{silent.iri}> <https://w3id.org/imonitor/ns#inUnit> "{silent.kbo}" .\n'
    made.store.extend(store_of(work.encode()))
    made.derive("frame")
    found = {row["group"].rpartition("/")[2] for row in select(made.store, GROUPS)
             if row["body"] == silent.iri}  # fmt: skip
    assert found == {"ocmws", "ocmws-antwerpen"}


def test_the_thirteen_centrumsteden_and_their_ocmws_are_named_in_the_facts() -> None:
    (reading,) = organisations.load([], CONTEXT)
    store = store_of(*reading.snapshots.values())
    query = """
    PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    SELECT ?group ?name ?source WHERE { ?group prov:hadMember/skos:prefLabel ?name ;
      prov:hadPrimarySource ?source }
    """
    found = [(row["group"].rpartition("/")[2], row["name"]) for row in select(store, query)]
    cities = {name for group, name in found if group == "gemeenten-centrumsteden"}
    assert cities == {
        "Aalst", "Antwerpen", "Brugge", "Genk", "Gent", "Hasselt", "Kortrijk", "Leuven",
        "Mechelen", "Oostende", "Roeselare", "Sint-Niklaas", "Turnhout",
    }  # fmt: skip
    others = {name for group, name in found if group == "ocmws-centrumsteden"}
    assert others == {f"OCMW {name}" for name in cities}
    sources = {row["source"] for row in select(store, query)}
    assert sources == {f"{FACTS_BASE}id/bron/stedenfonds"}


def test_every_group_says_its_class_criterion_and_value() -> None:
    query = """
    PREFIX imon: <https://w3id.org/imonitor/ns#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    SELECT ?group ?criterion ?value WHERE {
      ?group skos:inScheme <https://w3id.org/imonitor/concept/groep> ; imon:bodyClass ?class ;
        imon:peerCriterion ?criterion .
      OPTIONAL { ?group imon:sizeClass|imon:province|imon:questionnaireType ?value } }
    """
    rows = list(select(store_of(reference_triples()), query))
    assert len(rows) == len({row["group"] for row in rows}) == 28
    for row in rows:
        kind = row["criterion"].rpartition("/")[2]
        assert bool(row["value"]) == (kind in ("schaal", "provincie", "vragenlijst"))


# --- Positions ------------------------------------------------------------------------------------


def test_positions_in_every_group_are_those_of_the_second_reckoning(
    wave: MadeWave, members: dict[str, list[Body]], scores: Scores
) -> None:
    rows = keyed(wave.rows_of("position"))
    wanted = {}
    for group, bodies in members.items():
        for theme in ("T1", "T2", "T3", "T4", "T5", "T6", "TOTAL"):
            found = scored(bodies, scores, theme)
            others = list(found.values())
            for body, score in found.items():
                rank = reckoning.rank_of(score, others)
                place = reckoning.percentile_of(score, others)
                wanted[body.kbo, theme, group, V] = (rank, place, len(others))
    shown = {
        key: (int(row["rank"]), Decimal(row["percentile"]), int(row["groupSize"]))
        for key, row in rows.items()
    }
    assert shown == wanted
    sizes = {row[2] for row in wanted.values()}
    assert min(sizes) < 5 < max(sizes), "no tiny group was met"
    ties = [row for row in wanted.values() if row[1] * 2 * row[2] % 100 == 0]
    assert ties


# --- Statistics -----------------------------------------------------------------------------------


def second_statistics(scores: Sequence[Decimal], counts: Sequence[int]) -> dict[str, Decimal]:
    """Return what the statistics of a group should be, with fractions."""
    if len(scores) < 5:
        return {}
    values = sorted(Fraction(score) for score in scores)
    mean = sum(values, Fraction(0)) / len(values)
    exact = {
        "gemiddelde": mean,
        "gewogen-gemiddelde": reckoning.weighted(zip(scores, counts, strict=True)),
        "minimum": values[0],
        "maximum": values[-1],
        "mediaan": _between(values, Fraction(1, 2)),
    }
    if len(values) >= 8:
        exact |= {f"kwartiel{n}": _between(values, Fraction(n, 4)) for n in (1, 3)}
    found = {code: reckoning.six(value) for code, value in exact.items()}
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)
    with localcontext() as context:
        context.prec = 60
        root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
        found["standaardafwijking"] = root.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    return found


def _between(values: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return a quantile: linear between the two values around (n − 1) · share."""
    place = (len(values) - 1) * share
    low = int(place)
    if low + 1 == len(values):
        return values[low]
    return values[low] + (values[low + 1] - values[low]) * (place - low)


def test_statistics_of_every_group_are_those_of_the_second_reckoning(
    wave: MadeWave, members: dict[str, list[Body]], scores: Scores
) -> None:
    rows = keyed(wave.rows_of("group-statistic"))
    wanted = {}
    for group, bodies in members.items():
        for theme in ("T1", "T2", "T3", "T4", "T5", "T6", "TOTAL"):
            found = scored(bodies, scores, theme)
            counts = [people(body) for body in found]
            for code, value in second_statistics(list(found.values()), counts).items():
                wanted[group, theme, code, V] = (value, len(found))
    shown = {key: (Decimal(row["obsValue"]), int(row["groupSize"])) for key, row in rows.items()}
    assert shown == wanted
    assert len({key[2] for key in wanted}) == 8


@pytest.mark.parametrize(("count", "kinds"), [(0, 0), (4, 0), (5, 6), (7, 6), (8, 8)])
def test_few_bodies_have_few_statistics(count: int, kinds: int) -> None:
    scores = [10**6 * score for score in range(count)]
    found = statistics(scores, [1000] * count)
    assert len(found) == kinds
    assert ("kwartiel1" in found) == (count >= 8)


def test_statistics_by_hand() -> None:
    """Scores 10, 20, 20, 40, 50, 60, 70, 90 of bodies with 1 to 8 thousand inhabitants."""
    scores = [10**6 * score for score in (10, 20, 20, 40, 50, 60, 70, 90)]
    found = statistics(scores, [1000 * n for n in range(1, 9)])
    assert {code: Decimal(value).scaleb(-6) for code, value in found.items()} == {
        "gemiddelde": Decimal("45"),
        "gewogen-gemiddelde": Decimal("58.055556"),
        "mediaan": Decimal("45"),
        "kwartiel1": Decimal("20"),
        "kwartiel3": Decimal("62.5"),
        "minimum": Decimal("10"),
        "maximum": Decimal("90"),
        "standaardafwijking": Decimal("25.980762"),
    }


def test_a_body_without_inhabitants_leaves_out_the_weighted_mean_only() -> None:
    found = statistics([10**6] * 5, None)
    assert set(found) == {"gemiddelde", "mediaan", "minimum", "maximum", "standaardafwijking"}


# --- All analyses ---------------------------------------------------------------------------------


def test_the_same_data_in_another_order_give_the_same_lines(wave: MadeWave) -> None:
    """Twice over the same store, and over one that was filled in another order."""
    lines = [str(quad.triple) + " .\n" for quad in wave.store]
    random.Random(4).shuffle(lines)
    own = set(ANALYSES)
    kept = [line for line in lines if not any(f"/observatie/{name}/" in line for name in own)]
    shuffled = store_of("".join(kept).encode())
    for name in ("position", "group-statistic", "cluster", "cluster-profile", "robustness",
                 "question-influence"):  # fmt: skip
        made = [ANALYSES[name].run(given(store)) for store in (shuffled, wave.store, shuffled)]
        assert made[0] == made[1] == made[2]
        assert made[0], name


def given(store: Store) -> AnalysisInput:
    """Return what an analysis works on, without a publish; a run is named after its inputs."""
    root = WAVE.root(BASE)
    return AnalysisInput(
        store=store,
        library=library(),
        root=root,
        wave=WAVE.iri(BASE),
        year=WAVE.year,
        schemes=[(SCHEME.iri, V)],
        own=SCHEME.iri,
        run=f"{root}berekening/1",
        run_of=lambda scheme, inputs: f"{root}berekening/{abs(hash((scheme, *inputs)))}",
    )


def test_a_memo_changes_nothing(wave: MadeWave) -> None:
    shared = given(wave.store)
    for name in ("position", "group-statistic", "cluster", "robustness"):
        assert ANALYSES[name].run(shared) == ANALYSES[name].run(given(wave.store))
    assert shared.memo


def test_an_open_analysis_of_bodies_reads_open_graphs_only() -> None:
    """What it tells of a body then follows from OPEN figures; others tell of groups only."""
    access = {step.name: step.access for step in derivations(library())} | {"antwoorden": "BESTUUR"}
    closed = {
        name
        for name, row in ANALYSES.items()
        if row.access == "OPEN" and any(access.get(read, "OPEN") != "OPEN" for read in row.reads)
    }
    assert closed == {"question-influence", "scheme-difference", "source-use-count"}


def test_the_digest_of_the_rules_covers_queries_and_shared_code() -> None:
    sources = list(behind(sys.modules["service.analysis.robustness"], set()))
    assert library()["analysis/variants"].text in sources
    assert library()["analysis/scores"].text in sources
    assert any("def uniform(" in text for text in sources)
    assert not any("def cluster_profiles(" in text for text in sources)
