"""Answers readers. A cached page takes a lookup, a check and one write; every other request takes the slow path.

`answer` is the one handler behind every public path, without middlewares. It does their work itself (metrics, security
headers, errors, time limits, traces), the costly part of it on the slow path only.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from time import monotonic, perf_counter

import structlog
from aiohttp import HttpVersion11, web

from services.rendering import metrics
from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.invalidation import Invalidation
from services.rendering.gateway.oembed import EmbedHandler, is_embed
from services.rendering.gateway.page_builder import PageBuilder, PageOrAbsence, error_key
from services.rendering.gateway.search_results import PATH as SEARCH
from services.rendering.gateway.search_results import SearchPages
from services.rendering.gateway.single_flight import SingleFlight
from services.rendering.pages.addresses import Redirect, Refused, read_address
from services.rendering.pages.negotiation import choose_encoding, is_unmodified_since
from services.rendering.pages.page import Absence, EncodedPage, Page
from services.rendering.pages.popular import PopularNews
from shared.errors import Problem, Unavailable
from shared.http.batched_metrics import BatchedMetrics
from shared.http.middleware import HANDLER_TIMEOUT_S
from shared.http.ready_response import Header, ReadyAnswer
from shared.http.requests import has_already
from shared.process.tracing import continue_trace

_log = structlog.get_logger(__name__)

_METHODS = ("GET", "HEAD")
_API = "/v1/"
_ERROR_HEADERS: Mapping[int, tuple[Header, ...]] = {
    400: (),
    405: (("Allow", ", ".join(_METHODS)),),
    414: (),
    500: (),
    503: (("Retry-After", "2"),),
}
_DETAILS = {
    404: "There is nothing at this address.",
    405: "This method is not allowed here.",
    500: "The service failed; the failure is logged.",
    503: "A part of the service does not answer; try again.",
}


class Gateway:
    """Serves readers: finds the page of a request and negotiates its form."""

    def __init__(
        self,
        *,
        cache: PageCache[PageOrAbsence],
        popular: PopularNews,
        invalidation: Invalidation,
        page_builder: PageBuilder,
        single_flight: SingleFlight[PageOrAbsence],
        embeds: EmbedHandler,
        search: SearchPages,
        files: Mapping[str, Page],
        batched_metrics: BatchedMetrics,
    ) -> None:
        self._cache = cache
        self._popular = popular
        self._invalidation = invalidation
        self._page_builder = page_builder
        self._single_flight = single_flight
        self._embeds = embeds
        self._search = search
        self._files = files
        self._plain_errors = {
            status: page_builder.plain_error(status, *extra) for status, extra in _ERROR_HEADERS.items()
        }
        self._problems = {
            status: embeds.problem_page(Problem(status, detail), *_ERROR_HEADERS.get(status, ()))
            for status, detail in _DETAILS.items()
        }
        self._batched_metrics = batched_metrics

    def refuse(self, status: int) -> ReadyAnswer:
        """The error page for bytes that are not a valid HTTP request."""
        page = self._plain_errors.get(status, self._plain_errors[500])
        return self._form(page, "").closing()

    def answer_from_cache(self, request: web.BaseRequest) -> ReadyAnswer | None:
        """The fast path: an answer from the cache, or None. Called before aiohttp resolves a route."""
        if request.method not in _METHODS:
            return None
        started = perf_counter()
        page = self._cached_page(request.raw_path)
        return None if page is None else self._answer(request, page, started)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The slow path: any public path, any method."""
        started = perf_counter()
        return self._answer(request, await self._find(request), started)

    def _answer(self, request: web.BaseRequest, page: Page, started: float) -> ReadyAnswer:
        answer = self._negotiate(request, page)
        # Clients choose the method: only the supported ones become a label, so that labels stay few.
        method = request.method if request.method in _METHODS else "other"
        self._batched_metrics.add(method, page.kind.route, answer.status, perf_counter() - started)
        return answer

    def _cached_page(self, key: str) -> Page | None:
        """The cached page, or the error page of a cached absence; None while the cache cannot be trusted."""
        if not self._invalidation.is_following:
            return None
        now = monotonic()
        found = self._cache.find(key, now)
        if isinstance(found, Absence):
            found = self._cache.find(error_key(found.status, found.language), now)
        return found if isinstance(found, Page) else None

    def _negotiate(self, request: web.BaseRequest, page: Page) -> ReadyAnswer:
        headers = request.headers
        form = self._form(page, headers.get("Accept-Encoding", ""))
        keeps_open = request.keep_alive and request.version == HttpVersion11
        tags = headers.get("If-None-Match")
        # Most requests have no validator and most pages no date: two checks and no call.
        if (tags is not None or page.kind.modified_s is not None) and _is_current(tags, headers, form):
            return form.not_modified(keeps_open=keeps_open)
        if request.method == "HEAD":
            return form.head(keeps_open=keeps_open)
        return form.whole if keeps_open else form.closing()

    def _form(self, page: Page, accept_encoding: str) -> EncodedPage:
        encoding = choose_encoding(accept_encoding)
        fragment = b"" if page.block is None else self._popular.fragment(page.block)
        form = page.encoded(encoding, fragment)
        if form is None:
            form = page.encode(encoding, fragment)
            self._cache.resize(page.key, page, page.size_bytes)
        return form

    async def _find(self, request: web.Request) -> Page:
        """The page of a request. Every failure becomes an error page."""
        continue_trace(request.headers.get("traceparent"))
        if request.method not in _METHODS:
            return self._error(request, 405)
        metrics.CACHE_MISSES.inc()
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                return await self._find_page(request.raw_path)
        except (Unavailable, TimeoutError) as error:
            _log.warning("page.unavailable", reason=str(error))
            return self._error(request, 503)
        except Exception:
            _log.exception("page.failed")
            return self._error(request, 500)

    def _error(self, request: web.Request, status: int) -> Page:
        """An error page for readers, problem details for API clients."""
        return (self._problems if request.raw_path.startswith(_API) else self._plain_errors)[status]

    async def _find_page(self, target: str) -> Page:
        file = self._files.get(target.partition("?")[0])
        if file is not None:
            return file
        if is_embed(target):
            return await self._embed(target)
        if target.startswith(_API):
            return self._problems[404]
        if target.partition("?")[0] == SEARCH:
            return await self._find_results(target)
        address = read_address(target)
        if isinstance(address, Redirect):
            return self._page_builder.redirect(address.location)
        if isinstance(address, Refused):
            return await self._refused_page(address)
        cached = self._cached_page(address.key)
        if cached is not None:
            return cached
        found = await self._single_flight.run(address.key, partial(self._page_builder.build, address))
        return found if isinstance(found, Page) else await self._absence_page(found)

    async def _embed(self, target: str) -> Page:
        """An oEmbed card, or problem details."""
        query = self._embeds.read_query(target)
        if isinstance(query, Page):
            return query
        try:
            cached = self._cache.find(query.key, monotonic()) if self._invalidation.is_following else None
            found = cached or await self._single_flight.run(query.key, partial(self._embeds.build, query))
        except Unavailable as error:
            return self._embeds.problem_page(Problem(503, str(error)), ("Retry-After", "2"))
        if isinstance(found, Absence):
            return self._embeds.problem_page(Problem(404, "There is no such article, or it was withdrawn."))
        return found

    async def _find_results(self, target: str) -> Page:
        found = await self._search.build(target)
        return await self._refused_page(found) if isinstance(found, Refused) else found

    async def _refused_page(self, refused: Refused) -> Page:
        return self._plain_errors.get(refused.status) or await self._absence_page(Absence(refused.status))

    async def _absence_page(self, absence: Absence) -> Page:
        key = error_key(absence.status, absence.language)
        cached = self._cached_page(key)
        if cached is not None:
            return cached
        page = await self._single_flight.run(key, partial(self._page_builder.build_error, absence))
        assert isinstance(page, Page), "an error page is never absent"
        return page


def _is_current(tags: str | None, headers: Mapping[str, str], form: EncodedPage) -> bool:
    """Whether the client's copy is current. Tags take precedence: dates have a resolution of 1 s (RFC 9110, 13.2.2)."""
    if form.kind.status != 200:
        return False
    if tags is not None:
        return has_already(tags, form.etag)
    modified_s = form.kind.modified_s
    since = None if modified_s is None else headers.get("If-Modified-Since")
    return since is not None and modified_s is not None and is_unmodified_since(since, modified_s)
