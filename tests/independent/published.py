"""The figures of a release, read from its dumps line by line."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from tests.independent.wave import Key, Values

_LINE = re.compile(r'<([^>]*)> <([^>]*)> (?:<([^>]*)>|"([^"]*)"\^\^<[^>]*>)(?: <[^>]*>)? \.')
_CLASS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_DIMENSIONS = {
    "theme-score": ("body", "theme"),
    "theme-bounds": ("body", "theme"),
    "type": ("body",),
    "position": ("body", "theme", "group"),
    "group-statistic": ("group", "theme", "statistic"),
    "back-cast": ("body", "theme", "event"),
    "back-cast-bounds": ("body", "theme", "event"),
}
_MEASURES = {
    "theme-score": ("score", "low", "high", "coverage", "obsStatus"),
    "theme-bounds": ("low", "high", "coverage", "obsStatus"),
    "type": ("type", "typeByScore", "obsStatus"),
    "position": ("rank", "percentile", "groupSize"),
    "group-statistic": ("obsValue", "groupSize"),
    "back-cast": ("score", "obsStatus"),
    "back-cast-bounds": ("low", "high", "obsStatus"),
}
_NUMBERS = {"score", "low", "high", "coverage", "percentile", "obsValue"}
_NAMES = {"obsStatus": "status", "groupSize": "n"}


def figures(dumps: Path, year: int, kbo: Mapping[str, str]) -> dict[Key, Values]:
    """Return the figures of a synthetic wave by key; ``kbo`` is the number of a body's IRI."""

    def lines() -> Iterator[str]:
        for name in (*_DIMENSIONS, "overall", "overall-bounds"):
            path = dumps / f"synthetisch_derived_{name}_{year}.nq.gz"
            with gzip.open(path, "rt", encoding="utf-8") as handle:
                yield from handle

    return read(lines(), kbo)


def read(lines: Iterable[str], kbo: Mapping[str, str]) -> dict[Key, Values]:
    """Return the figures in lines of N-Triples or N-Quads."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for line in lines:
        match = _LINE.fullmatch(line.rstrip("\n"))
        if match and match[2] != _CLASS:
            subject, predicate, resource, literal = match.groups()
            rows[subject][_last(predicate)] = resource or literal
    found: dict[Key, Values] = {}
    for row in rows.values():
        cube = _last(row.get("dataSet", ""))
        if cube in _DIMENSIONS:
            key = (cube, *(_dimension(name, row[name], kbo) for name in _DIMENSIONS[cube]))
            assert key not in found, key
            found[key] = {
                _NAMES.get(name, name): _measure(name, row[name]) for name in _MEASURES[cube]
            }
    return found


def _last(iri: str) -> str:
    return re.split(r"[/#]", iri)[-1]


def _dimension(name: str, value: str, kbo: Mapping[str, str]) -> str:
    if name == "body":
        return kbo[value]
    if name == "event":
        return value.split("/fusie/")[1].split("/")[0]
    return _last(value)


def _measure(name: str, value: str) -> Fraction | str:
    if name in _NUMBERS:
        return Fraction(value)
    return _last(value).removeprefix("obsStatus-")
