"""The instrument from tables: what it holds, what follows from it, and what is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store, parse, serialize
from rdflib import DCTERMS, RDF, SKOS, Graph, Literal, Namespace, URIRef

from loaders import Reading
from loaders.instrument_tables import TABLES
from service import data_dir
from service.shapes import ShapeSet
from service.vocab import PREFIXES
from tests.instrument_tables import BASE, TINY, folder, graph_of, read

IMON, IMC = Namespace(PREFIXES["imon"]), Namespace(PREFIXES["imc"])
SCHEME = URIRef(f"{BASE}id/scoreschema/1.0")


@pytest.fixture(scope="module")
def bundled() -> Reading:
    return read()


@pytest.fixture(scope="module")
def graph(bundled: Reading) -> Graph:
    return graph_of(bundled)


def scored(graph: Graph, letter: str) -> set[str]:
    """Return the codes of the scored items that apply to a type of questionnaire."""
    questionnaire = URIRef(IMC + f"vragenlijsttype/{letter}")
    return {
        str(graph.value(row, SKOS.notation))
        for row in graph.subjects(IMON.appliesTo, questionnaire)
        if (row, DCTERMS.isPartOf, None) not in graph and (row, IMON.module, None) not in graph
    }


def figure(graph: Graph, path: str, predicate: str) -> Decimal:
    value = graph.value(URIRef(BASE + path), IMON[predicate])
    assert isinstance(value, Literal)
    return Decimal(str(value))


def test_the_bundled_instrument_is_read_without_a_remark(bundled: Reading) -> None:
    assert bundled.findings == []
    assert bundled.kind == "snapshot"
    assert set(bundled.graphs.values()) == {"OPEN"}
    schemes = {f"{BASE}graph/scoreschema/{version}" for version in ("1.0", "1.1", "dvn-nl")}
    assert set(bundled.graphs) == {
        *(f"{BASE}graph/{name}" for name in ("instrument", "aanbevelingen")),
        *schemes,
    }


def test_a_has_46_items_b_44_and_c_43(graph: Graph) -> None:
    a, b, c = (scored(graph, letter) for letter in "ABC")
    assert (len(a), len(b), len(c)) == (46, 44, 43)
    assert a - b == {"AB5", "PR6"}
    assert a - c == {"AB6", "PD4", "PR6"}
    assert a == b | c | {"PR6"}


def test_weights_of_each_of_six_themes_sum_to_100_exactly(graph: Graph) -> None:
    sums: dict[tuple[str, ...], Decimal] = {}
    for item in graph.subjects(RDF.type, IMON.ItemWeight):
        place = (graph.value(item, IMON.scheme), graph.value(item, IMON.theme))
        key = tuple(str(node).rpartition("/")[2] for node in place)
        sums[key] = sums.get(key, Decimal(0)) + Decimal(str(graph.value(item, IMON.weight)))
    themes = [f"T{number}" for number in range(1, 7)]
    wanted = [(scheme, theme) for scheme in ("1.0", "1.1", "dvn-nl") for theme in themes]
    assert sums == dict.fromkeys(wanted, Decimal(100))


def test_core_weights_are_20_20_10_20_20_of_90(graph: Graph) -> None:
    rows = [row for row in graph.subjects(IMON.core, Literal(True)) if f"{SCHEME}/" in str(row)]
    core = {
        str(graph.value(row, IMON.theme))[-2:]: int(graph.value(row, IMON.weight)) for row in rows
    }
    assert core == {"T1": 20, "T2": 20, "T3": 10, "T4": 20, "T5": 20}


def test_an_option_carries_its_score_multiplied_by_the_weight(graph: Graph) -> None:
    assert figure(graph, "id/scoreschema/1.0/optie/AB1/3", "itemScore") == 60
    assert figure(graph, "id/scoreschema/1.0/optie/AB1/3", "weightedScore") == 720
    zd, nvt = (URIRef(f"{SCHEME}/optie/AB1/{code}") for code in ("ZD", "NVT"))
    assert graph.value(zd, IMON.exclusion) == URIRef(IMC + "noemer/binnen")
    assert graph.value(nvt, IMON.exclusion) == URIRef(IMC + "noemer/buiten")
    assert graph.value(nvt, IMON.weight) == Literal(Decimal(12))


def test_a_checklist_counts_ticks_and_its_empty_answer_stands_alone(graph: Graph) -> None:
    own = graph.subjects(IMON.scheme, SCHEME)
    ticks = [
        graph.value(row, IMON.share).toPython()
        for row in own
        if (row, IMON.tickCount, None) in graph
    ]
    assert sorted(ticks) == [0, 1, 1, 1, 1, 1, 1, 1]
    assert figure(graph, "id/scoreschema/1.0/optie/DI4/privacy", "tickCount") == 7
    alone = {str(row).rpartition("/")[2] for row in graph.subjects(IMON.exclusive)}
    assert alone == {"geen", "ZD", "GA", "GW", "RS", "NVT", "NB"}


def test_a_product_option_has_a_score_but_no_weight_of_its_own(graph: Graph) -> None:
    option = URIRef(f"{SCHEME}/optie/PD8.reispas/3")
    assert graph.value(option, IMON.itemScore) == Literal(Decimal(60))
    assert graph.value(option, IMON.module) == URIRef(IMC + "vraag/PD8")
    assert graph.value(option, IMON.weight) is None
    assert not list(graph.subjects(IMON.option, URIRef(IMC + "vraag/PD8/optie/3")))


def test_26_products_apply_to_a_18_to_b_and_8_to_c(graph: Graph) -> None:
    parts = [
        figure(graph, f"id/scoreschema/1.0/type/{letter}/PD8", "partCount") for letter in "ABC"
    ]
    assert parts == [26, 18, 8]


@pytest.mark.parametrize(
    ("letter", "theme", "weight"),
    [("A", "T1", 100), ("B", "T1", 90), ("C", "T1", 90), ("B", "T4", 88), ("C", "T5", 92)],
)
def test_applicable_weight_leaves_out_what_does_not_apply(
    letter: str, theme: str, weight: int, graph: Graph
) -> None:
    assert figure(graph, f"id/scoreschema/1.0/type/{letter}/{theme}", "weight") == weight


def test_every_question_and_theme_speaks_dutch_and_english(graph: Graph) -> None:
    for kind in (IMON.Question, IMON.Theme, IMON.AnswerOption, IMON.Type, IMON.Gate):
        for thing in graph.subjects(RDF.type, kind):
            assert {text.language for text in graph.objects(thing, SKOS.prefLabel)} == {"nl", "en"}
    for question in graph.subjects(RDF.type, IMON.Question):
        texts = graph.objects(question, URIRef(PREFIXES["disco"] + "questionText"))
        assert {text.language for text in texts} == {"nl", "en"}


def test_everything_reconstructed_says_so(graph: Graph) -> None:
    kinds = [IMON[name] for name in ("Instrument", "Question", "Questionnaire", "ScoringScheme")]
    for kind in [*kinds, IMON.TypologyMethod, IMON.ReferenceProfile]:
        things = list(graph.subjects(RDF.type, kind))
        assert things
        assert all((thing, IMON.reconstruction, Literal(True)) in graph for thing in things)


def test_no_concept_is_a_concept_scheme_too(graph: Graph) -> None:
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    schemes = set(graph.subjects(RDF.type, SKOS.ConceptScheme))
    assert not concepts & schemes
    assert set(graph.objects(None, SKOS.inScheme)) <= schemes


def test_every_code_list_has_a_licence_a_version_and_labels(graph: Graph) -> None:
    for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme):
        assert graph.value(scheme, URIRef(PREFIXES["dct"] + "license"))
        assert graph.value(scheme, URIRef(PREFIXES["owl"] + "versionInfo"))
        assert {text.language for text in graph.objects(scheme, SKOS.prefLabel)} == {"nl", "en"}


def test_types_join_up_and_gates_ask_what_semantics_say(graph: Graph) -> None:
    bounds = sorted(
        (
            graph.value(row, IMON.lowerBound).toPython(),
            getattr(graph.value(row, IMON.upperBound), "toPython", lambda: None)(),
        )
        for row in graph.subjects(RDF.type, IMON.Type)
        if "/TY-1/" in str(row)
    )
    assert bounds == [(0, 20), (20, 40), (40, 60), (60, 80), (80, None)]
    gates = {
        (
            str(graph.value(row, IMON.theme))[-2:],
            int(graph.value(row, IMON.minimum)),
            int(graph.value(row, IMON.fromType)),
        )
        for row in graph.subjects(RDF.type, IMON.Gate)
    }
    assert gates == {("T1", 50, 4), ("T2", 50, 4), ("T5", 70, 5)}


def test_clusters_are_types_of_their_own_without_bounds(graph: Graph) -> None:
    rows = {row for row in graph.subjects(RDF.type, IMON.Type) if "/TY-2/" in str(row)}
    assert sorted(int(graph.value(row, SKOS.notation)) for row in rows) == [1, 2, 3, 4, 5]
    assert not [row for row in rows if graph.value(row, IMON.lowerBound)]
    others = set(graph.subjects(RDF.type, IMON.Type)) - rows
    names = [
        {str(text) for row in kind for text in graph.objects(row, SKOS.prefLabel)}
        for kind in (rows, others)
    ]
    assert not names[0] & names[1]
    (method,) = {graph.value(row, IMON.method) for row in rows}
    assert int(graph.value(method, IMON.draws)) > 0
    assert graph.value(method, IMON.seed)


def test_the_real_wave_of_2016_is_not_synthetic(graph: Graph) -> None:
    wave = URIRef(f"{BASE}id/golf/2016")
    assert list(graph.subjects(RDF.type, IMON.Wave)) == [wave]
    assert (wave, IMON.synthetic, Literal(False)) in graph
    assert graph.value(wave, IMON.scheme) == SCHEME


def test_triples_are_in_the_form_that_a_store_gives_back(bundled: Reading) -> None:
    for data in bundled.snapshots.values():
        store = Store()
        store.load(data, format=RdfFormat.N_TRIPLES)
        again = serialize((quad.triple for quad in store), format=RdfFormat.N_TRIPLES)
        assert sorted(again.splitlines()) == sorted(data.splitlines())
        assert len(set(data.splitlines())) == data.count(b"\n")


def test_reading_twice_gives_the_same_bytes(bundled: Reading) -> None:
    again = read()
    assert again.snapshots == bundled.snapshots
    assert again.redacted == bundled.redacted
    assert again.original_sha256 == bundled.original_sha256


def test_a_tiny_instrument_of_ones_own_is_read_and_conforms(tmp_path: Path) -> None:
    reading = read(folder(tmp_path))
    assert [row.code for row in reading.findings] == ["bundled-table"]  # missing.csv
    assert f"{BASE}graph/scoreschema/7" in reading.snapshots
    shapes = ShapeSet.load(["instrument", "scoring", "codelists"])
    assert shapes.validate(b"".join(reading.snapshots.values())).results == ()
    graph = graph_of(reading)
    assert figure(graph, "id/scoreschema/7/optie/Q1/ja", "weightedScore") == 2400
    assert figure(graph, "id/scoreschema/7/type/A/A1", "weight") == 75
    assert figure(graph, "id/scoreschema/7", "publicationThreshold") == Decimal("0.7")
    assert graph.value(URIRef(f"{BASE}id/scoreschema/7"), IMON.aggregation) == URIRef(
        IMC + "aggregatie/meetkundig"
    )


def test_one_question_a_theme_is_enough(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        themes="code,label_nl,label_en\nA1,Een,One\nA2,Twee,Two\n",
        questions="code,theme,scale,applies_to,text_nl,text_en\n"
        "Q1,A1,MAT,ABC,Een?,One?\nQ2,A2,FRQ,C,Twee?,Two?\n",
        **{"item_weights": "scheme,question,weight\n7,Q1,100\n7,Q2,100.000\n"},
        **{"theme_weights": "scheme,theme,weight\n7,A1,1\n7,A2,3\n"},
        **dict.fromkeys(("scales", "options", "products", "types", "gates", "source_use")),
        **dict.fromkeys(("waves", "recommendations")),
    )
    reading = read(path)
    assert {row.severity for row in reading.findings} == {"info"}
    graph = graph_of(reading)
    assert figure(graph, "id/scoreschema/7/optie/Q2/4", "weightedScore") == 10000
    assert (URIRef(f"{BASE}id/scoreschema/7/thema/A2"), IMON.core, Literal(True)) in graph


def test_a_scheme_may_give_scores_of_its_own(tmp_path: Path) -> None:
    text = "scheme;scale;value;score\n7;JN;ja;33.3\n"
    graph = graph_of(read(folder(tmp_path, option_scores=text)))
    assert figure(graph, "id/scoreschema/7/optie/Q1/ja", "weightedScore") == Decimal("1332")
    assert figure(graph, "id/scoreschema/7/optie/Q1/zeker", "itemScore") == 100


def test_two_schemes_are_two_graphs(tmp_path: Path) -> None:
    more = {name: TINY[name] + re.sub(r"^7;", "8;", TINY[name].partition("\n")[2], flags=re.M)
            for name in ("schemes", "theme-weights", "item-weights")}  # fmt: skip
    reading = read(
        folder(tmp_path, **{name.replace("-", "_"): text for name, text in more.items()})
    )
    schemes = [graph for graph in reading.graphs if "/scoreschema/" in graph]
    assert [graph.rpartition("/")[2] for graph in schemes] == ["7", "8"]


def test_a_table_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    path = folder(tmp_path)
    themes = path / "themes.csv"
    themes.write_bytes(b"\xef\xbb\xbf" + themes.read_bytes())
    assert read(path).snapshots


def test_a_single_file_takes_the_place_of_the_bundled_table(tmp_path: Path) -> None:
    text = (data_dir("ontology") / "instrument" / "item-weights.csv").read_text("utf-8")
    file = tmp_path / "item-weights.csv"
    file.write_text(
        text.replace("1.0,AB1,12", "1.0,AB1,11").replace("1.0,AB2,14", "1.0,AB2,15"), "utf-8"
    )
    graph = graph_of(read(file))
    assert figure(graph, "id/scoreschema/1.0/vraag/AB1", "weight") == 11
    file.write_text(text.replace("1.0,AB1,12", "1.0,AB1,11"), "utf-8")
    found = [(row.code, row.message_en) for row in read(file).findings]
    assert [code for code, _ in found] == ["theme-sum"] * 2
    assert "scheme 1.0" in found[0][1]
    assert "scheme dvn-nl" in found[1][1], "it takes theme T1 over"


def test_the_readme_names_every_table_and_column() -> None:
    text = (data_dir("ontology") / "instrument" / "README.md").read_text("utf-8")
    for name, table in TABLES.items():
        line = next(row for row in text.splitlines() if row.startswith(f"| `{name}.csv`"))
        assert all(f"`{column}`" in line for column in table.kinds), name
        assert ("●" in line) == table.needed


def test_the_snapshots_are_n_triples_without_blank_nodes(bundled: Reading) -> None:
    for data in bundled.snapshots.values():
        assert b"_:" not in data
        assert sum(1 for _ in parse(data, format=RdfFormat.N_TRIPLES)) == data.count(b"\n")
