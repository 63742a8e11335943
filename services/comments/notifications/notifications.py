"""The interface of this room for posting and moderation. They write its rows in their own transactions.

`subscribe` and `enqueue` write rows; mails are made of them later. Without a mail server (`WM_SMTP`) they do nothing.
"""

import asyncio
from collections.abc import Sequence

from services.comments.model.records import Comment, author_of
from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.records import Subscription, WaitingReply
from shared.ids import made_at
from shared.mongo.collections import Session
from shared.times import now


class Notifications:
    """Takes wishes for mails about replies, and replies. `is_enabled`: there is a mail server."""

    def __init__(self, store: NotificationStore, *, is_enabled: bool) -> None:
        self.is_enabled = is_enabled
        self.woken = asyncio.Event()
        self._store = store

    async def subscribe(self, comment_id: str, email: str, language: str, session: Session) -> None:
        """Note that the author of a new comment wants mails about replies, inside the transaction of the comment.

        `language`: that of the page, empty when unknown. Nothing is sent before the address is verified.
        """
        if self.is_enabled:
            subscription = Subscription(comment_id, author_of(email), email, language, made_at(comment_id))
            await self._store.subscriptions.add(subscription, session)

    async def enqueue(self, comment: Comment, session: Session) -> None:
        """Note a comment that becomes published, inside the transaction of that change. A repetition does nothing."""
        await self.enqueue_all([comment], session)

    async def enqueue_all(self, comments: Sequence[Comment], session: Session) -> None:
        """The same for several comments: one read, and two commands more when an author wants mails."""
        parents = {comment.id: comment.parent_id for comment in comments if comment.parent_id is not None}
        if not self.is_enabled or not parents:
            return
        wanted = await self._store.subscriptions.by_ids(set(parents.values()), session)
        at = now()
        replies = [
            WaitingReply(reply_id, wanted[parent_id].recipient, parent_id, at)
            for reply_id, parent_id in parents.items()
            if parent_id in wanted
        ]
        if replies:
            await self._store.replies.add(replies, session)

    def wake(self) -> None:
        """Have this process look for work now, after the commit. Without a call it looks within seconds."""
        self.woken.set()
