"""The vocabulary and the shapes: every term answers here, until the namespace redirects here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response

from service.context import context
from service.formats import Format
from service.problems import NotFound
from service.vocab import IMON, curie
from service.web.diagrams import Diagram, diagram, diagrams
from service.web.model import Model, in_order, model, topic_name
from service.web.responses import (
    EXTENSIONS,
    GRAPHS,
    at,
    chosen_language,
    document,
    in_form,
    page,
    split_extension,
)
from service.web.site import Row
from service.web.term import telling, term_page

blueprint = Blueprint("vocabulary", __name__)
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_DAY = "public, max-age=86400"


@dataclass
class Topic:
    """The own terms of one file."""

    stem: str
    name: str
    classes: list[Row] = field(default_factory=list)
    properties: list[Row] = field(default_factory=list)


@blueprint.get("/ns")
@blueprint.get("/ns.<extension>")
def vocabulary(extension: str = "") -> Response:
    """Return all terms of the namespace."""
    return _whole("ns", _known(extension))


@blueprint.get("/ns/context.jsonld")
def json_ld_context() -> Response:
    """Return the JSON-LD context: short names for the terms."""
    body = json.dumps(context(), ensure_ascii=False, indent=2).encode()
    response = document(body, "application/ld+json")
    response.headers["Cache-Control"] = _DAY
    return response


@blueprint.get("/ns/diagrams/<name>.svg")
def drawing(name: str) -> Response:
    """Return one diagram by itself."""
    return document(diagram(name).encode(), "image/svg+xml")


@blueprint.get("/ns/profile")
@blueprint.get("/ns/profile.<extension>")
def profile(extension: str = "") -> Response:
    """Describe the application profile and its parts (Profiles Vocabulary)."""
    return _part("profile", extension, _profile)


@blueprint.get("/ns/reused")
@blueprint.get("/ns/reused.<extension>")
def reused(extension: str = "") -> Response:
    """Return the terms of others, and how we use them."""
    return _part("reused", extension, lambda here, lang: {"reused": _reused(here, lang)})


@blueprint.get("/ns/alignments")
@blueprint.get("/ns/alignments.<extension>")
def alignments(extension: str = "") -> Response:
    """Return how our terms relate to those of others: apart, for who reasons with them."""
    return _part("alignments", extension, lambda here, _: {"alignments": _aligned(here)})


def _part(name: str, extension: str, values: Callable[[Model, str], dict[str, Any]]) -> Response:
    """Return a file or folder of the model; ``values`` are what its page tells.

    An own term of the same name is told there too, since its address leads here.
    """
    here = model()
    also = IMON + name if IMON + name in here.shown else ""

    def as_page() -> Response:
        lang = chosen_language()
        return page(
            f"{name}.html", formats=GRAPHS, also=also, **values(here, lang), **telling(here, lang)
        )

    def as_bytes(form: Format) -> bytes:
        return here.document(here.folder(name) or [name], form, also)

    return in_form(at(f"ns/{name}"), _known(extension), as_page, as_bytes)


def _profile(here: Model, lang: str) -> dict[str, Any]:
    parts = here.rows("profile", lang=lang)
    about = here.about("profile", str(parts[0]["profile"]))
    return {"parts": parts, "about": {curie(name): rows for name, rows in about.items()}}


def _aligned(here: Model) -> list[Row]:
    return here.rows("alignments", ontology=IMON)


@blueprint.get("/ns/<name>")
def term(name: str) -> Response:
    """Describe one term, or the vocabulary in one version.

    Raises:
        NotFound: there is no such term, or the version is not the current one.
    """
    stem, pinned = split_extension(name)
    here = model()
    if _VERSION.fullmatch(stem):
        if stem != here.version:
            raise NotFound(
                f"version {stem} is not kept here: {here.site.base}ns is version {here.version}; "
                f"{here.site.base}ns#changes tells what changed"
            )
        return _whole(f"ns/{stem}", pinned)
    found = [iri for iri, slug in here.shown.items() if slug == stem]
    if not found:
        raise NotFound(f"the vocabulary has no term {stem!r}; {here.site.base}ns lists them")
    iri = found[0]

    def as_bytes(form: Format) -> bytes:
        return here.term(iri, form)

    return in_form(at(f"ns/{stem}"), pinned, lambda: term_page(iri), as_bytes)


@blueprint.get("/shapes")
@blueprint.get("/shapes.<extension>")
def shapes(extension: str = "") -> Response:
    """Return all shapes."""
    return _shapes("shapes", model().folder("shapes"), _known(extension))


@blueprint.get("/shapes/<name>")
def shape(name: str) -> Response:
    """Return the shapes of one file."""
    stem, pinned = split_extension(name)
    file = f"shapes/{stem}"
    if file not in model().folder("shapes"):
        raise NotFound(f"no shapes are called {stem!r}")
    return _shapes(file, [file], pinned)


def _known(extension: str) -> str:
    if extension and extension not in EXTENSIONS:
        raise NotFound(f"it is there as {', '.join(EXTENSIONS)}")
    return extension


def _whole(path: str, pinned: str) -> Response:
    here = model()

    def as_bytes(form: Format) -> bytes:
        return here.document(["imonitor", *here.folder("terms")], form)

    return in_form(at(path), pinned, lambda: _overview(here), as_bytes)


def _overview(here: Model) -> Response:
    lang = chosen_language()
    header = {
        curie(name): [row for row in rows if row.lang in ("", lang)]
        for name, rows in here.header.items()
    }
    return page(
        "vocabulary.html",
        header=header,
        topics=_topics(here, lang),
        diagrams=_drawn(here.folder("shapes"), lang),
        reused=_reused(here, lang),
        alignments=_aligned(here),
        parts=here.rows("profile", lang=lang),
        formats=GRAPHS,
        **telling(here, lang),
    )


def _topics(here: Model, lang: str) -> list[Topic]:
    found: dict[str, Topic] = {}
    for row in here.own_terms(lang):
        stem = here.name_of(str(row["file"])).rpartition("/")[2]
        topic = found.setdefault(stem, Topic(stem, topic_name(stem, lang)))
        (topic.classes if str(row["class"]) == "true" else topic.properties).append(row)
    return [found[stem] for stem in in_order(found)]


def _reused(here: Model, lang: str) -> dict[str, list[Row]]:
    """Return the terms of others by prefix."""
    found: dict[str, list[Row]] = {}
    for row in here.rows("reused", folder=here.graph("reused/"), lang=lang):
        found.setdefault(curie(str(row["term"])).partition(":")[0], []).append(row)
    return dict(sorted(found.items()))


def _drawn(files: Sequence[str], lang: str) -> list[Diagram]:
    stems = in_order(file.rpartition("/")[2] for file in files)
    return [Diagram.of(stem, topic_name(stem, lang), lang) for stem in stems if stem in diagrams()]


def _shapes(path: str, files: Sequence[str], pinned: str) -> Response:
    here = model()

    def as_page() -> Response:
        lang = chosen_language()
        sections = [row for row in here.rulebook.sections if row.file in files]
        stems = in_order(file.rpartition("/")[2] for file in files)
        return page(
            "shapes.html",
            address=path,
            whole=len(files) > 1,
            topics=[
                (
                    stem,
                    topic_name(stem, lang),
                    [row for row in sections if row.file.endswith(f"/{stem}")],
                )
                for stem in stems
            ],
            diagrams={row.stem: row for row in _drawn(files, lang)},
            formats=GRAPHS,
            **telling(here, lang),
        )

    def as_bytes(form: Format) -> bytes:
        return here.document(["prefixes", *files], form)  # constraints in SPARQL use the prefixes

    return in_form(at(path), pinned, as_page, as_bytes)
