"""Closes and opens discussions, and sends their states to `comments.v1`."""

from dataclasses import replace
from datetime import datetime

from services.comments.model.records import ArticleCopy
from services.comments.model.store import Store
from services.comments.reading.state import Change, announced, changed, event_of
from shared.errors import Problem
from shared.mongo.collections import Session


async def set_discussion(store: Store, article_id: str, change: Change, by: str, at: datetime) -> ArticleCopy:
    """Store a moderator's change, its audit entry, and the event that it needs, in one transaction; the article after it."""

    async def work(session: Session) -> ArticleCopy:
        before = await store.articles.find(article_id, session)
        if before is None:
            raise Problem(404, "There is no such article.")
        after = replace(before, discussion=changed(before.discussion, change, at))
        if after == before:
            return before
        await store.articles.set_discussion(article_id, after.discussion, session)
        return await _announce(store, after, at, session)

    article = await store.mongo.transaction(work)
    store.outbox.wake()
    return article


async def _announce(store: Store, article: ArticleCopy, at: datetime, session: Session) -> ArticleCopy:
    """Send the article's state if readers were sent another one; the article after it. Inside a transaction."""
    rule = await store.rules.current(session)
    setting = announced(article, rule, at)
    if setting is None:
        return article
    after = replace(article, discussion=setting)
    await store.articles.set_discussion(article.id, setting, session)
    await store.outbox.add(session, event_of(after, rule, at))
    return after
