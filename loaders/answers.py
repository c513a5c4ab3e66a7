"""Answers of a wave, in long form: one row an answer, the rows of one response together.

The unit of acceptance is the response: one that is wrong is refused with all that is wrong in it,
the others of the file are taken. Columns, codes and messages: ``docs/answers-table.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loaders import Context, Finding, Reading
from loaders.findings import Place, TableRefused, finding
from loaders.ledger import Ledger
from loaders.response import COLUMNS, Draft, Group, read_response
from loaders.tables import Table

SOURCE = "answers"
ACCESS = "BESTUUR"
SHEET = "antwoorden"
MAX_FINDINGS = 10_000  # of one file; a wrong file has one a row


def load(paths: Sequence[Path], context: Context) -> Iterator[Reading]:
    """Yield one reading a file; a response may replace one of a file before it."""
    ledger = Ledger(context.reference)
    for path in paths:
        yield _read(path, context, ledger)


def _read(path: Path, context: Context, ledger: Ledger) -> Reading:
    table = Table(path, COLUMNS, SHEET)
    reading = Reading(SOURCE, "records", file=table.file, original_sha256=sha256_of(path))
    responses = _Responses(table, context)
    try:
        for group in _groups(table):
            responses.close(group)
    except TableRefused as refused:
        reading.findings = responses.findings[:MAX_FINDINGS] + refused.findings
        return reading
    for draft in responses.sound():
        accepted, found = ledger.judge(draft, table)
        responses.tell(found)
        if accepted:
            reading.records.append(draft.record)
            reading.graphs[draft.record.graph] = ACCESS
    reading.findings = responses.all_findings()
    reading.redacted = table.redacted
    reading.rows = table.rows
    return reading


def sha256_of(path: Path) -> str:
    """Return the digest of a file as it was sent."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _groups(table: Table) -> Iterator[Group]:
    """Yield the rows of one response after the other; a blank reference goes on with the last."""
    group: Group | None = None
    for row in table:
        reference = row.cells.get("respons", "")
        if group is None or (reference and reference != group.reference):
            if group is not None:
                yield group
            group = Group(reference, row.line)
        group.add(row, table)
    if group is not None:
        yield group


@dataclass
class _Block:
    """Where the rows of a response stood, and what they made."""

    line: int
    draft: Draft | None


@dataclass
class _Responses:
    """The responses of one file: each reference once, and all its rows in one place."""

    table: Table
    context: Context
    findings: list[Finding] = field(default_factory=list)
    untold: int = 0
    _blocks: dict[tuple[str, str], _Block] = field(default_factory=dict)

    def tell(self, found: Sequence[Finding]) -> None:
        """Keep findings, up to a limit; the rest is counted."""
        room = max(MAX_FINDINGS - len(self.findings), 0)
        self.findings += found[:room]
        self.untold += len(found[room:])

    def close(self, group: Group) -> None:
        """Take in a response of which all rows were read."""
        draft = read_response(group, self.table, self.context)
        self.tell(group.findings)
        key = (group.wave, group.reference)
        earlier = self._blocks.get(key)
        if earlier is None:
            self._blocks[key] = _Block(group.line, draft)
            return
        place = self.table.place(group.line, "respons", group.reference, group.reference)
        if draft and earlier.draft and draft.record.triples == earlier.draft.record.triples:
            self.tell([finding("already-accepted", place)])
            return
        earlier.draft = None
        self.tell([finding("not-contiguous", place, name=group.reference, first=earlier.line)])

    def sound(self) -> Iterator[Draft]:
        """Yield the responses with nothing wrong in them, in the order of the file."""
        for block in self._blocks.values():
            if block.draft:
                yield block.draft

    def all_findings(self) -> list[Finding]:
        """Return the findings by line, with the number of those left out."""
        found = sorted(self.findings, key=lambda item: item.line or 0)
        if self.untold:
            found.append(finding("more-findings", Place(self.table.file), count=self.untold))
        return found
