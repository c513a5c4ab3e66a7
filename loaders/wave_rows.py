"""Rows about a body in a wave, each a record of its own: published results, levels of products.

What such a row is checked for, whatever else it says, and that each record stands once in a file
and follows the one that it corrects.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from loaders import Context, Finding, Record
from loaders.bodies import find_body, name_of
from loaders.findings import finding
from loaders.reference import Body, Wave
from loaders.tables import Row, Table
from service.vocab import iri

_SOURCE = re.compile(r"[A-Za-z0-9-]{1,32}")


@dataclass
class WaveRow:
    """The checks of one row; ``named`` are the columns that it is called by in a report."""

    row: Row
    table: Table
    context: Context
    named: Sequence[str]
    findings: list[Finding] = field(default_factory=list)

    def tell(self, code: str, column: str, value: str | None = None, **words: object) -> None:
        """Report what is wrong with a cell."""
        place = self.table.place(self.row.line, column, value, row_name(self.row, self.named))
        self.findings.append(finding(code, place, **words))

    def filled(self, column: str) -> str:
        """Return a cell that may not be empty."""
        value = self.row.cells[column]
        if not value:
            self.tell("cell-missing", column)
        return value

    def wave(self) -> Wave | None:
        """Return the wave of the row."""
        waves, name = self.context.reference.waves, self.filled("golf")
        if name and name not in waves:
            self.tell("unknown-wave", "golf", name, name=name, options=", ".join(sorted(waves)))
        return waves.get(name)

    def body(self, wave: Wave | None) -> Body | None:
        """Return the body of the row, which must have existed at the wave."""
        text = self.filled("bestuur")
        found = find_body(text, self.context.reference) if text else ""
        if isinstance(found, str):
            if found:
                self.tell(found, "bestuur", text)
            return None
        if wave and not found.on(wave.reference_date):
            day = wave.reference_date.isoformat()
            self.tell("body-not-then", "bestuur", text, name=name_of(found), date=day)
        return found

    def source(self) -> str:
        """Return the IRI of a source: a web address, or the code of a document that we know."""
        text = self.filled("bron")
        if _SOURCE.fullmatch(text):
            return f"{self.context.base}id/bron/{text}"
        try:
            if text.startswith(("http:", "https:")):
                return iri(text)
        except ValueError:
            pass
        if text:
            self.tell("source-form", "bron", text)
        return ""

    def correction(self) -> None:
        """Check the mark of a correction."""
        mark = self.row.cells.get("vervangt", "")
        if mark not in ("", "ja"):
            self.tell("yes-form", "vervangt", mark, cell="vervangt")


@dataclass(frozen=True)
class Kind:
    """A kind of record: the path of its IRI, the columns that name it, its messages.

    ``twice`` and ``differs`` are the codes of the messages for a record that stands in the file
    twice, and for one that contradicts what was accepted and is not marked as a correction.
    """

    path: str
    named: Sequence[str]
    twice: str
    differs: str


@dataclass
class WaveRows:
    """The rows of one file: each record once.

    ``read`` makes of a row its record, whose IRI is not known yet, or None; and what is wrong.
    """

    kind: Kind
    table: Table
    context: Context
    read: Callable[[Row], tuple[Record | None, list[Finding]]]
    findings: list[Finding] = field(default_factory=list)
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    _lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take in a row, or tell what is wrong with it."""
        if row.findings:
            name = row_name(row, self.kind.named)
            self.findings += [replace(found, record=name) for found in row.findings]
            return
        record, findings = self.read(row)
        self.findings += findings
        if record is None:
            return
        key = (record.wave, record.reference)
        if key in self._lines:
            self.records.pop(key, None)  # which of the two is meant, only the sender knows
            self._tell(self.kind.twice, row, first=self._lines[key])
            return
        self._lines[key] = row.line
        if judged := self._judged(record, row):
            self.records[key] = judged

    def _judged(self, record: Record, row: Row) -> Record | None:
        """Return the record beside what the archive holds, or None when it adds nothing."""
        reference = self.context.reference
        current = reference.references.get((record.wave, record.reference))
        digest = hashlib.sha256(record.triples).hexdigest()
        if current and reference.digests.get(current) == digest:
            self._tell("already-accepted", row)
            return None
        if current and row.cells.get("vervangt") != "ja":
            self._tell(self.kind.differs, row)
            return None
        # A value may come back later, so the record it follows is part of the name.
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{current or ''} {digest}")
        start = f"{self.context.base}id/{'synthetisch/' if '/synthetisch/' in record.wave else ''}"
        return replace(record, iri=f"{start}{self.kind.path}/{name}", replaces=current)

    def _tell(self, code: str, row: Row, **words: object) -> None:
        column = self.kind.named[-1]
        name = row_name(row, self.kind.named)
        place = self.table.place(row.line, column, row.cells[column], name)
        self.findings.append(finding(code, place, **words))


def row_name(row: Row, named: Sequence[str]) -> str:
    """Return what a row is called in a report."""
    return " ".join(row.cells.get(name, "?") for name in named)
