"""The request of the SPARQL 1.1 Protocol (§2.1): query, dataset and form, from GET or POST."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from service.formats import FORMATS, Format
from service.negotiation import Offer, negotiate
from service.problems import (
    BadParameter,
    BadRequest,
    MethodNotAllowed,
    UnsupportedMediaType,
    UpdateRefused,
)
from service.store.base import Dataset
from service.vocab import iri

_EITHER = ("format", "timeout")  # may stand in the address of a POST too
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "application/sparql-update"
_NO_UPDATE = "this endpoint is read-only; data changes only by publishing a new release"
_MOST_FIELDS = 1000
_TIMEOUT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(s|ms)?")

# Other names under which clients know a format (SPARQLWrapper sends some of them as `format`).
_ALIASES = {
    "json": {"solutions": "json", "graph": "jsonld"},
    "xml": {"solutions": "xml", "graph": "rdfxml"},
    "json-ld": {"graph": "jsonld"},
    "n3": {"graph": "turtle"},
    "rdf": {"graph": "rdfxml"},
    "rdf+xml": {"graph": "rdfxml"},
}
# Media types that stand for a format besides its own.
_MORE_TYPES = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "turtle": ("application/x-turtle", "text/n3"),
    "ntriples": ("text/plain",),
    "rdfxml": ("application/xml", "text/xml"),
    "jsonld": ("application/json",),
}


@dataclass(frozen=True)
class Asked:
    """What a request asks; ``text`` is None when it has no query, ``timeout`` is in seconds."""

    text: str | None
    dataset: Dataset
    format: str = ""
    lang: str = ""
    timeout: float | None = None


@dataclass(frozen=True)
class Form:
    """A format and the media type that it goes out as."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``."""
        return self.media_type + ("; charset=utf-8" if self.media_type.startswith("text/") else "")


def parse(method: str, query: bytes, content_type: str | None, body: bytes) -> Asked:
    """Read a request.

    Raises:
        UpdateRefused, UnsupportedMediaType, MethodNotAllowed, BadRequest, BadParameter.
    """
    fields = _fields(query)
    if method in ("GET", "HEAD"):
        return _asked(fields, _single(fields, "query"))
    if method != "POST":
        raise MethodNotAllowed(f"{method} does not apply here", METHODS)
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == FORM:
        form = _fields(body)
        return _asked(form + [row for row in fields if row[0] in _EITHER], _single(form, "query"))
    if kind == QUERY:
        return _asked(fields, _text(body))
    if kind == UPDATE:
        raise UpdateRefused(_NO_UPDATE)
    raise UnsupportedMediaType(f"POST {FORM} or {QUERY}, not {kind or 'a body without a type'}")


def choose(kind: str, asked: str, accept: str | None) -> Form:
    """Return the form of an answer of ``kind`` "solutions" or "graph".

    Raises:
        BadParameter: ``format`` names none.
        NotAcceptable: the Accept header excludes all.
    """
    rows = [row for row in FORMATS if row.kind == kind]
    if asked:
        name = _ALIASES.get(asked, {}).get(kind, asked)
        for row in rows:
            if name in (row.name, row.extension, row.media_type):
                return Form(row, row.media_type)
        raise BadParameter("format", f"for this query one of {', '.join(r.name for r in rows)}")
    offers = [Offer(row.media_type, Form(row, row.media_type)) for row in rows]
    offers += [
        Offer(media_type, Form(row, media_type))
        for row in rows
        for media_type in _MORE_TYPES.get(row.name, ())
    ]
    return negotiate(accept, offers).value


def _asked(fields: list[tuple[str, str]], text: str | None) -> Asked:
    if any(name == "update" for name, _ in fields):
        raise UpdateRefused(_NO_UPDATE)
    dataset = Dataset(_graphs(fields, "default-graph-uri"), _graphs(fields, "named-graph-uri"))
    values = dict(fields)
    timeout = _seconds(values.get("timeout", ""))
    return Asked(text, dataset, values.get("format", ""), values.get("lang", ""), timeout)


def _seconds(value: str) -> float | None:
    """Return the budget that the client sets itself; it can only be lower than the service's."""
    if not value:
        return None
    found = _TIMEOUT.fullmatch(value)
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else 0.0
    if seconds <= 0:
        raise BadParameter("timeout", "a number of seconds above 0, as 5, 0.5, 5s or 500ms")
    return seconds


def _graphs(fields: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    found = tuple(value for key, value in fields if key == name)
    for value in found:
        try:
            iri(value)
        except ValueError as error:
            raise BadParameter(name, str(error)) from error
    return found


def _single(fields: list[tuple[str, str]], name: str) -> str | None:
    """Return the value of a field that may be given once (§2.1.4: otherwise 400)."""
    values = [value for key, value in fields if key == name]
    if len(values) > 1:
        raise BadParameter(name, "given more than once")
    return values[0] if values else None


def _fields(data: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            data.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise BadRequest("the parameters are not percent-encoded UTF-8") from error
    except ValueError as error:
        raise BadRequest(f"the parameters cannot be read: {error}") from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error
