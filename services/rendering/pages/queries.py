"""Queries for articles, lists and sitemaps: pure functions of a snapshot, which raise NotLoaded for missing documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from services.rendering.pages.comment_models import CommentOrder, CommentsView
from services.rendering.pages.comment_queries import comments_of
from services.rendering.pages.models import Card
from services.rendering.pages.pictures import as_picture
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    Document,
    Entry,
    SitemapIndex,
    StoredAlias,
    StoredArticle,
    StoredCard,
    StoredCardPage,
    StoredCorrection,
    StoredDiscussion,
    StoredPath,
    StoredSitemapEntry,
)
from services.rendering.readmodel.names import (
    SITEMAP,
    alias_name,
    article_name,
    discussion_name,
    section_list,
    tag_list,
)
from services.rendering.readmodel.slugs import slug_of
from services.rendering.readmodel.snapshot import Snapshot
from shared.events import ArticleState

# A front with fewer cards is shown together with the next older page.
_SHORT_FRONT = 12
# Limit of tags for Recommended: editors give three or four, and a page with thirty must cost no more.
_MAX_TAGS = 5
# Limit of lists that are compared at a shared former address. Two or three share one in practice.
_MAX_ALIASES = 20


@dataclass(frozen=True)
class CardPage:
    """A page of a list, newest card first. `number` is None for the front.

    `older` and `newer` are the numbers of its neighbours. `older` is None at the oldest page; `newer` is None at the front and
    at the page before it. Only these links give the order: a part of a split page has the number that was free then.
    """

    cards: tuple[Card, ...]
    number: int | None
    older: int | None
    newer: int | None
    title: str = ""


def article_of(snapshot: Snapshot, article_id: str) -> ArticleState | None:
    """A published article, or None."""
    found = snapshot.get(article_name(article_id), StoredArticle)
    return None if found is None or found.state is None or found.state.status != "published" else found.state


def articles_of(snapshot: Snapshot, article_ids: Sequence[str]) -> tuple[ArticleState, ...]:
    """Several published articles, loaded by one query; others are left out."""
    snapshot.need({article_name(article_id): StoredArticle for article_id in article_ids})
    found = (article_of(snapshot, article_id) for article_id in article_ids)
    return tuple(article for article in found if article is not None)


def first_path_of(snapshot: Snapshot, names: Sequence[str]) -> StoredPath | None:
    """The first of several paths that exists, loaded by one query."""
    snapshot.need(dict.fromkeys(names, StoredPath))
    return next((found for name in names if (found := snapshot.get(name, StoredPath)) is not None), None)


def fronts_of(snapshot: Snapshot, listings: Sequence[str]) -> Mapping[str, CardPage]:
    """The fronts of several lists, loaded by one query; lists that do not exist are left out."""
    snapshot.need({paged_list.cards_of(listing).front: StoredCardPage for listing in listings})
    pages = {listing: front_of(snapshot, listing) for listing in listings}
    return {listing: page for listing, page in pages.items() if page is not None}


@dataclass(frozen=True)
class EntryPage(Generic[Entry]):
    """A page of a paged list, oldest entry first. Numbers as in CardPage."""

    entries: tuple[Entry, ...]
    number: int | None
    older: int | None
    newer: int | None
    title: str = ""


def front_entries(snapshot: Snapshot, paged: paged_list.PagedList[Entry]) -> EntryPage[Entry] | None:
    """The newest entries of a list, or None. A front that withdrawals left short is shown with the next older page."""
    front = snapshot.get(paged.front, paged.kind)
    if front is None:
        return None
    older = paged_list.older_position(snapshot, paged, paged_list.Position(None, front))
    entries: tuple[Entry, ...] = front.entries
    if older is not None and len(entries) < _SHORT_FRONT:
        entries, older = older.page.entries + entries, paged_list.older_position(snapshot, paged, older)
    return EntryPage(entries, None, _number(older), None, front.title)


def numbered_entries(snapshot: Snapshot, paged: paged_list.PagedList[Entry], number: int) -> EntryPage[Entry] | None:
    """A numbered page of a list, or None."""
    snapshot.need({paged.front: paged.kind, paged.page_name(number): paged.kind})
    position = paged_list.page_of(snapshot, paged, number)
    if position is None:
        return None
    older = paged_list.older_position(snapshot, paged, position)
    newer = paged_list.newer_position(snapshot, paged, position)
    title = paged_list.front_of(snapshot, paged).page.title
    return EntryPage(position.page.entries, number, _number(older), _number(newer), title)


def front_of(snapshot: Snapshot, listing: str) -> CardPage | None:
    """The newest cards of a list, or None."""
    return _card_page(front_entries(snapshot, paged_list.cards_of(listing)))


def page_of(snapshot: Snapshot, listing: str, number: int) -> CardPage | None:
    """A numbered page of a list, or None."""
    return _card_page(numbered_entries(snapshot, paged_list.cards_of(listing), number))


def _card_page(page: EntryPage[StoredCard] | None) -> CardPage | None:
    if page is None:
        return None
    cards = tuple(as_card(card) for card in reversed(page.entries))
    return CardPage(cards, page.number, page.older, page.newer, page.title)


def corrections_of(snapshot: Snapshot, number: int | None) -> EntryPage[StoredCorrection] | None:
    """A page of the list of corrections, or None; number None is the front."""
    paged = paged_list.CORRECTION_ENTRIES
    return front_entries(snapshot, paged) if number is None else numbered_entries(snapshot, paged, number)


def newest_of(snapshot: Snapshot, listing: str, most: int, since: datetime) -> tuple[Card, ...]:
    """At most `most` of the newest cards of a list. One query loads all pages that may be needed beside the front."""
    paged = paged_list.cards_of(listing)
    position: paged_list.Position[StoredCard] | None = paged_list.front_of(snapshot, paged)
    found: list[StoredCard] = []
    while position is not None and len(found) < most:
        found += reversed(position.page.entries)
        if position.page.lower[0] < since:
            break
        if position.number is None and len(found) < most:
            last = position.page.last_number
            first = max(1, last - (most - len(found)) // paged.page_size)
            snapshot.need({paged.page_name(number): paged.kind for number in range(first, last + 1)})
        position = paged_list.older_position(snapshot, paged, position)
    return tuple(as_card(card) for card in found[:most] if card.published_at >= since)


def aliases_of(snapshot: Snapshot, listing: str) -> tuple[str, ...]:
    """The lists that once had the address of `listing`, the one with the newest article first."""
    alias = snapshot.get(alias_name(listing), StoredAlias) or StoredAlias()
    fronts = {one: paged_list.cards_of(one) for one in alias.lists[:_MAX_ALIASES]}
    snapshot.need({paged.front: paged.kind for paged in fronts.values()})

    def newest(one: str) -> tuple[datetime, str]:
        page = paged_list.front_of(snapshot, fronts[one]).page
        # An empty front is as old as its lower end: its articles were withdrawn.
        return page.entries[-1].key if page.entries else page.lower

    return tuple(sorted(fronts, key=newest, reverse=True))


# A part of the sitemap has this many numbered pages: about a thousand addresses, 2,000 at most.
PART_PAGES = 10


def sitemap_entries(snapshot: Snapshot, part: int | None) -> tuple[StoredSitemapEntry, ...] | None:
    """The entries of a part of the sitemap, or None if there is no such part. Part None is the newest."""
    paged = paged_list.SITEMAP_ENTRIES
    if part is None:
        return paged_list.front_of(snapshot, paged).page.entries
    names = [paged.page_name((part - 1) * PART_PAGES + number) for number in range(1, PART_PAGES + 1)]
    snapshot.need(dict.fromkeys(names, paged.kind))
    pages = [page for name in names if (page := snapshot.get(name, paged.kind)) is not None]
    return tuple(entry for page in pages for entry in page.entries) if pages else None


def sitemap_parts(snapshot: Snapshot) -> Mapping[int | None, datetime]:
    """The parts of the sitemap that have entries, the newest (None) first, each with the time of its last change."""
    paged = paged_list.SITEMAP_ENTRIES
    snapshot.need({SITEMAP: SitemapIndex, paged.front: paged.kind})
    front = paged_list.front_of(snapshot, paged).page.entries
    found: dict[int | None, datetime] = {}
    if front:
        found[None] = max(entry.modified_at for entry in front)
    index = snapshot.get(SITEMAP, SitemapIndex) or SitemapIndex()
    for number, modified_at in sorted(index.modified.items()):
        part = (number - 1) // PART_PAGES + 1
        found[part] = max(modified_at, found.get(part, modified_at))
    return found


def _need_surroundings(snapshot: Snapshot, article: ArticleState) -> None:
    """Load everything beside an article's text by one query, whichever part is asked for first."""
    threads = paged_list.threads_of(article.id)
    wanted: dict[str, type[Document]] = {paged.front: paged.kind for paged in _related_lists(article)}
    snapshot.need(wanted | {threads.front: threads.kind, discussion_name(article.id): StoredDiscussion})


def _related_lists(article: ArticleState) -> list[paged_list.PagedList[StoredCard]]:
    """The lists of an article's tags and, last, of its section."""
    tags = list(dict.fromkeys(filter(None, map(slug_of, article.tags))))[:_MAX_TAGS]
    return [paged_list.cards_of(listing) for listing in (*map(tag_list, tags), section_list(article.section))]


def neighbours_of(snapshot: Snapshot, article: ArticleState) -> tuple[Card | None, Card | None]:
    """The next older and the next newer article of the same section."""
    _need_surroundings(snapshot, article)
    stored = snapshot.get(article_name(article.id), StoredArticle)
    listing = section_list(article.section)
    paged = paged_list.cards_of(listing)
    key = (article.published_at, article.id)
    hint = stored.lists.get(listing, 1) if stored is not None else 1
    position = paged_list.find_position(snapshot, paged, key, hint)
    older = paged_list.before(snapshot, paged, position, key)
    newer = paged_list.after(snapshot, paged, position, key)
    return None if older is None else as_card(older), None if newer is None else as_card(newer)


def recommended_for(snapshot: Snapshot, article: ArticleState, most: int) -> tuple[Card, ...]:
    """Articles with most tags in common, then the newest of the section. Only fronts are read, to bound the cost."""
    _need_surroundings(snapshot, article)
    lists = _related_lists(article)
    cards: dict[str, StoredCard] = {}
    shared_tags: dict[str, int] = {}
    for paged in lists:
        for card in paged_list.front_of(snapshot, paged).page.entries:
            cards[card.id] = card
            shared_tags[card.id] = shared_tags.get(card.id, 0) + (paged is not lists[-1])
    cards.pop(article.id, None)
    ranked = sorted(cards.values(), key=lambda card: (shared_tags[card.id], card.key), reverse=True)
    return tuple(as_card(card) for card in ranked[:most])


def discussion_of(
    snapshot: Snapshot, article: ArticleState, page: int | None, order: CommentOrder = "oldest"
) -> CommentsView | None:
    """`comments_of`, loaded together with everything else beside the article."""
    _need_surroundings(snapshot, article)
    return comments_of(snapshot, article, page, order)


def as_card(card: StoredCard) -> Card:
    """A stored card in the form that templates show."""
    return Card(
        article_id=card.id,
        url=card.url,
        headline=card.headline,
        section=card.section,
        published_at=card.published_at,
        language=card.language,
        standfirst=card.standfirst,
        bylines=card.bylines,
        picture=as_picture(card.picture),
        version=card.version,
    )


def _number(position: paged_list.Position[Entry] | None) -> int | None:
    return None if position is None else position.number
