"""The request of the SPARQL 1.1 Protocol (§2.1): query, dataset and form, from GET or POST."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from service.formats import FORMATS, Format
from service.negotiation import Offer, negotiate
from service.problems import (
    AddressTooLong,
    BadParameter,
    BadRequest,
    MethodNotAllowed,
    UnsupportedMediaType,
    UpdateRefused,
)
from service.store.base import Dataset
from service.vocab import iri

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "application/sparql-update"
HTML = "text/html"
# Bytes; the server underneath has a limit of its own at 65,534 and says nothing but its status.
MOST_ADDRESS = 60_000
_NO_UPDATE = "this endpoint is read-only; data changes only by publishing a new release"
_MOST_FIELDS = 1000
_TIMEOUT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(s|ms)?")
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)', re.I)
_UTF_8 = ("utf-8", "utf8", "us-ascii")
_NOT_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_MARK = "\ufeff"  # the byte order mark, which editors put in front of a text

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

    Dataset, format, language and timeout count wherever they stand; the query of a POST stands in
    its body (§2.1.2, §2.1.3).

    Raises:
        UpdateRefused, UnsupportedMediaType, MethodNotAllowed, BadRequest, BadParameter,
        AddressTooLong.
    """
    if len(query) > MOST_ADDRESS:
        raise AddressTooLong(
            f"an address may have {MOST_ADDRESS} bytes after the question mark; send a long query "
            f"by POST as {QUERY}",
            members={"limitBytes": MOST_ADDRESS},
        )
    fields = _fields(query)
    if method in ("GET", "HEAD"):
        return _asked(fields, _single(fields, "query"))
    if method != "POST":
        raise MethodNotAllowed(f"{method} does not apply here", METHODS)
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == UPDATE:
        raise UpdateRefused(_NO_UPDATE)
    if kind not in (FORM, QUERY):
        raise UnsupportedMediaType(f"POST {FORM} or {QUERY}, not {kind or 'a body without a type'}")
    if any(name == "query" for name, _ in fields):
        raise BadParameter("query", "the query of a POST stands in its body, not in the address")
    if kind == FORM:
        fields += _fields(body)
        return _asked(fields, _single(fields, "query"))
    return _asked(fields, _text(body, content_type or ""))


def choose(kind: str, asked: str, accept: str | None) -> Form | None:
    """Return the form of an answer of ``kind`` "solutions" or "graph"; None for a page.

    Raises:
        BadParameter: ``format`` names none.
        NotAcceptable: the Accept header excludes all.
    """
    offers = _OFFERS[kind]
    if not asked:
        return negotiate(accept, offers).value
    if asked in (HTML, "html"):
        return None
    name = _ALIASES.get(asked, {}).get(kind, asked)
    forms = [offer.value for offer in offers if offer.value]
    for form in forms:
        if name in (form.format.name, form.format.extension, form.media_type):
            return form
    names = dict.fromkeys(form.format.name for form in forms)
    raise BadParameter("format", f"for this query one of {', '.join(names)}, html")


def _offers(kind: str) -> list[Offer[Form | None]]:
    """Return the forms of a kind of answer and the page, which nobody gets without asking."""
    rows = [row for row in FORMATS if row.kind == kind]
    pairs = [(row, row.media_type) for row in rows]
    pairs += [(row, other) for row in rows for other in _MORE_TYPES.get(row.name, ())]
    found: list[Offer[Form | None]] = [Offer(name, Form(row, name)) for row, name in pairs]
    found.append(Offer(HTML, None))
    return found


_OFFERS = {kind: _offers(kind) for kind in ("solutions", "graph")}


def _asked(fields: list[tuple[str, str]], text: str | None) -> Asked:
    if any(name == "update" for name, _ in fields):
        raise UpdateRefused(_NO_UPDATE)
    dataset = Dataset(_graphs(fields, "default-graph-uri"), _graphs(fields, "named-graph-uri"))
    timeout = _seconds(_agreed(fields, "timeout"))
    if text is not None:
        text = text.removeprefix(_MARK).rstrip()
    return Asked(text, dataset, _format(fields), _agreed(fields, "lang"), timeout)


def _format(fields: list[tuple[str, str]]) -> str:
    """Return the first ``format`` that is not empty: SPARQLWrapper sends a name and media types."""
    given = (value.strip().lower() for name, value in fields if name == "format")
    return next(filter(None, given), "")


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
    """Return the graphs that are named; forms on the web send the field empty for none."""
    found = tuple(value for key, value in fields if key == name and value)
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


def _agreed(fields: list[tuple[str, str]], name: str) -> str:
    """Return the value of a field that may be given more than once if it says the same."""
    values = {value for key, value in fields if key == name}
    if len(values) > 1:
        raise BadParameter(name, "given more than once, with different values")
    return values.pop() if values else ""


def _fields(data: bytes) -> list[tuple[str, str]]:
    if _NOT_ENCODED.search(data):
        raise BadRequest("a % in the parameters is not followed by two hexadecimal digits")
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


def _text(body: bytes, content_type: str) -> str:
    """Return the query of a direct POST, which is always UTF-8 (§2.1.3)."""
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in _UTF_8:
        raise UnsupportedMediaType(f"a query is UTF-8, not {charset[1] or 'of an empty charset'}")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error
