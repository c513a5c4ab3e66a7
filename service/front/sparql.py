"""The SPARQL endpoint: protocol in, guard, cache, query workers, whole answer out."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import replace

from service.front.cache import Work
from service.front.exchange import Exchange
from service.front.protocol import Asked, Form, choose, parse
from service.negotiation import language, wants_page
from service.problems import BadRequest, Problem
from service.queries import Library
from service.replies import OPEN_TO_ALL, SECURITY, Reply, tag
from service.store.base import AsyncStore, Query, Result
from service.store.guard import Reading, read
from service.web.editor import Editor
from service.web.site import Site

_PAGE_LIMIT = 4 << 20
_LONG = 5000  # characters from which reading the text is left to a thread
_HTML = "text/html; charset=utf-8"
EXAMPLES = ("pages/waves", "pages/bodies")


class Endpoint:
    """Says how to answer what comes to ``/sparql``."""

    def __init__(self, site: Site, pool: AsyncStore) -> None:
        self._site = site
        self._pool = pool
        self._examples = _examples(site.library)

    async def work(self, exchange: Exchange) -> Work:
        """Return how to answer a request whose body has been read.

        Raises:
            Problem: it is refused.
        """
        content_type = exchange.header("content-type")
        asked = parse(exchange.method, exchange.query, content_type, exchange.read)
        if asked.text is not None:
            asked = replace(asked, text=asked.text.strip())
        elif exchange.method == "POST":
            raise BadRequest("there is no query")
        if not asked.format and wants_page(exchange.header("accept")):
            return self._page(exchange, asked)
        text = self._description() if asked.text is None else asked.text
        return await self._data(exchange, text, asked)

    async def _data(self, exchange: Exchange, text: str, asked: Asked) -> Work:
        reading = await _read(text)
        form = choose(reading.kind, asked.format, exchange.header("accept"))
        query = _query(text, asked, form)

        async def make() -> tuple[Hashable | None, Reply]:
            result = await self._pool.ask(query, reading.dataset)
            kept = None if reading.volatile else self._key(result.release, query, form.media_type)
            return kept, self._reply(result, form, stored=not reading.volatile)

        key = self._key(self._pool.release, query, form.media_type)
        hurried = asked.timeout is not None
        return Work(None if reading.volatile else key, make, alone=hurried)

    def _description(self) -> str:
        """Return the query for the service description (SPARQL 1.1 Service Description §2)."""
        base = self._site.base
        return self._site.library["pages/service-description"].bind(
            endpoint=f"{base}sparql",
            dataset=f"{base}sparql#dataset",
            union=f"{base}sparql#union",
            graphs=f"{base}graphs",
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
            body = await asyncio.to_thread(self._editor(asked, lang).page, result, problem)
            reply = self._page_reply(status, body, lang, stored=kept)
            if problem is not None:
                reply = reply.with_headers(**problem.headers)
            return (("editor", release, asked, lang) if kept else None), reply

        return Work(("editor", self._pool.release, asked, lang), make)

    def _editor(self, asked: Asked, lang: str) -> Editor:
        graphs = asked.dataset
        examples = [(summary[lang], text) for summary, text in self._examples]
        return Editor(
            self._site.base, lang, asked.text or "", graphs.default, graphs.named, examples
        )

    async def _result(self, text: str, asked: Asked) -> tuple[Result, bool]:
        """Return the answer for the page, and whether it may be kept."""
        reading = await _read(text)
        query = Query(text, dataset=asked.dataset, limit=_PAGE_LIMIT, timeout=asked.timeout)
        return await self._pool.ask(query, reading.dataset), not reading.volatile

    def _key(self, release: int, query: Query, media_type: str) -> Hashable:
        return ("sparql", release, replace(query, timeout=None), media_type)

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


async def _read(text: str) -> Reading:
    return await asyncio.to_thread(read, text) if len(text) > _LONG else read(text)


def _query(text: str, asked: Asked, form: Form) -> Query:
    query = Query(text, dataset=asked.dataset, timeout=asked.timeout)
    if form.format.kind == "graph":
        return replace(query, graph=form.format.name)
    return replace(query, rows=form.format.name)


def _examples(library: Library) -> list[tuple[dict[str, str], str]]:
    """Return summary and text of the example queries, each parameter at its example."""
    found = []
    for query in [*(library[name] for name in EXAMPLES), *library.area("api")]:
        values = {row.name: row.default or row.example for row in query.parameters}
        found.append((query.head["summary"], query.bind(**values)))
    return found
