"""How an article's event changes what sitemaps say: the row of addresses, and when each page of it last changed. Pure."""

from collections.abc import Mapping
from datetime import datetime

from services.rendering import series
from services.rendering.documents import Document, Key, PlaceIndex, PlaceLeaf, StoredArticle, StoredPlace
from services.rendering.names import SITEMAP
from services.rendering.shelf import Draft
from shared.events import ArticleState

_ROW = series.PLACES


def modified_at(article: ArticleState) -> datetime:
    """When what readers see last changed: never before its first publication."""
    return max(article.published_at, article.updated_at, article.corrected_at or article.published_at)


def place_of(article: ArticleState | None) -> StoredPlace | None:
    """An article's address and its last change, None while it is not published."""
    if article is None or article.status != "published":
        return None
    return StoredPlace(
        id=article.id, published_at=article.published_at, url=article.url, modified_at=modified_at(article)
    )


def wanted(draft: Draft, known: StoredArticle, key: Key) -> Mapping[str, type[Document]]:
    """The page on which a known article's address stands, beside the front."""
    in_front = key >= series.front_of(draft, _ROW).leaf.lower
    return {} if in_front or not known.place else {_ROW.leaf_name(known.place): PlaceLeaf}


def move(draft: Draft, known: StoredArticle | None, event: ArticleState | None) -> int:
    """Put an article's address where it now belongs; returns where to begin looking for it, 0 where it has none."""
    before, now = place_of(known.state if known is not None else None), place_of(event)
    hint = known.place if known is not None else 0
    if before is not None and (now is None or now.key != before.key):
        series.remove(draft, _ROW, before.key, hint)
    found = 0 if now is None else series.insert(draft, _ROW, now, hint)
    _note_changes(draft)
    return found


def _note_changes(draft: Draft) -> None:
    """Keep the index true for every numbered page that has changed."""
    prefix = f"{_ROW.base}:"
    names = [name for name in draft.changes if name.startswith(prefix) and name != _ROW.front]
    if not names:
        return
    index = dict((draft.get(SITEMAP, PlaceIndex) or PlaceIndex()).modified)
    for name in names:
        leaf, number = draft.get(name, PlaceLeaf), int(name.removeprefix(prefix))
        if leaf is not None and leaf.entries:
            index[number] = max(place.modified_at for place in leaf.entries)
        else:
            index.pop(number, None)
    draft.put(SITEMAP, PlaceIndex(modified=index), PlaceIndex)
