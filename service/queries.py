"""Stored queries: ``queries/<area>/<name>.rq`` with a ``#+`` YAML head, and their parameters.

A parameter is a ``$name`` token. It is replaced by a serialised RDF term, never by text, so a value
cannot end a literal or an IRI and add query of its own (SPARQL 1.1 §4.1, ``VAR2`` tokens).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from pyoxigraph import Literal, NamedNode

from service import data_dir
from service.problems import BadParameter, NotFound
from service.vocab import XSD, iri

_KINDS = ("iri", "string", "integer", "decimal", "date", "lang")
_HEAD_KEYS = {
    "summary", "form", "parameters", "tags", "columns", "page-size", "max-age",
    "reads", "unit", "access", "order", "dataset", "message", "scope",
}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*|<[^<>"{}|^`\\\s]*>|"{3}.*?"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|\$(?P<name>\w+)""",
    re.S,
)


class QueryFault(ValueError):
    """A stored query file is not well made; the message names the file."""


@dataclass(frozen=True)
class Parameter:
    """A typed parameter of a stored query."""

    name: str
    kind: str
    required: bool = True
    default: Any = None
    example: Any = None
    label: Mapping[str, str] = field(default_factory=dict)

    def term(self, value: object) -> str:
        """Return ``value`` as a SPARQL term.

        Raises:
            BadParameter: the value is not of the parameter's kind.
        """
        text = str(value)
        try:
            return str(_term(self.kind, text))
        except (ValueError, InvalidOperation) as error:
            raise BadParameter(self.name, f"{text[:200]!r} is not a valid {self.kind}") from error


def _term(kind: str, text: str) -> NamedNode | Literal:
    if kind == "iri":
        return NamedNode(iri(text))
    if kind == "integer":
        return Literal(str(int(text)), datatype=NamedNode(XSD + "integer"))
    if kind == "decimal":
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError(text)
        return Literal(format(number, "f"), datatype=NamedNode(XSD + "decimal"))
    if kind == "date":
        day = date.fromisoformat(text)
        return Literal(day.isoformat(), datatype=NamedNode(XSD + "date"))
    if kind == "lang" and not re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", text):
        raise ValueError(text)
    return Literal(text)


@dataclass(frozen=True)
class StoredQuery:
    """One query file: identity is ``area/name``; ``head`` is the YAML, ``text`` the whole file."""

    area: str
    name: str
    text: str
    head: Mapping[str, Any]
    parameters: tuple[Parameter, ...]

    @property
    def id(self) -> str:
        """``area/name``."""
        return f"{self.area}/{self.name}"

    def bind(self, **values: object) -> str:
        """Return the query with each ``$name`` replaced by a term.

        Raises:
            BadParameter: an unknown, missing or ill-typed value.
        """
        known = {row.name: row for row in self.parameters}
        for name in values:
            if name not in known:
                raise BadParameter(name, f"unknown; {self.id} has {', '.join(known) or 'none'}")
        terms: dict[str, str] = {}
        for name, row in known.items():
            value = values.get(name, row.default)
            if value is None:
                raise BadParameter(name, "required")
            terms[name] = row.term(value)

        def replace(match: re.Match[str]) -> str:
            return match["skip"] or terms[match["name"]]

        return _TOKEN.sub(replace, self.text)


def parse(area: str, name: str, text: str) -> StoredQuery:
    """Read one query file.

    Raises:
        QueryFault: bad head, or ``$`` tokens and declared parameters that differ.
    """
    where = f"queries/{area}/{name}.rq"
    head_text = "\n".join(
        line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")
    )
    try:
        head = yaml.load(head_text, Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        raise QueryFault(f"{where}: the head is not YAML: {error}") from error
    if not {"nl", "en"} <= set(head.get("summary") or {}):
        raise QueryFault(f"{where}: summary needs nl and en")
    if unknown := set(head) - _HEAD_KEYS:
        raise QueryFault(f"{where}: unknown keys {sorted(unknown)}")
    parameters = tuple(Parameter(**row) for row in head.get("parameters") or ())
    declared = {row.name for row in parameters}
    used = {match["name"] for match in _TOKEN.finditer(text) if match["name"]}
    if declared != used:
        raise QueryFault(f"{where}: declared {sorted(declared)}, used {sorted(used)}")
    if bad := [row.name for row in parameters if row.kind not in _KINDS]:
        raise QueryFault(f"{where}: unknown kind of {bad}")
    return StoredQuery(area, name, text, head, parameters)


class Library(Mapping[str, StoredQuery]):
    """All stored queries of a folder, by ``area/name``."""

    def __init__(self, queries: Mapping[str, StoredQuery]) -> None:
        self._queries = dict(sorted(queries.items()))

    @classmethod
    def load(cls, folder: Path | None = None) -> Library:
        """Read every ``.rq`` below ``folder`` (default: the project's own).

        Raises:
            QueryFault: a file is not well made.
        """
        folder = folder or data_dir("queries")
        found = {}
        for path in sorted(folder.glob("*/*.rq")):
            query = parse(path.parent.name, path.stem, path.read_text(encoding="utf-8"))
            found[query.id] = query
        return cls(found)

    def __getitem__(self, name: str) -> StoredQuery:
        try:
            return self._queries[name]
        except KeyError:
            raise NotFound(f"no stored query {name!r}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._queries

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def area(self, area: str) -> list[StoredQuery]:
        """Return the queries of one area, by ``order`` in the head, then name."""
        rows = [row for row in self._queries.values() if row.area == area]
        return sorted(rows, key=lambda row: (row.head.get("order", 0), row.name))
