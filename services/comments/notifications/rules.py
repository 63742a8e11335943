"""Decisions about mails: who is asked to confirm, which replies go into a mail, when to try again. No I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.comments.model.records import Comment
from services.comments.notifications.records import Asked, Mail, Recipient, Subscription

DIGEST_EVERY = timedelta(hours=1)
# Anyone can type an address: it gets one verification mail an hour, and three in a month while nobody confirms it.
VERIFICATION_EVERY = timedelta(hours=1)
MOST_UNCONFIRMED = 3
UNCONFIRMED_WITHIN = timedelta(days=30)
# Verification mails a day for which one network (/24 or /48) may ask.
MOST_OF_A_NETWORK = 50
LINK_CONFIRMS_FOR = timedelta(days=7)
REPLIES_WAIT = timedelta(days=7)
MAILS_WAIT = timedelta(days=3)
# Browsers in which one address has confirmed; the oldest is forgotten.
_MOST_WRITERS = 20
_MOST_ASKED = 10
_RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
# An attempt that handed a mail over and did not report within this time is lost: nobody knows whether the server has the mail.
CLAIM_LASTS = timedelta(minutes=10)

Fate = Literal["mail", "wait", "drop"]


@dataclass(frozen=True)
class VerificationPlan:
    """The next step for a new subscription. `due_at`: look again then (`wait`).

    `confirm`: the writer has confirmed before. `send`: a verification mail. `drop`: nothing; a later confirmation of the
    writer counts for the subscription too.
    """

    step: Literal["confirm", "send", "wait", "drop"]
    due_at: datetime | None = None


def plan_verification(recipient: Recipient | None, writer: str, at: datetime) -> VerificationPlan:
    """Decide about a subscription of a writer. An address that unsubscribed without ever confirming is never asked again."""
    if recipient is None:
        return VerificationPlan("send")
    if writer in recipient.writers:
        return VerificationPlan("confirm")
    if recipient.stopped_at is not None and recipient.verified_at is None:
        return VerificationPlan("drop")
    last = recipient.asked[-1] if recipient.asked else None
    if last is not None and at - last.at < VERIFICATION_EVERY:
        is_asked = last.writer == writer
        return VerificationPlan("drop") if is_asked else VerificationPlan("wait", last.at + VERIFICATION_EVERY)
    most = 1 if recipient.stopped_at is not None else MOST_UNCONFIRMED
    return VerificationPlan("drop" if _count_unconfirmed(recipient, at) >= most else "send")


def _count_unconfirmed(recipient: Recipient, at: datetime) -> int:
    """Verification mails of the last days since which the address neither confirmed nor unsubscribed."""
    settled = [moment for moment in (recipient.verified_at, recipient.stopped_at) if moment is not None]
    since = max([at - UNCONFIRMED_WITHIN, *settled])
    return sum(asked.at > since for asked in recipient.asked)


def asked(recipient: Recipient | None, subscription: Subscription, writer: str, at: datetime) -> Recipient:
    """The recipient after a verification mail for a writer."""
    before = recipient or Recipient(subscription.recipient, subscription.email, subscription.language, at)
    history = (*before.asked, Asked(writer, at))[-_MOST_ASKED:]
    return _changed(before, at=at, email=subscription.email, language=subscription.language, asked=history)


def confirmed(recipient: Recipient, writer: str, at: datetime) -> Recipient:
    """The recipient after a writer confirmed the address."""
    others = tuple(known for known in recipient.writers if known != writer)
    return _changed(recipient, at=at, writers=(*others, writer)[-_MOST_WRITERS:], verified_at=at, stopped_at=None)


def stopped(recipient: Recipient, at: datetime) -> Recipient:
    """The recipient after it unsubscribed."""
    return _changed(recipient, writers=(), stopped_at=at)


def mailed(recipient: Recipient, at: datetime) -> Recipient:
    """The recipient after a digest was made for it."""
    return _changed(recipient, mailed_at=at)


def seen(recipient: Recipient, at: datetime) -> Recipient:
    """The recipient with another version, so that concurrent transactions about it conflict, and kept from now on."""
    return _changed(recipient, at=at)


def _changed(recipient: Recipient, **changes: object) -> Recipient:
    return replace(recipient, version=recipient.version + 1, **changes)  # type: ignore[arg-type]  # fields by name


def next_digest(recipient: Recipient, at: datetime) -> datetime:
    """The earliest time of the recipient's next digest, `at` or later."""
    return at if recipient.mailed_at is None else max(at, recipient.mailed_at + DIGEST_EVERY)


@dataclass(frozen=True)
class ReplyFacts:
    """The facts about a reply. `author` and `parent_author` name the writers (`author_of`), None when unknown."""

    waits_since: datetime
    subscription: Subscription | None
    reply: Comment | None
    parent: Comment | None
    author: str | None


def fate_of(facts: ReplyFacts, at: datetime) -> Fate:
    """Whether a reply goes into a mail. Not: unpublished ones, those of the recipient itself, old ones."""
    if facts.subscription is None or not (_is_published(facts.reply) and _is_published(facts.parent)):
        return "drop"
    if facts.author == facts.subscription.recipient or at - facts.waits_since > REPLIES_WAIT:
        return "drop"
    return "mail" if facts.subscription.confirmed else "wait"


def _is_published(comment: Comment | None) -> bool:
    return comment is not None and comment.status == "published"


def retry_at(mail: Mail, at: datetime) -> datetime | None:
    """The time of the next attempt after a failure for now; None when there were enough."""
    if mail.attempts >= len(_RETRIES) or at - mail.at > MAILS_WAIT:
        return None
    return at + _RETRIES[mail.attempts]


def ask_again_at(mail: Mail, at: datetime) -> datetime | None:
    """When to send a mail again that the server may have. Only a verification, once and an hour later: two of it do no harm."""
    if mail.kind != "verification" or mail.attempts:
        return None
    return max(at, mail.at + VERIFICATION_EVERY)


def next_day(at: datetime) -> datetime:
    """The midnight (UTC) after a time."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def excerpt(text: str, longest: int) -> str:
    """The beginning of a text in one line, cut at a word where one ends near."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    at_word = cut.rpartition(" ")[0]
    return f"{at_word if len(at_word) > longest * 2 // 3 else cut}…"


def one_line(text: str, longest: int) -> str:
    """A text for a mail's header: one line without control and format characters."""
    return excerpt("".join(letter for letter in text if letter.isprintable() or letter.isspace()), longest)


def shown(replies: Sequence[str], most: int) -> tuple[Sequence[str], int]:
    """The replies that a mail shows, and the number of further ones."""
    return replies[:most], max(0, len(replies) - most)
