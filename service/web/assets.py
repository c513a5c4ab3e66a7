"""The files that pages need: a stylesheet, and the SPARQL editor where it was built.

Nothing comes from elsewhere. The editor is made from npm packages when a wheel is built, or by
``make editor`` in a checkout; without it the page is a plain form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response

from service.problems import NotFound
from service.web.responses import document

blueprint = Blueprint("assets", __name__)
_FOLDER = Path(__file__).with_name("static")
_BUILT = Path(__file__).with_name("yasgui") / "dist"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Bundle:
    """The names of the editor's files; each holds a digest of the content."""

    script: str
    style: str
    licences: str


@cache
def bundle(folder: Path = _BUILT) -> Bundle | None:
    """Return the editor that was built, or None. It is looked up once in a process."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return None
    names = json.loads(manifest.read_text(encoding="utf-8"))
    return Bundle(names["script"], names["style"], names["licences"])


@blueprint.get("/static/<name>")
def asset(name: str) -> Response:
    """Return one file. What has a digest in its name may be kept for good.

    Raises:
        NotFound: there is no such file.
    """
    for folder in (_FOLDER, _BUILT):
        for path in folder.glob("*"):
            if path.name == name and path.suffix in _TYPES:
                response = document(path.read_bytes(), _TYPES[path.suffix])
                if folder is _BUILT:
                    response.headers["Cache-Control"] = _FOR_GOOD
                return response
    raise NotFound(f"there is no file {name!r}")
