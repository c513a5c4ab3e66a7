"""The exact test vectors V1–V6 of the scoring specification, through the whole pipeline.

Tables and answers are files; they pass the loaders, the gates, the archive and publish, and the
figures are read from the stores of the release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from pyoxigraph import Store

from loaders.pipeline import current_reference
from service.release.archive import Archive
from service.release.manifest import Release
from service.settings import Settings
from service.store.rows import select
from tests.home import gemeenten, load, publish, response, write_answers
from tests.small_instrument import Item, write_instrument

CORE = {"T1": 20, "T2": 20, "T3": 10, "T4": 20, "T5": 20}
OBSERVATION = """
PREFIX imon: <https://w3id.org/imonitor/ns#>
SELECT * WHERE {{ <{iri}> ?p ?o }}
"""
KNESSELARE, OLD_AALTER, AALTER = "0207452118", "0207449544", "0697608063"


def observation(store: Path, path: str) -> dict[str, str]:
    """Return an observation as local name → value."""
    iri = f"http://localhost:8000/id/synthetisch/observatie/{path}"
    found = select(Store.read_only(str(store)), OBSERVATION.format(iri=iri), union=True)
    return {row["p"].rpartition("#")[2]: row["o"].rpartition("/")[2] for row in found}


def run(
    settings: Settings,
    folder: Path,
    items: Sequence[Item],
    weights: Mapping[str, int],
    answers: Mapping[str, Mapping[str, str]],
) -> Release:
    """Load an instrument and one response of type B per gemeente, and publish."""
    tables = write_instrument(folder / "instrument", items, weights)
    assert load(settings, "instrument", tables)[0].accepted == 1
    rows = [
        row for kbo, given in answers.items() for row in response(f"R-{kbo}", "B", [kbo], given)
    ]
    report = load(settings, "answers", write_answers(folder / "antwoorden.csv", rows))[0]
    assert (report.accepted, report.refused) == (len(answers), 0), report.findings
    return publish(settings)


def test_v1_low_coverage_gives_bounds_and_no_score(settings: Settings, tmp_path: Path) -> None:
    items = [("T1", "Q1", 40), ("T1", "Q2", 35), ("T1", "Q3", 25)]
    kbo = gemeenten(settings, 1)[0]
    release = run(
        settings, tmp_path, items, {"T1": 100}, {kbo: {"Q1": "s60", "Q2": "ZD", "Q3": "s100"}}
    )
    exact = observation(release.full_store, f"theme-score-exact/2016/{kbo}/T1/1.0")
    assert exact["score"] == "75.384615"
    bounds = observation(release.public_store, f"theme-bounds/2016/{kbo}/T1/1.0")
    assert (bounds["low"], bounds["high"], bounds["coverage"]) == ("49", "84", "0.65")
    assert bounds["obsStatus"] == "code#obsStatus-M"
    assert observation(release.public_store, f"theme-score/2016/{kbo}/T1/1.0") == {}
    assert observation(release.public_store, f"theme-score/2016/{kbo}/TOTAL/1.0") == {}
    reason = observation(release.public_store, f"theme-bounds/2016/{kbo}/TOTAL/1.0")
    assert reason["missingTheme"] == "T1"


def test_v2_competition_rank_and_mid_rank_percentile(settings: Settings, tmp_path: Path) -> None:
    scores = [20, 40, 40, 60, 80]
    bodies = gemeenten(settings, 5)
    answers = {kbo: {"Q1": f"s{score}"} for kbo, score in zip(bodies, scores, strict=True)}
    release = run(settings, tmp_path, [("T1", "Q1", 100)], {"T1": 100}, answers)
    found = [
        observation(release.public_store, f"position/2016/{kbo}/T1/gemeenten/1.0") for kbo in bodies
    ]
    assert [row["rank"] for row in found] == ["5", "3", "3", "2", "1"]
    assert [row["percentile"] for row in found] == ["10", "40", "40", "70", "90"]
    assert {row["groupSize"] for row in found} == {"5"}


def test_v3_arithmetic_and_geometric_mean(settings: Settings, tmp_path: Path) -> None:
    kbo = gemeenten(settings, 1)[0]
    release = run(
        settings,
        tmp_path,
        [("T1", "Q1", 100), ("T3", "Q3", 100)],
        {"T1": 50, "T3": 50},
        {kbo: {"Q1": "s25", "Q3": "s100"}},
    )
    total = observation(release.public_store, f"theme-score/2016/{kbo}/TOTAL/1.0")
    assert total["score"] == "62.5"
    variant = observation(release.public_store, f"robustness/2016/{kbo}/gemeenten/meetkundig/1.0")
    assert variant["score"] == "50"


def test_a_scheme_that_is_not_arithmetic_gets_no_arithmetic_overall(
    settings: Settings, tmp_path: Path
) -> None:
    kbo = gemeenten(settings, 1)[0]
    tables = write_instrument(tmp_path / "instrument", [("T1", "Q1", 100)], {"T1": 100})
    schemes = tables / "schemes.csv"
    schemes.write_text(schemes.read_text().replace("rekenkundig", "meetkundig"))
    assert load(settings, "instrument", tables)[0].accepted == 1
    rows = response("R", "B", [kbo], {"Q1": "s25"})
    load(settings, "answers", write_answers(tmp_path / "antwoorden.csv", rows))
    release = publish(settings)
    assert observation(release.public_store, f"theme-score/2016/{kbo}/T1/1.0")["score"] == "25"
    assert observation(release.full_store, f"theme-score/2016/{kbo}/TOTAL/1.0") == {}
    assert observation(release.full_store, f"theme-score-exact/2016/{kbo}/TOTAL/1.0") == {}


def test_v4_an_inapplicable_question_is_not_missing(settings: Settings, tmp_path: Path) -> None:
    reference = current_reference(Archive(settings.archive), settings.base)
    kbo = gemeenten(settings, 1)[0]
    answers = {
        code: sorted(question.options - {"ZD", "GA", "GW", "RS", "NVT", "NB"})[-1]
        for code, question in reference.questions.items()
        if code.startswith("AB") and "B" in question.applies
    }
    assert "AB5" not in answers
    assert len(answers) == 8
    rows = response("R1", "B", [kbo], answers)
    load(settings, "answers", write_answers(tmp_path / "antwoorden.csv", rows))
    release = publish(settings)
    found = observation(release.public_store, f"theme-score/2016/{kbo}/T1/1.0")
    assert (found["coverage"], found["score"]) == ("1", "100")


def test_v5_a_merged_body_gets_the_mean_of_its_predecessors(
    settings: Settings, tmp_path: Path
) -> None:
    answers = {KNESSELARE: {"Q1": "s30"}, OLD_AALTER: {"Q1": "s60"}}
    release = run(settings, tmp_path, [("T1", "Q1", 100)], {"T1": 100}, answers)
    found = observation(release.public_store, f"back-cast/2016/{AALTER}/T1/2019-01-01/1.0")
    expected = Decimal(8236 * 30 + 20548 * 60) / Decimal(8236 + 20548)
    assert Decimal(found["score"]) == expected.quantize(Decimal("0.000001"))
    assert round(Decimal(found["score"]), 2) == Decimal("51.42")
    assert found["obsStatus"] == "code#obsStatus-E"


def test_v6_a_gate_holds_the_type_back(settings: Settings, tmp_path: Path) -> None:
    items = [(theme, f"Q{theme[1]}", 100) for theme in CORE]
    kbo = gemeenten(settings, 1)[0]
    answers = {code: "s20" if theme == "T2" else "s80" for theme, code, _ in items}
    release = run(settings, tmp_path, items, CORE, {kbo: answers})
    exact = observation(release.full_store, f"theme-score-exact/2016/{kbo}/TOTAL/1.0")
    assert exact["score"] == "66.666667"
    for store, cube in ((release.full_store, "type-exact"), (release.public_store, "type")):
        found = observation(store, f"{cube}/2016/{kbo}/TY-1/1.0")
        assert (found["typeByScore"], found["type"], found["decidingGate"]) == ("4", "3", "t2")
