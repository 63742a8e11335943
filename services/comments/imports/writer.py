"""Writes imported comments in transactions of a hundred: comments, addresses, events. A repetition writes nothing again."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.comments.model.records import Comment, Contact, author_of
from services.comments.model.store import Store
from shared.events import encode
from shared.kafka.producer import check_size
from shared.mongo.collections import Session
from shared.outbox.store import row_of
from shared.times import now

AT_ONCE = 100


@dataclass(frozen=True)
class Imported:
    """A comment with its writer's address; empty for none."""

    comment: Comment
    email: str


async def write(store: Store, imported: Sequence[Imported]) -> int:
    """Store what is not there yet; returns its number. Raises Unavailable.

    The service's relay sends the events. Addresses are kept from the import on as long as those of new comments. Approvals do not
    come with them: nobody has proved an address.
    """
    known = await store.comments.by_ids([one.comment.id for one in imported])
    fresh = [one for one in imported if one.comment.id not in known]
    if not fresh:
        return 0
    messages = [encode(one.comment.event()) for one in fresh]
    for message in messages:
        check_size(message)
    rows = [row_of(one.comment.event(), message) for one, message in zip(fresh, messages, strict=True)]

    async def work(session: Session) -> None:
        await store.comments.add_all([one.comment for one in fresh], session)
        contacts = [_contact(one) for one in fresh if one.email]
        if contacts:
            await store.contacts.add(contacts, session)
        await store.outbox.add_rows(session, rows)

    await store.mongo.transaction(work)
    await store.discussions.note_all((one.comment.article_id, one.comment.id) for one in fresh)
    store.queues.note(*(one.comment.id for one in fresh))
    return len(fresh)


def _contact(one: Imported) -> Contact:
    return Contact(id=one.comment.id, email=one.email, author=author_of(one.email), writer="", at=now())
