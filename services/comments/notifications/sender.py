"""Sends the mails that are due: text, claim, hand-over, outcome. Called by `notifier.py` under the lease.

A mail is claimed in MongoDB when the server has accepted its recipient, before it gets the text. A claim without an outcome
is not sent again: the server may have the mail. So no digest is sent twice, and one can be lost (README.md).
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import structlog

from services.comments.model.records import ArticleCopy, Comment
from services.comments.model.store import Store
from services.comments.notifications.mail_store import LinkKind, MailLink, NotificationStore
from services.comments.notifications.mail_text import Addressing, MailTexts, ShownReply, Story
from services.comments.notifications.metrics import MAIL_ATTEMPTS_LATER, MAIL_OLDEST, MAILS, MAILS_DUE
from services.comments.notifications.records import Mail, MailState, Recipient
from services.comments.notifications.rules import MAILS_WAIT, ask_again_at, excerpt, next_day, one_line, retry_at, shown
from services.comments.notifications.smtp import Delivery, Envelope, MailFailed, SmtpConnection, connected
from shared.errors import Unavailable
from shared.ids import new_id
from shared.smtp_address import SmtpAddress
from shared.times import Clock, now

_log = structlog.get_logger(__name__)

_ALL = "all"
_MOST_SHOWN = 20
_LONGEST_TEXT = 500
_LONGEST_OWN_TEXT = 140
_LONGEST_HEADLINE = 200

Step = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class MailSettings:
    """The mail server, and what the operator allows. `ca_file`: certificates that its own is checked with."""

    server: SmtpAddress
    ca_file: Path | None
    sender: str
    mails_a_day: int
    site_url: str


class MailSender:
    """Sends mails; `keeps_turn` says between two mails whether to go on."""

    def __init__(
        self, store: Store, rows: NotificationStore, texts: MailTexts, settings: MailSettings, clock: Clock = now
    ) -> None:
        self._store = store
        self._rows = rows
        self._texts = texts
        self._settings = settings
        self._clock = clock
        # Outcomes that MongoDB did not take. They come before the search for lost claims.
        self._unwritten: list[Step] = []

    async def look(self, keeps_turn: Callable[[], Awaitable[bool]]) -> None:
        """Send what is due, mails without a failed attempt first. Raises MailServerDown, and Unavailable when MongoDB fails."""
        await self._write_outcomes()
        at = self._clock()
        due = await self._rows.mails.due(at)
        ready = [mail for mail in due if mail.state == "ready" and at - mail.at <= MAILS_WAIT]
        for mail in due:
            if mail.state == "sending":
                await self._give_up(mail, mail.claim, at)
            elif mail not in ready:
                await self._end(mail, "dead")
        if not ready:
            return
        async with connected(self._settings.server, self._settings.ca_file) as connection:
            for mail in sorted(ready, key=lambda mail: mail.attempts):
                if not await keeps_turn():
                    return
                await self._send(mail, connection)

    async def measure(self) -> None:
        """Set the gauges of mails with work left. Raises Unavailable."""
        at = self._clock()
        due = await self._rows.mails.due(at)
        MAILS_DUE.set(len(due))
        MAIL_OLDEST.set(max((at - due[0].at).total_seconds(), 0) if due else 0)

    async def _write_outcomes(self) -> None:
        while self._unwritten:
            await self._unwritten[0]()
            self._unwritten.pop(0)

    async def _send(self, mail: Mail, connection: SmtpConnection) -> None:
        at, claim, is_claimed = self._clock(), new_id(), False
        if await self._rows.counts.of(_ALL, at) >= self._settings.mails_a_day:
            await self._rows.mails.postpone(mail, next_day(at), counts=False)
            return
        try:
            envelope = await self._compose(mail, at)
        except (ValueError, MessageError):
            await self._end(mail, "dead")  # an address that no header takes
            return
        if envelope is None:
            await self._end(mail, "dropped")
            return

        async def take() -> bool:
            nonlocal is_claimed
            is_claimed = True
            return await self._rows.mails.claim(mail, claim, self._clock())

        try:
            delivery = await connection.deliver(envelope, take)
        except MailFailed as error:
            # Else this mail would be the first again at every look, and nothing behind it would be sent.
            await self._record(mail, Delivery("later", error.code), "", at)
            raise
        except Unavailable:
            if is_claimed:
                # The server has no text, so the claim, if it was written, must not make the mail a lost one.
                self._unwritten.append(partial(self._rows.mails.postpone, mail, at, claim, counts=False))
            raise
        await self._record(mail, delivery, claim if is_claimed else "", at)

    async def _record(self, mail: Mail, delivery: Delivery, claim: str, at: datetime) -> None:
        """Store the outcome of an attempt, now or before the next look."""
        self._unwritten.append(partial(self._finish, mail, delivery, claim, at))
        await self._write_outcomes()

    async def _finish(self, mail: Mail, delivery: Delivery, claim: str, at: datetime) -> None:
        """Store the outcome of an attempt. May run twice."""
        if delivery.result == "later" and (again_at := retry_at(mail, at)) is not None:
            MAIL_ATTEMPTS_LATER.inc()
            _log.info("mail.later", mail=mail.id, code=delivery.code)
            await self._rows.mails.postpone(mail, again_at, claim)
            return
        if delivery.result == "uncertain":
            await self._give_up(mail, claim, at)
        outcomes: Mapping[str, MailState] = {"sent": "sent", "refused": "dead", "later": "dead"}
        if (state := outcomes.get(delivery.result)) is not None:
            await self._end(mail, state, claim, delivery.code)
        if delivery.result in ("sent", "uncertain"):
            await self._rows.counts.add(_ALL, at)

    async def _give_up(self, mail: Mail, claim: str, at: datetime) -> None:
        """Settle a mail that the server may have."""
        again_at = ask_again_at(mail, at)
        if again_at is None:
            await self._end(mail, "uncertain", claim)
        else:
            await self._rows.mails.postpone(mail, again_at, claim)

    async def _end(self, mail: Mail, state: MailState, claim: str = "", code: int = 0) -> None:
        if await self._rows.mails.settle(mail, state, claim):
            MAILS.labels(mail.kind, state).inc()
            # Never an address, and never the server's sentence, which may repeat it.
            _log.info("mail.ended", mail=mail.id, kind=mail.kind, outcome=state, code=code)

    async def _compose(self, mail: Mail, at: datetime) -> Envelope | None:
        """The mail as of now; None when it is not needed: unsubscribed, confirmed already, or no reply left."""
        recipient = await self._rows.recipients.find(mail.recipient)
        if recipient is None or (recipient.stopped_at is not None and recipient.stopped_at > mail.at):
            return None
        compose = self._compose_verification if mail.kind == "verification" else self._compose_digest
        message = await compose(mail, recipient, at)
        return None if message is None else Envelope(self._settings.sender, recipient.email, message)

    async def _compose_verification(self, mail: Mail, recipient: Recipient, at: datetime) -> EmailMessage | None:
        comment = await self._store.comments.find(mail.comments[0])
        if comment is None or comment.status in ("rejected", "removed") or mail.writer in recipient.writers:
            return None
        article = await self._article(comment.article_id)
        story = Story(one_line(article.headline, _LONGEST_HEADLINE), self._url(article)) if article else None
        token = await self._new_link("verify", mail, at)
        return self._texts.verification(await self._addressing(mail, recipient, at), token, story)

    async def _compose_digest(self, mail: Mail, recipient: Recipient, at: datetime) -> EmailMessage | None:
        ids, more = shown(await self._still_wanted(mail), _MOST_SHOWN)
        replies = await self._shown(ids)
        if not replies:
            return None
        return self._texts.digest(await self._addressing(mail, recipient, at), replies, more)

    async def _still_wanted(self, mail: Mail) -> list[str]:
        """The replies of a digest that are still published, under comments that are, and whose author still wants mails."""
        found = await self._store.comments.by_ids(mail.comments)
        parents = {comment.parent_id for comment in found.values() if comment.parent_id is not None}
        wanted = await self._rows.subscriptions.by_ids(parents)
        published = await self._store.comments.by_ids(wanted)
        return [
            reply.id
            for reply in sorted(found.values(), key=lambda reply: reply.id)
            if reply.status == "published"
            and reply.parent_id in published
            and published[reply.parent_id].status == "published"
            and wanted[reply.parent_id].confirmed
        ]

    async def _shown(self, reply_ids: Sequence[str]) -> list[ShownReply]:
        replies = await self._store.comments.by_ids(reply_ids)
        parents = await self._store.comments.by_ids({str(reply.parent_id) for reply in replies.values()})
        articles = {
            article_id: await self._article(article_id)
            for article_id in {reply.article_id for reply in replies.values()}
        }
        return [
            self._reply(reply, parents[str(reply.parent_id)], article)
            for reply in (replies[reply_id] for reply_id in reply_ids if reply_id in replies)
            if str(reply.parent_id) in parents and (article := articles[reply.article_id]) is not None
        ]

    def _reply(self, reply: Comment, parent: Comment, article: ArticleCopy) -> ShownReply:
        return ShownReply(
            headline=one_line(article.headline, _LONGEST_HEADLINE),
            yours=excerpt(parent.body, _LONGEST_OWN_TEXT),
            name=one_line(reply.name, _LONGEST_HEADLINE),
            text=excerpt(reply.body, _LONGEST_TEXT),
            url=f"{self._url(article)}?comment={reply.id}#comment-{reply.id}",
        )

    async def _article(self, article_id: str) -> ArticleCopy | None:
        found = await self._store.articles.find(article_id)
        return found if found is not None and found.status == "published" else None

    def _url(self, article: ArticleCopy) -> str:
        return article.url if "://" in article.url else f"{self._settings.site_url}{article.url}"

    async def _addressing(self, mail: Mail, recipient: Recipient, at: datetime) -> Addressing:
        return Addressing(mail, recipient.email, await self._new_link("unsubscribe", mail, at), at)

    async def _new_link(self, kind: LinkKind, mail: Mail, at: datetime) -> str:
        token = secrets.token_urlsafe(32)
        await self._rows.links.add(token, MailLink(kind, mail.recipient, mail.writer, at))
        return token
