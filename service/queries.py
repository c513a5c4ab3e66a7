"""Stored queries: ``queries/<area>/<name>.rq`` with a ``#+`` YAML head, and their parameters.

A parameter is a ``$name`` token. It is replaced by a serialised RDF term, never by text, so a value
cannot end a literal or an IRI and add query of its own (SPARQL 1.1 §4.1, ``VAR2`` tokens).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pyoxigraph import Literal, NamedNode

from service import data_dir
from service.problems import BadParameter, NotFound
from service.store.guard import read
from service.vocab import XSD, iri

PLAIN = ("iri", "string", "integer", "decimal", "date", "lang")
NAMED = ("body", "bodies", "wave", "concept", "scheme")  # `service.parameters` finds their IRIs
KINDS = (*PLAIN, *NAMED)
FILLED_IN = ("wave", "scheme")  # found from the release when they are not given
ACCESS = ("OPEN", "BESTUUR", "BEHEER")
ABSENT = "UNDEF"  # in place of an optional value that is not given, within VALUES (§10.2.2)
_HEAD_KEYS = {
    "summary", "form", "parameters", "tags", "columns", "page-size", "max-age",
    "reads", "unit", "access", "order", "dataset", "message", "scope", "schemes", "run", "slice",
    "suppress",
}  # fmt: skip
_INTEGER = re.compile(r"([+-]?[0-9]{1,18})(?:\.0{1,9})?")  # 3.0 is whole (JSON Schema §6.3)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*|<[^<>"{}|^`\\\s]*>|"{3}.*?"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|\$(?P<name>\w+)""",
    re.S,
)


class QueryFault(ValueError):
    """A stored query file is not well made; the message names the file."""


@dataclass(frozen=True)
class Parameter:
    """A typed parameter of a stored query.

    ``list`` is the code list of a concept: its name below `service.vocab.CONCEPT`, or its IRI.
    ``fewest`` and ``most`` say how many bodies may be given, ``minimum`` and ``maximum`` bound a
    number, ``options`` are the only values of a string.
    """

    name: str
    kind: str
    required: bool = True
    default: Any = None
    example: Any = None
    label: Mapping[str, str] = field(default_factory=dict)
    list: str = ""
    fewest: int = 1
    most: int = 20
    minimum: int | None = None
    maximum: int | None = None
    options: tuple[str, ...] = ()

    @property
    def optional(self) -> bool:
        """Whether a caller may leave it out."""
        return not self.required or self.default is not None

    def term(self, value: object) -> str:
        """Return ``value`` as a SPARQL term; bodies as several terms with a space between.

        Of a kind in `NAMED` the value is an IRI (bodies: a sequence of them).

        Raises:
            BadParameter: the value is not of the parameter's kind.
        """
        if self.kind == "bodies" and not isinstance(value, str):
            return " ".join(self.term(str(row)) for row in _sequence(value))
        text = str(value)
        try:
            return str(_term(self.kind, text))
        except ValueError as error:
            shown = text[:200].encode("ascii", "backslashreplace").decode()
            raise BadParameter(self.name, f"'{shown}' is not a valid {self.kind}") from error


def _sequence(value: object) -> Iterable[object]:
    if not isinstance(value, Iterable):
        raise TypeError(f"not a sequence of IRIs: {value!r}")
    return value


def _term(kind: str, text: str) -> NamedNode | Literal:
    """Return the term; a number or a date is written as RDF writes it, whatever was sent."""
    if kind == "iri" or kind in NAMED:
        return NamedNode(iri(text))
    if kind == "integer":
        return Literal(str(whole(text)), datatype=NamedNode(XSD + "integer"))
    if kind == "decimal":
        number = Decimal(_like(_DECIMAL, text))
        return Literal(format(number, "f"), datatype=NamedNode(XSD + "decimal"))
    if kind == "date":
        day = date.fromisoformat(_like(_DATE, text))
        return Literal(day.isoformat(), datatype=NamedNode(XSD + "date"))
    return Literal(_like(_LANG, text) if kind == "lang" else _readable(text))


def whole(text: str) -> int:
    """Return the whole number that a text is.

    Raises:
        ValueError: it is none, or has more than 18 digits.
    """
    return int(_like(_INTEGER, text).partition(".")[0])


def _like(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _readable(text: str) -> str:
    """Return ``text`` if it has no control characters and no halves of a surrogate pair."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError(text)
    return text


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

    @cached_property
    def form(self) -> str:
        """SELECT, ASK, CONSTRUCT or DESCRIBE."""
        return read(self.text).form

    @property
    def body(self) -> str:
        """The text without its head; the parameters stand in it as ``$name``."""
        return without_head(self.text)

    @property
    def access(self) -> str:
        """Who may ask: `ACCESS`."""
        return str(self.head.get("access", ACCESS[0]))

    @property
    def page_size(self) -> int | None:
        """Rows on a page, None when the answer comes whole."""
        found = self.head.get("page-size")
        return None if found is None else int(found)

    def check_names(self, names: Iterable[str], more: Iterable[str] = ()) -> None:
        """Refuse a parameter that the query does not have; ``more`` are allowed too.

        Raises:
            BadParameter: it names the nearest one that there is.
        """
        known = [*(row.name for row in self.parameters), *more]
        for name in names:
            if name not in known:
                near = get_close_matches(name[:100], known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                has = ", ".join(known) or "no parameters"
                raise BadParameter(name, f"unknown; {self.name} has {has}{hint}", known)

    def bind(self, **values: object) -> str:
        """Return the query with each ``$name`` replaced by a term.

        Values of a kind in `NAMED` are IRIs: `service.parameters.resolve` finds them.

        Raises:
            BadParameter: an unknown, missing or ill-typed value.
        """
        self.check_names(values)
        terms: dict[str, str] = {}
        for row in self.parameters:
            value = values.get(row.name, row.default)
            if value is None and (row.required or row.kind in FILLED_IN):
                raise BadParameter(row.name, "required")
            terms[row.name] = ABSENT if value is None else row.term(value)

        return filled_in(self.text, terms)


def filled_in(text: str, terms: Mapping[str, str]) -> str:
    """Return a text with each ``$name`` replaced, except in strings, IRIs and comments."""

    def replace(match: re.Match[str]) -> str:
        return match["skip"] or terms[match["name"]]

    return _TOKEN.sub(replace, text)


def is_open(query: StoredQuery) -> bool:
    """Tell whether anyone may ask it."""
    return query.area != "api" or query.access == ACCESS[0]


def without_head(text: str) -> str:
    """Return a query without the lines of its head (``#+``)."""
    return "".join(row for row in text.splitlines(keepends=True) if not row.startswith("#+"))


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
    parameters = tuple(_parameter(row) for row in head.get("parameters") or ())
    declared = {row.name for row in parameters}
    used = {match["name"] for match in _TOKEN.finditer(text) if match["name"]}
    if declared != used:
        raise QueryFault(f"{where}: declared {sorted(declared)}, used {sorted(used)}")
    if bad := [row.name for row in parameters if row.kind not in KINDS]:
        raise QueryFault(f"{where}: unknown kind of {bad}")
    if bad := [row.name for row in parameters if (row.kind == "concept") != bool(row.list)]:
        raise QueryFault(f"{where}: a concept has a list, and nothing else has: {bad}")
    query = StoredQuery(area, name, text, head, parameters)
    _check_head(query, where)
    return query


def _parameter(row: Mapping[str, Any]) -> Parameter:
    options = tuple(str(option) for option in row.get("options") or ())
    return Parameter(**{**row, "options": options})


def _check_head(query: StoredQuery, where: str) -> None:
    """Refuse an access level, a page size or a suppression that means nothing."""
    if query.area == "api" and query.access not in ACCESS:
        raise QueryFault(f"{where}: access is one of {', '.join(ACCESS)}")
    if query.page_size is not None and (query.page_size < 1 or "ORDER BY" not in query.text):
        raise QueryFault(f"{where}: a page size is at least 1 and needs ORDER BY at the end")
    rule = query.head.get("suppress")
    if (rule or query.page_size) and query.form != "SELECT":
        raise QueryFault(f"{where}: pages and suppression are for SELECT")
    if rule is not None and set(rule) - {"message"} != {"column", "below", "parameter"}:
        raise QueryFault(f"{where}: suppress has column, below and parameter")


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
