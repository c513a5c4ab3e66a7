"""An answer to a stored query: what was asked, by which text, and the rows that came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyoxigraph import QuerySolutions, parse_query_results

from service.formats import Format, by_name
from service.problems import BadParameter
from service.queries import StoredQuery, whole
from service.store.base import Query, Store
from service.web.paging import Fields, Page, asked_page, beyond
from service.web.site import SYNTHETIC, Row, Site, Term, columns_of, rows_of

_INTEGERS = ("integer", "int", "long", "nonNegativeInteger", "positiveInteger")
_NUMBERS = ("decimal", "double", "float")
_RESULTS = by_name("json")
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Asked:
    """A stored query with what it was asked with; ``values`` are as `StoredQuery.bind` has them."""

    query: StoredQuery
    values: Mapping[str, object]
    page: Page | None = None

    @property
    def whole(self) -> str:
        """The text with its parameters, for all rows."""
        return self.query.bind(**self.values)

    @property
    def text(self) -> str:
        """The text with its parameters, for the rows that were asked for."""
        return self.page.shown(self.whole) if self.page else self.whole

    @property
    def is_read(self) -> bool:
        """Whether the rows have to be looked at, for a page of them or to suppress some."""
        return self.page is not None or "suppress" in self.query.head

    @cached_property
    def written(self) -> dict[str, object]:
        """The values as they are shown: numbers as numbers, the rest as text."""
        return {name: _written(self.query, name, value) for name, value in self.values.items()}


@dataclass(frozen=True)
class Answer:
    """SPARQL JSON results (``body``), the release they come from, and whether a page follows."""

    asked: Asked
    body: bytes
    kind: str
    release: int
    more: bool = False

    @cached_property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return columns_of(self.body)

    @cached_property
    def rows(self) -> list[Row]:
        """The rows; an unbound variable is absent."""
        return rows_of(self.body)

    @property
    def boolean(self) -> bool:
        """The answer of an ASK."""
        return bool(json.loads(self.body)["boolean"])

    @cached_property
    def synthetic(self) -> bool:
        """Whether it shows something made up: a row says so, or names a synthetic thing.

        What is asked about a synthetic wave is synthetic too, also when nothing comes of it.
        """
        if any(SYNTHETIC in str(value) for value in self.asked.values.values()):
            return True
        return self.kind == "solutions" and any(_is_synthetic(row) for row in self.rows)

    def plain(self) -> list[dict[str, Value]]:
        """Return the rows as plain values: numbers as numbers, everything else as text."""
        names = self.columns
        return [
            {name: plain(row[name]) if name in row else None for name in names} for row in self.rows
        ]

    def written_as(self, form: Format) -> bytes:
        """Return the rows in a format of SPARQL results."""
        if form == _RESULTS or self.kind != "solutions":
            return self.body
        found = parse_query_results(self.body, format=_RESULTS.results)
        if not isinstance(found, QuerySolutions) or form.results is None:
            raise TypeError(f"not a format of rows: {form.name}")
        return found.serialize(format=form.results) or b""


def asked_with(site: Site, query: StoredQuery, given: Fields) -> Asked:
    """Return a query with what a request asks of it.

    Raises:
        BadParameter: a parameter is missing, or has a wrong value.
    """
    known = {row.name for row in query.parameters}
    values = {name: texts for name, texts in given.items() if name in known}
    return Asked(query, site.resolve(query, values), asked_page(query, given))


def answered(store: Store, asked: Asked, form: Format) -> bytes:
    """Answer a query in a format of SPARQL results or RDF; the rows are read only if they must.

    Raises:
        BadParameter: as `rows_answer`.
    """
    if form.kind == "graph":
        return store.query(Query(asked.whole, graph=form.name)).body
    if asked.is_read:
        return rows_answer(store, asked).written_as(form)
    return store.query(Query(asked.whole, rows=form.name)).body


def rows_answer(store: Store, asked: Asked) -> Answer:
    """Answer a SELECT or ASK with what is needed to show, page and check its rows.

    Raises:
        BadParameter: a page beyond the end, or a group that is too small to be shown.
    """
    page = asked.page
    text = page.limited(asked.whole) if page else asked.whole
    result = store.query(Query(text, rows=_RESULTS.name))
    body, more = result.body, False
    if page:
        found = json.loads(body)
        rows = found["results"]["bindings"]
        if not rows and page.number > 1:
            raise _beyond(store, asked, page)
        more = len(rows) > page.size
        del rows[page.size :]
        body = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    answer = Answer(asked, body, result.kind, result.release, more)
    _suppress(answer)
    return answer


def _beyond(store: Store, asked: Asked, page: Page) -> BadParameter:
    """Return the problem that says which page is the last: all rows are counted for it."""
    body = store.query(Query(asked.whole, rows=_RESULTS.name)).body
    return beyond(page, len(json.loads(body)["results"]["bindings"]))


def _suppress(answer: Answer) -> None:
    """Refuse rows about fewer than the head allows (head key ``suppress``).

    Raises:
        BadParameter: it names the parameter that chose so small a group.
    """
    rule: Mapping[str, Any] = answer.asked.query.head.get("suppress") or {}
    if not rule:
        return
    least = int(rule["below"])
    for row in answer.rows:
        count = row.get(str(rule["column"]))
        if count is not None and float(count.value) < least:
            told = f"a group of {count.value}; figures are shown for {least} or more"
            wanted = f"a group of {least} or more"
            if "message" in rule:  # the column counts something else than bodies
                told = wanted = str(rule["message"]["en"])
            raise BadParameter(str(rule["parameter"]), told, [wanted])


def plain(term: Term) -> Value:
    """Return a term as a plain value."""
    datatype = term.datatype.rpartition("#")[2]
    if datatype in _INTEGERS:
        return int(term.value)
    if datatype in _NUMBERS:
        number = float(term.value)
        return number if number == number and abs(number) != float("inf") else term.value
    if datatype == "boolean":
        return term.value in ("true", "1")
    return term.value


def _is_synthetic(row: Row) -> bool:
    flag = row.get("synthetic")
    if flag is not None and plain(flag) is True:
        return True
    return any(term.kind == "uri" and SYNTHETIC in term.value for term in row.values())


def _written(query: StoredQuery, name: str, value: object) -> object:
    kind = next(row.kind for row in query.parameters if row.name == name)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(row) for row in value]
    text = str(value)
    if kind == "integer":
        return whole(text)
    return float(text) if kind == "decimal" else text
