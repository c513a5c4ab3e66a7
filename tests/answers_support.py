"""Look-ups from the bundled facts, and answers tables to read with them."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from loaders import Context, Reading, instrument, organisations, waves
from loaders.answers import load
from loaders.reference import AcceptedRecord, Reference, read_reference

BASE = "http://localhost:8000/"
KEY = b"k" * 32
GEMEENTE, OCMW = "0216771046", "0216771145"  # Ardooie
OTHER, OTHER_OCMW = "0207508932", "0212234812"  # Aartselaar
ENDED, NEW = "0207452118", "0697608063"  # Knesselare until 2018, Aalter from 2019
COLUMNS = (
    "respons",
    "golf",
    "vragenlijst",
    "bestuur",
    "bestuur_2",
    "ingediend",
    "vervangt",
    "vraag",
    "antwoord",
)
PERSONAL = ("contact_naam", "contact_email", "contact_telefoon", "contact_functie", "opmerking")
LETTERS = dict(zip((*COLUMNS, *PERSONAL), "ABCDEFGHIJKLMN", strict=True))


@lru_cache(maxsize=1)
def reference() -> Reference:
    """The look-ups of the bundled data; shared, so not to be changed."""
    empty = Context(BASE, KEY, Reference())
    graphs = [
        data
        for source in (instrument, organisations, waves)
        for reading in source.load([], empty)
        for data in reading.snapshots.values()
    ]
    return read_reference(graphs, BASE)


def context(readings: Iterable[Reading] = ()) -> Context:
    """The look-ups, with the records of readings as if they had been accepted."""
    shared = reference()
    fresh = Reference(shared.bodies, shared.questions, shared.waves)
    records = [record for reading in readings for record in reading.records]
    replaced = {record.replaces for record in records}
    fresh.add_records(
        AcceptedRecord(
            record.iri,
            record.reference,
            record.wave,
            record.bodies,
            digest(record.triples),
            record.iri not in replaced and record.graph.count("antwoorden") > 0,
        )
        for record in sorted(records, key=lambda record: record.iri not in replaced)
    )
    return Context(BASE, KEY, fresh)


def digest(data: bytes) -> str:
    """The archive's digest of a record."""
    return hashlib.sha256(data).hexdigest()


def response(name: str = "R1", **cells: Any) -> list[dict[str, str]]:
    """The rows of a sound B response of Ardooie; ``answers`` and header cells may be changed."""
    header = {
        "respons": name,
        "golf": "synthetisch/2016",
        "vragenlijst": "B",
        "bestuur": GEMEENTE,
        "ingediend": "2016-06-15",
    }
    answers = cells.pop("answers", (("AB1", "3"), ("IV2", "1")))
    header.update({column: str(value) for column, value in cells.items()})
    return [{**header, "vraag": code, "antwoord": value} for code, value in answers]


def write_table(
    path: Path, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS
) -> Path:
    """Write rows as CSV with ``;``."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def read(path: Path, given: Context | None = None) -> Reading:
    """Read one answers table."""
    return next(iter(load([path], given or context())))


def codes(reading: Reading) -> list[str]:
    """The codes of the findings, in order."""
    return [found.code for found in reading.findings]


def place(name: str) -> str:
    """A column as findings name it."""
    return f"{name} ({LETTERS[name]})"
