"""Makes mails of what is due: a verification for a new wish, a digest for replies. Called by `notifier.py` under the lease.

Each decision is one transaction that also writes the recipient, so that it conflicts with a confirmation at the same moment.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.comments.model.records import Comment, Contact
from services.comments.model.store import Store
from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.metrics import VERIFICATIONS
from services.comments.notifications.records import Mail, Recipient, Subscription, WaitingReply
from services.comments.notifications.rules import (
    MOST_OF_A_NETWORK,
    REPLIES_WAIT,
    Fate,
    ReplyFacts,
    VerificationPlan,
    asked,
    fate_of,
    mailed,
    next_digest,
    plan_verification,
    seen,
)
from shared.errors import Conflict
from shared.ids import new_id
from shared.mongo.collections import DuplicateKeyError, Session

_NEVER_ASKED = frozenset({"rejected", "removed"})


@dataclass(frozen=True)
class _Known:
    """Comments and contacts, by comment, that were read before a transaction about `replies`."""

    replies: frozenset[str]
    comments: Mapping[str, Comment]
    contacts: Mapping[str, Contact]


class MailPlanner:
    """Looks at due subscriptions and replies."""

    def __init__(self, store: Store, rows: NotificationStore) -> None:
        self._store = store
        self._rows = rows

    async def look(self, at: datetime, keeps_turn: Callable[[], Awaitable[bool]]) -> None:
        """Make the mails that are due, while `keeps_turn`. Raises Unavailable; what was done before stays done."""
        for subscription in await self._rows.subscriptions.due(at):
            if not await keeps_turn():
                return
            await self._ask(subscription, at)
        for recipient in await self._rows.replies.due_recipients(at):
            if not await keeps_turn():
                return
            await self._collect(recipient, at)

    async def _ask(self, subscription: Subscription, at: datetime) -> None:
        """Settle a new subscription: confirmed already, a verification mail, later, or nothing."""
        contact = await self._store.contacts.find(subscription.id)
        comment = await self._store.comments.find(subscription.id)
        if contact is None or comment is None or comment.status in _NEVER_ASKED:
            await self._store.mongo.transaction(
                lambda session: self._rows.subscriptions.forget(subscription.id, session)
            )
            return
        network = f"network:{contact.network}"
        is_full = await self._rows.counts.of(network, at) >= MOST_OF_A_NETWORK
        mail = _verification(subscription, contact.writer, at)

        async def work(session: Session) -> VerificationPlan:
            # An erasure or an unsubscription that came after the reading has deleted it: the address must not come back.
            if not await self._rows.subscriptions.by_ids([subscription.id], session):
                return VerificationPlan("drop")
            recipient = await self._rows.recipients.find(subscription.recipient, session)
            plan = plan_verification(recipient, mail.writer, at)
            if plan.step == "send" and is_full:
                plan = VerificationPlan("drop")
            await self._settle(subscription, recipient, plan, mail, session)
            return plan

        try:
            plan = await self._store.mongo.transaction(work)
        except DuplicateKeyError as error:
            raise Conflict("another process asks the same address") from error
        VERIFICATIONS.labels(plan.step).inc()
        if plan.step == "send":
            await self._rows.counts.add(network, at)

    async def _settle(
        self,
        subscription: Subscription,
        recipient: Recipient | None,
        plan: VerificationPlan,
        mail: Mail,
        session: Session,
    ) -> None:
        rows = self._rows
        if plan.step == "send":
            await rows.mails.add(mail, session)
            await rows.recipients.put(asked(recipient, subscription, mail.writer, mail.at), session)
        elif recipient is not None:
            await rows.recipients.put(seen(recipient, mail.at), session)
        if plan.due_at is not None:
            await rows.subscriptions.postpone(subscription.id, plan.due_at, session)
        else:
            is_confirmed = plan.step == "confirm"
            await rows.subscriptions.settle(subscription.id, mail.writer, session, confirmed=is_confirmed)
            if is_confirmed:
                await rows.replies.hasten(subscription.recipient, mail.at, session)

    async def _collect(self, recipient_id: str, at: datetime) -> None:
        """Put a recipient's waiting replies into a digest, or decide when to look at them again."""
        known, mail_id = await self._read(await self._rows.replies.waiting(recipient_id)), new_id()

        async def work(session: Session) -> None:
            recipient = await self._rows.recipients.find(recipient_id, session)
            waiting = await self._rows.replies.waiting(recipient_id, session)
            by_fate = await self._sort(waiting, known, at, session)
            await self._rows.replies.forget([reply.id for reply in by_fate["drop"]], session)
            for reply in by_fate["wait"]:
                await self._rows.replies.postpone([reply.id], reply.at + REPLIES_WAIT, session)
            if recipient is not None:
                await self._make_digest(mail_id, recipient, by_fate["mail"], at, session)

        await self._store.mongo.transaction(work)

    async def _read(self, waiting: Sequence[WaitingReply]) -> _Known:
        ids = {comment_id for reply in waiting for comment_id in (reply.id, reply.parent_id)}
        return _Known(
            frozenset(reply.id for reply in waiting),
            await self._store.comments.by_ids(ids),
            await self._store.contacts.by_ids(ids),
        )

    async def _sort(
        self, waiting: Sequence[WaitingReply], known: _Known, at: datetime, session: Session
    ) -> Mapping[Fate, Sequence[WaitingReply]]:
        subscriptions = await self._rows.subscriptions.by_ids({reply.parent_id for reply in waiting}, session)
        sorted_by: dict[Fate, list[WaitingReply]] = {"mail": [], "wait": [], "drop": []}
        for reply in waiting:
            # A reply that came after the reading has its turn at the next look.
            if reply.id in known.replies:
                sorted_by[fate_of(_facts(reply, subscriptions, known), at)].append(reply)
        return sorted_by

    async def _make_digest(
        self, mail_id: str, recipient: Recipient, replies: Sequence[WaitingReply], at: datetime, session: Session
    ) -> None:
        ids = tuple(reply.id for reply in replies)
        if not ids or (due_at := next_digest(recipient, at)) > at:
            if ids:
                await self._rows.replies.postpone(ids, due_at, session)
            await self._rows.recipients.put(seen(recipient, recipient.at), session)
            return
        mail = Mail(mail_id, "digest", recipient.id, at, recipient.language, comments=ids, due_at=at)
        await self._rows.mails.add(mail, session)
        await self._rows.replies.put_into(mail_id, ids, session)
        await self._rows.recipients.put(mailed(recipient, at), session)


def _verification(subscription: Subscription, writer: str, at: datetime) -> Mail:
    return Mail(
        new_id(),
        "verification",
        subscription.recipient,
        at,
        subscription.language,
        writer,
        (subscription.id,),
        due_at=at,
    )


def _facts(reply: WaitingReply, subscriptions: Mapping[str, Subscription], known: _Known) -> ReplyFacts:
    contact = known.contacts.get(reply.id)
    return ReplyFacts(
        waits_since=reply.at,
        subscription=subscriptions.get(reply.parent_id),
        reply=known.comments.get(reply.id),
        parent=known.comments.get(reply.parent_id),
        author=contact.author if contact else None,
    )
