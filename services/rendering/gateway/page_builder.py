"""Builds the page of an address: reads, lays out, renders. One method for each kind of page; a table of them at the end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial

from services.rendering.feeds.syndication import FEED_ROUTE, SITEMAP_ROUTE, Syndication
from services.rendering.gateway.former_lists import current_address
from services.rendering.gateway.past_rankings import PastRankings
from services.rendering.gateway.single_flight import Rendered
from services.rendering.pages import archive, layout
from services.rendering.pages.addresses import HISTORY, Address, AddressKind
from services.rendering.pages.archive import ArchiveScope
from services.rendering.pages.models import ErrorView, ListView
from services.rendering.pages.page import NEVER_STORED, REVALIDATED, Absence, Page, PageKind
from services.rendering.pages.periods import PERIODS, Period, period_with, read_period
from services.rendering.pages.popular import WINDOWS as POPULAR_WINDOWS
from services.rendering.pages.popular import Block
from services.rendering.pages.popular_models import PopularPageView
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.store import ReadModel
from shared.events import RANKINGS, ArticleState, RankingName
from shared.http.ready_response import DateLine, Header
from shared.site.site import Site
from shared.site.words import primary
from shared.times import Clock

PageOrAbsence = Page | Absence
LoadList = Callable[[int | None], Awaitable[ListView | None]]
ROUTES: Mapping[AddressKind, str] = {
    "home": "/",
    "top": "/{section}",
    "tag": "/tag/{tag}",
    "author": "/author/{author}",
    "article": "/{section}/{slug}",
    "history": "/{section}/{slug}/history",
    "corrections": "/corrections",
    "feed": FEED_ROUTE,
    "sitemap": SITEMAP_ROUTE,
    "popular": "/popular",
    "archive": "/popular/{period}",
}
# Numbers of a day that is not over change all the time.
_UNFINISHED = timedelta(minutes=1)
ERROR = "error"
# The beginning of their cache keys.
ERROR_KEYS = "error "
REDIRECT = "redirect"


def error_key(status: int, language: str = "") -> str:
    """Cache key of an error page. Cannot collide with a path."""
    return f"{ERROR_KEYS}{status} {language}".rstrip()


class PageBuilder:
    """Builds pages from addresses. Concurrent calls are safe; each call reads the read model anew."""

    def __init__(
        self,
        model: ReadModel,
        templates: Templates,
        site: Site,
        date: DateLine,
        clock: Clock,
        syndication: Syndication,
        past_rankings: PastRankings,
    ) -> None:
        self._model = model
        self._templates = templates
        self._site = site
        self._date = date
        self._clock = clock
        self._syndication = syndication
        self._past_rankings = past_rankings
        self._own_pages = templates.own_pages

    async def build(self, address: Address) -> Rendered[PageOrAbsence]:
        """The page at the address, or its absence. Raises Unavailable when the read model does not answer."""
        reading = Reading(self._model)
        found = await _BUILDERS[address.kind](self, reading, address)
        if found == Absence(404) and (current := await current_address(reading, address)) is not None:
            redirect = self.redirect if current.is_permanent else self.temporary_redirect
            found = redirect(current.location)
        return _rendered(found, reading)

    async def build_error(self, absence: Absence) -> Rendered[PageOrAbsence]:
        """The error page, with the latest articles."""
        reading = Reading(self._model)
        view = await layout.error_view(reading, absence.status, absence.language)
        return _rendered(self._error(view), reading)

    def plain_error(self, status: int, *extra: Header) -> Page:
        """An error page that needs no read model."""
        return self._error(ErrorView(status), cache_control=NEVER_STORED, extra=extra)

    def redirect(self, location: str) -> Page:
        """A permanent redirect. Clients revalidate it: a path may be given to another article later."""
        return Page(self._date, PageKind(REDIRECT, 301, extra=(("Location", location),)), b"")

    def temporary_redirect(self, location: str) -> Page:
        """A redirect from an address that may get a page later."""
        return Page(self._date, PageKind(REDIRECT, 302, extra=(("Location", location),)), b"")

    async def home(self, reading: Reading, address: Address) -> PageOrAbsence:
        """The front page."""
        view = await layout.home_view(reading, self._site)
        block = Block(None, self._site.language, front=True)
        return Page(self._date, self._kind(address), self._templates.home(view).encode(), key=address.key, block=block)

    async def top(self, reading: Reading, address: Address) -> PageOrAbsence:
        """A first-level page: a section, or a static page."""
        if (section := self._site.section(address.name)) is not None:
            load = partial(layout.section_view, reading, section.slug, title=section.name)
            return await self._list(address, load, section.slug)
        if (own := self._own_pages.get(address.path)) is not None:
            return self._page(address, self._templates.static_page(own))
        return Absence(404)

    async def tag(self, reading: Reading, address: Address) -> PageOrAbsence:
        """A tag's list."""
        return await self._list(address, partial(layout.tag_view, reading, address.name))

    async def author(self, reading: Reading, address: Address) -> PageOrAbsence:
        """An author's list."""
        return await self._list(address, partial(layout.author_view, reading, address.name))

    async def article(self, reading: Reading, address: Address) -> PageOrAbsence:
        """An article; a redirect from a former path, or to the page of a comment; 410 when withdrawn."""
        found = await self._find(reading, address.path, lambda url: replace(address, path=url).key)
        if not isinstance(found, ArticleState):
            return found
        return await (self._permalink if address.comment else self._article)(reading, found, address)

    async def _permalink(self, reading: Reading, article: ArticleState, address: Address) -> Page:
        """A redirect to the page with a comment; without a fragment if readers cannot see the comment."""
        place = await reading.comment_place(article, address.comment)
        page = replace(address, comment="", number=None if place is None else place.number)
        return self.temporary_redirect(page.key if place is None else f"{page.key}#comment-{address.comment}")

    async def history(self, reading: Reading, address: Address) -> PageOrAbsence:
        """An article's public history; a redirect or 410 as for the article, 404 if readers may not see it."""
        found = await self._find(reading, address.path.removesuffix(HISTORY), lambda url: url + HISTORY)
        if not isinstance(found, ArticleState):
            return found
        history = await reading.history(found.id)
        if history is None:
            return Absence(404, self._templates.language_of(found.language))
        html = self._templates.history(layout.history_view(found, history))
        return self._page(address, html, language=primary(found.language))

    async def _find(self, reading: Reading, at: str, target_of: Callable[[str], str]) -> ArticleState | PageOrAbsence:
        """The article at a path; 410 when withdrawn; a redirect to `target_of` its address where that is another."""
        path = await reading.path(at)
        if path is None:
            return await self._find_in_other_sections(reading, at, target_of)
        article = await reading.article(path.article_id)
        if article is None or path.state == "withdrawn":
            language = await reading.language(path.article_id)
            return Absence(410, self._templates.language_of(language))
        return article if article.url == at else self.redirect(target_of(article.url))

    async def _find_in_other_sections(
        self, reading: Reading, at: str, target_of: Callable[[str], str]
    ) -> PageOrAbsence:
        """A redirect to the article if another section has it: slugs are unique across the site."""
        slug = at.rpartition("/")[2]
        path = await reading.first_path(f"/{section.slug}/{slug}" for section in self._site.sections)
        article = None if path is None else await reading.article(path.article_id)
        return Absence(404) if article is None else self.redirect(target_of(article.url))

    async def corrections(self, reading: Reading, address: Address) -> PageOrAbsence:
        """A page of the list of all corrections."""
        view = await layout.corrections_view(reading, address.number)
        if view is not None:
            return self._page(address, self._templates.corrections(view))
        return self.temporary_redirect(address.path) if address.number == 1 else Absence(404)

    async def popular(self, reading: Reading, address: Address) -> PageOrAbsence:
        """The ranking of a window. It fills the page's slot, so a new ranking needs no read and no render."""
        today = self._today()
        scope = self._archive_scope(address, Period("day", today))
        if scope is None:
            return Absence(404)
        window: RankingName = next(
            name for name in RANKINGS if name == dict(address.query).get("window", POPULAR_WINDOWS[0])
        )
        day, week = (scope.path_of(period_with(kind, today)) for kind in PERIODS)
        view = PopularPageView(window, address.key, scope.section, scope.language, day, week)
        content = self._templates.popular_page(view).encode()
        block = Block(scope.section or None, scope.language, window)
        tomorrow = self._beginning_of(today + timedelta(days=1))
        return Page(self._date, self._kind(address), content, key=address.key, block=block, until=tomorrow)

    async def archive(self, reading: Reading, address: Address) -> PageOrAbsence:
        """The ranking of a day or a week. A page of a period that is not over, or not yet rolled up, is kept for a minute."""
        period, today = read_period(address.name), self._today()
        scope = None if period is None else self._archive_scope(address, period)
        if scope is None:
            return Absence(404)
        if scope.period.first > today:
            return Absence(404, until=self._beginning_of(scope.period.first))
        ranking = await self._past_rankings.ranking(scope.period, scope.section)
        if not archive.has_page(scope.period, ranking, today):
            return Absence(404)
        content = self._templates.archive(await archive.archive_view(reading, scope, ranking, today)).encode()
        until = None if ranking.is_final else self._clock() + _UNFINISHED
        block = Block(scope.section or None, scope.language)
        return Page(self._date, self._kind(address), content, key=address.key, block=block, until=until)

    def _today(self) -> date:
        """The newsroom's day."""
        return self._clock().astimezone(self._site.zone).date()

    def _beginning_of(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._site.zone)

    def _archive_scope(self, address: Address, period: Period) -> ArchiveScope | None:
        """The section and language of an address; None if the site does not have them."""
        chosen = dict(address.query)
        section, language = chosen.get("section", ""), chosen.get("language", self._site.language)
        if (section and self._site.section(section) is None) or language not in self._templates.languages:
            return None
        query = tuple(pair for pair in address.query if pair[0] != "window")
        return ArchiveScope(period, section, language, query)

    async def _article(self, reading: Reading, article: ArticleState, address: Address) -> PageOrAbsence:
        comments = await reading.comments(article, address.number, address.order)
        if comments is None:
            return Absence(404)
        view = await layout.article_view(reading, article, comments, self._clock())
        stored = await reading.stored_article(article.id)
        has_history = stored is not None and stored[0].public_versions > 1
        view = replace(view, received=address.received, noted=address.noted, has_history=has_history)
        return self._page(address, self._templates.article(view), language=primary(article.language))

    async def feed(self, reading: Reading, address: Address) -> PageOrAbsence:
        """A feed."""
        return await self._syndication.feed(reading, address)

    async def sitemap(self, reading: Reading, address: Address) -> PageOrAbsence:
        """A sitemap."""
        return await self._syndication.sitemap(reading, address)

    async def _list(self, address: Address, load: LoadList, section: str | None = None) -> PageOrAbsence:
        """A page of a list. Page numbers count from the oldest: until page 1 exists, the front page is the whole list."""
        view = await load(address.number)
        if view is not None:
            return self._page(address, self._templates.list_page(view), section=section)
        if address.number == 1 and await load(None) is not None:
            return self.temporary_redirect(address.path)
        return Absence(404)

    def _page(self, address: Address, html: str, *, section: str | None = None, language: str | None = None) -> Page:
        block = Block(section, language or self._site.language)
        return Page(self._date, self._kind(address), html.encode(), key=address.key, block=block)

    def _kind(self, address: Address) -> PageKind:
        return PageKind(ROUTES[address.kind], style_source=self._templates.assets.style_source)

    def _error(self, view: ErrorView, *, cache_control: str = REVALIDATED, extra: tuple[Header, ...] = ()) -> Page:
        style = self._templates.assets.style_source
        kind = PageKind(ERROR, view.status, cache_control=cache_control, extra=extra, style_source=style)
        content = self._templates.error(view).encode()
        block = Block(None, view.language or self._site.language)
        return Page(self._date, kind, content, key=error_key(view.status, view.language), block=block)


def _rendered(found: PageOrAbsence, reading: Reading) -> Rendered[PageOrAbsence]:
    """The page with the versions of the documents it was rendered from, and of the cards that it shows."""
    return Rendered(found, {**reading.versions, **reading.shown})


_BUILDERS: Mapping[AddressKind, Callable[[PageBuilder, Reading, Address], Awaitable[PageOrAbsence]]] = {
    "home": PageBuilder.home,
    "top": PageBuilder.top,
    "tag": PageBuilder.tag,
    "author": PageBuilder.author,
    "article": PageBuilder.article,
    "history": PageBuilder.history,
    "corrections": PageBuilder.corrections,
    "feed": PageBuilder.feed,
    "sitemap": PageBuilder.sitemap,
    "popular": PageBuilder.popular,
    "archive": PageBuilder.archive,
}
