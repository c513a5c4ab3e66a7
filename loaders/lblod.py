"""The dump of administrative units as LBLOD publishes it (Turtle), against our register.

A dump says which units there are now; it has no states and no NIS codes, and it has known defects.
So the register stands, each difference becomes a located finding, and ``graph/lblod`` takes over
what the register does not say: predecessors (put right), LBLOD's own working areas, new bodies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from loaders import Context, Reading
from loaders.documents import source_of
from loaders.facts_messages import finding
from loaders.facts_tables import Tables
from loaders.findings import Place
from loaders.lblod_checks import Checks, Found
from loaders.lblod_dump import MAPPING, Dump
from loaders.organisations import CLASS_CODES, body_lines
from loaders.register import Register, read_register
from service import terms
from service.vocab import expand

GRAPH = "graph/lblod"
SOURCE = "lblod"


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Read dumps as one: several files together say what the register is compared with."""
    mapping = Tables().read(MAPPING)
    dump = Dump()
    for path in paths:
        dump.read(path, mapping)
    redacted = b"".join(path.read_bytes() for path in paths)
    reading = Reading(
        source="lblod",
        kind="snapshot",
        file=", ".join(path.name for path in paths),
        graphs={context.base + GRAPH: "OPEN"},
        findings=dump.findings,
        redacted=redacted,
        original_sha256=hashlib.sha256(redacted).hexdigest(),
        rows=dump.count,
    )
    if not dump.findings:
        classes = {expand(code): name for name, code in CLASS_CODES.items()}
        areas = {row.iri: row.name for row in mapping if row.kind == "province-area"}
        register, _ = read_register()
        checks = Checks(register, classes, areas)
        _take_over(dump, register, checks, reading, context.base)
    yield reading


def _take_over(dump: Dump, register: Register, checks: Checks, reading: Reading, base: str) -> None:
    """Fill the snapshot with what is sound, and tell what is not."""
    found = list(checks.bodies(dump.units.values()))
    names = {unit.iri: unit.name for unit in dump.units.values()}
    lines = []
    for row in found:
        lines += _new_lines(row, base) if not row.known else _area_lines(row, register, base)
        for body, old in checks.predecessors(row, names):
            lines.append(terms.triple(body, "prov:wasDerivedFrom", terms.ref(old)))
    reading.findings = checks.findings
    if not found:
        reading.findings.append(finding("lblod-empty", Place(reading.file)))
    else:
        lines.append(terms.triple(base + GRAPH, "dct:source", source_of(SOURCE, base)))
        reading.snapshots[base + GRAPH] = "".join(sorted(set(lines))).encode()


def _new_lines(row: Found, base: str) -> list[str]:
    """Return the triples of a body that the register does not know yet."""
    name = terms.triple(row.body.iri, "skos:prefLabel", terms.text(row.name, "nl"))
    return [*body_lines(row.body, base), name]


def _area_lines(row: Found, register: Register, base: str) -> list[str]:
    """Return the link from our working area to LBLOD's, where the name says which one it is."""
    states = [state for state in register.states_of[row.body.kbo] if state.name == row.name]
    area = row.unit.first("area")
    if len(states) != 1 or not area:
        return []
    node = f"{base}id/werkingsgebied/{states[0].nis}"
    return [terms.triple(node, "skos:exactMatch", terms.ref(area))]
