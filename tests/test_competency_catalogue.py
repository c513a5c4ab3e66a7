"""Sources, products, datasets and standards: CQ27 to CQ30, CQ33, CQ35 and CQ36.

Sources, datasets and changes are asked of the demo. Target groups and tags of products come with
the product catalogue and standards with their register, so those are asked of the model's examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import Store

from service.analysis.source_counts import shown
from service.release.manifest import Release
from tests.competency import Response, Wave, asked, last
from tests.example_store import EXAMPLE, GEMEENTE, OCMW, OTHER, example_store
from tests.live_service import Live
from tests.live_service import live as served
from tests.stored import answer, public_store

WAVE = "synthetisch/2016"
MODES = ("manueel", "m2m", "geen")  # by hand in one area counts before machine to machine in others


@pytest.fixture(scope="module")
def live(demo_home: Path) -> Iterator[Live]:
    """The demo release, served."""
    with served(demo_home, query_timeout=30) as service:
        yield service


@pytest.fixture(scope="module")
def release(demo_home: Path) -> Release:
    """The demo release."""
    found = Release.current(demo_home)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def wave(demo_home: Path) -> Wave:
    """The synthetic wave of 2016, worked out from its files."""
    return Wave(demo_home, 2016)


# --- CQ27 and CQ28: authentic sources ----------------------------------------


def uses(response: Response) -> dict[tuple[str, str], str]:
    """Return (source, area) → mode, of the answers that are not missing."""
    return {
        (code.split(".")[1], code.split(".")[2]): modes[0]
        for code, modes in response.answers.items()
        if code.startswith("BR.") and modes[0] in MODES
    }


def test_cq27_the_sources_that_a_body_uses_machine_to_machine(release: Release, wave: Wave) -> None:
    store = Store.read_only(str(release.full_store))
    seen = Counter[str]()
    for response in wave.responses[::60]:
        for kbo in response.bodies:
            for mode in MODES:
                rows = answer(store, "api/cq27", body=kbo, wave=WAVE, mode=mode)
                found = {(last(row["source"]), last(row["area"])) for row in rows}
                assert found == {place for place, how in uses(response).items() if how == mode}
                assert len(rows) == len(found)
                seen[mode] += len(rows)
            default = answer(store, "api/cq27", body=kbo, wave=WAVE, lang="en")
            assert all(row["label"] and row["areaLabel"] and row["channel"] for row in default)
    assert min(seen.values()) > 0


def test_cq27_on_the_examples_a_product_in_place_of_an_area() -> None:
    store = example_store(
        f"""<id/synthetisch/voorbeeld/brongebruik/3> a imon:SourceUse ; imon:body <{GEMEENTE}> ;
        imon:wave <id/synthetisch/golf/2016> ; imon:authenticSource imc:bron\\/grb ;
        imon:processArea imc:gebied\\/vergunningen ;
        imon:accessMode imc:ontsluitingswijze\\/manueel ."""
    )
    (own,) = answer(store, "api/cq27", body=GEMEENTE, wave=WAVE)
    assert (last(own["source"]), last(own["area"])) == ("rijksregister", "burgerzaken")
    (other,) = answer(store, "api/cq27", body=OCMW, wave=WAVE, mode="manueel")
    assert (last(other["source"]), last(other["product"]), other["area"]) == ("ksz", "leefloon", "")


@pytest.mark.live
def test_cq27_is_not_for_everyone(live: Live, release: Release, wave: Wave) -> None:
    kbo = wave.responses[0].bodies[0]
    assert live.ask(f"/api/cq27?body={kbo}&wave={WAVE}&format=csv").status == 401
    public = Store.read_only(str(release.public_store))
    assert answer(public, "api/cq27", body=kbo, wave=WAVE) == []


def mode_of(response: Response, source: str) -> str:
    """Return how a response uses a source, empty where it did not say."""
    modes = {how for (name, _), how in uses(response).items() if name == source}
    return next((mode for mode in MODES if mode in modes), "")


@pytest.mark.live
@pytest.mark.parametrize("source", ["rijksregister", "ksz", "grb"])
def test_cq28_counts_by_province_and_who_answered(source: str, live: Live, wave: Wave) -> None:
    groups: dict[tuple[str, str], Counter[str]] = {}
    for response in wave.responses:
        province = wave.frame[response.bodies[0]].province
        groups.setdefault((province, response.kind), Counter())[mode_of(response, source)] += 1
    for mode in MODES:
        wanted = {}
        for (province, kind), counts in groups.items():
            kept = shown({name: counts[name] for name in MODES}, counts.total())
            size = 2 if kind == "A" else 1
            if mode in kept:
                wanted[province, kind] = (kept[mode] * size, counts.total() * size)
        rows = asked(live, "cq28", source=source, mode=mode, wave=WAVE)
        found = {
            (last(row["province"]), last(row["questionnaire"])): (
                int(row["bodies"]),
                int(row["groupSize"]),
            )
            for row in rows
        }
        assert found == wanted
        assert {row["synthetic"] for row in rows} <= {"true"}
    assert asked(live, "cq28", source=source, wave="2016") == []


@pytest.mark.live
def test_cq28_has_numbers_and_none_below_five(live: Live) -> None:
    rows = asked(live, "cq28", source="rijksregister", wave=WAVE, lang="en")
    assert len(rows) > 5
    assert min(int(row["bodies"]) for row in rows) >= 5
    assert {row["sourceLabel"] for row in rows} == {"National Register"}
    told = {last(row["questionnaire"]): row["questionnaireLabel"] for row in rows}
    assert told["B"] == "The gemeente alone answers."


# --- CQ29 and CQ30: products, on the examples -------------------------------

CONCEPT = """
<id/synthetisch/voorbeeld/ipdc/concept/{name}> a ipdc:ConceptualPublicService ;
    dct:title "{name}"@nl ; dct:description "Voorbeeld."@nl ; schema:productID "{number}" ;
    schema:dateCreated "2016-01-11T09:00:00Z"^^xsd:dateTime ;
    schema:dateModified "2016-02-01T14:30:00Z"^^xsd:dateTime ;
    {facts} skos:exactMatch imc:product\\/{name} .
"""
LEVEL = """
<id/synthetisch/observatie/service-maturity/2016/{number}/{product}/dvn/1.0>
    a imon:ServiceMaturity , qb:Observation ;
    qb:dataSet <id/synthetisch/dataset/service-maturity> ; imon:body <{body}> ;
    imon:product imc:product\\/{product} ; imon:wave <id/synthetisch/golf/2016> ;
    imon:scheme <id/scoreschema/1.0> ; imon:levelMethod imc:niveaumethode\\/dvn ;
    imon:serviceLevel imc:dienstniveau\\/{level} ; imon:assessor imc:beoordelaar\\/zelf ;
    sdmx-attribute:obsStatus sdmx-code:obsStatus-A ;
    imon:fromResponse <id/synthetisch/voorbeeld/respons/{number}> ;
    prov:wasGeneratedBy <id/synthetisch/voorbeeld/berekening/{number}> .
"""
IPDC = "https://productencatalogus.data.vlaanderen.be/id/concept/"
BODIES = (GEMEENTE, OCMW, OTHER)
#: product: its target groups, its tags, its level at the three bodies
PRODUCTS = {
    "adreswijziging": (("Burger",), ("YourEuropeVerplicht",), (4, 4, 5)),
    "reispas": (("Burger",), ("YourEuropeVerplicht",), (2, 3, 3)),
    "drankvergunning": (("Onderneming", "Vereniging"), ("YourEuropeAanbevolen",), (5, 3, None)),
    "klacht": (("Burger", "Onderneming"), (), (1, None, 2)),
    "huurwaarborg": ((), ("YourEuropeVerplicht",), (3, 3, 3)),
}


def catalogue() -> str:
    """Return concepts of a product catalogue and levels of products, in Turtle."""
    text = ""
    for number, (name, (groups, tags, levels)) in enumerate(PRODUCTS.items()):
        facts = "".join(f"ipdc:targetAudience <{IPDC}Doelgroep/{group}> ; " for group in groups)
        facts += "".join(f"ipdc:conceptTag <{IPDC}ConceptTag/{tag}> ; " for tag in tags)
        text += CONCEPT.format(name=name, number=8000 + number, facts=facts)
        for place, (body, level) in enumerate(zip(BODIES, levels, strict=True)):
            if level is not None:
                text += LEVEL.format(number=place, product=name, body=body, level=level)
    return text


def mean_level(levels: tuple[int | None, ...]) -> Decimal:
    known = [level for level in levels if level is not None]
    return Decimal(sum(known)) / len(known)


@pytest.fixture(scope="module")
def products() -> Store:
    return example_store(catalogue())


@pytest.mark.parametrize("level", [0, 2, 3, 4, 5])
def test_cq29_products_by_target_group_that_reach_a_level(level: int, products: Store) -> None:
    rows = answer(products, "api/cq29", wave=WAVE, level=str(level))
    wanted = {
        (group, name)
        for name, (groups, _, levels) in PRODUCTS.items()
        for group in groups
        if mean_level(levels) >= level
    }
    found = {(last(row["audience"]), last(row["product"])) for row in rows}
    assert found == wanted
    assert len(rows) == len(wanted)
    for row in rows:
        levels = PRODUCTS[last(row["product"])][2]
        assert abs(Decimal(row["mean"]) - mean_level(levels)) < Decimal("1e-9")
        assert int(row["bodies"]) == len([one for one in levels if one is not None])
        assert row["synthetic"] == "true"


def test_cq29_by_the_lowest_criterion_the_example_stands_alone(products: Store) -> None:
    rows = answer(products, "api/cq29", wave=WAVE, level="3", method="laagste-criterium")
    assert [(last(row["audience"]), last(row["product"])) for row in rows] == [
        ("Burger", "uittreksel")
    ]


def test_cq30_mandatory_products_below_a_level(products: Store) -> None:
    (row,) = answer(products, "api/cq30", wave=WAVE)
    assert last(row["product"]) == "reispas"
    assert (int(row["bodies"]), int(row["bodiesBelow"])) == (3, 1)
    assert last(row["tag"]) == "YourEuropeVerplicht"
    assert row["service"] == f"{EXAMPLE}ipdc/concept/reispas"
    below = answer(products, "api/cq30", wave=WAVE, level="5", lang="en")
    means = {last(row["product"]): Decimal(row["mean"]) for row in below}
    assert set(means) == {"reispas", "huurwaarborg", "adreswijziging"}
    assert list(means) == sorted(means, key=lambda name: means[name])
    advised = answer(products, "api/cq30", wave=WAVE, level="5", tag="YourEuropeAanbevolen")
    assert [last(row["product"]) for row in advised] == ["drankvergunning"]


@pytest.mark.live
def test_products_without_a_catalogue_have_no_row_yet(live: Live) -> None:
    for name in ("cq29", "cq30"):
        assert asked(live, name, wave=WAVE) == []


# --- CQ33 and CQ35: what there is, and what changed --------------------------


@pytest.mark.live
def test_cq33_every_graph_that_changed_since_a_day(live: Live, release: Release) -> None:
    graphs = {iri: row for iri, row in release.graphs.items() if row.dataset != "catalogus"}
    today = date.fromisoformat(str(release.manifest["instant"])[:10])
    for day in (today - timedelta(400), today, today + timedelta(1)):
        wanted = {
            iri: (row.changed, row.triples)
            for iri, row in graphs.items()
            if row.changed[:10] >= day.isoformat()
        }
        rows = asked(live, "cq33", date=day.isoformat())
        found = {row["graph"]: (row["modified"], int(row["triples"])) for row in rows}
        assert found == wanted
        assert len(rows) == len(wanted)
        assert all((row["synthetic"] == "true") == graphs[row["graph"]].synthetic for row in rows)
        assert all(row["title"] and row["graphTitle"] for row in rows)
    assert asked(live, "cq33", date=(today + timedelta(1)).isoformat()) == []


@pytest.mark.live
def test_cq35_every_dataset_with_its_files_endpoints_and_coverage(
    live: Live, release: Release
) -> None:
    rows = asked(live, "cq35")
    described = {row["dataset"] for row in rows}
    held = {(row.dataset, row.synthetic) for row in release.graphs.values()}
    for name, synthetic in (("theme-score", True), ("organisaties", False), ("frame", True)):
        assert (name, synthetic) in held
        root = "synthetisch/" if synthetic else ""
        assert f"{release.base}id/{root}dataset/{name}" in described
    assert all(row["address"].startswith(release.base) for row in rows)
    assert all(row["title"] and row["area"] and row["licence"] for row in rows)
    by_kind = Counter((row["dataset"], row["kind"]) for row in rows)
    assert all(by_kind[name, kind] for name in described for kind in ("distributie", "eindpunt"))
    assert all((row["mediaType"] != "") == (row["kind"] == "distributie") for row in rows)
    assert f"{release.base}sparql" in {row["address"] for row in rows}
    waves = {(row["from"][:4], row["through"][:4]) for row in rows if "theme-score" in row["title"]}
    waves |= {
        (row["from"][:4], row["through"][:4])
        for row in rows
        if row["dataset"].endswith("/dataset/theme-score")
    }
    assert waves == {("2016", "2025")}
    for row in rows:
        assert (row["synthetic"] == "true") == ("/synthetisch/" in row["dataset"])
        assert ("/synthetisch" in row["catalogue"]) == (row["synthetic"] == "true")


@pytest.mark.live
def test_cq35_every_file_that_it_names_is_there(live: Live, release: Release) -> None:
    files = {row["address"] for row in asked(live, "cq35") if row["kind"] == "distributie"}
    assert len(files) > 20
    for address in sorted(files):
        path = "/" + address.removeprefix(release.base)
        assert live.ask(path, "HEAD").status == 200, path


# --- CQ36: standards, on the examples ----------------------------------------

STANDARDS = """
<id/synthetisch/voorbeeld/standaard/{name}> a adms:Asset , dct:Standard ;
    dct:title "Standaard {name}"@nl ; dct:identifier "{name}" ;
    adms:status <https://data.vlaanderen.be/id/concept/StandaardStatus/{status}> ;
    dct:type <https://data.vlaanderen.be/id/concept/StandaardType/Vocabularium> ,
        <https://data.vlaanderen.be/id/concept/StandaardGebruik/{usage}> ;
    dct:issued "2016-03-10"^^xsd:date ;
    dct:publisher <https://data.vlaanderen.be/id/organisatie/OVO002949> .
"""
CLAIM = """
<id/synthetisch/voorbeeld/conformiteit/{name}>
    a imon:ConformanceClaim , earl:Assertion , prov:Entity ;
    earl:subject <id/synthetisch/voorbeeld/toepassing/{name}> ;
    earl:test <id/synthetisch/voorbeeld/standaard/{standard}> ; earl:assertedBy <{body}> ;
    dct:date "2016-10-03"^^xsd:date ; imon:enforcement imc:bewijsstatus\\/onbewezen .
"""


def test_cq36_recognised_and_mandatory_standards_with_who_claims_them() -> None:
    text = "".join(
        STANDARDS.format(name=name, status=status, usage=usage)
        for name, status, usage in (
            ("geclaimd", "ErkendeStandaard", "Verplicht"),
            ("stil", "ErkendeStandaard", "Verplicht"),
            ("kandidaat", "KandidaatStandaard", "Verplicht"),
            ("vrij", "ErkendeStandaard", "Aanbevolen"),
        )
    )
    claims = (("a", "geclaimd", OTHER), ("b", "geclaimd", GEMEENTE), ("c", "kandidaat", OTHER))
    text += "".join(CLAIM.format(name=n, standard=s, body=b) for n, s, b in claims)
    store = example_store(text)
    rows = answer(store, "api/cq36", lang="en")
    assert [(last(row["standard"]), row["claimant"]) for row in rows] == sorted(
        [("geclaimd", OTHER), ("geclaimd", GEMEENTE), ("stil", "")]
    )
    told = {row["claimant"]: row for row in rows}
    assert told[GEMEENTE]["claimantName"] == "Wommelgem"
    assert last(told[GEMEENTE]["subject"]) == "b"
    assert last(told[OTHER]["enforcement"]) == "onbewezen"
    assert told[OTHER]["evidence"] == ""
    assert {row["title"] for row in rows} == {"Standaard geclaimd", "Standaard stil"}
    advised = answer(store, "api/cq36", usage="Aanbevolen")
    proven = {last(row["standard"]): row for row in advised}
    assert set(proven) == {"1", "vrij"}
    assert last(proven["1"]["enforcement"]) == "bewezen"
    assert proven["1"]["evidence"] == f"{EXAMPLE}conformiteit/1/validatierapport"
    assert {
        last(row["standard"]) for row in answer(store, "api/cq36", status="KandidaatStandaard")
    } == {"kandidaat"}


@pytest.mark.live
def test_cq36_without_a_register_has_no_row_yet(live: Live, demo_home: Path) -> None:
    assert asked(live, "cq36") == []
    standard = "PREFIX adms: <http://www.w3.org/ns/adms#> ASK { ?standard a adms:Asset }"
    assert not public_store(demo_home).query(standard, use_default_graph_as_union=True)
