"""The files that pages need: a stylesheet, no script and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

from service.problems import NotFound
from service.web.responses import document

blueprint = Blueprint("assets", __name__)
_FOLDER = Path(__file__).with_name("static")
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@blueprint.get("/static/<name>")
def asset(name: str) -> Response:
    """Return one file."""
    found = [path for path in _FOLDER.iterdir() if path.name == name and path.suffix in _TYPES]
    if not found:
        raise NotFound(f"there is no file {name!r}")
    return document(found[0].read_bytes(), _TYPES[found[0].suffix])
