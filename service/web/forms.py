"""The forms in which a stored query can be had, and which of them a request asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.formats import FORMATS, Format, by_name
from service.negotiation import Offer, negotiate
from service.problems import BadParameter

JSON_TYPE = "application/json"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SPARQL_TYPE = "application/sparql-query"
HTML_TYPE = "text/html"


@dataclass(frozen=True)
class Form:
    """A form of an answer.

    ``name`` is what ``format=`` calls it; ``format`` is the syntax of SPARQL results or RDF, None
    for a form of our own (short JSON, workbook, page, text of the query).
    """

    name: str
    content_type: str
    label: str
    format: Format | None = None

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.content_type.partition(";")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that ``format=`` may say for it."""
        if self.format is None:
            return (self.name, self.media_type)
        return (self.name, self.format.extension, self.format.name, self.media_type)


_SHORT = Form("json", JSON_TYPE, "JSON")
_WORKBOOK = Form("xlsx", XLSX_TYPE, "Excel")
_TEXT = Form("sparql", f"{SPARQL_TYPE}; charset=utf-8", "SPARQL")
_PAGE = Form("html", f"{HTML_TYPE}; charset=utf-8", "HTML")


def _syntax(name: str, called: str = "") -> Form:
    row = by_name(name)
    return Form(called or row.name, row.content_type, row.label, row)


ROWS = (
    _SHORT, _syntax("csv"), _WORKBOOK, _syntax("json", "srj"), _syntax("xml"), _syntax("tsv"),
    _PAGE, _TEXT,
)  # fmt: skip
TRUTH = tuple(row for row in ROWS if row != _WORKBOOK)
GRAPH = (
    *(_syntax(row.name, row.extension) for row in FORMATS if row.kind == "graph"),
    _PAGE,
    _TEXT,
)


def forms(form: str) -> tuple[Form, ...]:
    """Return the forms of a query whose form is SELECT, ASK, CONSTRUCT or DESCRIBE."""
    return {"SELECT": ROWS, "ASK": TRUTH}.get(form, GRAPH)


def chosen(offered: Sequence[Form], asked: str | None, accept: str | None) -> Form:
    """Return the form that ``format=`` or the ``Accept`` header asks for.

    Raises:
        BadParameter: ``format`` names none of them.
        NotAcceptable: the header excludes all.
    """
    if asked is None:
        return negotiate(accept, [Offer(row.media_type, row) for row in offered]).value
    for form in offered:
        if asked == form.name:
            return form
    for form in offered:
        if asked in form.names:
            return form
    names = [row.name for row in offered]
    raise BadParameter("format", f"one of {', '.join(names)}", names)
