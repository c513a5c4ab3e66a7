"""Rows of a SELECT on a pyoxigraph store, as plain texts."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store


def select(store: Store, query: str, *, union: bool = False) -> Iterator[dict[str, str]]:
    """Yield each solution as name → text; an unbound variable gives an empty text.

    Raises:
        TypeError: the query is no SELECT.
        SyntaxError: the query does not parse.
    """
    results = store.query(query, use_default_graph_as_union=union)
    if not isinstance(results, QuerySolutions):
        raise TypeError("not a SELECT query")
    names = [variable.value for variable in results.variables]
    for solution in results:
        yield {name: _text(solution[name]) for name in names}


def _text(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else ""
