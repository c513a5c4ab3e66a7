"""The vocabulary and the shapes: every term answers here, until the namespace redirects here."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

from service import data_dir
from service.formats import Format, by_extension
from service.problems import NotFound
from service.store.transcode import transcode
from service.vocab import IMON
from service.web.resources import describe
from service.web.responses import (
    EXTENSIONS,
    GRAPHS,
    at,
    chosen_language,
    in_form,
    page,
    split_extension,
)
from service.web.site import site

blueprint = Blueprint("vocabulary", __name__)
_GRAPH = "vocabulaire"


@blueprint.get("/ns")
@blueprint.get("/ns.<extension>")
def vocabulary(extension: str = "") -> Response:
    """Return all terms of the namespace."""
    if extension and extension not in EXTENSIONS:
        raise NotFound(f"the vocabulary is there as {', '.join(EXTENSIONS)}")
    names = {"graph": site().graph(_GRAPH), "namespace": IMON}

    def as_page() -> Response:
        rows = site().rows("pages/terms", **names, lang=chosen_language())
        return page("vocabulary.html", terms=rows, namespace=IMON, formats=GRAPHS)

    def as_bytes(form: Format) -> bytes:
        return site().result("pages/vocabulary", form, **names).body

    return in_form(at("ns"), extension, as_page, as_bytes)


@blueprint.get("/ns/<name>")
def term(name: str) -> Response:
    """Describe one term."""
    stem, pinned = split_extension(name)
    return describe(IMON + stem, at(f"ns/{stem}"), f"ns/{stem}", pinned)


@blueprint.get("/shapes")
def shapes() -> Response:
    """List the shape documents."""
    return page("shapes.html", names=[path.stem for path in _shape_files()])


@blueprint.get("/shapes/<name>")
def shape(name: str) -> Response:
    """Return one shape document."""
    stem, pinned = split_extension(name)
    found = [path for path in _shape_files() if path.stem == stem]
    if not found:
        raise NotFound(f"no shapes are called {stem!r}")
    text = found[0].read_bytes()

    def as_page() -> Response:
        return page("shape.html", name=stem, text=text.decode(), formats=GRAPHS)

    def as_bytes(form: Format) -> bytes:
        return transcode(text, by_extension("ttl"), form, site().base)

    return in_form(at(f"shapes/{stem}"), pinned, as_page, as_bytes)


def _shape_files() -> list[Path]:
    return sorted(data_dir("shapes").glob("*.ttl"))
