"""The public figures of a body determine no security answer (semantics.md "Disclosure")."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from pyoxigraph import RdfFormat, Store

from service import terms
from service.release.derivation import Scheme, derivations
from tests import disclosure, reckoning
from tests.disclosure import MISSING, OUTSIDE, check_release, consistent, undetermined
from tests.made_wave import (
    BASE,
    SCHEME,
    WAVE,
    Body,
    MadeWave,
    Merger,
    Response,
    items,
    observations,
    random_responses,
    reference_triples,
)
from tests.open_release import Figures

SECURITY = [row.code for row in reckoning.questions() if row.theme == disclosure.THEME]
BANDED = terms.triple(SCHEME.iri, "imon:bandedTheme", terms.ref("imc:thema/T2"))


@pytest.fixture(scope="module")
def wave() -> MadeWave:
    """Random bodies, among them joint ones and mergers, and one with every answer at its best."""
    responses = random_responses(80, seed=5)
    best = {item.code: [item.options[-1]] for item in items() if "B" in item.types}
    responses.append(Response(999, "B", (Body(1998, "gemeente"),), best))
    gemeenten = [r.bodies[0] for r in responses if r.bodies[0].kind == "gemeente"]
    mergers = [
        Merger((gemeenten[n], gemeenten[n + 1]), Body(3000 + n, "gemeente"))
        for n in range(0, len(gemeenten) - 1, 2)
    ]
    return MadeWave(responses, mergers).derive()


Edit = Callable[[str], str]


def open_store(wave: MadeWave, edit: Edit = lambda line: line, more: str = "") -> Store:
    """Return a store with the OPEN graphs of a wave; ``edit`` changes their lines."""
    is_open = {step.name for step in derivations(wave.given.library) if step.access == "OPEN"}
    store = Store()
    for name, lines in wave.lines.items():
        if name in is_open:
            text = "".join(edit(line.decode()) for line in lines)
            store.load(text.encode(), format=RdfFormat.N_QUADS)
    store.load(reference_triples() + wave.facts(), format=RdfFormat.N_TRIPLES)
    store.load(more.encode(), format=RdfFormat.N_TRIPLES)
    return store


def place(response: Response) -> tuple[int, ...]:
    """Return where the response's answers lie among all vectors."""
    found = []
    axes = disclosure.vectors()
    for code, states in zip(axes.codes, axes.states, strict=True):
        question = next(row for row in reckoning.questions() if row.code == code)
        score = reckoning.item_score(question, response.kind, response.answers)
        state = {"missing": MISSING, "outside": OUTSIDE}.get(str(score))
        found.append(states.index(int(score) if state is None else state))
    return tuple(found)


def test_there_are_243000_full_vectors_and_829_scores() -> None:
    every = disclosure.vectors()
    assert every.codes == tuple(SECURITY)
    assert int(every.complete[every.sums].sum()) == 243_000
    assert int(every.complete.sum()) == 829
    assert every.sums.size == 8 * 5 * 8 * 7 * 5 * 8 * 7 * 7


def band(low: int) -> Figures:
    """Return the public row of a band."""
    return {
        "score": str(low + 5),
        "low": str(low),
        "high": str(low + 10),
        "coverage": "0.7",
        "presentation": "https://w3id.org/imonitor/concept/weergave/band",
    }


WITHHELD = {**band(0), "low": "0", "high": "100", "coverage": "0"}
del WITHHELD["score"]


@pytest.mark.parametrize("low", range(0, 100, 10))
def test_every_band_leaves_two_answers_for_each_item(low: int) -> None:
    """Also to one who knows that every item was answered."""
    assert undetermined({"T2": band(low)}) == []
    complete = consistent(band(low)) & disclosure.vectors().complete
    assert disclosure.determined(complete) == []


def test_bands_share_out_all_published_vectors() -> None:
    masks = [consistent(band(low)) for low in range(0, 100, 10)] + [consistent(WITHHELD)]
    assert np.array_equal(np.sum(masks, axis=0), np.ones(masks[0].shape))


def test_a_withheld_theme_leaves_every_answer_open() -> None:
    assert undetermined({"T2": WITHHELD}) == []
    left = disclosure.possible(consistent(WITHHELD))
    assert [len(answers) for answers in left.values()] == [6, 3, 6, 5, 3, 6, 5, 5]


def test_the_enumeration_publishes_as_the_queries_do(wave: MadeWave) -> None:
    """The vector that a body gave is consistent with its row, with the public and the exact one."""
    cubes = ("theme-score", "theme-bounds", "theme-score-exact", "theme-bounds-exact")
    rows = {cube: observations(wave.store, f"{WAVE.root(BASE)}dataset/{cube}") for cube in cubes}
    seen = dict.fromkeys(cubes, 0)
    for response in wave.responses:
        for cube in cubes:
            iri = f"{WAVE.root(BASE)}observatie/{cube}/2016/{response.bodies[0].kbo}/T2/1.0"
            row = rows[cube].get(iri)
            if row is None:
                continue
            seen[cube] += 1
            if cube == "theme-score-exact" and row["obsStatus"].endswith("-M"):
                row = {name: value for name, value in row.items() if name != "score"}
            assert consistent(row)[disclosure.vectors().sums[place(response)]], (cube, row)
    assert min(seen["theme-score"], seen["theme-bounds"], seen["theme-score-exact"]) > 10


def test_a_sound_release_determines_nothing(wave: MadeWave) -> None:
    store = open_store(wave)
    assert check_release(store) == []
    for cube in (
        "theme-score",
        "theme-bounds",
        "type",
        "position",
        "back-cast",
        "back-cast-bounds",
    ):
        iri = f"{WAVE.root(BASE)}dataset/{cube}"
        assert len(observations(store, iri, union=True)) > 10, cube


def test_without_bands_items_are_determined() -> None:
    """The same queries on a scheme that bands no theme: so it is the bands that hold."""
    made = MadeWave(random_responses(80, seed=5), without=BANDED).derive()
    found = [text for text in check_release(open_store(made)) if "determines" in text]
    assert found
    assert any("IV" in text for text in found)


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ({"score": "100", "low": "100", "high": "100", "coverage": "1"}, "IV1"),
        ({"score": "93", "low": "93", "high": "93", "coverage": "1"}, "IV2"),
        ({"score": "95", "low": "81.7", "high": "95.7", "coverage": "0.86"}, "IV5"),
        ({"low": "40", "high": "54", "coverage": "0.86"}, "IV5"),
        ({**band(60), "coverage": "0.86"}, "IV5"),
        ({**band(60), "score": "62.5"}, "IV1"),
        ({**band(60), "low": "61"}, "IV1"),
    ],
)
def test_exact_figures_determine_items(row: Figures, item: str) -> None:
    assert item in undetermined({"T2": row})


def test_the_absence_of_a_row_tells_that_nothing_was_answered() -> None:
    assert undetermined({"T1": band(10)}) == SECURITY


def full(own: Figures, total: str, **more: Figures) -> dict[str, Figures]:
    """Return the figures of a body whose other core themes score 60."""
    level = {"score": "60", "low": "60", "high": "60", "coverage": "1"}
    themes = {theme: level for theme in reckoning.core_weights()}
    overall = {"score": total}
    return {**themes, "T2": own, "TOTAL": overall, **more}


def test_an_overall_score_of_the_exact_theme_determines_items() -> None:
    """(60 · 70 + 20 · S) / 90 is 67.777778 for the middle of the band, 68.888889 for 100."""
    assert undetermined(full(band(90), "67.777778")) == []
    assert undetermined(full(band(90), "68.888889")) == SECURITY


def test_an_overall_score_without_the_theme_follows_from_nothing() -> None:
    assert undetermined(full(WITHHELD, "60")) == SECURITY


def test_a_type_of_the_exact_theme_narrows_the_vectors() -> None:
    """The middle of the band gives 58.888889, type 3; type 4 would need a score above the band."""
    kind = {"typeByScore": "https://example.org/TY-1/3", "type": "https://example.org/TY-1/3"}
    assert disclosure.narrowing(full(band(50), "58.888889", type=kind)) is None
    lifted = {name: iri.replace("/3", "/4") for name, iri in kind.items()}
    mask = disclosure.narrowing(full(band(50), "58.888889", type=lifted))
    assert mask is not None
    assert disclosure.determined(mask & consistent(band(50))) == SECURITY


def _exact_overall(wave: MadeWave) -> Edit:
    exact = {
        iri.replace("-exact/", "/"): row["score"]
        for iri, row in wave.rows_of("theme-score-exact").items()
        if "/TOTAL/" in iri
    }

    def edit(line: str) -> str:
        subject, predicate, _ = line.split(" ", 2)
        if predicate.endswith("#score>") and subject[1:-1] in exact:
            value = terms.decimal(Decimal(exact[subject[1:-1]]))
            return f"{subject} {predicate} {value} {line.split(' ')[-2]} .\n"
        return line

    return edit


def test_a_release_with_exact_overall_scores_is_found(wave: MadeWave) -> None:
    found = check_release(open_store(wave, _exact_overall(wave)))
    assert any("determines" in text for text in found)
    assert any("positions of TOTAL" in text for text in found)


def test_no_scheme_but_the_wave_s_own_tells_of_a_body() -> None:
    """By all bundled schemes at once: nothing more of a body is OPEN, and no item is determined."""
    schemes = [Scheme(f"{BASE}id/scoreschema/{name}", name) for name in ("1.0", "1.1", "dvn-nl")]
    made = MadeWave(random_responses(80, seed=5), schemes=schemes).derive()
    store = open_store(made)
    assert check_release(store) == []
    for cube in ("scheme-difference", "service-maturity"):
        assert observations(store, f"{WAVE.root(BASE)}dataset/{cube}", union=True), cube


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("#groupSize>", '"4"', "tells of few bodies"),
        ("#changedCount>", '"3"', "tells of few bodies"),
        ("#product>", "", "a level of"),
    ],
)
def test_what_tells_of_few_bodies_or_of_other_answers_is_found(
    old: str, new: str, found: str
) -> None:
    schemes = [Scheme(f"{BASE}id/scoreschema/{name}", name) for name in ("1.0", "dvn-nl")]
    made = MadeWave(random_responses(80, seed=5), schemes=schemes).derive()

    def edit(line: str) -> str:
        if "/scheme-difference/" in line and old in line and new:
            return re.sub(r'"\d+"', new, line)
        if "/service-maturity/" in line and old in line:
            return line + line.replace("#product>", "#score>")
        return line

    assert any(found in text for text in check_release(open_store(made, edit)))


def test_positions_and_back_casts_that_do_not_follow_are_found(wave: MadeWave) -> None:
    def edit(line: str) -> str:
        if "/position/" in line and "/T2/" in line and "#rank>" in line:
            return line.replace('"1"', '"2"')
        if "/back-cast/" in line and "/T2/" in line and "#score>" in line:
            return line.replace('"', '"1', 1)
        if "/back-cast-bounds/" in line and "/T2/" in line and "#high>" in line:
            return line.replace('"', '"1', 1)
        return line

    found = check_release(open_store(wave, edit))
    assert any("positions of T2 in " in text for text in found)
    assert any("bounds of T2 after a merger" in text for text in found)
    assert any("a back-cast of " in text for text in found)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (
            terms.triple(f"{BASE}id/r", "imon:answer", terms.ref("imc:vraag/IV1/optie/3")),
            "answers are public",
        ),
        ("exact", "cube theme-score-exact is not part of the enumeration"),
        ("scheme", "more than one scheme"),
        ("joint", "different figures of T2"),
    ],
)
def test_what_the_enumeration_cannot_see_is_refused(wave: MadeWave, more: str, found: str) -> None:
    row = next(row for row in wave.lines["theme-score"] if b"/T2/" in row and b"#type>" in row)
    iri = row.decode().split(" ")[0][1:-1]
    added = {"exact": _copy(wave, iri, iri.replace("theme-score/", "theme-score-exact/"))}
    added["scheme"] = _copy(wave, iri, iri.replace("/1.0", "/1.1"))
    added["joint"] = _copy(wave, iri, iri.replace("/9", "/8"))
    store = open_store(wave, more=added.get(more, more))
    assert any(found in text for text in check_release(store))


def _copy(wave: MadeWave, iri: str, other: str) -> str:
    """Return an observation under another name, as of another cube, scheme or body."""
    swaps = [("dataset/theme-score>", "dataset/theme-score-exact>")] if "-exact" in other else []
    swaps += [("scoreschema/1.0>", "scoreschema/1.1>")] if other.endswith("1.1") else []
    if "/2016/8" in other:
        swaps += [("/bestuurseenheden/proef-", "/bestuurseenheden/andere-"), ('"', '"1')]
    found = []
    for row in wave.lines["theme-score"]:
        line = row.decode()
        if line.startswith(f"<{iri}>"):
            text = line.rpartition(" <")[0].replace(iri, other)
            for old, new in swaps:
                text = text.replace(old, new, 1)
            found.append(f"{text} .\n")
    return "".join(found)
