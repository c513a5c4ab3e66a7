"""What a remote endpoint answered, taken for an answer only when it is one, and whole."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any

import requests
from pyoxigraph import QuerySolutions, parse_query_results

from service.formats import FORMATS, Format, by_name
from service.problems import BadQuery, Problem, QueryTimeout, ResultTooLarge, StoreUnavailable
from service.store.base import BoundedWriter
from service.store.transcode import transcode

Stop = Callable[[], bool]

_CHUNK = 1 << 16
_SHOWN = 300
_PLACE = re.compile(
    r"(?:line\s+|\berror at )(\d+)(?:(?:\D{1,20}?(?:column|col)\D{0,3}|:)(\d+))?", re.I
)
_TIMED_OUT = ("S1T00", "timed out", "timeout")
# Names under which endpoints send a format, besides its own.
_ALSO = {"text/plain": "ntriples", "application/json": "json", "text/n3": "turtle"}


def whole_body(
    response: requests.Response, limit: int, deadline: float, timeout: float, stopped: Stop
) -> bytes:
    """Read the body as a whole.

    Raises:
        QueryTimeout, ResultTooLarge, StoreUnavailable: it is late, too long, or its end unknown.
    """
    length = response.headers.get("Content-Length")
    if length is None and response.headers.get("Transfer-Encoding", "").lower() != "chunked":
        raise StoreUnavailable("the store does not say where its answers end")
    writer = BoundedWriter(limit)
    for chunk in response.iter_content(_CHUNK):
        if time.monotonic() > deadline or stopped():
            raise QueryTimeout(timeout)
        writer.write(chunk)
    return writer.getvalue()


def refuse_cut(
    response: requests.Response, body: bytes, form: Format, timeout: float, most: int
) -> None:
    """Refuse an answer that may not be all; ``most`` is the maximum that the endpoint is known for.

    Virtuoso sets ``X-SQL-State`` on anytime results, and ``X-SPARQL-MaxRows`` on rows that reach
    its maximum; a graph that reaches it carries no sign.

    Raises:
        QueryTimeout, ResultTooLarge.
    """
    if response.headers.get("X-SQL-State", "").startswith("S1T"):
        raise QueryTimeout(timeout)
    if "X-SQL-State" in response.headers or "X-SQL-Message" in response.headers:
        raise ResultTooLarge("the store answered in part; narrow the query or take the dump")
    most = most_rows(response) or most
    if most and _count(response, body, form) >= most:
        raise ResultTooLarge(
            f"the store gives {most} rows at most; page the query with ORDER BY, LIMIT and "
            "OFFSET, or take the dump",
            members={"limitRows": most},
        )


def most_rows(response: requests.Response) -> int:
    """Return the maximum of rows that an answer names, 0 for none."""
    text = response.headers.get("X-SPARQL-MaxRows", "")
    return int(text) if text.isdigit() else 0


def _count(response: requests.Response, body: bytes, form: Format) -> int:
    """Return the number of rows or triples of an answer."""
    found = _format(response, form)
    if found.kind == "graph":
        return transcode(body, found, by_name("ntriples"), response.url).count(b"\n")
    if found.name == "json":
        return len(json.loads(body).get("results", {}).get("bindings", ()))
    if found.name == "xml":
        return body.count(b"<result>") + body.count(b"<result ")
    return sum(1 for _ in csv.reader(io.StringIO(body.decode()))) - 1


def in_form(response: requests.Response, body: bytes, form: Format) -> bytes:
    """Return the body in the format that was asked for: as it is, if the endpoint gave that."""
    found = _format(response, form)
    if found.name == form.name:
        return body
    if found.kind == "graph":
        return transcode(body, found, form, response.url)
    results: Any = parse_query_results(body, format=found.results)
    if not isinstance(results, QuerySolutions):
        raise StoreUnavailable("the store did not answer with results")
    return results.serialize(format=form.results) or b""


def _format(response: requests.Response, form: Format) -> Format:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    rows = [row for row in FORMATS if row.kind == form.kind]
    for row in rows:
        if media_type == row.media_type or _ALSO.get(media_type) == row.name:
            return row
    raise StoreUnavailable(f"the store answered {media_type or 'without a type'}, no {form.name}")


def yes_or_no(body: bytes, form: Format) -> bytes:
    """Return the answer to ASK in a format; Virtuoso gives it as a row with one number at times.

    Raises:
        StoreUnavailable: it is neither.
    """
    try:
        found = json.loads(body)
        yes = found["boolean"] if "boolean" in found else _cells(found) in (["1"], ["true"])
        plain = json.dumps({"head": {}, "boolean": bool(yes)}).encode()
        answer: Any = parse_query_results(plain, format=by_name("json").results)
        return answer.serialize(format=form.results) or b""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreUnavailable("the store did not answer with yes or no", 5) from error


def _cells(results: Any) -> list[str]:
    return [cell["value"] for row in results["results"]["bindings"] for cell in row.values()]


def problem_of(response: requests.Response, body: bytes, timeout: float) -> Problem:
    text = brief(body.decode("utf-8", "replace"))
    if response.status_code == 400:
        place = _PLACE.search(text)
        line = int(place[1]) if place else None
        return BadQuery(text, line, int(place[2]) if place and place[2] else None)
    if response.status_code in (408, 504) or any(word in text for word in _TIMED_OUT):
        return QueryTimeout(timeout)
    if response.status_code in (401, 403):
        return StoreUnavailable("the store does not let us in", 60)
    return StoreUnavailable(f"the store answered {response.status_code}: {text}", 5)


def brief(what: object) -> str:
    return " ".join(str(what).split())[:_SHOWN]
