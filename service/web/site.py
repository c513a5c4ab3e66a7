"""What the views work with: settings, a store, the stored queries and the releases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app

from service import formats
from service.formats import Format
from service.metrics import Metrics
from service.problems import StoreUnavailable
from service.queries import Library
from service.release.manifest import Release
from service.replies import http_date
from service.settings import Settings
from service.store.base import Query, Result, Store

_KEY = "imonitor"
SYNTHETIC = "/synthetisch/"


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


@dataclass(frozen=True)
class Site:
    """One service: everything a view needs and nothing else."""

    settings: Settings
    store: Store
    library: Library = field(default_factory=Library.load)
    metrics: Metrics = field(default_factory=Metrics)

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
