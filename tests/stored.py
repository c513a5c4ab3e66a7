"""Stored queries with their parameters as a caller writes them, bound against a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pyoxigraph import Store

from service.parameters import Lookup, resolve
from service.queries import Library
from service.release.manifest import Release
from service.store.rows import select


@cache
def library() -> Library:
    """The project's own stored queries."""
    return Library.load()


def lookup(store: Store) -> Lookup:
    """Return what asks a store, over the union of its graphs."""

    def ask(name: str, **values: object) -> Iterable[Mapping[str, object]]:
        return list(select(store, library()[name].bind(**values), union=True))

    return ask


def bound(store: Store, name: str, **values: str | Sequence[str]) -> str:
    """Return the text of a stored query (``api/cq01``) for what a caller wrote."""
    query = library()[name]
    return query.bind(**resolve(query, values, lookup(store)))


def answer(store: Store, name: str, **values: str | Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a stored query for what a caller wrote."""
    return list(select(store, bound(store, name, **values), union=True))


def public_store(home: Path) -> Store:
    """Return the public store of the current release of a home, to read."""
    release = Release.current(home)
    assert release is not None
    return Store.read_only(str(release.public_store))
