"""Lays out pages: from what a Reading finds to the view that a template shows. What stands where is decided here."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from services.rendering.pages.models import (
    ArticleView,
    Card,
    CommentsView,
    Correction,
    ErrorView,
    HomeView,
    Link,
    ListView,
    Picture,
    SectionBlock,
    years_old,
)
from services.rendering.pages.queries import CardPage
from services.rendering.pages.reading import Reading
from services.rendering.readmodel.names import author_list, section_list, tag_list
from services.rendering.readmodel.slugs import slug_of
from shared.events import ArticleState
from shared.site.site import Site

ListKind = Literal["section", "tag", "author"]

SECONDS = 2
BLOCK_CARDS = 4
LATEST = 10
RECOMMENDED = 4
# How far down the newest a lead is looked for: a front page opens with a picture, but not with yesterday's.
_LEAD_AMONG = 5
_LATEST_WITH_ERRORS = 6
# Should the newest be withdrawn, the one after it still tells what is newer.
_NEWEST = 5
# The last strokes before publication are no update.
_SAME_MOMENT = timedelta(minutes=1)


async def home_view(reading: Reading, site: Site) -> HomeView:
    """The front page: a lead with a picture, seconds, a block a section, and the latest of all; no article twice above."""
    listings = {section.slug: section_list(section.slug) for section in site.sections}
    fronts = await reading.fronts(["site", *listings.values()])
    newest = _cards(fronts, "site")
    lead = next((card for card in newest[:_LEAD_AMONG] if card.picture), next(iter(newest), None))
    others = [card for card in newest if card is not lead]
    top = {card.article_id for card in ([lead] if lead else []) + others[:SECONDS]}
    blocks = (
        SectionBlock(slug, tuple(_without(_cards(fronts, name), top)[:BLOCK_CARDS])) for slug, name in listings.items()
    )
    return HomeView(
        lead=lead,
        seconds=tuple(others[:SECONDS]),
        blocks=tuple(block for block in blocks if block.cards),
        latest=tuple(others[SECONDS : SECONDS + LATEST]),
        newest=tuple(card.article_id for card in newest[:_NEWEST]),
    )


def _cards(fronts: Mapping[str, CardPage], listing: str) -> Sequence[Card]:
    page = fronts.get(listing)
    return page.cards if page is not None else ()


def _without(cards: Sequence[Card], shown: set[str]) -> list[Card]:
    return [card for card in cards if card.article_id not in shown]


async def article_view(reading: Reading, article: ArticleState, comments: CommentsView, now: datetime) -> ArticleView:
    """An article with its neighbours, Recommended and a page of comments."""
    previous, following = await reading.neighbours(article)
    near = {card.article_id for card in (previous, following) if card}
    recommended = await reading.recommended(article, RECOMMENDED + len(near))
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
        picture=None if article.lead_image is None else Picture(**article.lead_image.model_dump()),
        updated_at=article.updated_at if article.updated_at - article.published_at > _SAME_MOMENT else None,
        corrected_at=article.corrected_at,
        corrections=tuple(Correction(correction.note, correction.at) for correction in article.corrections),
        years_old=years_old(article.published_at, now),
        previous=previous,
        next=following,
        recommended=tuple(_without(recommended, near)[:RECOMMENDED]),
        comments=comments,
    )


def _links(prefix: str, texts: Sequence[str]) -> tuple[Link, ...]:
    return tuple(Link(text, prefix + slug) for text in texts if (slug := slug_of(text)))


async def section_view(reading: Reading, slug: str, number: int | None, title: str) -> ListView | None:
    """A section's page. A section that the site has is there before its first article; its numbered pages are not."""
    page = await _page(reading, section_list(slug), number)
    if page is None and number is None:
        page = CardPage((), None, None, None)
    return None if page is None else _list_view("section", f"/{slug}", page, title, section=slug)


async def tag_view(reading: Reading, slug: str, number: int | None) -> ListView | None:
    """A tag's page, None where no article ever had the tag."""
    page = await _page(reading, tag_list(slug), number)
    return None if page is None else _list_view("tag", f"/tag/{slug}", page, page.title)


async def author_view(reading: Reading, slug: str, number: int | None) -> ListView | None:
    """An author's page, None where no article ever had the byline."""
    page = await _page(reading, author_list(slug), number)
    return None if page is None else _list_view("author", f"/author/{slug}", page, page.title)


async def _page(reading: Reading, listing: str, number: int | None) -> CardPage | None:
    return await (reading.front(listing) if number is None else reading.page(listing, number))


def _list_view(kind: ListKind, path: str, page: CardPage, title: str, *, section: str = "") -> ListView:
    return ListView(
        kind=kind,
        path=path,
        title=title,
        cards=page.cards,
        page=page.number,
        older=page.older,
        newer=page.newer,
        section=section,
    )


async def error_view(reading: Reading, status: int, language: str = "") -> ErrorView:
    """What is said where there is nothing to show, with the latest to go on to."""
    front = await reading.front("site")
    return ErrorView(status, front.cards[:_LATEST_WITH_ERRORS] if front is not None else (), language)
