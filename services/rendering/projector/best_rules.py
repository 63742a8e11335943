"""Rules for the best openers of an article's threads, by votes. Pure.

A page in the order of votes must read few documents, however long the discussion is. So the openers that readers voted for are
in a document of their own, which events without votes neither read nor write.
"""

from services.rendering.readmodel.documents import StoredBest, StoredReply
from services.rendering.readmodel.names import best_name
from services.rendering.readmodel.snapshot import ChangeSet
from shared.votes import wilson_lower_bound

# Twice the number that a page shows, so that removals leave enough.
MOST_BEST = 60


def put_opener(change_set: ChangeSet, article_id: str, opener: StoredReply) -> None:
    """Insert an opener with votes, or change it. The lowest one gives way."""
    _put(change_set, article_id, opener.id, (opener,))


def remove_opener(change_set: ChangeSet, article_id: str, comment_id: str) -> None:
    """Remove an opener that readers cannot see any more, or that has no votes for it."""
    _put(change_set, article_id, comment_id, ())


def _put(change_set: ChangeSet, article_id: str, comment_id: str, added: tuple[StoredReply, ...]) -> None:
    name = best_name(article_id)
    known = change_set.get(name, StoredBest) or StoredBest()
    openers = [*(opener for opener in known.openers if opener.id != comment_id), *added]
    openers.sort(
        key=lambda opener: (-wilson_lower_bound(opener.votes_up, opener.votes_down), opener.created_at, opener.id)
    )
    best = StoredBest(openers=tuple(openers[:MOST_BEST]))
    change_set.put(name, best if best.openers else None, StoredBest)
