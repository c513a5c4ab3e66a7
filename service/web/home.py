"""The home page: what there is, in figures from stored queries, and where it can be had."""

from __future__ import annotations

from flask import Blueprint, Response

from service.web.responses import page
from service.web.site import SYNTHETIC, Row, site

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def home() -> Response:
    """Show the size of the data and the ways in."""
    here = site()
    bodies = {str(row["kind"]): row for row in here.rows("pages/bodies")}
    waves = [_wave(row) for row in here.rows("pages/waves")]
    release = here.latest()
    return page(
        "home.html",
        bodies=bodies,
        waves=waves,
        synthetic=any(row["synthetic"] for row in waves),
        release=release,
        triples=sum(row.triples for row in release.graphs.values()) if release else 0,
        query=here.library["pages/waves"].bind(),
    )


def _wave(row: Row) -> dict[str, object]:
    bodies = int(str(row["bodies"]))
    responses = int(str(row["responses"])) if "responses" in row else 0
    wave = str(row["wave"])
    return {
        "iri": wave,
        "year": str(row["year"]),
        "synthetic": str(row["synthetic"]) == "true" or SYNTHETIC in wave,
        "bodies": bodies,
        "responses": responses,
        "share": round(100 * responses / bodies) if bodies else 0,
    }
