"""The page of a stored query: a form, and its answer as a table. It works without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Response, request

from service.formats import by_name
from service.parameters import LANGUAGES
from service.problems import BadParameter
from service.queries import StoredQuery, without_head
from service.store.base import Store
from service.web.access import store_for
from service.web.answers import Answer, Asked, answered, asked_with, rows_answer
from service.web.failure import describe
from service.web.forms import Form, forms
from service.web.inputs import inputs
from service.web.paging import Fields, page_links, with_fields
from service.web.responses import chosen_language, page
from service.web.site import Row, site

_SHOWN = 500  # rows of an answer that has no pages
_LANG = "lang"
_PAGE = "html"
_GRAPH = by_name("turtle")


@dataclass(frozen=True)
class Shown:
    """An answer on the page: ``kind`` is "solutions", "boolean" or "graph"."""

    query: str
    kind: str
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    total: int = 0
    synthetic: bool = False
    links: Mapping[str, str] = field(default_factory=dict)


def query_page(query: StoredQuery, given: Fields) -> Response:
    """Return the page of a query: its form, and its answer when nothing is missing.

    Raises:
        Unauthorized: the query is not open, and no key came with the request.
    """
    lang, here = chosen_language(), site()
    store = store_for(here, query, request.headers.get("Authorization"))
    asked_for = {name: texts for name, texts in given.items() if name != _LANG}
    shown, problem = None, None
    try:
        _check_language(given)
        if any(row.name == _LANG for row in query.parameters):
            asked_for[_LANG] = [lang]
        if _is_asked(query, asked_for):
            shown = _shown(store, asked_with(here, query, asked_for), asked_for)
    except BadParameter as found:
        problem = found
    return page(
        "query.html",
        problem.status if problem else 200,
        query=query,
        inputs=[row for row in inputs(query, lang, asked_for) if row.name != _LANG],
        shown=shown,
        limit=_SHOWN,
        problem=describe(problem, here.base, lang) if problem else None,
        files=_files(query, asked_for),
    )


def _is_asked(query: StoredQuery, given: Fields) -> bool:
    """Tell whether an answer is wanted: something is filled in, or nothing has to be."""
    filled = {name for name, texts in given.items() if any(texts)} - {_LANG}
    return bool(filled) or all(row.optional or row.name == _LANG for row in query.parameters)


def _check_language(given: Fields) -> None:
    """Refuse another language than those of the pages, also where the query has none."""
    for text in filter(None, given.get(_LANG, ())):
        if text not in LANGUAGES:
            raise BadParameter(_LANG, f"{text[:100]!a} is no language of this service", LANGUAGES)


def _shown(store: Store, asked: Asked, given: Fields) -> Shown:
    text = without_head(asked.text)
    if asked.query.form not in ("SELECT", "ASK"):
        return Shown(text, "graph", answered(store, asked, _GRAPH).decode())
    answer = rows_answer(store, asked)
    if answer.kind == "boolean":
        return Shown(text, "boolean", "true" if answer.boolean else "")
    return _table(answer, text, given)


def _table(answer: Answer, text: str, given: Fields) -> Shown:
    rows, turning = answer.rows, answer.asked.page
    links = {}
    if turning:
        links = page_links(f"/api/{answer.asked.query.name}", given, turning, answer.more)
    shown = rows if turning else rows[:_SHOWN]
    return Shown(
        text,
        answer.kind,
        columns=answer.columns,
        rows=shown,
        total=len(rows),
        synthetic=answer.synthetic,
        links=links,
    )


def _files(query: StoredQuery, given: Fields) -> list[tuple[Form, str]]:
    """Return the other forms of the answer with their addresses."""
    address = f"/api/{query.name}"
    return [
        (form, with_fields(address, {**given, "format": [form.name]}))
        for form in forms(query.form)
        if form.name != _PAGE
    ]
