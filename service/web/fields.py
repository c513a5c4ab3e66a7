"""The parameters of a request, as they were written."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import request

from service.problems import BadParameter, BadRequest

_MOST = 200


def fields() -> dict[str, list[str]]:
    """Return name → values; Flask would put a mark in the place of octets that are not UTF-8.

    Raises:
        BadParameter: a value is not percent-encoded UTF-8.
        BadRequest: there are very many.
    """
    found: dict[str, list[str]] = {}
    sent = request.query_string.decode("latin-1")  # a character an octet
    try:
        pairs = parse_qsl(sent, keep_blank_values=True, max_num_fields=_MOST, encoding="latin-1")
    except ValueError:
        raise BadRequest(f"more than {_MOST} parameters") from None
    for name, value in pairs:
        found.setdefault(_text(name, name), []).append(_text(value, name))
    return found


def _text(octets: str, name: str) -> str:
    try:
        return octets.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise BadParameter(ascii(name[:100])[1:-1], "not percent-encoded UTF-8") from None
