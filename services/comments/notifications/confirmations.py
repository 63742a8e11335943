"""The links of mails: confirm an address, or end all mails to it. Opening the page changes nothing; only its button does."""

from datetime import datetime

from services.comments.model.store import Store
from services.comments.notifications.mail_store import LinkKind, MailLink, NotificationStore
from services.comments.notifications.metrics import CONFIRMATIONS
from services.comments.notifications.records import Recipient
from services.comments.notifications.rules import LINK_CONFIRMS_FOR, confirmed, stopped
from shared.mongo.collections import Session

# A token has 43 characters (`secrets.token_urlsafe`); longer ones are not looked up.
_LONGEST_TOKEN = 100


class Confirmations:
    """Acts on the links of mails. All methods raise Unavailable."""

    def __init__(self, store: Store, rows: NotificationStore) -> None:
        self._store = store
        self._rows = rows

    async def find(self, token: str, kind: LinkKind, at: datetime) -> Recipient | None:
        """The recipient of a valid link; None for one that is unknown or too old."""
        link = await self._link(token, kind, at)
        return None if link is None else await self._rows.recipients.find(link.recipient)

    async def confirm(self, token: str, at: datetime) -> Recipient | None:
        """Confirm the address of a link, for the browser that asked; None for an invalid link. A repetition does nothing more."""
        link = await self._link(token, "verify", at)
        if link is None:
            return None
        rows = self._rows

        async def work(session: Session) -> Recipient | None:
            recipient = await rows.recipients.find(link.recipient, session)
            if recipient is None:
                return None
            await rows.recipients.put(confirmed(recipient, link.writer, at), session)
            await rows.subscriptions.confirm(recipient.id, link.writer, session)
            await rows.replies.hasten(recipient.id, at, session)
            await self._store.authors.verify(recipient.id, session)
            return recipient

        recipient = await self._store.mongo.transaction(work)
        CONFIRMATIONS.labels("confirm").inc()
        return recipient

    async def stop(self, token: str, at: datetime) -> Recipient | None:
        """End all mails to the address of a link: subscriptions, replies that wait, mails that are ready. None: invalid link."""
        link = await self._link(token, "unsubscribe", at)
        if link is None:
            return None
        rows = self._rows

        async def work(session: Session) -> Recipient | None:
            recipient = await rows.recipients.find(link.recipient, session)
            if recipient is not None:
                await rows.recipients.put(stopped(recipient, at), session)
            await rows.subscriptions.stop(link.recipient, session)
            await rows.replies.stop(link.recipient, session)
            await rows.mails.drop_ready(link.recipient, session)
            return recipient

        recipient = await self._store.mongo.transaction(work)
        CONFIRMATIONS.labels("stop").inc()
        return recipient

    async def _link(self, token: str, kind: LinkKind, at: datetime) -> MailLink | None:
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        link = await self._rows.links.find(token, kind)
        if link is not None and kind == "verify" and at - link.at > LINK_CONFIRMS_FOR:
            return None
        return link
