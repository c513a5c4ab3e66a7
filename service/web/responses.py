"""Responses of the facade: bytes with a type, and the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request

from service.formats import FORMATS, Format, by_extension
from service.negotiation import Offer, language, negotiate
from service.replies import OPEN_TO_ALL, SECURITY, Reply, conditional, tag, vary
from service.web.rendering import render, switch
from service.web.site import site

HTML = "text/html"
GRAPHS = tuple(row for row in FORMATS if row.kind == "graph" and row.name not in ("trig", "nquads"))
EXTENSIONS = ("html", *(row.extension for row in GRAPHS))
_FORMS = [*(Offer(row.media_type, row.extension) for row in GRAPHS), Offer(HTML, "html")]


def as_response(reply: Reply) -> Response:
    """Return a whole reply as Flask wants it."""
    return Response(reply.body, reply.status, dict(reply.headers))


def chosen_language() -> str:
    """Return the language of the page: ``?lang=``, else ``Accept-Language``, else Dutch."""
    return language(request.headers.get("Accept-Language"), request.args.get("lang"))


def page(template: str, status: int = 200, **values: object) -> Response:
    """Return a page in the reader's language."""
    lang = chosen_language()
    other = switch(lang, request.args.items(multi=True))
    body = render(template, lang, base=site().base, path=request.path, switch=other, **values)
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Language": lang}
    response = Response(body, status, headers)
    response.vary.add("Accept-Language")
    return response


def document(body: bytes, content_type: str) -> Response:
    """Return bytes as they are."""
    return Response(body, 200, {"Content-Type": content_type})


def split_extension(reference: str) -> tuple[str, str]:
    """Return the reference without a known extension, and that extension ("" when it has none).

    References hold dots of their own (``…/T1/1.0``), so an unknown extension is part of the name.
    """
    stem, dot, extension = reference.rpartition(".")
    return (stem, extension) if dot and extension in EXTENSIONS else (reference, "")


def in_form(
    address: Callable[[str], str],
    pinned: str,
    as_page: Callable[[], Response],
    as_bytes: Callable[[Format], bytes],
) -> Response:
    """Return a graph in the form that is pinned or negotiated, with links to the others.

    Args:
        address: from an extension to the URL of that form.
        pinned: an extension, or empty to negotiate; RDF goes to who has no preference.
        as_page: makes the page.
        as_bytes: makes the document.

    Raises:
        NotAcceptable: no form fits.
    """
    chosen = pinned or negotiate(request.headers.get("Accept"), _FORMS).value
    if chosen == "html":
        response = as_page()
    else:
        form = by_extension(chosen)
        response = document(as_bytes(form), form.content_type)
    links = [(row.value, row.media_type) for row in _FORMS]
    response.headers["Link"] = ", ".join(
        f'<{address(extension)}>; rel="alternate"; type="{kind}"' for extension, kind in links
    )
    if not pinned:
        response.vary.add("Accept")
    return response


def at(path: str) -> Callable[[str], str]:
    """Return the addresses ``{BASE}path.extension``."""
    return lambda extension: f"{site().base}{path}.{extension}"


def finish(app: Flask) -> None:
    """Give every response its headers, and answer 304 to who holds it already."""

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in {**SECURITY, **OPEN_TO_ALL}.items():
            response.headers.setdefault(name, value)
        response.headers["Vary"] = vary(dict(response.headers), "Accept-Encoding")
        if response.status_code != 200 or response.direct_passthrough:
            return response
        response.headers.setdefault("Cache-Control", "public, no-cache")
        if "no-store" in response.headers["Cache-Control"]:
            return response
        return _validated(response)


def _validated(response: Response) -> Response:
    """Add the validators of the representation (RFC 9110 §8.8) and heed the client's."""
    response.headers.setdefault("ETag", tag(response.get_data()))
    if modified := site().modified():
        response.headers.setdefault("Last-Modified", modified)
    if request.method not in ("GET", "HEAD"):
        return response
    reply = conditional(
        Reply(response.status_code, dict(response.headers), b""),
        request.headers.get("If-None-Match"),
        request.headers.get("If-Modified-Since"),
    )
    return as_response(reply) if reply.status == 304 else response
