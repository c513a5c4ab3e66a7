"""``imonitor bench``: how fast the stored queries are answered, now and on this machine."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from service.cli.output import as_json, progress
from service.cli.serve_commands import current_release
from service.load import Outcome, Plan, get, run
from service.parameters import examples_of
from service.problems import StoreUnavailable, UsageError
from service.queries import Library, StoredQuery, is_open
from service.settings import PREFIX, Settings
from service.store.guard import read

_ACCEPT = {"solutions": "application/sparql-results+json", "graph": "text/turtle"}
_START = 300.0  # seconds in which a service must be ready
_LINE = "{:<20}{:>9}" + "{:>10}{:>10}{:>10}" * 2
_UNCACHED, _CACHED = "uncached", "cached"


@click.command()
@click.argument("url", required=False)
@click.option("--clients", type=click.IntRange(1, 256), default=8, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=1.0, help="For each query, twice.")
@click.option("--json", "json_output", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def bench(
    settings: Settings, url: str | None, clients: int, seconds: float, json_output: bool
) -> None:
    """Measure how fast stored queries are answered, uncached and from the cache.

    URL is a running service; without it one is started on the current release, for this only.
    """
    if url:
        report = _measured(url, clients, seconds)
    else:
        if not settings.store:
            current_release(settings)
        with _temporary_service() as own:
            report = _measured(own, clients, seconds)
    if json_output:
        as_json(report)
    else:
        _show(report)


def _measured(url: str, clients: int, seconds: float) -> dict[str, Any]:
    """Return what was measured of the service at ``url``.

    Raises:
        UsageError: it is not an address that can be measured.
        StoreUnavailable: nothing answers there.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(f"{url}: give an address that begins with http://")
    endpoint, tell = url.rstrip("/") + "/sparql", progress()
    queries: dict[str, Any] = {}
    for query in Library.load().area("api"):
        if not is_open(query):
            continue
        tell(query.name)
        host, port = parts.hostname, parts.port or 80
        accept = _ACCEPT[read(query.text).kind]
        status, text = _text(host, port, query)
        for kind, fresh in ((_UNCACHED, True), (_CACHED, False)):
            outcome = Outcome(statuses={str(status): 1})
            if status == HTTPStatus.OK:
                request = get(endpoint, text, accept, fresh=fresh)
                outcome = run(Plan(host, port, request, clients, seconds))
            queries.setdefault(query.name, {})[kind] = _row(outcome)
    return {"url": url, "clients": clients, "seconds": seconds, "queries": queries}


def _text(host: str, port: int, query: StoredQuery) -> tuple[int, str]:
    """Ask the service for the text of a query with its examples; return status and text.

    Raises:
        StoreUnavailable: nothing answers there.
    """
    path = f"/api/{query.name}?{urlencode({**examples_of(query), 'format': 'sparql'})}"
    with closing(http.client.HTTPConnection(host, port, timeout=60)) as connection:
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailable(f"nothing answers at {host}:{port}: {error}") from error


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "p50": round(outcome.percentile(0.5), 2),
        "p95": round(outcome.percentile(0.95), 2),
        "rate": round(outcome.rate, 1),
        "bytes": outcome.received // max(1, outcome.count),
        "statuses": outcome.statuses,
    }


def _show(report: dict[str, Any]) -> None:
    click.echo(f"{report['clients']} clients; times in ms, answers a second")
    click.echo(_LINE.format("", "", _UNCACHED, "", "", _CACHED, "", ""))
    click.echo(_LINE.format("query", "bytes", *("p50", "p95", "/s") * 2))
    others: Counter[str] = Counter()
    for name, kinds in report["queries"].items():
        rows = [kinds[_UNCACHED], kinds[_CACHED]]
        figures = [row[what] for row in rows for what in ("p50", "p95", "rate")]
        click.echo(_LINE.format(name, rows[1]["bytes"], *figures))
        for row in rows:
            others.update({code: count for code, count in row["statuses"].items() if code != "200"})
    for code, count in others.items():
        reason = " (the budget of a client is spent)" if code == "429" else ""
        click.echo(f"{count} answers had status {code}{reason}")


@contextmanager
def _temporary_service() -> Iterator[str]:
    """Run ``imonitor serve`` on a free port without a budget for its clients; yield its address.

    Raises:
        StoreUnavailable: it does not become ready.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    own = {"HOST": "127.0.0.1", "PORT": str(port), "CLIENT_BUDGET": "0"}
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "service.cli", "serve"],
        {**os.environ, **{PREFIX + name: value for name, value in own.items()}},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)
        ],
    )
    ended = False
    try:
        until = time.monotonic() + _START
        while not _ready(port):
            ended = os.waitpid(pid, os.WNOHANG)[0] != 0
            if ended or time.monotonic() > until:
                raise StoreUnavailable("the service does not start; `imonitor serve` says why")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        if not ended:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def _ready(port: int) -> bool:
    with (
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection,
        suppress(OSError, http.client.HTTPException),
    ):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    return False
