"""`GET /v1/live`: takes a reader in, if there is room, and keeps the connection until either side ends it.

?article=<id>                     an article and its comments
?front=1                          the newest stories of the site
?popular=<section>&language=<l>   Popular News of a section, or of the site where it is empty
?last=<event id>                  as the header Last-Event-ID, for scripts that begin a stream anew
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from services.rendering import metrics
from services.rendering.gateway.invalidation import Invalidation
from services.rendering.gateway.live.broadcaster import Broadcaster
from services.rendering.gateway.live.topics import FRONT, LiveTopics, article_topic
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
_KNOWN = ("article", "front", "popular", "language", "last")
# Readers whose gateway has gone come back over some seconds, not at once.
_RETRY_MS = (2000, 6000)
_FULL = Problem(503, "Too many readers listen; ask again later.", headers={"Retry-After": "30"})
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
    """What a reader asks to be told of. `last_id` is the last event that they know, empty for newcomers."""

    topics: tuple[str, ...] = ()
    block: Block | None = None
    last_id: str = ""


class ReceivedIds(web.Response):
    """The end of a stream: all of it was written already."""

    @property
    def prepared(self) -> bool:
        """Always."""
        return True

    @property
    def keep_alive(self) -> bool:
        """Never: the connection's end is the end of the answer."""
        return False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing is left to prepare."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


def read_wanted(query: Mapping[str, str], last_id: str, site: Site, languages: frozenset[str]) -> LiveQuery:
    """What a query asks for; raises Problem (422) where it is nothing, or nothing that there is."""
    refuse_unknown(query, _KNOWN)
    topics: list[str] = []
    if "article" in query:
        if not _ARTICLE_ID.fullmatch(query["article"]):
            raise field_problem("?article", "This is no article's id.")
        topics.append(article_topic(query["article"]))
    if query.get("front", "0") not in ("0", "1"):
        raise field_problem("?front", "Either 0 or 1.")
    if query.get("front") == "1":
        topics.append(FRONT)
    block = _read_block(query, site, languages)
    if not topics and block is None:
        raise Problem(422, "Ask for an article, for the front or for popular.")
    return LiveQuery(tuple(topics), block, last_id if _EVENT_ID.fullmatch(last_id) else "")


def _read_block(query: Mapping[str, str], site: Site, languages: frozenset[str]) -> Block | None:
    if "popular" not in query:
        return None
    section, language = query["popular"] or None, query.get("language", site.language)
    if section is not None and site.section(section) is None:
        raise field_problem("?popular", "There is no such section.")
    if language not in languages:
        raise field_problem("?language", "The site does not speak this language.")
    return Block(section, language)


class LiveHandler:
    """The route's handler and what it needs."""

    def __init__(
        self,
        live: LiveTopics,
        hub: Broadcaster,
        announcements: Invalidation,
        site: Site,
        languages: frozenset[str],
        date: DateLine,
    ) -> None:
        self._live = live
        self._hub = hub
        self._announcements = announcements
        self._site = site
        self._languages = languages
        self._date = date

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Tell a reader what happens until they go."""
        try:
            return await self._listen(request)
        except Problem as problem:
            return problem_response(problem)
        except Unavailable as error:
            _log.warning("live.unavailable", reason=str(error))
            return problem_response(Problem(503, "News cannot be told now; try again.", headers={"Retry-After": "5"}))
        except Exception:
            # No middleware stands before the gateway's routes, and its own last resort is a page.
            _log.exception("live.failed")
            return problem_response(Problem(500, "News cannot be told; the failure is logged."))

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        last_id = request.headers.get("Last-Event-ID") or request.query.get("last", "")
        wanted = read_wanted(request.query, last_id, self._site, self._languages)
        if not self._hub.has_room:
            metrics.LIVE_REFUSED.inc()
            raise _FULL
        if not self._announcements.is_heard:
            raise Unavailable("pages.v1 is not heard")
        if request.method == "HEAD":
            return web.Response(headers=_HEADERS)
        await self._live.prepare(wanted.topics)
        transport = request.transport
        if transport is None:
            return ReceivedIds()
        followed = () if wanted.block is None else (self._live.follow(wanted.block),)
        listener = self._hub.join(transport, (*wanted.topics, *followed), self._opening(wanted))
        try:
            await listener.gone
        finally:
            self._hub.leave(listener)
        return ReceivedIds()

    def _opening(self, wanted: LiveQuery) -> bytes:
        retry = f"retry: {random.randint(*_RETRY_MS)}\n\n".encode()
        greeting = self._live.greeting(wanted.topics, wanted.block, wanted.last_id)
        return _HEAD + self._date.line + b"\r\n" + retry + greeting
