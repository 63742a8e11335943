"""Closes and opens discussions, and sends their states to `comments.v1`.

Answers of this service follow a closing at once. Pages follow by events. A moderator's change sends its own; turns find the other
discussions whose state is not the one that readers were sent: by age, after a change of the settings, of articles that came late.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.comments.model.days import DAY, midnight
from services.comments.model.records import ArticleCopy, ModerationRule, SentRule
from services.comments.model.store import Store
from services.comments.reading.state import Change, announced, changed, event_of
from shared.errors import Conflict, Problem
from shared.events import DiscussionChanged
from shared.mongo.collections import DuplicateKeyError, Session
from shared.times import now

_log = structlog.get_logger(__name__)

# Events of one turn, and of one transaction. A new age limit of a large archive takes several turns.
_MOST_OF_A_TURN = 1000
_MOST_AT_ONCE = 50
# Not at each turn: an older time only makes a turn read the same day again.
_NOTED_EVERY = timedelta(minutes=10)


class Closing:
    """Finds discussions whose state changed without a moderator. Methods raise Unavailable."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock
        # Articles left of an unfinished pass over all of them. A restart begins the pass again.
        self._unfinished: list[str] = []
        self._applied: SentRule | None = None

    async def turn(self) -> None:
        """Send the states that readers do not have, or the first of many."""
        at, rule = self._clock(), await self._store.rules.current()
        wanted = SentRule(rule.close_after_days, rule.votes)
        done = await self._store.articles.closed_through()
        if self._unfinished and self._applied == wanted:
            await self._send(self._take_unfinished(), rule, at)
        elif done is not None and done[0] == wanted:
            await self._send(await self._aged(rule, done[1], at), rule, at)
        elif done is not None or wanted != SentRule():
            self._unfinished, self._applied = await self._all(rule, at), wanted
            _log.info("discussions.new_rule", days=wanted.days, votes=wanted.votes, changes=len(self._unfinished))
            await self._send(self._take_unfinished(), rule, at)
        await self._send_new(rule, at)
        if not self._unfinished and (done is None or done[0] != wanted or at - done[1] > _NOTED_EVERY):
            await self._store.articles.note_closed_through(wanted, at)

    def _take_unfinished(self) -> list[str]:
        taken, self._unfinished = self._unfinished[:_MOST_OF_A_TURN], self._unfinished[_MOST_OF_A_TURN:]
        return taken

    async def _all(self, rule: ModerationRule, at: datetime) -> list[str]:
        found: list[str] = []
        async for articles in self._store.articles.all():
            found += _to_send(articles, rule, at)
        return found

    async def _aged(self, rule: ModerationRule, since: datetime, at: datetime) -> list[str]:
        """Articles that reached the age limit since then."""
        found: list[str] = []
        if rule.close_after_days:
            age = timedelta(days=rule.close_after_days)
            for day in _days(since - age, at - age):
                found += _to_send(await self._store.articles.published_on(day), rule, at)
        return found

    async def _send_new(self, rule: ModerationRule, at: datetime) -> None:
        """States of articles that came or changed: an old article may arrive late."""
        new = await self._store.articles.new(_MOST_OF_A_TURN)
        await self._send(_to_send(new, rule, at), rule, at)
        await self._store.articles.note_seen(new)

    async def _send(self, article_ids: Sequence[str], rule: ModerationRule, at: datetime) -> None:
        for first in range(0, len(article_ids), _MOST_AT_ONCE):
            chunk = article_ids[first : first + _MOST_AT_ONCE]

            async def work(session: Session, chunk: Sequence[str] = chunk) -> None:
                for article in await self._store.articles.by_ids(chunk, session):
                    await _announce(self._store, article, rule, at, session)

            try:
                await self._store.mongo.transaction(work)
            except DuplicateKeyError as error:
                raise Conflict("another instance sends the states of discussions too") from error
            self._store.outbox.wake()


async def set_discussion(
    store: Store,
    article_id: str,
    change: Change,
    at: datetime,
    audit: Callable[[ArticleCopy, Session], Awaitable[None]],
) -> ArticleCopy:
    """Store a moderator's change, its audit entry, and the event that it needs, in one transaction; the article after it."""

    async def work(session: Session) -> ArticleCopy:
        before = await store.articles.find(article_id, session)
        if before is None:
            raise Problem(404, "There is no such article.")
        after = replace(before, discussion=changed(before.discussion, change, at))
        if after == before:
            return before
        await store.articles.set_discussion(article_id, after.discussion, session)
        await audit(after, session)
        return await _announce(store, after, await store.rules.current(session), at, session)

    article = await store.mongo.transaction(work)
    store.outbox.wake()
    return article


async def sent_states(store: Store, article_ids: Iterable[str] | None = None) -> Sequence[DiscussionChanged]:
    """The newest event of each discussion that has one, by the article's id; of these articles alone when they are given."""
    articles = await store.articles.with_sent_discussion(article_ids)
    rule, at = await store.rules.current(), now()
    return [event_of(article, rule, at) for article in articles]


async def _announce(
    store: Store, article: ArticleCopy, rule: ModerationRule, at: datetime, session: Session
) -> ArticleCopy:
    """Send the article's state if it differs from the last one sent; returns the article after it. Inside a transaction."""
    setting = announced(article, rule, at)
    if setting is None:
        return article
    after = replace(article, discussion=setting)
    await store.articles.set_discussion(article.id, setting, session)
    await store.outbox.add(session, event_of(after, rule, at))
    return after


def _to_send(articles: Iterable[ArticleCopy], rule: ModerationRule, at: datetime) -> list[str]:
    return [
        article.id for article in articles if article.status == "published" and announced(article, rule, at) is not None
    ]


def _days(first: datetime, last: datetime) -> Sequence[datetime]:
    """The midnights before these times and between them."""
    start, end = midnight(first), midnight(last)
    return [start + number * DAY for number in range((end - start).days + 1)]
