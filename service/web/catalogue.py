"""The catalogue (DCAT-AP Flanders) as harvesters take it: Turtle unless something else is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, Response

from service.formats import Format
from service.problems import NotFound
from service.release.catalogue import CATALOGUE
from service.web.responses import EXTENSIONS, GRAPHS, at, chosen_language, in_form, page
from service.web.site import site

blueprint = Blueprint("catalogue", __name__)
_REAL, _SYNTHETIC = "catalog", "catalog/synthetisch"


@dataclass
class Dataset:
    """A dataset on the page; ``files`` are address and name."""

    title: str
    description: str
    triples: str
    files: list[tuple[str, str]] = field(default_factory=list)


@blueprint.get("/catalog")
@blueprint.get("/catalog.<extension>")
def catalogue(extension: str = "") -> Response:
    """Return the catalogue of the real data."""
    return _catalogue(_REAL, extension)


@blueprint.get("/catalog/synthetisch")
@blueprint.get("/catalog/synthetisch.<extension>")
def synthetic_catalogue(extension: str = "") -> Response:
    """Return the catalogue of the synthetic data: no harvester is led to it from the other."""
    return _catalogue(_SYNTHETIC, extension)


def _catalogue(path: str, extension: str) -> Response:
    if extension and extension not in EXTENSIONS:
        raise NotFound(f"the catalogue is there as {', '.join(EXTENSIONS)}")
    if not site().ask("pages/known", iri=site().base + path):
        raise NotFound("the current release has no such catalogue")  # 200 would empty a portal

    def as_bytes(form: Format) -> bytes:
        return site().result("pages/catalogue", form, **_names(path)).body

    return in_form(at(path), extension, lambda: _page(path), as_bytes)


def _names(path: str) -> dict[str, str]:
    return {"graph": site().graph(CATALOGUE), "catalogue": site().base + path}


def _page(path: str) -> Response:
    rows = site().rows("pages/datasets", **_names(path), lang=chosen_language())
    datasets: dict[str, Dataset] = {}
    for row in rows:
        dataset = datasets.setdefault(
            str(row["dataset"]),
            Dataset(str(row["title"]), str(row["description"]), str(row.get("triples", ""))),
        )
        if "file" in row:
            dataset.files.append((str(row["file"]), str(row.get("format", row["file"]))))
    return page(
        "catalogue.html",
        datasets=datasets,
        formats=GRAPHS,
        address=path,
        synthetic=path == _SYNTHETIC,
    )
