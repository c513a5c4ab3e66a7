"""A SPARQL 1.1 endpoint elsewhere, held to the promises that the embedded store keeps.

An answer is whole or it is a problem: an endpoint that cuts answers off (Virtuoso's anytime queries
and maximum of rows), or does not say how long its answer is, is not believed.
"""

from __future__ import annotations

import threading
import time

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from service import data_dir
from service.formats import by_name
from service.problems import QueryTimeout, StoreUnavailable
from service.store.answered import (
    Stop,
    brief,
    in_form,
    most_rows,
    problem_of,
    refuse_cut,
    whole_body,
    yes_or_no,
)
from service.store.base import Query, Result
from service.store.guard import read

_CONNECT = 5.0
_PROBE_SECONDS = 30.0
_REMADE = ("tsv",)  # written in ways of their own by several engines, so never passed through
_STOPPING = "Virtuoso"  # the engine that stops itself after ``timeout`` milliseconds, and says so


class Answers:
    """Asks one endpoint. Each thread has a connection of its own."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self._address = address
        self._credentials = (user, password)
        self._local = threading.local()
        self._engine = ""
        self._most: int | None = None

    def query(
        self, query: Query, graphs: tuple[str, ...], limit: int, timeout: float, stopped: Stop
    ) -> Result:
        """Return the whole answer to a query.

        Args:
            query: as for the embedded store.
            graphs: the dataset when neither request nor text names one: the public graphs.
            limit: bytes.
            timeout: seconds.
            stopped: whether nobody waits any more.

        Raises:
            Problem: as the embedded store does.
        """
        reading = read(query.text)
        is_ask = reading.form == "ASK"
        form = by_name(query.graph if reading.kind == "graph" else query.rows)
        asked = by_name("json") if is_ask or form.name in _REMADE else form
        fields = _fields(query, reading.dataset, graphs)
        deadline = time.monotonic() + timeout
        try:
            session = self._session()
            if self._engine == _STOPPING:
                fields.append(("timeout", f"{timeout * 1000:.0f}"))
            with self._post(session, fields, asked.media_type, timeout) as response:
                body = whole_body(response, limit, deadline, timeout, stopped)
        except requests.Timeout as error:
            raise QueryTimeout(timeout) from error
        except requests.RequestException as error:
            raise StoreUnavailable(f"the store does not answer: {brief(error)}", 5) from error
        if response.status_code != 200:
            raise problem_of(response, body, timeout)
        refuse_cut(response, body, asked, timeout, self._most or 0)
        if is_ask:
            return Result(form.media_type, yes_or_no(body, form), "boolean")
        return Result(form.media_type, in_form(response, body, form), reading.kind)

    def _post(
        self,
        session: requests.Session,
        fields: list[tuple[str, str]],
        accept: str,
        timeout: float,
    ) -> requests.Response:
        return session.post(
            self._address,
            data=fields,
            headers={"Accept": accept},
            timeout=(min(_CONNECT, timeout), timeout),
            stream=True,
            allow_redirects=False,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session, engine = new_session(self._address, *self._credentials)
            self._local.session = session
            self._engine = engine.partition("/")[0]
        if self._most is None:
            self._most = self._probe(session) if self._engine == _STOPPING else 0
        return session

    def _probe(self, session: requests.Session) -> int:
        """Return the maximum of rows of the endpoint, 0 when it has none that is low.

        Only an answer that reaches it tells it, and a graph that does so does not.
        """
        text = (data_dir("queries") / "lookup" / "most-rows.rq").read_text("utf-8")
        with self._post(session, [("query", text)], "text/csv", _PROBE_SECONDS) as response:
            return most_rows(response)


def new_session(address: str, user: str, password: str) -> tuple[requests.Session, str]:
    """Return a session that signs in as the server asks (RFC 7616, RFC 7617), and its name.

    Raises:
        StoreUnavailable: nobody answers there.
    """
    session = requests.Session()
    session.trust_env = False  # no proxy, and no password of somebody's .netrc
    try:
        with session.get(address, timeout=_CONNECT, allow_redirects=False, stream=True) as first:
            digest = "digest" in first.headers.get("WWW-Authenticate", "").lower()
            engine = first.headers.get("Server", "")
    except requests.RequestException as error:
        raise StoreUnavailable(f"the store does not answer: {brief(error)}", 5) from error
    if user:
        session.auth = (HTTPDigestAuth if digest else HTTPBasicAuth)(user, password)
    return session, engine


def _fields(query: Query, dataset: bool, graphs: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the form of the request; the dataset is explicit (semantics.md "Graphs").

    The engine's own union may hold system graphs, or those of others.
    """
    default, named = query.dataset.default, query.dataset.named
    if not query.dataset and not dataset:
        default = named = graphs
    return [
        ("query", query.text),
        *(("default-graph-uri", name) for name in default),
        *(("named-graph-uri", name) for name in named),
    ]
