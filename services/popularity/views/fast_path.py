"""The fast path of the two most frequent requests: views of known articles, and cached rankings.

It runs before aiohttp resolves a route (`shared.http.app.answer_first`). It answers valid, ordinary requests only; all others
go to `routes.py`, which knows every rule. It repeats the work of the middlewares (trace, metrics, security headers, request
id) at a lower cost. `tests/bench/views.py` measures its effect.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import perf_counter, time_ns
from uuid import uuid4

import orjson
from aiohttp import HttpVersion11, web

from services.popularity.views.articles import ArticleIndex, Known
from services.popularity.views.claims import OutgoingView
from services.popularity.views.senders import Sender, Senders
from services.popularity.views.view_batcher import ViewBatcher
from shared import topics
from shared.errors import Problem
from shared.events import Message, PageViewed
from shared.http.batched_metrics import BatchedMetrics
from shared.http.origins import is_cross_site
from shared.http.problems import SECURITY_HEADERS, problem_response
from shared.http.quirks import keep_received_body
from shared.http.ready_response import DateLine, ReadyAnswer
from shared.process.tracing import continue_trace

# A view is two ids and an address; `routes.py` reads longer bodies.
_LARGEST_BODY = 1_024
_FIELDS = {"article_id", "event_id", "referrer"}
_EVENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOST_READY = 1_024
_HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", **SECURITY_HEADERS}
_HEAD = "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items()).encode()


class Moments:
    """The present as RFC 3339 with milliseconds, formatted once a millisecond."""

    def __init__(self) -> None:
        self._ms = -1
        self._second = -1
        self._prefix = ""
        self._text = b""

    def now(self) -> bytes:
        """`2026-02-08T07:30:00.000Z`."""
        ms = time_ns() // 1_000_000
        if ms != self._ms:
            second, rest = divmod(ms, 1000)
            if second != self._second:
                self._prefix, self._second = _to_the_second(second), second
            self._text, self._ms = f"{self._prefix}.{rest:03d}Z".encode(), ms
        return self._text


def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def view_message(event_id: bytes, article: Known, sender: Sender, viewed_at: bytes, trace: bytes) -> Message:
    """A `PageViewed`, byte for byte as `shared.events.encode` writes it."""
    value = b'{"id":"%s",%s,"viewed_at":"%s",%s}' % (event_id, article.fragment, viewed_at, sender.fragment())
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id),
        ("ce_source", _SOURCE),
        ("ce_type", _TYPE),
        ("ce_subject", article.key),
        ("ce_time", viewed_at),
        ("content-type", b"application/json"),
        ("traceparent", trace),
    )
    return Message(topics.VIEWS.name, article.key, value, headers)


_SOURCE = PageViewed.source.encode()
_TYPE = PageViewed.ce_type.encode()


def _identity(event_id: bytes) -> bytes:
    return bytes.fromhex(event_id.replace(b"-", b"").decode())


class Accepted(ReadyAnswer):
    """A complete 202 with an event id. There is one for each view, so it holds only its bytes."""

    def __init__(self, whole: bytes) -> None:
        # Skips the set-up of `web.Response`: this class replaces every method that uses it.
        self._bytes = whole

    @property
    def keep_alive(self) -> bool:
        """Always true: `routes.py` answers a client that closes its connection."""
        return True

    def as_bytes(self) -> bytes:
        """The whole answer."""
        return self._bytes


class FastPath:
    """Answers ordinary requests in a few steps; None passes a request to `routes.py`."""

    def __init__(
        self,
        articles: ArticleIndex,
        view_batcher: ViewBatcher,
        senders: Senders,
        rank: Callable[[str], bytes | None],
        site_origin: str,
    ) -> None:
        self._site_origin = site_origin
        self._articles = articles
        self._view_batcher = view_batcher
        self._senders = senders
        self._rank = rank
        self._date = DateLine()
        self._batched_metrics = BatchedMetrics()
        self._moments = Moments()
        self._ready: dict[str, ReadyAnswer] = {}

    async def run(self) -> None:
        """Update the `Date` header and the metrics once a second, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self._date.tick()
            self._batched_metrics.flush()

    def forget_rankings(self) -> None:
        """Drop the ready answers: a ranking has changed."""
        self._ready.clear()

    def answer(self, request: web.Request) -> "ReadyAnswer | Awaitable[web.StreamResponse | None] | None":
        """A ready ranking, an awaitable answer to a view, or None."""
        path = request.raw_path
        if request.version != HttpVersion11 or not request.keep_alive:
            return None
        if path == "/v1/views" and request.method == "POST":
            return self._accept(request)
        if path.startswith("/v1/popular") and request.method == "GET":
            return self._show(path)
        return None

    def _show(self, path: str) -> ReadyAnswer | None:
        started = perf_counter()
        ready = self._ready.get(path)
        if ready is None:
            body = self._rank(path)
            if body is None:
                return None
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            headers = [*_HEADERS.items(), ("Content-Length", str(len(body)))]
            ready = self._ready[path] = ReadyAnswer(self._date, 200, headers, body)
        self._batched_metrics.add("GET", "/v1/popular", 200, perf_counter() - started)
        return ready

    async def _accept(self, request: web.Request) -> web.StreamResponse | None:
        started = perf_counter()
        headers = request.headers
        length = request.content_length
        if length is None or length > _LARGEST_BODY or "Idempotency-Key" in headers or "Content-Encoding" in headers:
            return None
        if request.content_type not in ("application/json", "text/plain") or is_cross_site(headers, self._site_origin):
            return None
        keep_received_body(request)
        found = self._read(await request.read())
        if found is None:
            return None
        article, event_id, referrer = found
        sender = await self._senders.examine(request, referrer, article.key.decode(), _identity(event_id))
        trace = continue_trace(headers.get("traceparent")).encode()
        try:
            message = view_message(event_id, article, sender, self._moments.now(), trace)
            await self._view_batcher.accept(OutgoingView(message, sender.dropped, sender.claim), article.partition)
        except Problem as problem:
            self._batched_metrics.add("POST", "/v1/views", problem.status, perf_counter() - started)
            return problem_response(problem)
        self._batched_metrics.add("POST", "/v1/views", 202, perf_counter() - started)
        request_id = headers.get("X-Request-Id", "")[:64].encode("utf-8", "surrogateescape") or event_id
        return Accepted(
            b'HTTP/1.1 202 Accepted\r\n%s%sContent-Length: 51\r\nX-Request-Id: %s\r\n\r\n{"event_id":"%s"}'
            % (self._date.line, _HEAD, request_id, event_id)
        )

    def _read(self, body: bytes) -> tuple[Known, bytes, str] | None:
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if type(data) is not dict or not data.keys() <= _FIELDS:
            return None
        name, event_id, referrer = data.get("article_id"), data.get("event_id"), data.get("referrer", "")
        article = self._articles.held(name) if type(name) is str else None
        if article is None or article.card.status != "published" or type(referrer) is not str:
            return None
        if event_id is None:
            return article, str(uuid4()).encode(), referrer
        if type(event_id) is not str or _EVENT_ID.fullmatch(event_id) is None:
            return None
        return article, event_id.encode(), referrer
