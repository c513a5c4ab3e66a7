"""Provenance: every figure has a run that is described, and its dataset a plan; runs are exact."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from service.analysis import ANALYSES
from service.app import create_app
from service.release import lines
from service.release.archive import Archive
from service.release.check import check_home
from service.release.derivation import derivations, run_rules
from service.release.manifest import Release
from service.release.runs import RunLog, read_parts
from service.release.validation import reference_shapes
from service.settings import Settings
from service.store.embedded import EmbeddedStore
from service.store.rows import select
from service.vocab import PREFIXES, expand
from tests.home import full_answers, load, publish, response, write_answers
from tests.made_wave import (
    BASE,
    MadeWave,
    library,
    random_responses,
    reference_triples,
    seal,
    store_of,
)
from tests.stored import answer

HEADS = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
#: Runs that used no input besides the scheme, and datasets of figures without a plan: none.
LACKING = {
    "input": "SELECT ?row WHERE { ?row a imon:ScoringRun , prov:Activity ; prov:used ?used } "
    "GROUP BY ?row HAVING(COUNT(DISTINCT ?used) < 2)",
    "plan": "SELECT ?row WHERE { { SELECT DISTINCT (?dataset AS ?row) WHERE { "
    "?figure qb:dataSet ?dataset ; prov:wasGeneratedBy ?run } } "
    "FILTER NOT EXISTS { ?plan imon:fills ?row } }",
}
SAMPLE = f"""{HEADS}
SELECT ?dataset (MIN(?row) AS ?observation) (COUNT(?row) AS ?count) WHERE {{
  ?row a qb:Observation ; qb:dataSet ?dataset .
}} GROUP BY ?dataset ORDER BY ?dataset"""
AARTSELAAR, ANTWERPEN = "0207508932", "0207500123"


def open_release(home: Path) -> Release:
    release = Release.current(home)
    assert release is not None
    return release


@pytest.fixture
def small(settings: Settings, tmp_path: Path) -> Settings:
    """A home with two responses of 2016, published."""
    rows = [
        *response("G1", "B", [AARTSELAAR], full_answers(settings, "B", 2)),
        *response("G2", "B", [ANTWERPEN], full_answers(settings, "B", 3)),
    ]
    assert load(settings, "answers", write_answers(tmp_path / "a.csv", rows))[0].accepted == 2
    publish(settings)
    return settings


# --- Every figure --------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["public", "full"])
def test_no_figure_lacks_run_scheme_inputs_digests_or_plan(demo_home: Path, kind: str) -> None:
    release = open_release(demo_home)
    store = Store.read_only(str(getattr(release, f"{kind}_store")))
    counts = {row["dataset"]: int(row["count"]) for row in select(store, SAMPLE, union=True)}
    assert sum(counts.values()) > 10_000
    assert list(select(store, library()["lookup/undescribed"].text, union=True)) == []
    for name, query in LACKING.items():
        assert list(select(store, HEADS + query, union=True)) == [], name


@pytest.mark.slow
def test_one_query_leads_from_a_figure_of_each_cube_to_where_it_comes_from(demo_home: Path) -> None:
    store = Store.read_only(str(open_release(demo_home).public_store))
    samples = list(select(store, SAMPLE, union=True))
    assert len(samples) >= 6
    for sample in samples:
        found = answer(store, "api/provenance", observation=sample["observation"])
        assert found, sample
        assert {row["dataset"] for row in found} == {sample["dataset"]}
        assert len({row["plan"] for row in found}) == 1, sample
        assert all(all(row.values()) for row in found), found


# --- Plans --------------------


def plans(settings: Settings) -> dict[str, dict[str, list[str]]]:
    """Return the plans of the current release: name → local name of the property → values."""
    store = Store.read_only(str(open_release(settings.home).public_store))
    pattern = "?x a imon:Derivation ; dct:identifier ?name ; ?p ?v"
    query = f"{HEADS} SELECT ?name ?p ?v WHERE {{ {pattern} }}"
    found: dict[str, dict[str, list[str]]] = {}
    for row in select(store, query, union=True):
        key = row["p"].rpartition("#")[2].rpartition("/")[2]
        found.setdefault(row["name"], {}).setdefault(key, []).append(row["v"])
    return found


def test_every_derivation_is_a_plan_with_its_text_or_program(small: Settings) -> None:
    found = plans(small)
    steps = {step.name: step for step in derivations(library())}
    assert set(found) == set(steps)
    for name, step in steps.items():
        row = found[name]
        assert row["rulesDigest"] == [step.rules]
        assert len(row["title"]) == 2
        if step.query:
            assert row["construct"] == [step.query.text]
            assert row["rulesDigest"] == [hashlib.sha256(row["construct"][0].encode()).hexdigest()]
        else:
            assert row["program"] == [ANALYSES[name].run.__module__]
        assert row["accessLevel"] == [f"{expand('imc:toegang/')}{step.access}"]
    assert {row.rpartition("/")[2] for row in found["overall"]["fills"]} == {"theme-score"}
    assert len(found["overall"]["fills"]) == 2
    assert f"{small.base}id/afleiding/theme-score" in found["overall"]["requires"]
    assert f"{small.base}id/dataset/scoreschema" in found["overall"]["requires"]


def test_the_plans_conform_to_their_shape(small: Settings) -> None:
    release = open_release(small.home)
    graph = f"{small.base}graph/afleidingen"
    found = lines.read(release.lines_file(release.graphs[graph]))
    report = reference_shapes().validate(lines.to_triples(found, graph))
    assert [row.as_dict() for row in report.results if row.severity == "Violation"] == []


def test_the_rules_of_a_run_follow_from_the_digests_of_its_plans(small: Settings) -> None:
    """Who reads the release can tell which plans a run followed, without our code."""
    found = plans(small)
    names = ("theme-bounds", "theme-score", "theme-score-exact")
    text = "\n".join(f"{name} {found[name]['rulesDigest'][0]}" for name in names)
    store = Store.read_only(str(open_release(small.home).public_store))
    rows = answer(
        store,
        "api/provenance",
        observation=f"{small.base}id/synthetisch/observatie/theme-score/2016/{AARTSELAAR}/T1/1.0",
    )
    assert {row["rulesDigest"] for row in rows} == {hashlib.sha256(text.encode()).hexdigest()}


def test_a_plan_and_a_run_have_an_address(small: Settings) -> None:
    folder = open_release(small.home).path
    app = create_app(small, EmbeddedStore.open(folder / "public", 1 << 20, 1))
    client = app.test_client()
    seen = client.get("/id/afleiding/overall")
    assert (seen.status_code, seen.headers["Location"]) == (303, f"{BASE}doc/afleiding/overall")
    turtle = client.get("/doc/afleiding/overall.ttl")
    assert turtle.status_code == 200
    assert "CONSTRUCT" in turtle.text and "fills" in turtle.text
    page = client.get("/doc/afleiding/position", headers={"Accept": "text/html"})
    assert page.status_code == 200 and "service.analysis.positions" in page.text
    assert client.get("/doc/afleiding/nothing").status_code == 404


# --- Runs are exact --------------------


def test_an_input_digest_is_sealed_with_the_key_of_the_archive(small: Settings) -> None:
    archive = Archive(small.archive)
    digests = [record.digest for document in archive.documents() for record in document.records]
    store = Store.read_only(str(open_release(small.home).public_store))
    pattern = "?run prov:used ?x ; imon:inputDigest ?d . ?row imon:fromResponse ?x"
    query = f"{HEADS} SELECT DISTINCT ?d WHERE {{ {pattern} }}"
    found = {row["d"] for row in select(store, query, union=True)}
    assert found == {archive.seal(f"input {digest}".encode()) for digest in digests}
    public = store.dump(format=RdfFormat.N_QUADS) or b""
    assert not [digest for digest in digests if digest.encode() in public]
    assert not [d for d in digests if hashlib.sha256(d.encode()).hexdigest().encode() in public]


def test_a_correction_leaves_the_runs_of_others_as_they_are(
    small: Settings, tmp_path: Path
) -> None:
    before = run_lines(small)
    rows = response("G1-bis", "B", [AARTSELAAR], full_answers(small, "B", 4), vervangt="G1")
    assert load(small, "answers", write_answers(tmp_path / "b.csv", rows))[0].accepted == 1
    publish(small)
    after = run_lines(small)
    gone, kept = before - after, before & after
    assert gone and kept
    assert len({line.split(b"/berekening/")[1][:24] for line in gone}) == 1, "one response"
    assert check_home(small) == []


def run_lines(settings: Settings) -> set[bytes]:
    release = open_release(settings.home)
    graph = f"{settings.base}graph/synthetisch/derived/runs/2016"
    return set(lines.read(release.lines_file(release.graphs[graph])))


def part_digests(triples: bytes) -> dict[tuple[str, str], str]:
    """Return the digest of each part of each scheme: (version, part)."""
    rows = select(store_of(triples), library()["lookup/run-parts"].text)
    said: dict[str, list[bytes]] = {}
    for line in sorted(triples.splitlines()):
        said.setdefault(line[1 : line.index(b">")].decode(), []).append(line)
    parts = read_parts(rows, lambda subject: said.get(subject, []))
    return {(last(row.scheme), last(row.about)): row.digest for row in parts}


def last(iri: str) -> str:
    return iri.rpartition("/")[2]


@pytest.mark.parametrize(
    ("subject", "name", "scheme", "touched"),
    [
        ("id/scoreschema/1.0/vraag/AB1", "imon:weight", "1.0", {"T1", "TOTAL", "TY"}),
        ("id/scoreschema/1.0/optie/IV1/3", "imon:itemScore", "1.0", {"T2", "TOTAL", "TY"}),
        ("id/scoreschema/1.0/thema/T1", "imon:weight", "1.0", {"TOTAL", "TY"}),
        ("id/scoreschema/1.0/thema/T6", "imon:weight", "1.0", set()),
        ("type/TY-1/poort/t5-vanaf-5", "imon:minimum", "", {"TY"}),
        ("type/TY-1/3", "imon:upperBound", "", {"TY"}),
        ("type/TY-1/3", "skos:prefLabel", "", set()),
    ],
)
def test_a_part_of_a_scheme_changes_only_with_what_its_figures_follow_from(
    subject: str, name: str, scheme: str, touched: set[str]
) -> None:
    triples = reference_triples()
    pattern = re.compile(rf'(/{re.escape(subject)}> <{re.escape(expand(name))}> ")[^"]*'.encode())
    other, count = pattern.subn(rb"\g<1>99", triples)
    assert count
    before, after = part_digests(triples), part_digests(other)
    changed = {key for key in before if before[key] != after[key]}
    assert {part.partition("-")[0] for _, part in changed} == touched
    assert not scheme or {version for version, _ in changed} <= {scheme}


def test_the_rules_of_a_part_are_those_of_the_derivations_that_read_it() -> None:
    rules = run_rules(library())
    assert {"theme", "total", "typology"} <= set(rules)
    assert len(set(rules.values())) == len(rules)


def test_a_run_tells_its_inputs_apart_and_is_described_when_it_is_used() -> None:
    def log() -> RunLog:
        return RunLog("http://x/id/", "http://x/golf", "position", "r", seal, ["a", "b"])

    runs = log()
    one, two = runs.run_of("http://x/s", ["a b", "c"]), runs.run_of("http://x/s", ["a", "b c"])
    assert len({one, two, runs.whole(["http://x/s"]), runs.run_of("http://x/t", ["a b", "c"])}) == 4
    assert log().run_of("http://x/s", ["a b", "c"]) == one
    said = runs.describe(f"<http://x/o> <{expand('prov:wasGeneratedBy')}> <{one}> .\n".encode())
    assert said.count(b"\n") == 6 and two.encode() not in said
    with pytest.raises(LookupError, match="unknown run"):
        log().describe(f"<http://x/o> <{expand('prov:wasGeneratedBy')}> <{two}> .\n".encode())


def test_every_run_of_a_made_wave_is_described_beside_its_figures() -> None:
    wave = MadeWave(random_responses(20)).derive()
    for name, found in wave.lines.items():
        used = {line.split(b" ")[2] for line in found if b"#wasGeneratedBy>" in line}
        body = name not in {step.name for step in derivations(library()) if step.unit == "wave"}
        beside = [*wave.lines["runs"], *wave.lines["runs-exact"]] if body else found
        assert used <= {line.split(b" ")[0] for line in beside if b"#inputDigest>" in line}, name


# --- The check --------------------


def test_check_names_a_run_that_is_not_described(small: Settings) -> None:
    release = open_release(small.home)
    full = Store(str(release.full_store))
    used = f"prov:used <{small.base}id/synthetisch/golf/2016>"
    full.update(
        f"{HEADS} DELETE {{ GRAPH ?g {{ ?r imon:inputDigest ?d }} }} "
        f"WHERE {{ GRAPH ?g {{ ?r imon:inputDigest ?d ; {used} }} }}"
    )
    full.flush()
    del full
    faults = [row for row in check_home(small) if "is not described" in row]
    assert faults
    assert "/berekening/" in faults[0] and "/observatie/" in faults[0]
