"""Turns reads into views: decides which articles a page shows, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal

from services.rendering.pages.comment_models import CommentsView
from services.rendering.pages.models import (
    ArticleView,
    Card,
    Correction,
    CorrectionLine,
    CorrectionsView,
    ErrorView,
    FieldChange,
    HistoryView,
    HomeView,
    Link,
    ListView,
    SectionBlock,
    TextRun,
    VersionView,
)
from services.rendering.pages.pictures import as_picture
from services.rendering.pages.queries import CardPage
from services.rendering.pages.reading import Reading
from services.rendering.readmodel.documents import StoredHistory
from services.rendering.readmodel.names import author_list, section_list, tag_list
from services.rendering.readmodel.slugs import slug_of
from shared.events import ArticleState, PublicVersion
from shared.site.site import Site

ListKind = Literal["section", "tag", "author"]

SECONDS = 2
BLOCK_CARDS = 4
LATEST = 10
RECOMMENDED = 4
# The lead is the first of these with a picture: a front page opens with a picture, but not with an old one.
_LEAD_AMONG = 5
_LATEST_WITH_ERRORS = 6
# More than one, so that a live page still recognises newer articles when the newest is withdrawn.
_NEWEST = 5
# Edits just before publication are no update.
_SAME_MOMENT = timedelta(minutes=1)


async def home_view(reading: Reading, site: Site) -> HomeView:
    """The front page: a lead with a picture, seconds, a block for each section, the latest. Blocks skip the lead and seconds."""
    listings = {section.slug: section_list(section.slug) for section in site.sections}
    fronts = await reading.fronts(["site", *listings.values()])
    newest = _cards(fronts, "site")
    lead = next((card for card in newest[:_LEAD_AMONG] if card.picture), next(iter(newest), None))
    others = [card for card in newest if card is not lead]
    top = {card.article_id for card in ([lead] if lead else []) + others[:SECONDS]}
    blocks = {slug: _without(_cards(fronts, name), top)[:BLOCK_CARDS] for slug, name in listings.items()}
    seconds, latest = others[:SECONDS], others[SECONDS : SECONDS + LATEST]
    shown = await _with_counts(
        reading, *([lead] if lead else []), *seconds, *chain.from_iterable(blocks.values()), *latest
    )
    return HomeView(
        lead=None if lead is None else shown[lead.article_id],
        seconds=tuple(shown[card.article_id] for card in seconds),
        blocks=tuple(
            SectionBlock(slug, tuple(shown[card.article_id] for card in cards))
            for slug, cards in blocks.items()
            if cards
        ),
        latest=tuple(shown[card.article_id] for card in latest),
        newest=tuple(card.article_id for card in newest[:_NEWEST]),
    )


async def _with_counts(reading: Reading, *cards: Card) -> Mapping[str, Card]:
    """The cards by article, with their numbers of comments."""
    counts = await reading.comment_counts([card.article_id for card in cards])
    return {card.article_id: replace(card, comments=counts[card.article_id]) for card in cards}


def _cards(fronts: Mapping[str, CardPage], listing: str) -> Sequence[Card]:
    page = fronts.get(listing)
    return page.cards if page is not None else ()


def _without(cards: Sequence[Card], shown: set[str]) -> list[Card]:
    return [card for card in cards if card.article_id not in shown]


async def article_view(reading: Reading, article: ArticleState, comments: CommentsView, now: datetime) -> ArticleView:
    """An article with its neighbours, Recommended and a page of comments."""
    # A moderator may close a discussion before its age does.
    if comments.closed_at is not None and comments.closed_at > now:
        comments = replace(comments, closed_at=None)
    return replace(await with_related(reading, article, article_alone(article, now)), comments=comments)


async def with_related(reading: Reading, article: ArticleState, view: ArticleView) -> ArticleView:
    """The view with the article's neighbours and Recommended."""
    previous, following = await reading.neighbours(article)
    near = {card.article_id for card in (previous, following) if card}
    recommended = await reading.recommended(article, RECOMMENDED + len(near))
    shown = tuple(_without(recommended, near)[:RECOMMENDED])
    return replace(view, previous=previous, next=following, recommended=shown)


def article_alone(article: ArticleState, now: datetime) -> ArticleView:
    """An article without other articles and comments: needs no read."""
    return ArticleView(
        article_id=article.id,
        url=article.url,
        headline=article.headline,
        section=article.section,
        published_at=article.published_at,
        version=article.version,
        body_html=article.body_html,
        language=article.language,
        standfirst=article.standfirst,
        bylines=_links("/author/", article.bylines),
        tags=_links("/tag/", article.tags),
        picture=as_picture(article.lead_image),
        updated_at=article.updated_at if article.updated_at - article.published_at > _SAME_MOMENT else None,
        corrected_at=article.corrected_at,
        corrections=tuple(Correction(correction.note, correction.at) for correction in article.corrections),
        years_old=years_old(article.published_at, now),
    )


def _links(prefix: str, texts: Sequence[str]) -> tuple[Link, ...]:
    return tuple(Link(text, prefix + slug) for text in texts if (slug := slug_of(text)))


def years_old(published_at: datetime, now: datetime) -> int:
    """Whole years since publication, by the calendar. From the first on, the page warns readers that it is old."""
    before_the_day = _in_its_year(now) < _in_its_year(published_at)
    return max(0, now.year - published_at.year - before_the_day)


def _in_its_year(moment: datetime) -> tuple[int, ...]:
    return moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond


async def section_view(reading: Reading, slug: str, number: int | None, title: str) -> ListView | None:
    """A section's page. Its front exists before the first article; numbered pages do not."""
    page = await _page(reading, section_list(slug), number)
    if page is None and number is None:
        page = CardPage((), None, None, None)
    return None if page is None else await _list_view(reading, "section", f"/{slug}", page, title, section=slug)


async def tag_view(reading: Reading, slug: str, number: int | None) -> ListView | None:
    """A tag's page, None where no article ever had the tag."""
    page = await _page(reading, tag_list(slug), number)
    return None if page is None else await _list_view(reading, "tag", f"/tag/{slug}", page, page.title)


async def author_view(reading: Reading, slug: str, number: int | None) -> ListView | None:
    """An author's page, None where no article ever had the byline."""
    page = await _page(reading, author_list(slug), number)
    return None if page is None else await _list_view(reading, "author", f"/author/{slug}", page, page.title)


async def _page(reading: Reading, listing: str, number: int | None) -> CardPage | None:
    return await (reading.front(listing) if number is None else reading.page(listing, number))


async def _list_view(
    reading: Reading, kind: ListKind, path: str, page: CardPage, title: str, *, section: str = ""
) -> ListView:
    shown = await _with_counts(reading, *page.cards)
    return ListView(
        kind=kind,
        path=path,
        title=title,
        cards=tuple(shown[card.article_id] for card in page.cards),
        page=page.number,
        older=page.older,
        newer=page.newer,
        section=section,
    )


def history_view(article: ArticleState, history: StoredHistory) -> HistoryView:
    """The public history of an article."""
    versions = tuple(map(_version, reversed(history.versions)))
    return HistoryView(article.url, article.headline, article.section, versions, article.language)


def _version(version: PublicVersion) -> VersionView:
    changes = tuple(
        FieldChange(
            change.field,
            tuple(tuple(TextRun(piece.kind, piece.text) for piece in paragraph) for paragraph in change.paragraphs),
        )
        for change in version.differences
    )
    return VersionView(version.kind, version.at, version.note, changes, version.is_cut)


async def corrections_view(reading: Reading, number: int | None) -> CorrectionsView | None:
    """A page of the list of corrections. Its front exists before the first correction; numbered pages do not."""
    page = await reading.corrections(number)
    if page is None:
        return CorrectionsView() if number is None else None
    lines = tuple(
        CorrectionLine(entry.note, entry.at, entry.url, entry.headline, entry.section, entry.language)
        for entry in reversed(page.entries)
    )
    return CorrectionsView(lines, page.number, page.older, page.newer)


async def error_view(reading: Reading, status: int, language: str = "") -> ErrorView:
    """An error page with the latest articles."""
    front = await reading.front("site")
    return ErrorView(status, front.cards[:_LATEST_WITH_ERRORS] if front is not None else (), language)
