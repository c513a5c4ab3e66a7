"""The SPARQL endpoint: protocol in, guard, cache, query workers, whole answer out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from service.front.cache import Work
from service.front.exchange import Exchange
from service.front.protocol import Asked, Form, choose, parse
from service.negotiation import language, wants_page
from service.problems import BadQuery, BadRequest, Problem, StoreUnavailable
from service.release.catalogue import CATALOGUE
from service.replies import OPEN_TO_ALL, SECURITY, Reply, tag
from service.store.base import AsyncStore, Query, Result
from service.store.guard import MAX_CHARACTERS, MAX_DEPTH, Reading, read
from service.store.limits import Limits
from service.web.editor import Editor
from service.web.site import Site

_PAGE_LIMIT = 4 << 20
_LONG = 5000  # bytes or characters from which reading is left to a thread
_READING = 0.25  # seconds to wait for that thread: it reads one text at a time
_HTML = "text/html; charset=utf-8"
EXAMPLES = ("pages/waves", "pages/bodies")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.I)


T = TypeVar("T")


class Endpoint:
    """Says how to answer what comes to ``/sparql``."""

    def __init__(self, site: Site, pool: AsyncStore) -> None:
        self._site = site
        self._pool = pool
        self._reading = asyncio.Semaphore(1)
        # Relative IRIs are below our own address, on every store (SPARQL 1.1 Protocol §2.3). It
        # stands in the first line of the query, so that the lines of an error stay what they are.
        self._prologue = f"BASE <{site.base}sparql> "

    async def work(self, exchange: Exchange) -> Work:
        """Return how to answer a request whose body has been read.

        Raises:
            Problem: it is refused.
        """
        request = (exchange.query, exchange.header("content-type"), exchange.read)
        size = len(exchange.query) + len(exchange.read)
        asked = await self._apart(size, parse, exchange.method, *request)
        if asked.text is None:
            return self._without_query(exchange, asked)
        accept = exchange.header("accept")
        try:
            reading = await self._apart(len(asked.text), read, asked.text)
            form = choose(reading.kind, asked.format, accept)
            if form and not asked.text:
                raise BadQuery("the query is empty", 1, 1)
        except Problem:
            if wants_page(accept) and not asked.format:
                return self._page(exchange, asked)  # with the problem on it
            raise
        return self._data(asked.text, asked, reading, form) if form else self._page(exchange, asked)

    async def _apart(self, size: int, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function; when it reads much, in a thread, so that others go on meanwhile.

        Raises:
            StoreUnavailable: too many others have long texts too.
        """
        if size <= _LONG:
            return function(*arguments)
        try:
            async with asyncio.timeout(_READING):
                await self._reading.acquire()
        except TimeoutError:
            raise StoreUnavailable("too many long queries at once", retry_after=2) from None
        try:
            return await asyncio.to_thread(function, *arguments)
        finally:
            self._reading.release()

    def _without_query(self, exchange: Exchange, asked: Asked) -> Work:
        """Return how to describe the service (SPARQL 1.1 Service Description §2)."""
        if exchange.method == "POST":
            raise BadRequest("there is no query")
        form = choose("graph", asked.format, exchange.header("accept"))
        if form is None:
            return self._page(exchange, asked)
        if asked.dataset:
            raise BadRequest("a dataset is named and there is no query")
        text = self._description(_address(self._site.base, exchange.header("host") or ""))
        return self._data(text, asked, read(text), form)

    def _data(self, text: str, asked: Asked, reading: Reading, form: Form) -> Work:
        query = _query(text, asked, form)

        async def make() -> tuple[Hashable | None, Reply]:
            result = await self._ask(query, reading)
            kept = None if reading.volatile else self._key(result.release, query, form.media_type)
            return kept, self._reply(result, form, stored=not reading.volatile)

        key = self._key(self._pool.release, query, form.media_type)
        hurried = asked.timeout is not None
        return Work(None if reading.volatile else key, make, alone=hurried)

    async def _ask(self, query: Query, reading: Reading) -> Result:
        """Have a query answered; the place of an error is that in the text as it was sent."""
        with_base = replace(query, text=self._prologue + query.text)
        try:
            return await self._pool.ask(with_base, reading.dataset)
        except BadQuery as problem:
            column = problem.members.get("column")
            if problem.members.get("line") == 1 and isinstance(column, int):
                problem.members["column"] = max(1, column - len(self._prologue))
            raise

    def _description(self, endpoint: str) -> str:
        """Return the query for the service description."""
        settings, limits = self._site.settings, Limits.of(self._site.settings)
        graphs = self._site.release().graphs.values()
        return self._site.library["pages/service-description"].bind(
            endpoint=endpoint,
            base=self._site.base,
            catalogue=self._site.graph(CATALOGUE),
            triples=sum(entry.triples for entry in graphs),
            seconds=limits.timeout,
            result=limits.result,
            memory=limits.memory,
            characters=MAX_CHARACTERS,
            depth=MAX_DEPTH,
            budget=settings.client_budget,
        )

    def _page(self, exchange: Exchange, asked: Asked) -> Work:
        lang = language(exchange.header("accept-language"), asked.lang)

        async def make() -> tuple[Hashable | None, Reply]:
            release, status, kept = self._pool.release, 200, True
            result, problem = None, None
            if asked.text:
                try:
                    result, kept = await self._result(asked.text, asked)
                    release = result.release
                except Problem as found:
                    problem, status, kept = found, found.status, False
            body = await asyncio.to_thread(self._rendered, asked, lang, result, problem)
            reply = self._page_reply(status, body, lang, stored=kept)
            if problem is not None:
                reply = reply.with_headers(**problem.headers)
            return (("editor", release, asked, lang) if kept else None), reply

        return Work(("editor", self._pool.release, asked, lang), make)

    def _rendered(
        self, asked: Asked, lang: str, result: Result | None, problem: Problem | None
    ) -> bytes:
        """Return the page; for the examples it looks things up, so it is called in a thread."""
        graphs = asked.dataset
        examples = [(summary[lang], text) for summary, text in self._site.examples(EXAMPLES)]
        editor = Editor(
            self._site.base, lang, asked.text or "", graphs.default, graphs.named, examples
        )
        return editor.page(result, problem)

    async def _result(self, text: str, asked: Asked) -> tuple[Result, bool]:
        """Return the answer for the page, and whether it may be kept."""
        reading = await self._apart(len(text), read, text)
        query = Query(text, dataset=asked.dataset, limit=_PAGE_LIMIT, timeout=asked.timeout)
        return await self._ask(query, reading), not reading.volatile

    def _key(self, release: int, query: Query, media_type: str) -> Hashable:
        same = replace(query, text=query.text.strip(), timeout=None)
        return ("sparql", release, same, media_type)

    def _reply(self, result: Result, form: Form, *, stored: bool) -> Reply:
        headers = {
            "Content-Type": form.content_type,
            "Vary": "Accept, Accept-Encoding",
            "Link": f'<{self._site.base}sparql>; rel="service-desc"; type="text/turtle"',
        }
        return self._finished(Reply(200, headers, result.body), stored=stored)

    def _page_reply(self, status: int, body: bytes, lang: str, *, stored: bool) -> Reply:
        headers = {
            "Content-Type": _HTML,
            "Content-Language": lang,
            "Vary": "Accept, Accept-Encoding, Accept-Language",
            "Link": f'<{self._site.base}sparql>; rel="alternate"; type="text/turtle"',
        }
        return self._finished(Reply(status, headers, body), stored=stored)

    def _finished(self, reply: Reply, *, stored: bool) -> Reply:
        """Add what every answer carries; one that may differ next time has no validators."""
        headers = {**SECURITY, **OPEN_TO_ALL, **reply.headers, "Cache-Control": "no-store"}
        if stored:
            headers["Cache-Control"] = "public, no-cache"
            headers["ETag"] = tag(reply.body)
            if modified := self._site.modified():
                headers["Last-Modified"] = modified
        return replace(reply, headers=headers)


def _address(base: str, host: str) -> str:
    """Return the address of the endpoint.

    One machine has many names for itself; who used another than ours gets that one, since clients
    look for the address that they asked.
    """
    own = urlsplit(base)
    names = [_LOOPBACK.fullmatch(name) for name in (own.netloc, host)]
    if names[0] and names[1] and names[0][1] == names[1][1]:
        base = own._replace(netloc=host).geturl()
    return f"{base}sparql"


def _query(text: str, asked: Asked, form: Form) -> Query:
    query = Query(text, dataset=asked.dataset, timeout=asked.timeout)
    if form.format.kind == "graph":
        return replace(query, graph=form.format.name)
    return replace(query, rows=form.format.name)
