"""A whole HTTP answer, and what every answer of the service carries (semantics.md "HTTP").

An answer is complete before any of it leaves, so its tag is the digest of its bytes, per content
coding, and its length is known.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property

import zstandard

CODINGS = ("zstd", "gzip")  # the better one first
_SMALLEST = 1024  # bytes below which compression is not worth it
_COMPRESSIBLE = ("text/", "application/json", "application/xml", "image/svg+xml")
_COMPRESSIBLE_ENDS = ("+json", "+xml", "n-triples", "n-quads", "trig", "sparql-query", "javascript")
_DIGEST = re.compile(r'"([0-9a-f]{64})"')
_BODILESS = (204, 304)
_KEPT_IN_304 = ("Cache-Control", "ETag", "Last-Modified", "Link", "Vary", "Content-Location")

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Content-Location, ETag, Link, RateLimit, RateLimit-Policy, Repr-Digest, Retry-After, Vary"
    ),
}


@dataclass(frozen=True)
class Reply:
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_headers(self, **headers: str) -> Reply:
        """Return it with more headers; an underscore stands for a hyphen."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})

    @property
    def has_body(self) -> bool:
        """Whether its status allows a body (RFC 9110 §6.4.1)."""
        return self.status not in _BODILESS

    @cached_property
    def wire(self) -> list[tuple[bytes, bytes]]:
        """The headers as ASGI wants them, with the length; encoded once, however often sent."""
        headers = dict(self.headers)
        if self.has_body:
            headers.setdefault("Content-Length", str(len(self.body)))
        return encoded(headers)


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI wants them."""
    return [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]


def tag(body: bytes) -> str:
    """Return the strong entity tag of a representation (RFC 9110 §8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()}"'


def http_date(instant: str) -> str:
    """Return an xsd:dateTime in UTC as an HTTP date."""
    moment = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def vary(headers: Mapping[str, str], *names: str) -> str:
    """Return the ``Vary`` of ``headers`` with ``names`` in it too, in a stable order."""
    present = [row.strip() for row in headers.get("Vary", "").split(",") if row.strip()]
    return ", ".join(sorted({*present, *names}))


def complete(reply: Reply) -> Reply:
    """Return it with what every reply of the front carries."""
    return with_digest(reply.with_headers(Vary=vary(reply.headers, "Accept-Encoding")))


def compressed(reply: Reply, coding: str) -> Reply | None:
    """Return the reply in a coding with a tag of its own, or None when that saves nothing."""
    kind = reply.headers.get("Content-Type", "").partition(";")[0]
    worth_it = kind.startswith(_COMPRESSIBLE) or kind.endswith(_COMPRESSIBLE_ENDS)
    if not worth_it or len(reply.body) < _SMALLEST or "Content-Encoding" in reply.headers:
        return None
    body = _encoded(reply.body, coding)
    headers = {**reply.headers, "Content-Encoding": coding}
    if "ETag" in headers:
        headers["ETag"] = tag(body)
    return with_digest(replace(reply, headers=headers, body=body))


def _encoded(body: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(body)
    return gzip.compress(body, 6, mtime=0)


def with_digest(reply: Reply) -> Reply:
    """Return it with ``Repr-Digest`` (RFC 9530 §3), which its tag holds already."""
    found = _DIGEST.fullmatch(reply.headers.get("ETag", ""))
    if found is None or reply.status not in (200, 206):
        return reply
    digest = base64.b64encode(bytes.fromhex(found[1])).decode()
    return reply.with_headers(Repr_Digest=f"sha-256=:{digest}:")


def conditional(reply: Reply, if_none_match: str | None, if_modified_since: str | None) -> Reply:
    """Return 304 when the client holds this representation already (RFC 9110 §13.1)."""
    if reply.status != 200 or not _is_held(reply.headers, if_none_match, if_modified_since):
        return reply
    kept = {name: value for name, value in reply.headers.items() if _is_kept(name)}
    return Reply(304, kept)


def _is_kept(name: str) -> bool:
    return name in _KEPT_IN_304 or name.startswith("Access-Control-")


def _is_held(
    headers: Mapping[str, str], if_none_match: str | None, if_modified_since: str | None
) -> bool:
    if if_none_match is not None:
        held = {row.strip().removeprefix("W/") for row in if_none_match.split(",")}
        return "ETag" in headers and (headers["ETag"] in held or "*" in held)
    if if_modified_since is None or "Last-Modified" not in headers:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
        return parsedate_to_datetime(headers["Last-Modified"]) <= since
    except (ValueError, TypeError):
        return False
