"""Which response stands for which body of a wave, as files are read one after the other.

Whatever the archive holds is where it starts; each response that may be accepted changes it for the
next one (semantics.md "Acceptance and correction").
"""

from __future__ import annotations

import hashlib

from loaders import Finding, Record
from loaders.bodies import name_of
from loaders.findings import finding
from loaders.reference import Reference
from loaders.response import Draft
from loaders.tables import Table


class Ledger:
    """Accepted responses by wave and body, and by wave and reference."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._current = dict(reference.accepted)
        self._known = dict(reference.references)
        self._digests = dict(reference.digests)
        self._names = {iri: name for (_, name), iri in self._known.items()}
        self._covers: dict[str, set[str]] = {}
        for (_, body), iri in self._current.items():
            self._covers.setdefault(iri, set()).add(body)

    def judge(self, draft: Draft, table: Table) -> tuple[bool, list[Finding]]:
        """Tell whether a response may be accepted beside what is there, and why not."""
        record = draft.record
        place = table.place(draft.line, "respons", record.reference, record.reference)
        if (record.wave, record.reference) in self._known:
            same = self._digests.get(record.iri) == _digest(record)
            code = "already-accepted" if same else "reference-reused"
            return False, [finding(code, place, name=record.reference)]
        found = self._replacing(draft, table) if draft.replaces else self._unnamed(draft, table)
        accepted = not any(item.severity == "violation" for item in found)
        if accepted:
            self._enter(record)
        return accepted, found

    def _unnamed(self, draft: Draft, table: Table) -> list[Finding]:
        """Refuse a second response that names none, once for each response in its way."""
        record, found = draft.record, []
        place = table.place(draft.line, "bestuur", record=record.reference)
        told: set[str] = set()
        for body in record.bodies:
            existing = self._current.get((record.wave, body))
            if existing and existing not in told:
                told.add(existing)
                words = {"body": self._body(body, draft), "existing": self._name(existing)}
                found.append(finding("second-response", place, **words))
        return found

    def _replacing(self, draft: Draft, table: Table) -> list[Finding]:
        record = draft.record
        place = table.place(draft.line, "vervangt", draft.replaces, record.reference)
        target = self._known.get((record.wave, draft.replaces))
        if target is None:
            return [finding("replaces-unknown", place)]
        for body in record.bodies:
            existing = self._current.get((record.wave, body))
            if existing == target or (existing is None and self._shares(record, target)):
                continue
            code = "replaces-other" if target in self._covers else "replaces-superseded"
            words = {
                "name": draft.replaces,
                "body": self._body(body, draft),
                "existing": self._name(existing) if existing else "–",
            }
            return [finding(code, place, **words)]
        dropped = sorted(self._covers[target] - set(record.bodies))
        return [finding("body-dropped", place, body=self._body(body, draft)) for body in dropped]

    def _shares(self, record: Record, target: str) -> bool:
        return not self._covers.get(target, set()).isdisjoint(record.bodies)

    def _enter(self, record: Record) -> None:
        if record.replaces:
            for body in self._covers.pop(record.replaces, set()):
                self._current.pop((record.wave, body), None)
        self._known[record.wave, record.reference] = record.iri
        self._names[record.iri] = record.reference
        self._digests[record.iri] = _digest(record)
        self._covers[record.iri] = set(record.bodies)
        for body in record.bodies:
            self._current[record.wave, body] = record.iri

    def _name(self, iri: str) -> str:
        return self._names.get(iri, iri)

    def _body(self, iri: str, draft: Draft) -> str:
        body = self._reference.body(iri)
        return name_of(body, draft.wave.reference_date) if body else iri


def _digest(record: Record) -> str:
    """Return the digest that the archive keeps: of the sorted lines."""
    lines = sorted(set(record.triples.splitlines(keepends=True)))
    return hashlib.sha256(b"".join(lines)).hexdigest()
