"""`GET /v1/live`: accepts a live reader if there is room, and keeps the stream open until either side ends it.

?article=<id>                     an article and its comments
?front=1                          the newest articles of the site
?popular=<section>&language=<l>   Popular News of a section; of the whole site if empty
?last=<event id>                  like the header Last-Event-ID, for scripts that open a new stream
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from services.rendering import metrics
from services.rendering.gateway.live.broadcaster import Broadcaster
from services.rendering.gateway.live.topic_content import FRONT, article_topic
from services.rendering.gateway.live.topics import LiveTopics
from services.rendering.pages.popular import Block
from shared.errors import Problem, Unavailable
from shared.http.problems import SECURITY_HEADERS, field_problem, problem_response
from shared.http.ready_response import DateLine
from shared.http.requests import refuse_unknown
from shared.site.site import Site

_log = structlog.get_logger(__name__)

ROUTE = "/v1/live"
_ARTICLE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EVENT_ID = re.compile(r"[0-9a-f]{1,16}-[0-9]{1,18}")
_PARAMETERS = ("article", "front", "popular", "language", "last")
# Spreads the reconnects after a gateway has stopped over some seconds.
_RETRY_MS = (2000, 6000)
_FULL = Problem(503, "Too many live readers; try again later.", headers={"Retry-After": "30"})
_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Connection": "close",
    **SECURITY_HEADERS,
}
_HEAD = ("HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())).encode()


@dataclass(frozen=True)
class LiveQuery:
    """The topics and the block to follow. `last_id` is the last event that the reader got, empty for a new reader."""

    topics: tuple[str, ...] = ()
    block: Block | None = None
    last_id: str = ""


class EndedStream(web.Response):
    """The response of a stream that has ended: everything was written already, past aiohttp."""

    @property
    def prepared(self) -> bool:
        """Always."""
        return True

    @property
    def keep_alive(self) -> bool:
        """Never: closing the connection ends the stream."""
        return False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing is left to prepare."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


def read_live_query(query: Mapping[str, str], last_id: str, site: Site, languages: frozenset[str]) -> LiveQuery:
    """Read a query. Raises Problem (422) if it names nothing, or something unknown."""
    refuse_unknown(query, _PARAMETERS)
    topics: list[str] = []
    if "article" in query:
        if not _ARTICLE_ID.fullmatch(query["article"]):
            raise field_problem("?article", "This is not an article id.")
        topics.append(article_topic(query["article"]))
    if query.get("front", "0") not in ("0", "1"):
        raise field_problem("?front", "Must be 0 or 1.")
    if query.get("front") == "1":
        topics.append(FRONT)
    block = _read_block(query, site, languages)
    if not topics and block is None:
        raise Problem(422, "One of article, front and popular is required.")
    return LiveQuery(tuple(topics), block, last_id if _EVENT_ID.fullmatch(last_id) else "")


def _read_block(query: Mapping[str, str], site: Site, languages: frozenset[str]) -> Block | None:
    if "popular" not in query:
        return None
    section, language = query["popular"] or None, query.get("language", site.language)
    if section is not None and site.section(section) is None:
        raise field_problem("?popular", "No section has this name.")
    if language not in languages:
        raise field_problem("?language", "The site is not available in this language.")
    return Block(section, language)


class LiveHandler:
    """Handles the route. `is_following` tells whether the log is being followed; without it no stream is opened."""

    def __init__(
        self,
        topics: LiveTopics,
        broadcaster: Broadcaster,
        is_following: Callable[[], bool],
        site: Site,
        languages: frozenset[str],
        date: DateLine,
    ) -> None:
        self._topics = topics
        self._broadcaster = broadcaster
        self._is_following = is_following
        self._site = site
        self._languages = languages
        self._date = date

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Stream events to a reader until the connection ends."""
        try:
            return await self._listen(request)
        except Problem as problem:
            return problem_response(problem)
        except Unavailable as error:
            _log.warning("live.unavailable", reason=str(error))
            return problem_response(
                Problem(503, "Live news is not available now; try again.", headers={"Retry-After": "5"})
            )
        except Exception:
            # The gateway's routes have no middleware, and their default for a failure is an HTML page.
            _log.exception("live.failed")
            return problem_response(Problem(500, "Live news failed; the failure is logged."))

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        last_id = request.headers.get("Last-Event-ID") or request.query.get("last", "")
        query = read_live_query(request.query, last_id, self._site, self._languages)
        if not self._broadcaster.has_room:
            metrics.LIVE_REFUSED.inc()
            raise _FULL
        if not self._is_following():
            raise Unavailable("pages.v1 is not being followed")
        if request.method == "HEAD":
            return web.Response(headers=_HEADERS)
        await self._topics.prepare(query.topics)
        transport = request.transport
        if transport is None:
            return EndedStream()
        followed = () if query.block is None else (self._topics.follow_block(query.block),)
        listener = self._broadcaster.join(transport, (*query.topics, *followed), *self._opening(query))
        try:
            await listener.closed
        finally:
            self._broadcaster.leave(listener)
        return EndedStream()

    def _opening(self, query: LiveQuery) -> list[bytes]:
        retry = f"retry: {random.randint(*_RETRY_MS)}\n\n".encode()
        greeting = self._topics.greeting(query.topics, query.block, query.last_id)
        return [_HEAD + self._date.line + b"\r\n" + retry, *greeting]
