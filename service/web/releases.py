"""The releases: what each holds, when it was made and what it changed."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from service.negotiation import Offer, negotiate
from service.problems import NotFound
from service.release.manifest import Release
from service.web.responses import document, page
from service.web.site import site

blueprint = Blueprint("releases", __name__)


@blueprint.get("/releases")
def overview() -> Response:
    """List the releases that are kept, the newest first."""
    folder = site().settings.releases
    numbers = sorted(int(row.name) for row in folder.glob("[0-9]*") if row.name.isdigit())
    found = [row for row in map(_numbered, reversed(numbers)) if row is not None]
    return page("releases.html", releases=found, current=site().latest())


@blueprint.get("/releases/<int:number>")
def one(number: int) -> Response:
    """Report one release: as JSON its manifest, as a page its graphs and changes."""
    release = _numbered(number)
    if release is None:
        raise NotFound(f"there is no release {number}, or it is not kept any more")
    offers = [Offer("application/json", "json"), Offer("text/html", "html")]
    if negotiate(request.headers.get("Accept"), offers).value == "html":
        response = page("release.html", release=release, changes=_changes(release))
    else:
        response = document((release.path / "manifest.json").read_bytes(), "application/json")
    response.vary.add("Accept")
    return response


def _numbered(number: int) -> Release | None:
    return Release.numbered(site().settings.home, number)


def _changes(release: Release) -> Mapping[str, Mapping[str, int]]:
    """Return graph → added and removed triples, for the graphs that the release changed."""
    changes: Mapping[str, Mapping[str, int]] = release.manifest.get("changes", {})
    return changes
