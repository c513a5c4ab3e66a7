"""Things and the documents about them: ``/id`` → ``/doc`` (Flemish URI standard), ``/resource``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from service.formats import Format
from service.problems import BadParameter, NotFound
from service.vocab import curie, iri
from service.web.responses import (
    EXTENSIONS,
    GRAPHS,
    at,
    chosen_language,
    in_form,
    page,
    split_extension,
)
from service.web.site import SYNTHETIC, Row, Term, site

blueprint = Blueprint("resources", __name__)
_IN_PATH = "/:@!$&'()*+,;=~"  # besides letters and digits (RFC 3986 §3.3)
_NAMES = tuple(mark + name for name in ("prefLabel", "label", "title", "name") for mark in "#/")


@dataclass(frozen=True)
class Statement:
    """A line on a page: a property with its name, a term with its name, and the graph."""

    predicate: str
    name: str
    term: Term
    label: str
    graph: str

    @property
    def synthetic(self) -> bool:
        """Whether it is about made-up data."""
        return SYNTHETIC in self.graph or SYNTHETIC in self.term.value


@blueprint.get("/id/<path:reference>")
def thing(reference: str) -> AnyResponse:
    """Lead from a thing to the document about it (303, httpRange-14)."""
    return redirect(f"{site().base}doc/{quote(reference, safe=_IN_PATH)}", 303)


@blueprint.get("/doc/<path:reference>")
def described(reference: str) -> Response:
    """Describe one of our own things; a known extension pins the format."""
    stem, pinned = split_extension(reference)
    return describe(f"{site().base}id/{stem}", at(f"doc/{stem}"), f"doc/{stem}", pinned)


@blueprint.get("/resource")
def resource() -> Response:
    """Describe a thing by its IRI, whoever minted it."""
    name, pinned = request.args.get("iri", ""), request.args.get("format", "")
    if pinned and pinned not in EXTENSIONS:
        raise BadParameter("format", f"one of {', '.join(EXTENSIONS)}")
    path = f"resource?iri={quote(name, safe='')}"
    return describe(name, lambda form: f"{site().base}{path}&format={form}", path, pinned)


def describe(name: str, address: Callable[[str], str], path: str, pinned: str) -> Response:
    """Return the description of a thing; ``path`` is where the document is.

    Raises:
        NotFound: the current release says nothing of it.
        BadParameter: its name is no IRI.
    """
    here = site()
    try:
        iri(name)
    except ValueError as error:
        raise BadParameter("iri", str(error)) from error
    if not here.ask("pages/known", iri=name):
        raise NotFound(f"the current release says nothing of <{name}>")

    def as_bytes(form: Format) -> bytes:
        return here.result("pages/resource", form, iri=name, document=here.base + path).body

    return in_form(address, pinned, lambda: _page(name), as_bytes)


def _page(name: str) -> Response:
    here, lang = site(), chosen_language()
    said = [statement(row, "value") for row in here.rows("pages/properties", iri=name, lang=lang)]
    refer = [statement(row, "subject") for row in here.rows("pages/referrers", iri=name, lang=lang)]
    return page(
        "resource.html",
        iri=name,
        title=_title(said, lang) or curie(name).removeprefix(f"{here.base}id/"),
        said=said,
        refer=refer,
        synthetic=SYNTHETIC in name or any(row.synthetic for row in said),
        formats=GRAPHS,
    )


def statement(row: Row, end: str) -> Statement:
    """Return a row as a line on a page; ``end`` is the variable that holds its term."""
    term, prop = row[end], str(row["property"])
    return Statement(
        predicate=prop,
        name=str(row.get("propertyLabel", "")) or curie(prop),
        term=term,
        label=str(row.get(f"{end}Label", "")),
        graph=str(row.get("graph", "")),
    )


def _title(said: list[Statement], lang: str) -> str:
    """Return the name that it goes by, in the reader's language where there is one."""
    found = [row for row in said if row.predicate.endswith(_NAMES)]
    found.sort(key=lambda row: row.term.lang != lang)
    return found[0].term.value if found else ""
