"""The shapes: each refuses what it is for and nothing else, and both engines agree."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest
from rdflib import SH, SKOS, Graph
from rdflib.term import Node

from service import data_dir
from service.release.validation import GATES
from service.shapes import Report, ShapeSet
from service.vocab import CONCEPT, expand
from tests.made_responses import BASE, wave
from tests.made_wave import reference_triples
from tests.reference_shacl import Reference, agreed
from tests.shape_cases import (
    CASES,
    CaseError,
    Section,
    case_files,
    outcome,
    outcome_of,
    read_cases,
    world,
)
from tests.shape_parts import IMSH, NAMES, Parts, local
from tests.shape_probes import Probes


def sections() -> list[Section]:
    """Return the sections of all files that can be read; a test of its own names the others."""
    found: list[Section] = []
    for path in case_files():
        try:
            found += read_cases(path)
        except CaseError:
            continue
    return found


SECTIONS = sections()
VALID = [row for row in SECTIONS if not row.faults]
FAULTY = [row for row in SECTIONS if row.faults]


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet.load(NAMES)


@pytest.fixture(scope="module")
def beside() -> bytes:
    return world()


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(NAMES)


@pytest.fixture(scope="module")
def tops(parts: Parts) -> dict[str, set[str]]:
    """The node shapes with a target below which a shape reports, by local name."""
    return {local(shape): {local(row) for row in rows} for shape, rows in parts.owners.items()}


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(NAMES)


def section(name: str, heading: str) -> bytes:
    """Return the triples of one section, by file and heading."""
    rows = read_cases(CASES / f"{name}.ttl")
    return next(row.triples for row in rows if row.heading == heading)


def told(report: Report) -> str:
    """Return the results, one a line, for a message."""
    return "".join(
        f"\n  {local(row.shape)} {row.component} on {row.focus} {row.value}".rstrip()
        for row in report.results
    )


def test_the_small_world_conforms_without_a_remark(shapes: ShapeSet, beside: bytes) -> None:
    report = shapes.validate(beside)
    assert not report.results, told(report)
    assert report.conforms


@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_a_file_of_cases_is_named_after_a_node_shape_and_names_its_constraints(
    path: Path, parts: Parts, tops: dict[str, set[str]]
) -> None:
    assert tops.get(path.stem, set()) == {path.stem}, f"{path.name}: no node shape with a target"
    for row in read_cases(path):
        for fault in row.faults:
            near = difflib.get_close_matches(fault.shape, tops)
            assert fault.shape in tops, f"{row.place}: no such shape; perhaps {near}"
            stated = parts.parameters(parts.named(fault.shape))
            assert fault.parameter in stated, f"{row.place}: the shape has {stated}"
        if row.faults:
            right = sorted(tops[row.faults[0].shape])
            assert path.stem in right, f"{row.place}: belongs in {right[0]}.ttl"
            files = {parts.file[parts.named(fault.shape)] for fault in row.faults}
            assert len(files) == len(row.faults), f"{row.place}: two faults of one shape file"


@pytest.mark.parametrize("row", VALID, ids=lambda row: row.place)
def test_a_good_record_passes_without_a_remark(
    row: Section, shapes: ShapeSet, beside: bytes
) -> None:
    report = shapes.validate(beside + row.triples)
    assert not report.results, f"{row.place}: results were found{told(report)}"


@pytest.mark.parametrize("row", FAULTY, ids=lambda row: row.place)
def test_a_bad_record_trips_the_constraint_that_its_heading_names_and_no_other(
    row: Section, shapes: ShapeSet, parts: Parts, beside: bytes
) -> None:
    report = shapes.validate(beside + row.triples)
    assert outcome_of(report) == outcome(row), f"{row.place}: found{told(report) or ' nothing'}"
    for result in report.results:
        assert result.severity == parts.severity(parts.named(local(result.shape)))
    assert report.conforms == all(result.severity != "Violation" for result in report.results)


@pytest.mark.parametrize("path", case_files(), ids=lambda path: path.stem)
def test_both_engines_agree_on_each_section_and_on_all_of_a_file_together(
    path: Path, shapes: ShapeSet, reference: Reference, beside: bytes
) -> None:
    rows = read_cases(path)
    for row in rows:
        data = beside + row.triples
        ours, theirs = agreed(shapes.validate(data)), reference.validate_touched(data, row.triples)
        assert ours == theirs, row.place
    known = frozenset(line.split(" ")[0] for line in beside.decode().splitlines())
    together = beside + b"".join(row.apart(known) for row in rows)
    assert agreed(shapes.validate(together)) == reference.validate(together)


@pytest.mark.parametrize("name", NAMES)
def test_every_constraint_has_a_section_that_trips_it(name: str, parts: Parts) -> None:
    there = {row.faults[0] for row in FAULTY}
    missing = [
        f"{sorted(map(local, parts.owners[parts.named(fault.shape)]))[0]}.ttl: ### {fault}"
        for fault in parts.faults(name)
        if fault not in there
    ]
    assert not missing, "write in tests/data/shapes/cases/\n  " + "\n  ".join(missing)


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_has_a_valid_section_with_a_value_to_judge(
    name: str, parts: Parts, beside: bytes
) -> None:
    judged = Probes(parts, name)
    before = judged.found(beside)
    found = {
        shape
        for row in VALID
        for shape, focus in judged.found(beside + row.triples)
        if (shape, focus) not in before
    }
    missing = [
        f"{sorted(map(local, parts.owners[shape]))[0]}.ttl: ### valid …, for {local(shape)}"
        for shape in judged.shapes
        if shape not in found
    ]
    assert not missing, "write in tests/data/shapes/cases/\n  " + "\n  ".join(missing)


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_has_a_readable_iri_and_tells_in_both_languages_what_to_do(
    name: str, parts: Parts
) -> None:
    for shape in (row for row in parts.shapes if parts.file[row] == name):
        assert str(shape).startswith(IMSH)
        languages = sorted(text.language for text in parts.graph.objects(shape, SH.message))
        wanted = ["en", "nl"] if parts.parameters(shape) else []
        assert languages == wanted, f"{local(shape)}: sh:message in nl and en, once each"


def test_both_engines_agree_on_a_wave_with_faults() -> None:
    gate = GATES["wave"]
    fault = (
        f"<{BASE}id/synthetisch/respons/1> <{expand('imon:answer')}> "
        "<https://w3id.org/imonitor/concept/vraag/AB1/optie/2> .\n"
        f"<{BASE}id/synthetisch/respons/2> <{expand('imon:answer')}> "
        "<https://w3id.org/imonitor/concept/vraag/PR6/optie/2> .\n"
    )
    data = wave(3) + fault.encode()
    ours = agreed(ShapeSet.load(gate).validate(data))
    assert {local(row[-1]) for row in ours} == {
        "Response-oneOptionPerQuestion",
        "Response-answersApply",
    }
    assert ours == Reference(gate).validate(data)


def test_the_bundled_instrument_and_vocabulary_conform_without_a_remark(shapes: ShapeSet) -> None:
    report = shapes.validate(reference_triples())
    assert not report.results, told(report)


def test_weights_of_the_instrument_that_do_not_sum_are_found(shapes: ShapeSet) -> None:
    weight = f"<{BASE}id/scoreschema/1.0/vraag/AB1> <{expand('imon:weight')}> "
    changed = f'{weight}"12.000001"'.encode()
    data = reference_triples().replace(f'{weight}"12"'.encode(), changed)
    assert {local(row.shape) for row in shapes.validate(data).results} == {
        "ThemeWeight-itemsSumTo100"
    }


@pytest.mark.parametrize("missing", ["imon:Theme", "imon:ItemWeight", "skos:ConceptScheme"])
def test_a_slice_of_the_context_is_enough(missing: str, shapes: ShapeSet) -> None:
    """At publish a wave stands beside what its records refer to, not beside everything."""
    gone = {
        line.split(b" ")[0]
        for line in reference_triples().splitlines()
        if line.endswith(f"<{expand(missing)}> .".encode())
    }
    kept = [line for line in wave(2).splitlines(True) if line.split(b" ")[0] not in gone]
    assert shapes.validate(b"".join(kept)).conforms


def test_a_report_says_in_both_languages_what_to_do(shapes: ShapeSet, beside: bytes) -> None:
    report = shapes.validate(beside + section("Response", "Response-wave minCount"))
    (row,) = report.results
    assert row.message_nl.startswith("Een respons hoort bij")
    assert row.message_en.startswith("A response belongs to")
    assert row.path == expand("imon:wave")
    assert row.severity == "Violation"


def test_a_report_is_a_shacl_report_in_turtle_and_plain_values_in_json(
    shapes: ShapeSet, beside: bytes
) -> None:
    everything = beside + b"".join(row.triples for row in FAULTY)
    report = shapes.validate(everything)
    graph = Graph().parse(data=report.as_turtle(), format="turtle")
    assert len(set(graph.objects(None, SH.result))) == len(report.results)
    assert [str(word) for word in graph.objects(None, SH.conforms)] == ["false"]
    assert json.loads(json.dumps(report.as_dict()))["results"][0]["message"]["nl"]
    assert report == shapes.validate(everything)


def test_warnings_do_not_block_and_do_not_use_up_the_maximum(
    shapes: ShapeSet, beside: bytes
) -> None:
    advice = section("BodyAdvice", "Body-sameAs minCount")
    fault = section("Response", "Response-wave minCount")
    assert shapes.validate(beside + advice).conforms
    report = shapes.validate(beside + advice + fault, max_results=1)
    assert not report.conforms
    assert report.truncated
    assert not shapes.validate(beside + advice + fault).truncated


@pytest.mark.parametrize("data", [b"no triples", b"\xff", b"<relative> <http://x/> <http://y/> ."])
def test_data_that_are_no_triples_are_refused(data: bytes, shapes: ShapeSet) -> None:
    with pytest.raises(ValueError, match=r"error|decode"):
        shapes.validate(data)


def test_shapes_that_do_not_parse_or_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="parse"):
        ShapeSet("no turtle")
    with pytest.raises(ValueError, match="no shapes"):
        ShapeSet("<http://example.org/a> <http://example.org/b> 1 .")
    with pytest.raises(FileNotFoundError):
        ShapeSet.load(["unheard-of"])


def test_the_lists_in_shapes_are_those_of_the_code_lists(parts: Parts) -> None:
    concepts = Graph()
    for path in (data_dir("ontology") / "codelists").glob("*.ttl"):
        concepts.parse(path, format="turtle")
    lists = 0
    for shape, head in parts.graph.subject_objects(SH["in"]):
        written = set(parts.graph.items(head))
        ours = {row for row in written if (row, SKOS.inScheme, None) in concepts}
        assert not {row for row in written - ours if str(row).startswith(CONCEPT)}, shape
        for scheme in {concepts.value(row, SKOS.inScheme) for row in ours}:
            assert written == set(concepts.subjects(SKOS.inScheme, scheme)), shape
            lists += 1
    assert lists >= 10


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("imon:a", "<http://x/a>"),
        ("[ sh:inversePath imon:a ]", "[ sh:inversePath <http://x/a> ]"),
        ("( imon:a imon:b )", "( <http://x/a> <http://x/b> )"),
        (
            "[ sh:alternativePath ( imon:a imon:b ) ]",
            "[ sh:alternativePath ( <http://x/a> <http://x/b> ) ]",
        ),
    ],
)
def test_a_path_of_several_steps_is_a_path_in_the_report_too(path: str, steps: str) -> None:
    shapes = ShapeSet(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix imon: <http://x/> .\n"
        "<http://x/S> a sh:NodeShape ; sh:targetNode <http://x/1> ; sh:property <http://x/P> .\n"
        f"<http://x/P> a sh:PropertyShape ; sh:path {path} ; sh:minCount 1 .\n"
    )
    report = shapes.validate(b"<http://x/2> <http://x/c> <http://x/3> .\n").as_turtle()
    graph = Graph().parse(data=report, format="turtle")
    wanted = Graph().parse(
        data=f"@prefix sh: <http://www.w3.org/ns/shacl#> . <http://x/r> sh:resultPath {steps} .",
        format="turtle",
    )
    paths = []
    for one in (graph, wanted):
        (node,) = one.objects(None, SH.resultPath)
        paths.append(path_text(one, node))
    assert paths[0] == paths[1]


def path_text(graph: Graph, node: Node) -> str:
    """Return a SHACL path in the notation of SPARQL."""
    if back := graph.value(node, SH.inversePath):
        return f"^{path_text(graph, back)}"
    if choice := graph.value(node, SH.alternativePath):
        return "|".join(path_text(graph, row) for row in graph.items(choice))
    return "/".join(map(str, graph.items(node))) or str(node)
