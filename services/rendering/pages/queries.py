"""Questions about the read model: pure functions of a shelf of loaded documents, which say NotLoaded for what they miss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.rendering.pages.models import Card, CommentsView, CommentView, Picture, ThreadView
from services.rendering.pages.other_threads import Parent, parents_of
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    SitemapIndex,
    StoredArticle,
    StoredCard,
    StoredCardPage,
    StoredPath,
    StoredReply,
    StoredSitemapEntry,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import SITEMAP, article_name, section_list, slug_of, tag_list
from services.rendering.readmodel.snapshot import Snapshot
from shared.events import ArticleState

# Fewer cards than this on a front, and the page before is shown with them.
_SHORT = 12
# Tags whose lists are looked at for Recommended: editors give three or four; a page's cost must not grow with thirty.
_MOST_TAGS = 5


@dataclass(frozen=True)
class CardPage:
    """A page of a list, newest card first. `number` is None for the front.

    `older` is the number of the page before, None where there is none; `newer` that of the page after, None where that is
    the front (or where this is it). Numbers are names: only these links say what is older, not the numbers' own order,
    since a page that back-dated articles have overfilled was split, and its parts have the numbers that were free.
    """

    cards: tuple[Card, ...]
    number: int | None
    older: int | None
    newer: int | None
    title: str = ""


def article_of(shelf: Snapshot, article_id: str) -> ArticleState | None:
    """See Reading.article."""
    found = shelf.get(article_name(article_id), StoredArticle)
    return None if found is None or found.state is None or found.state.status != "published" else found.state


def first_path_of(shelf: Snapshot, names: Sequence[str]) -> StoredPath | None:
    """See Reading.first_path."""
    shelf.need(dict.fromkeys(names, StoredPath))
    return next((found for name in names if (found := shelf.get(name, StoredPath)) is not None), None)


def fronts_of(shelf: Snapshot, listings: Sequence[str]) -> Mapping[str, CardPage]:
    """See Reading.fronts."""
    shelf.need({paged_list.cards_of(listing).front: StoredCardPage for listing in listings})
    pages = {listing: front_of(shelf, listing) for listing in listings}
    return {listing: page for listing, page in pages.items() if page is not None}


def front_of(shelf: Snapshot, listing: str) -> CardPage | None:
    """See Reading.front. Where withdrawals have left it short, the page before is shown with it."""
    row = paged_list.cards_of(listing)
    leaf = shelf.get(row.front, row.kind)
    if leaf is None:
        return None
    older = paged_list.older_spot(shelf, row, paged_list.Position(None, leaf))
    cards = leaf.entries
    if older is not None and len(cards) < _SHORT:
        cards, older = older.leaf.entries + cards, paged_list.older_spot(shelf, row, older)
    return CardPage(_newest_first(cards), None, _number(older), None, leaf.title)


def page_of(shelf: Snapshot, listing: str, number: int) -> CardPage | None:
    """See Reading.page."""
    row = paged_list.cards_of(listing)
    shelf.need({row.front: row.kind, row.leaf_name(number): row.kind})
    spot = paged_list.page_of(shelf, row, number)
    if spot is None:
        return None
    older = paged_list.older_spot(shelf, row, spot)
    newer = paged_list.newer_spot(shelf, row, spot)
    title = paged_list.front_of(shelf, row).leaf.title
    return CardPage(_newest_first(spot.leaf.entries), number, _number(older), _number(newer), title)


def newest_of(shelf: Snapshot, listing: str, most: int, since: datetime) -> tuple[Card, ...]:
    """See Reading.newest. The pages that may be needed beside the front are loaded by one query."""
    row = paged_list.cards_of(listing)
    spot: paged_list.Position[StoredCard] | None = paged_list.front_of(shelf, row)
    found: list[StoredCard] = []
    while spot is not None and len(found) < most:
        found += reversed(spot.leaf.entries)
        if spot.leaf.lower[0] < since:
            break
        if spot.number is None and len(found) < most:
            first = max(1, spot.leaf.last_number - (most - len(found)) // row.page)
            shelf.need({row.leaf_name(number): row.kind for number in range(first, spot.leaf.last_number + 1)})
        spot = paged_list.older_spot(shelf, row, spot)
    return tuple(as_card(card) for card in found[:most] if card.published_at >= since)


def articles_of(shelf: Snapshot, article_ids: Sequence[str]) -> tuple[ArticleState, ...]:
    """See Reading.articles."""
    shelf.need({article_name(article_id): StoredArticle for article_id in article_ids})
    found = (article_of(shelf, article_id) for article_id in article_ids)
    return tuple(article for article in found if article is not None)


# A part of the sitemap is so many numbered pages: about a thousand addresses, and 2,000 at most.
PART_PAGES = 10


def places_of(shelf: Snapshot, part: int | None) -> tuple[StoredSitemapEntry, ...] | None:
    """See Reading.places."""
    row = paged_list.SITEMAP_ENTRIES
    if part is None:
        return paged_list.front_of(shelf, row).leaf.entries
    names = [row.leaf_name((part - 1) * PART_PAGES + place) for place in range(1, PART_PAGES + 1)]
    shelf.need(dict.fromkeys(names, row.kind))
    leaves = [leaf for name in names if (leaf := shelf.get(name, row.kind)) is not None]
    return tuple(place for leaf in leaves for place in leaf.entries) if leaves else None


def parts_of(shelf: Snapshot) -> Mapping[int | None, datetime]:
    """See Reading.parts."""
    shelf.need({SITEMAP: SitemapIndex, paged_list.SITEMAP_ENTRIES.front: paged_list.SITEMAP_ENTRIES.kind})
    front = paged_list.front_of(shelf, paged_list.SITEMAP_ENTRIES).leaf.entries
    found: dict[int | None, datetime] = {}
    if front:
        found[None] = max(place.modified_at for place in front)
    index = shelf.get(SITEMAP, SitemapIndex) or SitemapIndex()
    for number, moment in sorted(index.modified.items()):
        part = (number - 1) // PART_PAGES + 1
        found[part] = max(moment, found.get(part, moment))
    return found


def _ask_for_surroundings(shelf: Snapshot, article: ArticleState) -> None:
    """Have everything that an article's page shows beside it loaded by one query, whichever part is asked for first."""
    comments = paged_list.threads_of(article.id)
    shelf.need({row.front: row.kind for row in _related_rows(article)} | {comments.front: comments.kind})


def _related_rows(article: ArticleState) -> list[paged_list.PagedList[StoredCard]]:
    """The lists of an article's tags and, last, its section."""
    tags = list(dict.fromkeys(filter(None, map(slug_of, article.tags))))[:_MOST_TAGS]
    return [paged_list.cards_of(listing) for listing in (*map(tag_list, tags), section_list(article.section))]


def neighbours_of(shelf: Snapshot, article: ArticleState) -> tuple[Card | None, Card | None]:
    """See Reading.neighbours."""
    _ask_for_surroundings(shelf, article)
    stored = shelf.get(article_name(article.id), StoredArticle)
    listing = section_list(article.section)
    row = paged_list.cards_of(listing)
    key = (article.published_at, article.id)
    hint = stored.lists.get(listing, 1) if stored is not None else 1
    spot = paged_list.spot_of(shelf, row, key, hint)
    older = paged_list.before(shelf, row, spot, key)
    newer = paged_list.after(shelf, row, spot, key)
    return None if older is None else as_card(older), None if newer is None else as_card(newer)


def recommended_for(shelf: Snapshot, article: ArticleState, most: int) -> tuple[Card, ...]:
    """See Reading.recommended. What its lists' fronts hold is what can be recommended: a page's cost stays the same."""
    _ask_for_surroundings(shelf, article)
    rows = _related_rows(article)
    cards: dict[str, StoredCard] = {}
    shared: dict[str, int] = {}
    for row in rows:
        for card in paged_list.front_of(shelf, row).leaf.entries:
            cards[card.id] = card
            shared[card.id] = shared.get(card.id, 0) + (row is not rows[-1])
    cards.pop(article.id, None)
    ranked = sorted(cards.values(), key=lambda card: (shared[card.id], card.key), reverse=True)
    return tuple(as_card(card) for card in ranked[:most])


def comments_of(shelf: Snapshot, article: ArticleState, page: int | None) -> CommentsView | None:
    """See Reading.comments."""
    _ask_for_surroundings(shelf, article)
    row = paged_list.threads_of(article.id)
    front = paged_list.front_of(shelf, row).leaf
    newest = front.newest + 1
    if page is None or page == newest:
        leaf: StoredThreadPage | None = front
    else:
        leaf = shelf.get(row.leaf_name(page), row.kind) if 1 <= page < newest else None
    if leaf is None:
        return None
    parents = parents_of(shelf, article, leaf, max(1, (page or newest) - 1))
    threads = tuple(as_thread(thread, parents) for thread in leaf.entries)
    return CommentsView(front.total, threads, page=page or newest, pages=newest, open=article.comments_open)


def as_thread(thread: StoredThread, parents: Mapping[str, Parent]) -> ThreadView:
    """A stored thread in reading order: each comment is followed by what answers it.

    Where the opener is gone (or not here yet) its place is kept; where another comment that is answered is not here, the
    answer stands directly under the opener. `parents` are those that stand elsewhere.
    """
    by_id = {comment.id: comment for comment in thread.comments}
    gone = StoredReply(
        id=thread.id, parent_id=None, name="", website=None, body_html="", created_at=thread.at, removed=True
    )
    opener = by_id.setdefault(thread.id, gone)
    children: dict[str, list[StoredReply]] = {}
    for comment in thread.comments:
        if comment is not opener:
            children.setdefault(_answered(comment, opener, by_id).id, []).append(comment)
    ordered: list[CommentView] = []
    waiting = [(opener, 0)]
    while waiting:
        comment, depth = waiting.pop()
        ordered.append(_as_comment(comment, depth, by_id, parents))
        waiting += [(child, depth + 1) for child in reversed(children.pop(comment.id, []))]
    return ThreadView(ordered[0], tuple(ordered[1:]))


def _answered(comment: StoredReply, opener: StoredReply, by_id: Mapping[str, StoredReply]) -> StoredReply:
    """The comment that this one stands under. Only an older one: then no two can stand under each other."""
    parent = by_id.get(comment.parent_id or "", opener)
    older = (parent.created_at, parent.id) < (comment.created_at, comment.id)
    return parent if older else opener


def _as_comment(
    comment: StoredReply, depth: int, by_id: Mapping[str, StoredReply], parents: Mapping[str, Parent]
) -> CommentView:
    name = comment.parent_id or ""
    parent = by_id.get(name) or parents.get(name)
    return CommentView(
        comment_id=comment.id,
        name=comment.name,
        body_html=comment.body_html,
        created_at=comment.created_at,
        website=comment.website or "",
        depth=depth,
        reply_to_id="" if parent is None else name,
        reply_to_name="" if parent is None else parent.name,
        reply_to_path=parent.path if isinstance(parent, Parent) else None,
        removed=comment.removed,
    )


def as_card(card: StoredCard) -> Card:
    """A stored card as pages show it."""
    return Card(
        article_id=card.id,
        url=card.url,
        headline=card.headline,
        section=card.section,
        published_at=card.published_at,
        language=card.language,
        standfirst=card.standfirst,
        bylines=card.bylines,
        picture=None if card.picture is None else Picture(**card.picture.model_dump()),
        version=card.version,
    )


def _newest_first(cards: Sequence[StoredCard]) -> tuple[Card, ...]:
    return tuple(as_card(card) for card in reversed(cards))


def _number(spot: paged_list.Position[StoredCard] | None) -> int | None:
    return None if spot is None else spot.number
