"""Whole dumps: ``/download/{dataset}.nq.gz`` and ``all.nq.gz`` (RFC 9110 §14 ranges).

A dump is the gzip members of its graphs one after another, as they lie in the release. Under the
front the view only says which bytes of which files go out: a slow reader then holds no thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, request

from service.problems import NotFound
from service.release.catalogue import dump_contents
from service.replies import http_date
from service.web.site import site

blueprint = Blueprint("download", __name__)
PARTS = "imonitor.parts"  # key in the ASGI scope: a list that the view fills
CHUNK = 1 << 18


@dataclass(frozen=True)
class Part:
    """``length`` bytes of a file from ``start``."""

    path: Path
    start: int
    length: int


@blueprint.get("/download/<name>")
def download(name: str) -> Response:
    """Return a dump, or the range of it that is asked for.

    Raises:
        NotFound: the current release has no such file.
    """
    release = site().release()
    graphs = dump_contents(release.graphs).get(name)
    if graphs is None:
        raise NotFound(f"there is no dump {name!r}; {site().base}catalog lists them")
    paths = tuple(release.lines_file(release.graphs[graph]) for graph in graphs)
    size, tag = _measured(paths)
    response = Response(b"", 200, {"Content-Type": "application/gzip"}, direct_passthrough=True)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["ETag"] = tag
    response.headers["Last-Modified"] = http_date(release.instant)
    response.headers["Cache-Control"] = "public, no-cache"
    response.content_length = size
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    if response.status_code not in (200, 206) or request.method == "HEAD":
        return response
    start, length = _span(response, size)
    parts = list(_cut(paths, start, length))
    offload = request.environ.get("asgi.scope", {}).get(PARTS)
    if offload is None:
        response.response = _read(parts)
    else:
        offload.extend(parts)
        response.response = ()
    response.content_length = length
    return response


def _span(response: Response, size: int) -> tuple[int, int]:
    """Return first byte and length of what goes out."""
    span = response.content_range
    if response.status_code != 206 or span.start is None or span.stop is None:
        return 0, size
    return span.start, span.stop - span.start


@lru_cache(maxsize=256)
def _measured(paths: tuple[Path, ...]) -> tuple[int, str]:
    """Return size and tag of the files together: a release never changes, so once is enough."""
    state, size = hashlib.sha256(), 0
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                state.update(chunk)
                size += len(chunk)
    return size, f'"{state.hexdigest()}"'


def _cut(paths: tuple[Path, ...], start: int, length: int) -> Iterator[Part]:
    """Yield the parts of the files that make up ``length`` bytes from ``start`` of the whole."""
    for path in paths:
        size = path.stat().st_size
        if start < size and length > 0:
            taken = min(size - start, length)
            yield Part(path, start, taken)
            length -= taken
        start = max(0, start - size)


def _read(parts: list[Part]) -> Iterator[bytes]:
    for part in parts:
        with part.path.open("rb") as file:
            file.seek(part.start)
            left = part.length
            while left > 0:
                chunk = file.read(min(CHUNK, left))
                left -= len(chunk)
                yield chunk
