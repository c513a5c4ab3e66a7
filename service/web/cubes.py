"""The cubes by cube.link: ``/cube/{dataset}`` and ``/cube/{dataset}/observations``.

A view, made when it is asked for: ``queries/cube`` derives it from the structure and observations
(RDF Data Cube) that the release holds, so nothing is stored twice. ``{dataset}`` is
``theme-score``, or ``synthetisch/theme-score`` for made-up data. What is not catalogued has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, request

from service.formats import Format, by_extension
from service.negotiation import Offer, negotiate
from service.problems import BadParameter, NotFound
from service.store.transcode import transcode
from service.web.responses import (
    GRAPHS,
    at,
    chosen_language,
    document,
    in_form,
    page,
    split_extension,
)
from service.web.site import SYNTHETIC, site

blueprint = Blueprint("cubes", __name__)
_DESCRIPTION = ("description", "constraint", "lists")
_LINES = by_extension("nt")
_OBSERVATIONS = "/observations"
# Lines are quickest to make and to read, so they go to who has no preference.
_FORMS = (_LINES, *(row for row in GRAPHS if row != _LINES))
_OFFERS = [Offer(row.media_type, row.extension) for row in _FORMS]


@dataclass(frozen=True)
class Cube:
    """A catalogued cube: its dataset, what it is called, and the path of the document about it."""

    dataset: str
    path: str
    title: str
    description: str

    @property
    def names(self) -> dict[str, str]:
        """The parameters of the queries that make the view."""
        return {"dataset": self.dataset, "document": site().base + self.path}

    @property
    def synthetic(self) -> bool:
        """Whether its figures are made up."""
        return SYNTHETIC in self.dataset


@blueprint.get("/cube")
def overview() -> Response:
    """List the cubes on a page."""
    return page("cubes.html", cubes=list(_cubes().values()))


@blueprint.get("/cube/<path:reference>")
def cube(reference: str) -> Response:
    """Describe a cube with its constraint, or give its observations; an extension pins the format.

    Raises:
        NotFound: the release has no such cube, or not in that format.
    """
    stem, pinned = split_extension(reference)
    whole = stem.removesuffix(_OBSERVATIONS)
    cubes = _cubes()
    if whole not in cubes:
        raise NotFound(f"no cube is called {whole!r}; there are {', '.join(cubes) or 'none'}")
    if whole != stem:
        return _observations(cubes[whole], pinned)
    found = cubes[whole]

    def as_bytes(form: Format) -> bytes:
        return _view(found, form, *_DESCRIPTION)

    return in_form(at(found.path), pinned, lambda: _page(found), as_bytes)


def _cubes() -> Mapping[str, Cube]:
    """Return the cubes by what stands after ``/cube/``."""
    root = f"{site().base}id/"
    found = {}
    for row in site().rows("cube/cubes", lang=chosen_language()):
        dataset = str(row["dataset"])
        name = dataset.removeprefix(root).replace("dataset/", "", 1)
        found[name] = Cube(dataset, f"cube/{name}", str(row["title"]), str(row["description"]))
    return found


def _view(found: Cube, form: Format, *queries: str, **values: str) -> bytes:
    """Return what queries make of a cube, in a fixed order: equal content has equal bytes."""
    lines: set[bytes] = set()
    for name in queries:
        body = site().result(f"cube/{name}", _LINES, **found.names, **values).body
        lines.update(body.splitlines(keepends=True))
    return transcode(b"".join(sorted(lines)), _LINES, form, site().base)


def _page(found: Cube) -> Response:
    lang = chosen_language()
    return page(
        "cube.html",
        cube=found,
        components=site().rows("cube/components", dataset=found.dataset, lang=lang),
        waves=[str(year) for year in _waves(found)],
        formats=GRAPHS,
    )


def _waves(found: Cube) -> Mapping[str, str]:
    """Return year → wave of the waves that the cube has observations of."""
    rows = site().rows("cube/waves", dataset=found.dataset)
    return {str(row["year"]): str(row["wave"]) for row in rows}


def _observations(found: Cube, pinned: str) -> Response:
    """Return all observations, or those of ``?wave={year}``: whole, or a problem over the limit."""
    if pinned == "html":
        forms = ", ".join(row.extension for row in _FORMS)
        raise NotFound(f"observations are there as {forms}")
    within, query = found.dataset, ""
    if year := request.args.get("wave", ""):
        waves = _waves(found)
        if year not in waves:
            raise BadParameter("wave", f"one of {', '.join(waves)}")
        within, query = waves[year], f"?wave={quote(year)}"
    form = by_extension(pinned or negotiate(request.headers.get("Accept"), _OFFERS).value)
    response = document(_view(found, form, "observations", within=within), form.content_type)
    address = at(found.path + _OBSERVATIONS)
    links = [f'<{site().base}{found.path}>; rel="describedby"']
    links += [
        f'<{address(row.extension)}{query}>; rel="alternate"; type="{row.media_type}"'
        for row in _FORMS
    ]
    response.headers["Link"] = ", ".join(links)
    if not pinned:
        response.vary.add("Accept")
    return response
