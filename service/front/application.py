"""The ASGI application: SPARQL itself, everything else from Flask through the cache."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Hashable
from pathlib import Path

from service import log
from service.app import create_app
from service.front.budget import LEAST, Budgets, Clients
from service.front.cache import Cache, Entry, Work
from service.front.exchange import ClientGone, Exchange, Receive, Scope, Send
from service.front.facade import Facade, is_download
from service.front.protocol import METHODS
from service.front.room import Room
from service.front.sparql import Endpoint
from service.front.stalls import end_stalled
from service.metrics import Metrics
from service.negotiation import coding
from service.problems import Problem, StoreUnavailable
from service.queries import Library
from service.replies import OPEN_TO_ALL, Reply, complete, conditional, with_digest
from service.settings import Settings
from service.store import meter
from service.store.base import AsyncStore
from service.store.caller import Caller
from service.store.children import die_with
from service.store.halves import halves_of
from service.store.limits import Limits
from service.store.pool import Pool
from service.store.remote_pool import RemotePool
from service.web.failure import reply_to, unexpected
from service.web.site import Site

_CACHE_BYTES = 128 << 20
_RECENT = 0.01  # seconds for which a release that was seen is taken for the current one
_BODY_LIMIT = 1 << 20
_ROOM = 256 << 20  # bytes that may be on their way at once, but at least
_ANSWERS = 8  # of the largest
STALL_SECONDS = 60.0  # without a byte sent after which a connection is ended
_SWITCH_SECONDS = 0.0005  # a thread that computes lets the loop have its turn after these
_SPARQL = ("/sparql", "/sparql/")
_METERED = ("/sparql", "/graphs", "/api", "/cube")
# The headers that select a representation; whoever reads another one adds it here.
_SELECTING = ("host", "accept", "accept-language", "accept-profile", "accept-datetime")
_PERSONAL = ("authorization", "cookie")
_PREFLIGHT = {
    **OPEN_TO_ALL,
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Front:
    """The application of one process.

    ``folder`` is where the zygotes listen; ``parent`` is the process that this one ends with.
    """

    def __init__(self, settings: Settings, folder: Path, parent: int) -> None:
        self._settings = settings
        self._parent = parent
        self._metrics = Metrics()
        self._cache = Cache(_CACHE_BYTES, self._metrics)
        self._pool = _store(settings, folder, self._metrics)
        self._library = Library.load()
        self._budgets = Budgets(settings.client_budget)
        self._clients = Clients(settings.trusted_proxies)
        self._room = Room(max(_ROOM, _ANSWERS * (settings.result_limit << 20)))
        self._seen, self._seen_until = 0, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event: the life of the process, or a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            exchange = Exchange(scope, receive, send)
            key = self._key(exchange)
            entry = self._cache.get(key)
            if entry is None:
                await self._serve(exchange, key)
                return
            try:
                await self._send_entry(exchange, entry)
            except StoreUnavailable:  # nothing of it has been sent
                await self._serve(exchange, key)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._start()
            else:
                self._server.cancel()
                await self._pool.stop()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _start(self) -> None:
        die_with(self._parent)
        sys.setswitchinterval(_SWITCH_SECONDS)
        await self._pool.start()
        self._server = asyncio.create_task(self._limit_stalls())
        caller = Caller(self._pool, asyncio.get_running_loop())
        site = Site(self._settings, caller, self._library, self._metrics)
        self._endpoint = Endpoint(site, self._pool)
        self._facade = Facade(create_app(self._settings, caller, self._library, self._metrics))

    async def _limit_stalls(self) -> None:
        """Have the kernel end stalled connections as soon as the server listens."""
        while not end_stalled(STALL_SECONDS):
            await asyncio.sleep(0.05)

    async def _serve(self, exchange: Exchange, key: Hashable | None) -> None:
        """Answer a request; whatever fails on the way becomes a problem document."""
        task = asyncio.ensure_future(self._respond(exchange, key))
        await asyncio.wait({task})
        error = task.exception()
        if isinstance(error, ClientGone):
            _tell(exchange, "client left")
        if error is None or isinstance(error, ClientGone):
            return
        if isinstance(error, Problem):
            problem, incident = error, ""
        else:
            problem, incident = unexpected(error, f"{exchange.method} {exchange.path}")
        if exchange.started:
            raise error  # too late for a problem document: the server cuts the connection
        accept, lang = exchange.header("accept"), exchange.header("accept-language")
        reply = reply_to(problem, self._settings.base, accept, lang, incident)
        await self._send(exchange, complete(reply))
        exchange.let_go()

    async def _respond(self, exchange: Exchange, key: Hashable | None) -> None:
        if exchange.method == "OPTIONS" and _is_front_s(exchange):
            allowed = Reply(204, {**_PREFLIGHT, "Allow": ", ".join(METHODS)})
            await self._send(exchange, complete(allowed))
            return
        with self._room.for_request(exchange.announced(_BODY_LIMIT)):
            await exchange.body(_BODY_LIMIT, self._settings.query_timeout)
            await self._answer(exchange, key)

    async def _answer(self, exchange: Exchange, key: Hashable | None) -> None:
        """Answer a request whose body has been read."""
        if is_download(exchange):
            await self._download(exchange)
            return
        is_query = exchange.path in _SPARQL
        work = await self._endpoint.work(exchange) if is_query else self._page(exchange, key)
        entry = self._cache.get(work.key) if is_query else None
        if entry is None:
            entry = await self._made(exchange, work)
        if is_query and key is not None and entry.keys:
            self._cache.keep(key, entry)  # the next request of this form needs no reading
        await self._send_entry(exchange, entry)

    async def _made(self, exchange: Exchange, work: Work) -> Entry:
        """Have an answer made on the budget of the client."""
        client = self._client(exchange)
        self._budgets.check(client)
        self._budgets.charge(client, LEAST)
        exchange.worked = True
        meter.charge_to(lambda seconds: self._budgets.charge(client, seconds))
        made: Entry = await exchange.unless_gone(self._cache.made(work))
        return made

    def _client(self, exchange: Exchange) -> str:
        peer = exchange.scope.get("client") or ("", 0)
        return self._clients.name(peer[0], exchange.header("x-forwarded-for"))

    def _page(self, exchange: Exchange, key: Hashable | None) -> Work:
        """Return how to get Flask's answer, from the cache where it may be."""

        async def make() -> tuple[Hashable | None, Reply]:
            before = self._pool.release
            reply, _ = await self._facade.call(exchange)
            same = before == self._pool.release
            return (key if same and _is_public(reply) else None), reply

        return Work(key, make)

    def _key(self, exchange: Exchange) -> Hashable | None:
        """Return what a request says of the reply that it wants; None when nobody shares that."""
        if not exchange.is_read or any(exchange.header(name) for name in _PERSONAL):
            return None
        selecting = tuple(exchange.header(name) for name in _SELECTING)
        release = self._recent_release(exchange.begun)
        return ("request", release, exchange.path, exchange.query, selecting)

    def _recent_release(self, now: float) -> int:
        """Return the release at a moment (monotonic seconds), or just before it.

        What is found under an older release only was the right answer until a moment ago.
        """
        if now > self._seen_until:
            self._seen, self._seen_until = self._pool.release, now + _RECENT
        return self._seen

    async def _download(self, exchange: Exchange) -> None:
        reply, parts = await self._facade.call(exchange)
        reply = with_digest(reply)
        if not parts or exchange.method == "HEAD":
            await exchange.reply(reply)
        else:
            await exchange.stream(reply.status, reply.headers.items(), parts)
        self._count(exchange, reply)

    async def _send_entry(self, exchange: Exchange, entry: Entry) -> None:
        reply = await self._cache.coded(entry, coding(exchange.header("accept-encoding")))
        if exchange.method in ("GET", "HEAD"):
            since = exchange.header("if-modified-since")
            reply = conditional(reply, exchange.header("if-none-match"), since)
        await self._send(exchange, reply)

    async def _send(self, exchange: Exchange, reply: Reply) -> None:
        more: dict[str, str] = {}
        if exchange.path.startswith(_METERED) and "RateLimit" not in reply.headers:
            more = self._budgets.headers(self._client(exchange))
        with self._room.for_answer(reply.body):
            await exchange.reply(reply, more)
        self._count(exchange, reply)

    def _count(self, exchange: Exchange, reply: Reply) -> None:
        self._metrics.count("http_responses_total", status=str(reply.status))
        if exchange.worked or reply.status >= 400:  # what the cache answers is in the metrics
            _tell(exchange, "request", status=reply.status, bytes=len(reply.body))


def _store(settings: Settings, folder: Path, metrics: Metrics) -> AsyncStore:
    """Return the store that answers: a remote one where an endpoint is set."""
    if halves_of(settings):
        return RemotePool(settings, Limits.of(settings), metrics)
    return Pool(folder, Limits.of(settings), metrics)


def _tell(exchange: Exchange, what: str, **fields: object) -> None:
    """Log a request without its query string: that may hold what a person asks."""
    took = round((time.monotonic() - exchange.begun) * 1000, 1)
    log.event(what, method=exchange.method, path=exchange.path, ms=took, **fields)


def _is_front_s(exchange: Exchange) -> bool:
    """Tell whether the front answers OPTIONS itself: its own endpoint, or a CORS preflight."""
    return exchange.path in _SPARQL or "access-control-request-method" in exchange.headers


def _is_public(reply: Reply) -> bool:
    control = reply.headers.get("Cache-Control", "")
    return reply.status == 200 and "no-store" not in control and "private" not in control
