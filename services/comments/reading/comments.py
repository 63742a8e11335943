"""Comments that readers can see, and the changes of them that are not moderation: counts of votes, picks."""

from services.comments.model.records import ArticleCopy, Comment
from services.comments.model.store import Store
from services.comments.reading.articles import ArticleLookup
from shared.errors import Problem
from shared.mongo.collections import Session


async def find_public(store: Store, articles: ArticleLookup, comment_id: str) -> tuple[Comment, ArticleCopy]:
    """A published comment and its article; 404 for any other comment, 410 when the article was withdrawn."""
    comment = await store.comments.find(comment_id)
    if comment is None or comment.status != "published":
        raise no_comment()
    return comment, await articles.readable(comment.article_id)


def no_comment() -> Problem:
    """404 for a comment that does not exist, or that this reader may not see."""
    return Problem(404, "There is no such comment.")


async def publish_change(store: Store, after: Comment, session: Session) -> None:
    """Store the next version of a published comment with its event, inside a transaction.

    Call `note_published_change` after the commit.
    """
    await store.comments.replace(after, session)
    await store.outbox.add(session, after.event())


async def note_published_change(store: Store, after: Comment) -> None:
    """Tell the relay and the readers' indexes about a committed `publish_change`."""
    store.outbox.note_committed(after.event(), follows=after.version - 1)
    await store.discussions.note(after.article_id, after.id)
