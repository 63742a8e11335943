"""Rules for the list of corrections: an entry for each correction of each published article. Pure."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import repeat

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import Document, StoredArticle, StoredCorrection, StoredCorrectionPage
from services.rendering.readmodel.snapshot import ChangeSet, gather
from shared.events import ArticleState

_ENTRIES = paged_list.CORRECTION_ENTRIES


def entries_of(article: ArticleState | None) -> tuple[StoredCorrection, ...]:
    """The corrections of an article, none unless it is published."""
    if article is None or article.status != "published":
        return ()
    return tuple(
        StoredCorrection(
            id=f"{article.id}:{number}",
            at=correction.at,
            note=correction.note,
            url=article.url,
            headline=article.headline,
            section=article.section,
            language=article.language,
        )
        for number, correction in enumerate(article.corrections, start=1)
    )


def wanted(article: ArticleState | None) -> Mapping[str, type[Document]]:
    """The front of the list, for an article with corrections."""
    return {_ENTRIES.front: StoredCorrectionPage} if entries_of(article) else {}


def update_entries(change_set: ChangeSet, known: StoredArticle | None, event: ArticleState | None) -> tuple[int, ...]:
    """Insert, replace or remove an article's entries. Returns the hints for their pages.

    Unchanged entries are not touched: an article that was corrected often is on many pages.
    """
    before = _hinted(known)
    now = entries_of(event)
    keys = {entry.key for entry in now}
    gather([partial(_remove, change_set, entry, hint) for entry, hint in before if entry.key not in keys])
    hints = {entry.key: (entry, hint) for entry, hint in before}
    return tuple(gather([partial(_put, change_set, entry, *hints.get(entry.key, (None, 0))) for entry in now]))


def _hinted(known: StoredArticle | None) -> Sequence[tuple[StoredCorrection, int]]:
    """The entries so far with their hints; 0 for an entry from before there was a list."""
    if known is None:
        return ()
    hints = (*known.correction_hints, *repeat(0, len(entries_of(known.state))))
    return list(zip(entries_of(known.state), hints, strict=False))


def _put(change_set: ChangeSet, entry: StoredCorrection, before: StoredCorrection | None, hint: int) -> int:
    return hint if hint and entry == before else paged_list.insert(change_set, _ENTRIES, entry, hint)


def _remove(change_set: ChangeSet, entry: StoredCorrection, hint: int) -> None:
    paged_list.remove(change_set, _ENTRIES, entry.key, hint)
