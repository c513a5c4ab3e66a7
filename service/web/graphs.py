"""Graph Store Protocol, read only (SPARQL 1.1 GSP §4, §5.2).

A graph is had at its own address, ``{BASE}graph/…`` (direct), and through ``/graphs?graph=IRI`` and
``/graphs?default`` (indirect).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from service.formats import FORMATS, Format, by_extension
from service.negotiation import Offer, negotiate
from service.problems import BadParameter, MethodNotAllowed, NotFound
from service.web.responses import document
from service.web.site import site

blueprint = Blueprint("graphs", __name__)
_ALLOWED = ["GET", "HEAD", "OPTIONS"]
_METHODS = [*_ALLOWED, "POST", "PUT", "DELETE", "PATCH", "TRACE"]
_OFFERS = [Offer(row.media_type, row.extension) for row in FORMATS if row.kind == "graph"]
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]*", re.I)


def _reading(view: Callable[..., Response]) -> Callable[..., Response]:
    """Refuse every method that changes data, whatever the rest of the request (§5.1)."""

    @wraps(view)
    def answer(**parts: str) -> Response:
        if request.method not in _ALLOWED:
            raise MethodNotAllowed("data changes only by publishing a new release", _ALLOWED)
        if request.method == "OPTIONS":
            options = Response(status=204, headers={"Allow": ", ".join(_ALLOWED)})
            del options.headers["Content-Type"]
            return options
        return view(**parts)

    return answer


@blueprint.route("/graphs", methods=_METHODS)
@_reading
def indirect() -> Response:
    """Return the public graph that the address names, or the union of all.

    Raises:
        BadParameter: not one of both is asked for, or the IRI is not absolute (§4.2).
        NotFound: there is no such public graph.
        NotAcceptable: it is had in no form that is asked for.
    """
    fields = _fields()
    names, whole = [value for key, value in fields if key == "graph"], "default" in dict(fields)
    if len(names) + whole != 1:
        raise BadParameter("graph", "give either graph=IRI, once, or default")
    if whole:
        form = _form()
        return _graph(site().result("pages/default-graph", form).body, form)
    if not _ABSOLUTE.fullmatch(names[0]):
        raise BadParameter("graph", f"not an absolute IRI: {names[0][:200]!r}")
    return _named(names[0])


@blueprint.route("/graph/<path:name>", methods=_METHODS)
@_reading
def direct(name: str) -> Response:
    """Return the public graph whose IRI is the address of the request; raises as `indirect`."""
    return _named(site().graph(name))


def _fields() -> list[tuple[str, str]]:
    """Return the parameters; Flask would leave octets that are not UTF-8 encoded (§4.2)."""
    try:
        text = request.query_string.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise BadParameter("graph", "not percent-encoded UTF-8") from error


def _named(name: str) -> Response:
    if name not in site().release().graphs:
        raise NotFound(f"there is no public graph <{name[:200]}>")
    form = _form()
    return _graph(site().result("pages/graph", form, graph=name).body, form)


def _form() -> Format:
    return by_extension(negotiate(request.headers.get("Accept"), _OFFERS).value)


def _graph(body: bytes, form: Format) -> Response:
    response = document(body, form.content_type)
    response.vary.add("Accept")
    return response
