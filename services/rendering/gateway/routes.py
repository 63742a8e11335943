"""Answers readers. A page that is ready takes a look-up, a check and one write; everything else goes the longer way.

`answer` is the one handler behind every public path, without middlewares: what they do elsewhere (metrics, security
headers, errors, time limits, traces) is done here, the costly part of it on the longer way only.
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
from services.rendering.gateway.page_builder import Found, PageBuilder, error_key
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
_PLAIN: Mapping[int, tuple[Header, ...]] = {
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
    """What readers are served by."""

    def __init__(
        self,
        *,
        cache: PageCache[Found],
        popular: PopularNews,
        announcements: Invalidation,
        maker: PageBuilder,
        press: SingleFlight[Found],
        embeds: EmbedHandler,
        search: SearchPages,
        files: Mapping[str, Page],
        tally: BatchedMetrics,
    ) -> None:
        self._cache = cache
        self._popular = popular
        self._announcements = announcements
        self._maker = maker
        self._press = press
        self._embeds = embeds
        self._search = search
        self._files = files
        self._plain_errors = {status: maker.plain_error(status, *extra) for status, extra in _PLAIN.items()}
        self._problems = {
            status: embeds.refusal(Problem(status, detail), *_PLAIN.get(status, ()))
            for status, detail in _DETAILS.items()
        }
        self._tally = tally

    def refuse(self, status: int) -> ReadyAnswer:
        """The page for what could not even be read as a request."""
        page = self._plain_errors.get(status, self._plain_errors[500])
        return self._form(page, "").closing()

    def answer_at_once(self, request: web.BaseRequest) -> ReadyAnswer | None:
        """What can be answered from the cache: asked before aiohttp looks for a route."""
        if request.method not in _METHODS:
            return None
        started = perf_counter()
        page = self._ready(request.raw_path)
        return None if page is None else self._answer(request, page, started)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any public path, any method: what could not be answered at once."""
        started = perf_counter()
        return self._answer(request, await self._find(request), started)

    def _answer(self, request: web.BaseRequest, page: Page, started: float) -> ReadyAnswer:
        answer = self._in_the_form_asked_for(request, page)
        # A method is the client's word: only those that are served become a label of their own.
        method = request.method if request.method in _METHODS else "other"
        self._tally.add(method, page.kind.route, answer.status, perf_counter() - started)
        return answer

    def _ready(self, key: str) -> Page | None:
        """The cached page, or the page that says that nothing is there, if what is cached can be trusted."""
        if not self._announcements.is_heard:
            return None
        now = monotonic()
        found = self._cache.find(key, now)
        if isinstance(found, Absence):
            found = self._cache.find(error_key(found.status, found.language), now)
        return found if isinstance(found, Page) else None

    def _in_the_form_asked_for(self, request: web.BaseRequest, page: Page) -> ReadyAnswer:
        headers = request.headers
        form = self._form(page, headers.get("Accept-Encoding", ""))
        keeps_open = request.keep_alive and request.version == HttpVersion11
        known = headers.get("If-None-Match")
        # Most have neither: they pay for two looks and no call.
        if (known is not None or page.kind.modified_s is not None) and _is_known(known, headers, form):
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
        """The longer way; whatever fails on it, a reader gets a page that says so."""
        continue_trace(request.headers.get("traceparent"))
        if request.method not in _METHODS:
            return self._failure(request, 405)
        metrics.CACHE_MISSES.inc()
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                return await self._find_page(request.raw_path)
        except (Unavailable, TimeoutError) as error:
            _log.warning("page.unavailable", reason=str(error))
            return self._failure(request, 503)
        except Exception:
            _log.exception("page.failed")
            return self._failure(request, 500)

    def _failure(self, request: web.Request, status: int) -> Page:
        """A page for readers, problem details for programs."""
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
            return self._maker.moved(address.location)
        if isinstance(address, Refused):
            return await self._refusal(address)
        ready = self._ready(address.key)
        if ready is not None:
            return ready
        found = await self._press.make(address.key, partial(self._maker.make, address))
        return found if isinstance(found, Page) else await self._absence(found)

    async def _embed(self, target: str) -> Page:
        """A card for other people's pages, or problem details."""
        wanted = self._embeds.read(target)
        if isinstance(wanted, Page):
            return wanted
        try:
            kept = self._cache.find(wanted.key, monotonic()) if self._announcements.is_heard else None
            found = kept or await self._press.make(wanted.key, partial(self._embeds.make, wanted))
        except Unavailable as error:
            return self._embeds.refusal(Problem(503, str(error)), ("Retry-After", "2"))
        if isinstance(found, Absence):
            return self._embeds.refusal(Problem(404, "There is no such article, or it was withdrawn."))
        return found

    async def _find_results(self, target: str) -> Page:
        found = await self._search.make(target)
        return await self._refusal(found) if isinstance(found, Refused) else found

    async def _refusal(self, refused: Refused) -> Page:
        return self._plain_errors.get(refused.status) or await self._absence(Absence(refused.status))

    async def _absence(self, absence: Absence) -> Page:
        key = error_key(absence.status, absence.language)
        ready = self._ready(key)
        if ready is not None:
            return ready
        page = await self._press.make(key, partial(self._maker.make_error, absence))
        assert isinstance(page, Page), "an error's page is a page"
        return page


def _is_known(tags: str | None, headers: Mapping[str, str], form: EncodedPage) -> bool:
    """Whether the client has the form already. Tags go first: a date is only as fine as a second (RFC 9110, 13.2.2)."""
    if form.kind.status != 200:
        return False
    if tags is not None:
        return has_already(tags, form.etag)
    modified_s = form.kind.modified_s
    since = None if modified_s is None else headers.get("If-Modified-Since")
    return since is not None and modified_s is not None and is_unmodified_since(since, modified_s)
