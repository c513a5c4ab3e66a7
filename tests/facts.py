"""The bundled facts as a store, for tests of tables and of the queries on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store

from loaders import Context, Finding, Reading, organisations, support, vocabulary
from loaders.reference import Reference
from service import data_dir
from service.store.rows import select
from service.vocab import prefix_lines
from tests.stored import answer

BASE = "http://localhost:8000/"
CONTEXT = Context(BASE, b"a key for tests", Reference())
FACTS = data_dir("ontology") / "facts"
# Gemeenten, and as many OCMW's, on three days.
DAYS = {"2016-06-01": 308, "2019-06-01": 300, "2025-06-01": 285}
LBLOD = "http://data.lblod.info/id/bestuurseenheden/"


def facts_store() -> Store:
    """Return a store with vocabulary, register, support facts and claims, a graph each."""
    store = Store()
    for source in (vocabulary, organisations, support):
        for reading in source.load([], CONTEXT):
            add(store, reading)
    return store


def add(store: Store, reading: Reading) -> None:
    """Put the snapshots of a reading into a store."""
    for graph, data in reading.snapshots.items():
        store.load(data, format=RdfFormat.N_TRIPLES, to_graph=NamedNode(graph))


def ask(store: Store, name: str, **values: str) -> list[dict[str, str]]:
    """Return the rows of a stored query of the API, on the union of all graphs."""
    return answer(store, f"api/{name}", **values)


def rows(store: Store, pattern: str, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the bindings of a graph pattern, in the order of ``names``."""
    query = f"SELECT {' '.join('?' + name for name in names)} WHERE {{ {pattern} }}"
    for row in select(store, prefix_lines() + query, union=True):
        yield tuple(row[name] for name in names)


def changed(folder: Path, table: str, old: str, new: str) -> Path:
    """Copy a bundled table to ``folder`` with one text replaced; the text must be there."""
    text = (FACTS / table).read_text(encoding="utf-8")
    assert old in text
    path = folder / table
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def located(findings: list[Finding]) -> list[tuple[str, str, int | None, str | None]]:
    """Return code, file, line and column of each finding."""
    return [(row.code, row.file, row.line, row.column) for row in findings]
