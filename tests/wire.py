"""Requests as they stand on the wire, for what an HTTP library would put right or leave out."""

from __future__ import annotations

import http.client
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from urllib.parse import urlencode

from tests.live_service import Answer, Live

HOST = "localhost:8000"  # as in the base address of the release
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"

Header = tuple[str, str]

#: The formats of booleans.
BOOLEAN = ("application/sparql-results+json", "application/sparql-results+xml")


def send(
    service: Live,
    target: str,
    method: str = "GET",
    headers: Sequence[Header] = (),
    body: bytes = b"",
    host: str = HOST,
) -> Answer:
    """Send one request, byte for byte, and read the whole answer.

    Nothing is added but ``Host``, ``Connection`` and the length of a body; a header may be given
    more than once.
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    with service.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body) as connection:
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


def get(service: Live, fields: Sequence[Header], accept: str = "") -> Answer:
    """Ask by GET; fields may be given more than once."""
    headers = [("Accept", accept)] if accept else []
    return send(service, f"/sparql?{urlencode(fields)}", headers=headers)


def post_form(service: Live, fields: Sequence[Header], address: str = "") -> Answer:
    """Ask by a form; ``address`` is what stands after the question mark."""
    target = f"/sparql?{address}" if address else "/sparql"
    body = urlencode(fields).encode()
    return send(service, target, "POST", [("Content-Type", FORM)], body)


def post_direct(service: Live, text: str, fields: Sequence[Header] = ()) -> Answer:
    """Ask by the query itself; the fields stand in the address."""
    target = f"/sparql?{urlencode(fields)}" if fields else "/sparql"
    return send(service, target, "POST", [("Content-Type", DIRECT)], text.encode())


def truth(answer: Answer) -> bool:
    """Return the boolean of an answer, which must be one of the formats for booleans."""
    assert answer.status == 200, answer.body
    if answer.type == BOOLEAN[0]:
        found = json.loads(answer.body)["boolean"]
        assert isinstance(found, bool)
        return found
    assert answer.type == BOOLEAN[1]
    text = ET.fromstring(answer.body).findtext("{http://www.w3.org/2005/sparql-results#}boolean")
    assert text in ("true", "false")
    return text == "true"


def rows(answer: Answer) -> list[dict[str, str]]:
    """Return the rows of an answer in JSON, values only."""
    assert answer.status == 200, answer.body
    found = json.loads(answer.body)["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in found]
