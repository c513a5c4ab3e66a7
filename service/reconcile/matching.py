"""Answers to reconciliation queries: the most alike entities, best first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.reconcile.entities import BODIES, Entity
from service.reconcile.names import body_name, letters, likeness

SURE = 95.0  # a likeness from which a match is proposed as certain
_APART = 3.0  # by how much the best must then be ahead of the next
_LEAST = 40.0  # below it nothing is proposed
_OLD_NAME = 1.5  # what a name costs that no longer holds
_OTHER_KIND = 6.0  # what a body costs whose kind is not the one that was written
_SECOND_KIND = 1.0  # what an OCMW costs where no kind was written
_OTHER_VALUE = 10.0  # what a property costs that differs
_NUMBER = re.compile(r"(?:BE)?[\s.]*((?:\d[\s./-]*){4,9}\d)|(OVO\d{6})", re.I)
_CODES = ("kbo", "ovo", "nis", "code")


@dataclass(frozen=True)
class Wanted:
    """One reconciliation query; ``types`` and ``properties`` narrow it."""

    text: str
    types: frozenset[str] = frozenset()
    properties: Mapping[str, str] | None = None
    limit: int = 5


@dataclass(frozen=True)
class Candidate:
    """An entity, how alike it is (0 to 100), and whether that is beyond doubt."""

    entity: Entity
    score: float
    match: bool = False


class Matcher:
    """Finds entities by name or number."""

    def __init__(self, found: Sequence[Entity]) -> None:
        self._all = found
        self.by_iri = {row.iri: row for row in found}
        self._by_code: dict[str, list[Entity]] = {}
        for row in found:
            for name in _CODES:
                for code in row.values.get(name, ()):
                    self._by_code.setdefault(code.upper(), []).append(row)

    def find(self, wanted: Wanted) -> list[Candidate]:
        """Return the best candidates; those of equal score in order of name."""
        among = [row for row in self._all if _is_of(row, wanted.types)]
        exact = [row for row in self._with_code(wanted.text) if _is_of(row, wanted.types)]
        if exact:
            scored = [(100.0 - _costs(row, "", wanted), row) for row in exact]
        else:
            body, kind = body_name(wanted.text)
            plain = letters(wanted.text)
            scored = [
                (_best(row, body if row.is_body else plain) - _costs(row, kind, wanted), row)
                for row in among
            ]
        ranked = sorted(scored, key=lambda pair: (-pair[0], pair[1].label, pair[1].iri))
        best = [pair for pair in ranked[: wanted.limit + 1] if pair[0] >= _LEAST]
        ahead = len(best) < 2 or best[0][0] - best[1][0] >= _APART
        told = bool(exact) or self._told(best, wanted)
        sure = bool(best) and best[0][0] >= SURE and (ahead or told)
        return [
            Candidate(row, round(max(0.0, score), 2), match=sure and place == 0)
            for place, (score, row) in enumerate(best[: wanted.limit])
        ]

    def starting(self, prefix: str, limit: int) -> list[Entity]:
        """Return entities of which a name, or a word of it, begins with a text; then alike ones."""
        wanted, _ = body_name(prefix)
        if not wanted:
            return []
        found = [
            row
            for row in self._all
            if any(name.startswith(wanted) or f" {wanted}" in name for name in row.names)
        ]
        found.sort(key=lambda row: (not row.lives, row.kind, row.label, row.iri))
        alike = [row.entity for row in self.find(Wanted(prefix, limit=limit))]
        return [*found, *(row for row in alike if row not in found)][:limit]

    def _with_code(self, text: str) -> list[Entity]:
        if text in self.by_iri:
            return [self.by_iri[text]]
        match = _NUMBER.fullmatch(text.strip())
        code = re.sub(r"\W", "", match[1] or match[2]) if match else text.strip()
        code = f"0{code}" if re.fullmatch(r"\d{9}", code) else code
        return self._by_code.get(code.upper(), [])

    def _told(self, best: Sequence[tuple[float, Entity]], wanted: Wanted) -> bool:
        """Tell whether the kind that was asked for decides between a gemeente and its OCMW."""
        kinds = {row.kind for _, row in best[:2]}
        return kinds == set(BODIES) and bool(body_name(wanted.text)[1])


def _is_of(entity: Entity, types: frozenset[str]) -> bool:
    return not types or entity.kind in types or (entity.is_body and "bestuur" in types)


def _best(entity: Entity, text: str) -> float:
    """Return how alike the most alike name is."""
    return max(
        (
            likeness(text, name) - (0.0 if holds else _OLD_NAME)
            for name, holds in entity.names.items()
        ),
        default=0.0,
    )


def _costs(entity: Entity, kind: str, wanted: Wanted) -> float:
    """Return what goes off for a kind or for properties that are not those of the entity."""
    cost = 0.0
    if entity.is_body and not wanted.types & set(BODIES):
        cost += _SECOND_KIND * (not kind and entity.kind == "ocmw")
        cost += _OTHER_KIND * (bool(kind) and entity.kind != kind)
    for name, value in (wanted.properties or {}).items():
        known = {letters(text) for text in entity.values.get(name, ())}
        cost += _OTHER_VALUE * (bool(known) and letters(value) not in known)
    return cost
