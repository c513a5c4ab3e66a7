"""Is every part of every shape tested? Take it away, and some section must tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.shapes import ShapeSet
from tests.shape_cases import CaseError, Section, case_files, outcome, outcome_of, read_cases, world
from tests.shape_mutants import killer, mutants
from tests.shape_parts import NAMES, Parts


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(NAMES)


@pytest.fixture(scope="module")
def beside() -> bytes:
    return world()


@pytest.fixture(scope="module")
def sections(beside: bytes) -> list[Section]:
    """The sections that give what their heading says; `test_shapes` names the others."""
    shapes = ShapeSet.load(NAMES)
    found: list[Section] = []
    for path in case_files():
        try:
            rows = read_cases(path)
            found += [
                row
                for row in rows
                if outcome_of(shapes.validate(beside + row.triples)) == outcome(row)
            ]
        except CaseError:
            continue
    return found


@pytest.mark.parametrize("name", NAMES)
def test_some_section_tells_when_a_part_of_a_shape_is_gone(
    name: str,
    parts: Parts,
    sections: list[Section],
    beside: bytes,
    record_property: Callable[[str, object], None],
) -> None:
    survivors = []
    total = 0
    for mutant in mutants(parts, name):
        total += 1
        if killer(mutant, sections, beside) is None:
            survivors.append(mutant.name)
    record_property("mutants", f"{name} {total - len(survivors)} {total}")
    assert total
    assert not survivors, "no section tells of\n  " + "\n  ".join(survivors)
