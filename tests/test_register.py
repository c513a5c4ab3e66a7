"""The register as tables: identifiers, bodies and states, what follows on inhabitants and areas."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest

from loaders import identifiers
from loaders.areas import geography
from loaders.inhabitants import counts
from loaders.register import CLASSES, Register, read_register
from loaders.register_checks import check
from tests.facts import DAYS, located


@pytest.fixture(scope="module")
def register() -> Register:
    return read_register()[0]


def state_name(register: Register, nis: str, classification: str, day: str) -> str | None:
    state = register.at(nis, classification, datetime.date.fromisoformat(day))
    return state.name if state else None


# --- Identifiers


@pytest.mark.parametrize("text", ["0216771046", "0216.771.046", " BE 0216 771 046 ", "216771046"])
def test_a_kbo_number_is_read_with_dots_spaces_country_and_without_its_first_zero(
    text: str,
) -> None:
    assert identifiers.kbo(text) == "0216771046"


@pytest.mark.parametrize(
    "text", ["0216771047", "021677104", "", "OVO002001", "02167710460", "٠٢١٦٧٧١٠٤٦"]
)
def test_a_kbo_number_with_wrong_check_digits_or_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="KBO number"):
        identifiers.kbo(text)


def test_ovo_and_nis_codes_are_checked_for_their_form() -> None:
    assert identifiers.ovo("ovo 002001") == "OVO002001"
    assert identifiers.nis(" 44084 ") == "44084"
    for wrong in ("OVO2001", "002001", "OVO00200١"):
        with pytest.raises(ValueError, match="OVO code"):
            identifiers.ovo(wrong)
    for wrong in ("4408", "440845", "4408x", "٤٤٠٨٤"):
        with pytest.raises(ValueError, match="NIS code"):
            identifiers.nis(wrong)


def test_the_province_follows_from_a_nis_code_and_brussels_and_wallonia_have_none() -> None:
    assert identifiers.province_of("23106") == "vlaams-brabant"
    assert identifiers.province_of("37020") == "west-vlaanderen"
    assert [identifiers.province_of(code) for code in ("21004", "25112", "55022")] == [None] * 3


# --- Tables


def test_the_bundled_tables_have_no_contradiction() -> None:
    register, tables = read_register()
    check(register, tables)
    assert located(tables.findings) == []


def test_there_are_638_bodies_in_pairs_and_327_states_of_each_class(register: Register) -> None:
    assert Counter(body.classification for body in register.bodies) == {
        "gemeente": 319,
        "ocmw": 319,
    }
    states = Counter(register.by_kbo[state.kbo].classification for state in register.states)
    assert states == {"gemeente": 327, "ocmw": 327}
    for body in register.bodies:
        other = register.by_iri[body.counterpart_iri]
        own, others = register.states_of[body.kbo], register.states_of[other.kbo]
        assert [state.nis for state in own] == [state.nis for state in others]
        assert [state.valid_to for state in own] == [state.valid_to for state in others]


@pytest.mark.parametrize(("day", "number"), DAYS.items())
@pytest.mark.parametrize("classification", CLASSES)
def test_so_many_bodies_of_a_class_hold_on_a_day_one_a_code(
    register: Register, day: str, number: int, classification: str
) -> None:
    when = datetime.date.fromisoformat(day)
    held = [
        state
        for state in register.states
        if register.by_kbo[state.kbo].classification == classification and state.holds_on(when)
    ]
    assert len(held) == len({state.kbo for state in held}) == number
    assert len({state.nis for state in held}) == number


def test_provinces_of_2016_are_those_of_the_peer_groups(register: Register) -> None:
    when = datetime.date(2016, 6, 1)
    held = [state for state in register.states if state.holds_on(when)]
    found = Counter(state.province for state in held if not state.name.startswith("OCMW "))
    assert found == {
        "antwerpen": 70,
        "vlaams-brabant": 65,
        "west-vlaanderen": 64,
        "oost-vlaanderen": 65,
        "limburg": 44,
    }


def test_a_body_that_continues_keeps_its_iri_and_gets_a_new_state(register: Register) -> None:
    ham = register.by_kbo["0216772234"]
    found = [(state.name, state.nis) for state in register.states_of[ham.kbo]]
    assert found == [("Ham", "71069"), ("Tessenderlo-Ham", "71071")]
    assert register.names(ham) == ["Tessenderlo-Ham", "Ham"]
    kept = [merger.results for merger in register.mergers if merger.kind == "continued"]
    assert len(kept) == 9
    for merger in register.mergers:
        for classification in CLASSES:
            before, after = register.before_and_after(merger, classification)
            assert len(before) == len(merger.originals)
            survives = {state.kbo for state in before} & {state.kbo for state in after}
            assert bool(survives) == (merger.kind == "continued")


def test_antwerpen_takes_in_borsbeek_in_one_and_the_same_state(register: Register) -> None:
    antwerpen = register.by_kbo["0207500123"]
    assert [state.valid_to for state in register.states_of[antwerpen.kbo]] == [None]
    assert state_name(register, "11007", "gemeente", "2024-12-31") == "Borsbeek"
    assert state_name(register, "11007", "gemeente", "2025-01-01") is None


def test_zwijndrecht_changes_province_through_its_merger(register: Register) -> None:
    before = register.at("11056", "gemeente", datetime.date(2024, 12, 31))
    after = register.at("46030", "gemeente", datetime.date(2025, 1, 1))
    assert before is not None
    assert before.province == "antwerpen"
    assert after is not None
    assert after.province == "oost-vlaanderen"


def test_every_defect_of_a_source_is_told_in_both_languages(register: Register) -> None:
    assert len(register.defects) == 20
    assert {"pajottegem-provincie", "lievegem-voorgangers", "tielt-geldigheid"} <= {
        defect.id for defect in register.defects
    }
    keys = {source.key for source in register.sources}
    assert {defect.source for defect in register.defects} <= keys
    pajottegem = register.at("23106", "gemeente", datetime.date(2025, 1, 1))
    assert pajottegem is not None
    assert pajottegem.province == "vlaams-brabant"
    assert register.at("37022", "gemeente", datetime.date(2024, 12, 31)) is None


def test_the_nuts_code_that_kept_its_digits_belongs_to_the_new_aalter(register: Register) -> None:
    nuts = {state.nis: state.nuts.rpartition("/")[2] for state in register.states}
    assert (nuts["44001"], nuts["44084"]) == ("BE23444001_VOOR_FUSIE_2019", "BE23444001")
    assert all(nuts.values())


# --- Inhabitants and areas


def test_known_inhabitants_of_flanders_add_up_and_are_normal_figures(register: Register) -> None:
    counted = [row for row in counts(register) if row.status == "A"]
    for year, number, total in ((2018, 308, 6_552_967), (2019, 300, 6_589_069)):
        for classification in CLASSES:
            figures = [
                row.count
                for row in counted
                if row.year == year
                and register.by_kbo[row.state.kbo].classification == classification
            ]
            assert (len(figures), sum(figures)) == (number, total)


def test_a_merged_body_without_a_figure_gets_the_sum_of_its_predecessors_as_estimate(
    register: Register,
) -> None:
    estimates = {row.state.kbo: row for row in counts(register) if row.status == "E"}
    assert len(estimates) == 2 * 13
    pajottegem = estimates["1010784540"]
    by_key = {(row.nis, row.year): row.count for row in register.inhabitants}
    total = sum(by_key[nis, 2019] for nis in ("23023", "23024", "23032"))
    assert (pajottegem.year, pajottegem.count) == (2025, total)
    assert {year for _, year in pajottegem.parts} == {2019}
    hasselt = [row.year for row in counts(register) if row.state.kbo == "0207466964"]
    assert sorted(hasselt) == [2018, 2019, 2025]
    assert "0697608063" not in estimates  # Aalter has its own figure for the year of its merger


def test_a_merged_area_has_a_point_and_neighbours_of_its_parts(register: Register) -> None:
    found = geography(register)
    assert set(found.points) == {state.nis for state in register.states}
    assert found.points["44084"] == found.points["44001"]  # Aalter had more people than Knesselare
    assert "44085" in found.touches["44084"]  # Aalter touches Lievegem: both are of 2019
    assert "44029" not in found.touches["44084"]  # its own part
    assert not {"44001", "44029"} & found.touches["44085"]  # gone when Lievegem began
    for nis, others in found.touches.items():
        assert nis not in others
        assert all(nis in found.touches[other] for other in others)
