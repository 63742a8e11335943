"""Rules for sitemaps: the entry of each published article, and the index of the pages' last changes. Pure."""

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

_ENTRIES = paged_list.SITEMAP_ENTRIES


def entry_of(article: ArticleState | None) -> StoredSitemapEntry | None:
    """The sitemap entry of an article, None unless it is published."""
    if article is None or article.status != "published":
        return None
    return StoredSitemapEntry(
        id=article.id, published_at=article.published_at, url=article.url, modified_at=modified_at(article)
    )


def wanted(change_set: ChangeSet, known: StoredArticle, key: Key) -> Mapping[str, type[Document]]:
    """The page with a known article's entry, unless that is the front."""
    in_front = key >= paged_list.front_of(change_set, _ENTRIES).page.lower
    return {} if in_front or not known.place else {_ENTRIES.page_name(known.place): StoredSitemapPage}


def update_entry(change_set: ChangeSet, known: StoredArticle | None, event: ArticleState | None) -> int:
    """Insert, replace or remove an article's entry. Returns the hint for its page, 0 if it has none."""
    before, now = entry_of(known.state if known is not None else None), entry_of(event)
    hint = known.place if known is not None else 0
    if before is not None and (now is None or now.key != before.key):
        paged_list.remove(change_set, _ENTRIES, before.key, hint)
    found = 0 if now is None else paged_list.insert(change_set, _ENTRIES, now, hint)
    _update_index(change_set)
    return found


def _update_index(change_set: ChangeSet) -> None:
    """Record the last change of every numbered page in this change set."""
    prefix = f"{_ENTRIES.base}:"
    names = [name for name in change_set.changes if name.startswith(prefix) and name != _ENTRIES.front]
    if not names:
        return
    index = dict((change_set.get(SITEMAP, SitemapIndex) or SitemapIndex()).modified)
    for name in names:
        page, number = change_set.get(name, StoredSitemapPage), int(name.removeprefix(prefix))
        if page is not None and page.entries:
            index[number] = max(entry.modified_at for entry in page.entries)
        else:
            index.pop(number, None)
    change_set.put(SITEMAP, SitemapIndex(modified=index), SitemapIndex)
