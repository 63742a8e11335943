"""The threads of a discussion in the order of votes: a pure query."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredBest, StoredThread, StoredThreadPage
from services.rendering.readmodel.names import best_name
from services.rendering.readmodel.snapshot import Snapshot
from shared.votes import wilson_lower_bound

_MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class BestThreads:
    """Threads, best first. Of those on older pages, the opener alone: `cut` has their ids."""

    threads: tuple[StoredThread, ...]
    cut: frozenset[str] = frozenset()


def best_threads(snapshot: Snapshot, article_id: str, front: StoredThreadPage) -> BestThreads:
    """The newest threads and, of a discussion on several pages, the best openers of all; no more than the newest page may have."""
    newest = {thread.id: thread for thread in front.entries}
    older = _openers_on_older_pages(snapshot, article_id, newest) if front.newest else {}
    ranked = sorted([*newest.values(), *older.values()], key=lambda thread: (-_score(thread), thread.key))
    limit = paged_list.threads_of(article_id).front_limit
    count = sum(size <= limit for size in accumulate(thread.size for thread in ranked))
    shown = tuple(ranked[: max(1, count)])
    return BestThreads(shown, frozenset(thread.id for thread in shown if thread.id in older))


def _openers_on_older_pages(
    snapshot: Snapshot, article_id: str, newest: Mapping[str, StoredThread]
) -> Mapping[str, StoredThread]:
    best = snapshot.get(best_name(article_id), StoredBest) or StoredBest()
    openers = (opener for opener in best.openers[:_MOST_SHOWN] if opener.id not in newest)
    return {opener.id: StoredThread(id=opener.id, at=opener.created_at, comments=(opener,)) for opener in openers}


def _score(thread: StoredThread) -> float:
    opener = next((comment for comment in thread.comments if comment.id == thread.id), None)
    return 0.0 if opener is None else wilson_lower_bound(opener.votes_up, opener.votes_down)
