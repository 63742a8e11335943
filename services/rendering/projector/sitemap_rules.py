"""How an article's event changes what sitemaps say: the row of addresses, and when each page of it last changed. Pure."""

from collections.abc import Mapping

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    Document,
    Key,
    SitemapIndex,
    StoredArticle,
    StoredSitemapEntry,
    StoredSitemapPage,
    modified_at,
)
from services.rendering.readmodel.names import SITEMAP
from services.rendering.readmodel.snapshot import ChangeSet
from shared.events import ArticleState

_ROW = paged_list.SITEMAP_ENTRIES


def place_of(article: ArticleState | None) -> StoredSitemapEntry | None:
    """An article's address and its last change, None while it is not published."""
    if article is None or article.status != "published":
        return None
    return StoredSitemapEntry(
        id=article.id, published_at=article.published_at, url=article.url, modified_at=modified_at(article)
    )


def wanted(draft: ChangeSet, known: StoredArticle, key: Key) -> Mapping[str, type[Document]]:
    """The page on which a known article's address stands, beside the front."""
    in_front = key >= paged_list.front_of(draft, _ROW).leaf.lower
    return {} if in_front or not known.place else {_ROW.leaf_name(known.place): StoredSitemapPage}


def move(draft: ChangeSet, known: StoredArticle | None, event: ArticleState | None) -> int:
    """Put an article's address where it now belongs; returns where to begin looking for it, 0 where it has none."""
    before, now = place_of(known.state if known is not None else None), place_of(event)
    hint = known.place if known is not None else 0
    if before is not None and (now is None or now.key != before.key):
        paged_list.remove(draft, _ROW, before.key, hint)
    found = 0 if now is None else paged_list.insert(draft, _ROW, now, hint)
    _note_changes(draft)
    return found


def _note_changes(draft: ChangeSet) -> None:
    """Keep the index true for every numbered page that has changed."""
    prefix = f"{_ROW.base}:"
    names = [name for name in draft.changes if name.startswith(prefix) and name != _ROW.front]
    if not names:
        return
    index = dict((draft.get(SITEMAP, SitemapIndex) or SitemapIndex()).modified)
    for name in names:
        leaf, number = draft.get(name, StoredSitemapPage), int(name.removeprefix(prefix))
        if leaf is not None and leaf.entries:
            index[number] = max(place.modified_at for place in leaf.entries)
        else:
            index.pop(number, None)
    draft.put(SITEMAP, SitemapIndex(modified=index), SitemapIndex)
