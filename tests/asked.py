"""Stored queries bound without asking the release what a word means: for tests that ask many."""

from __future__ import annotations

import csv
from functools import cache

from pyoxigraph import Store

from service import data_dir
from service.queries import Parameter
from service.store.rows import select
from service.vocab import CONCEPT
from tests.stored import library

BASE = "http://localhost:8000/"


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the register."""
    with (data_dir("ontology") / "facts" / f"{name}.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@cache
def _bodies() -> dict[str, str]:
    """Return the IRI of each body by KBO number, and of each gemeente by its NIS codes."""
    rows = table("bodies")
    found = {row["kbo"]: row["iri"] for row in rows}
    gemeenten = {row["kbo"] for row in rows if row["class"] == "gemeente"}
    for state in table("states"):
        if state["kbo"] in gemeenten:
            found[state["nis"]] = found[state["kbo"]]
    return found


def _term(parameter: Parameter, value: object) -> object:
    if parameter.kind == "bodies" and isinstance(value, list):
        return [_bodies().get(str(row), row) for row in value]
    text = str(value)
    if parameter.kind == "body":
        return _bodies().get(text, text)
    if parameter.kind == "wave":
        root, _, year = text.rpartition("/")
        return f"{BASE}id/{root}/golf/{year}" if root else f"{BASE}id/golf/{year}"
    if parameter.kind == "concept":
        return f"{CONCEPT}{parameter.list}/{text}"
    return text


def asked(store: Store, name: str, **values: object) -> list[dict[str, str]]:
    """Return the rows of a stored query of the API; bodies go by KBO number, NIS code or IRI."""
    query = library()[f"api/{name}"]
    terms = {
        row.name: _term(row, values.get(row.name, row.default))
        for row in query.parameters
        if values.get(row.name, row.default) is not None
    }
    return list(select(store, query.bind(**terms), union=True))
