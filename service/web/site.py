"""What the views work with: settings, a store, the stored queries and the releases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app

from service import formats
from service.formats import Format
from service.metrics import Metrics
from service.parameters import Lookup, Values, examples_of, resolve
from service.problems import BadParameter, Problem, StoreUnavailable
from service.queries import Library, StoredQuery, is_open
from service.release.manifest import Release
from service.replies import http_date
from service.settings import Settings
from service.store.base import Query, Result, Store

_KEY = "imonitor"
SYNTHETIC = "/synthetisch/"
_MOST_KNOWN = 4096  # answers to look-ups that are kept


@dataclass(frozen=True)
class Term:
    """An RDF term of a row; ``kind`` is "uri", "literal" or "bnode"."""

    kind: str
    value: str
    lang: str = ""
    datatype: str = ""

    def __str__(self) -> str:
        return self.value


Row = Mapping[str, Term]
Found = list[dict[str, str]]


@dataclass(frozen=True)
class Site:
    """One service: everything a view needs and nothing else."""

    settings: Settings
    store: Store
    library: Library = field(default_factory=Library.load)
    metrics: Metrics = field(default_factory=Metrics)
    _known: dict[str, Found] = field(default_factory=dict, compare=False, repr=False)

    @property
    def base(self) -> str:
        """The base IRI; every link that leaves the service is made from it."""
        return self.settings.base

    def latest(self) -> Release | None:
        """Return the current release, or None before the first publish."""
        found = Release.current(self.settings.home)
        return _read_once(found.path) if found else None

    def modified(self) -> str:
        """Return the instant of the current release as an HTTP date, empty without a release."""
        found = self.latest()
        return http_date(found.instant) if found else ""

    def release(self) -> Release:
        """Return the current release.

        Raises:
            StoreUnavailable: there is none yet.
        """
        found = self.latest()
        if found is None:
            raise StoreUnavailable("nothing has been published yet", retry_after=10)
        return found

    def result(self, name: str, form: Format, **values: object) -> Result:
        """Answer the stored query ``area/name`` in a format.

        Raises:
            BadParameter: a value is missing, unknown or of the wrong kind.
        """
        text = self.library[name].bind(**values)
        rows, graph = ("json", form.name) if form.kind == "graph" else (form.name, "turtle")
        return self.store.query(Query(text, rows=rows, graph=graph))

    def rows(self, name: str, **values: object) -> list[Row]:
        """Return the rows of the stored SELECT ``area/name``; unbound variables are absent."""
        return rows_of(self.result(name, formats.by_name("json"), **values).body)

    def ask(self, name: str, **values: object) -> bool:
        """Return the answer of the stored ASK ``area/name``."""
        return bool(
            json.loads(self.result(name, formats.by_name("json"), **values).body)["boolean"]
        )

    def lookup(self, name: str, **values: object) -> Found:
        """Return the rows of a stored query ``lookup/…``, kept for as long as the release is."""
        latest = self.latest()
        number = latest.number if latest else 0
        key = f"{number} {name} {sorted(values.items())}"
        if key in self._known:
            return self._known[key]
        result = self.result(name, formats.by_name("json"), **values)
        rows = [{key: term.value for key, term in row.items()} for row in rows_of(result.body)]
        if result.release in (0, number):  # 0: a store that has one release only
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = rows
        return rows

    def resolve(self, query: StoredQuery, values: Values) -> dict[str, object]:
        """Return what a stored query binds for what a caller wrote; see `service.parameters`."""
        ask: Lookup = self.lookup
        return resolve(query, values, ask)

    def examples(self, more: Sequence[str] = ()) -> Iterator[tuple[Mapping[str, str], str]]:
        """Yield summary and text of the open stored queries of the API, after ``more``.

        Each parameter has its default or example. A query is left out when this release does not
        have what its example names; when nothing can be looked up now, the rest is.
        """
        for query in (*(self.library[name] for name in more), *self.library.area("api")):
            try:
                if is_open(query):
                    text = query.bind(**self.resolve(query, examples_of(query)))
                    yield query.head["summary"], text
            except BadParameter:
                continue
            except Problem:
                return

    def graph(self, path: str) -> str:
        """Return the IRI of one of the service's own graphs."""
        return f"{self.base}graph/{path}"


@lru_cache(maxsize=8)
def _read_once(path: Path) -> Release:
    """Return a release whose manifest is read once: it never changes."""
    return Release(path)


def rows_of(body: bytes) -> list[Row]:
    """Read SPARQL JSON results (SPARQL 1.1 Query Results JSON §3.2)."""
    bindings = json.loads(body)["results"]["bindings"]
    return [{name: _term(cell) for name, cell in row.items()} for row in bindings]


def columns_of(body: bytes) -> list[str]:
    """Return the variables of SPARQL JSON results, in order."""
    return [str(name) for name in json.loads(body)["head"]["vars"]]


def _term(cell: Mapping[str, str]) -> Term:
    return Term(cell["type"], cell["value"], cell.get("xml:lang", ""), cell.get("datatype", ""))


def attach(app: Flask, site: Site) -> None:
    """Let `site` find the service of this application."""
    app.extensions[_KEY] = site


def site() -> Site:
    """Return the service of the current application."""
    found: Site = current_app.extensions[_KEY]
    return found
