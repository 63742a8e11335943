"""Mails in MongoDB and at a real mail server: none is sent twice, whatever ends when; refused ones are bounded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from services.comments.model.records import ArticleCopy, Comment, Contact, author_of
from services.comments.model.rules import Status
from services.comments.model.store import Store
from services.comments.notifications.confirmations import Confirmations
from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.mail_text import MailTexts
from services.comments.notifications.notifications import Notifications
from services.comments.notifications.planner import MailPlanner
from services.comments.notifications.records import Mail, MailState
from services.comments.notifications.sender import MailSender, MailSettings
from services.comments.notifications.smtp import MailServerDown
from shared.errors import Unavailable
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.site.site import load_site
from shared.smtp_address import parse_smtp
from shared.times import now
from tests.support.mail_server import MailServer, running_mail_server

SITE, SENDER, ADA = "https://news.example", "comments@news.example", "ada@home.example"


async def always() -> bool:
    return True


@dataclass
class MailStack:
    """The stores, a mail server, and the clock of whoever plans and sends."""

    store: Store
    rows: NotificationStore
    server: MailServer
    ahead: timedelta = timedelta()

    def clock(self) -> datetime:
        return now() + self.ahead

    def sender(self, rows: NotificationStore | None = None, mails_a_day: int = 1000) -> MailSender:
        """A sender as in another process."""
        settings = MailSettings(parse_smtp(self.server.url), None, SENDER, mails_a_day, SITE)
        texts = MailTexts(load_site(None), SITE, SENDER)
        return MailSender(self.store, rows or self.rows, texts, settings, self.clock)

    async def look(self) -> None:
        """Plan and send what is due."""
        await MailPlanner(self.store, self.rows).look(self.clock(), always)
        await self.sender().look(always)

    async def comment(self, parent: Comment | None = None, *, email: str = "bo@home.example", writer: str = "",
                      notify: bool = False, status: Status = "published", network: str = "203.0.113.0/24") -> Comment:  # fmt: skip
        """Store a comment as posting does."""
        comment_id = new_id()
        comment = Comment(
            comment_id, 1, "a", parent.id if parent else None, comment_id, "Bo", None, f"Text {comment_id}", "", status, now()
        )  # fmt: skip
        contact = Contact(comment_id, email, author_of(email), writer or f"browser of {email}", now(), network=network)
        notifications = Notifications(self.rows, is_enabled=True)

        async def work(session: Session) -> None:
            await self.store.comments.add(comment, session)
            await self.store.contacts.add([contact], session)
            if notify:
                await notifications.subscribe(comment_id, email, "en", session)
            await notifications.enqueue(comment, session)

        await self.store.mongo.transaction(work)
        return comment

    async def confirm(self, email: str = ADA) -> None:
        """Press the button of the last verification mail."""
        (*_, token) = self.server.to(email)[-1].part("plain").partition("verify?token=")
        assert await Confirmations(self.store, self.rows).confirm(token.split()[0], self.clock()) is not None

    async def confirmed_parent(self) -> Comment:
        """A comment whose author has confirmed the address; the mails so far are forgotten."""
        parent = await self.comment(email=ADA, notify=True)
        await self.look()
        await self.confirm()
        self.server.mails.clear()
        return parent

    async def states(self) -> list[MailState]:
        """The states of all digests."""
        found = await self.rows.mails.collection.find({"kind": "digest"}).to_list(None)
        return [mail["state"] for mail in found]


@pytest.fixture
async def mailing(mongo_url: str, mongo_database: str) -> AsyncIterator[MailStack]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    rows = NotificationStore(store.database)
    await store.prepare()
    await rows.prepare()
    await store.articles.keep(ArticleCopy("a", 1, "/world/a", "published", True, "world", "The lake came back", "en"))
    async with running_mail_server() as server:
        yield MailStack(store, rows, server)
    store.mongo.close()


async def test_replies_are_mailed_after_a_confirmation_and_an_hour_apart(mailing: MailStack) -> None:
    parent = await mailing.comment(email=ADA, notify=True)
    early = await mailing.comment(parent)
    await mailing.look()
    await mailing.look()
    assert [mail.message["Subject"] for mail in mailing.server.mails] == [
        "Confirm your address for mails about replies"
    ]
    assert early.body not in mailing.server.mails[0].part("plain")

    await mailing.confirm()
    await mailing.look()
    later = [await mailing.comment(parent) for _ in range(3)]
    own = await mailing.comment(parent, email=ADA)
    await mailing.look()
    assert len(mailing.server.mails) == 2
    assert early.body in mailing.server.mails[1].part("plain")

    mailing.ahead = timedelta(minutes=61)
    await mailing.look()
    await mailing.look()
    digest = mailing.server.mails[2].part("plain")
    assert len(mailing.server.mails) == 3
    assert [reply.body in digest for reply in (*later, early, own)] == [True, True, True, False, False]
    assert f"{SITE}/world/a?comment={later[0].id}#comment-{later[0].id}" in digest


async def test_another_browser_with_a_confirmed_address_gets_no_mails_for_it(mailing: MailStack) -> None:
    await mailing.confirmed_parent()
    forged = await mailing.comment(email=ADA, writer="a stranger's browser", notify=True)
    reply = await mailing.comment(forged)
    mailing.ahead = timedelta(hours=2)

    await mailing.look()
    await mailing.look()

    assert [mail.message["Subject"] for mail in mailing.server.mails] == [
        "Confirm your address for mails about replies"
    ]
    assert reply.body not in mailing.server.mails[0].part("plain")


async def test_reply_that_is_removed_before_the_mail_is_not_in_it(mailing: MailStack) -> None:
    parent = await mailing.confirmed_parent()
    replies = [await mailing.comment(parent) for _ in range(2)]
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    await mailing.store.database["comments"].update_one({"_id": replies[0].id}, {"$set": {"status": "removed"}})

    await mailing.sender().look(always)

    assert [reply.body in mailing.server.mails[0].part("plain") for reply in replies] == [False, True]


async def test_unsubscribing_ends_waiting_replies_and_ready_mails(mailing: MailStack) -> None:
    parent = await mailing.confirmed_parent()
    await mailing.comment(parent)
    await mailing.look()
    token = mailing.server.mails[0].part("plain").partition("unsubscribe?token=")[2].split()[0]
    mailing.ahead = timedelta(hours=2)
    await mailing.comment(parent)
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    await mailing.comment(parent)

    assert await Confirmations(mailing.store, mailing.rows).stop(token, mailing.clock()) is not None
    mailing.ahead = timedelta(hours=4)
    await mailing.look()

    assert len(mailing.server.mails) == 1
    assert sorted(await mailing.states()) == ["dropped", "sent"]


@pytest.mark.parametrize(("stage", "sent_in_all"), [("on_recipient", 1), ("on_data", 0)])
async def test_process_killed_in_a_hand_over_leaves_one_mail_at_most(
    mailing: MailStack, stage: str, sent_in_all: int
) -> None:
    await mailing.comment(await mailing.confirmed_parent())
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    reached = asyncio.Event()

    async def stop_here(_: str) -> str | None:
        reached.set()
        await asyncio.sleep(3600)
        return None

    setattr(mailing.server, stage, stop_here)
    killed = asyncio.create_task(mailing.sender().look(always))
    await reached.wait()
    killed.cancel()
    await asyncio.wait([killed])
    setattr(mailing.server, stage, None)
    mailing.ahead = timedelta(minutes=11)
    for _ in range(3):
        await mailing.sender().look(always)

    assert len(mailing.server.mails) == sent_in_all
    assert await mailing.states() == ["sent" if sent_in_all else "uncertain"]


@pytest.mark.parametrize("arrives", [True, False])
async def test_verification_that_may_be_lost_is_sent_once_more_after_an_hour_unless_confirmed(
    mailing: MailStack, arrives: bool
) -> None:
    async def close(_: str) -> str | None:
        return "close"

    mailing.server.on_data = close
    await mailing.comment(email=ADA, notify=True)
    await mailing.look()
    if arrives:
        await mailing.confirm()
    counts: list[int] = []
    for minutes in (11, 61, 130, 200):
        mailing.ahead = timedelta(minutes=minutes)
        await mailing.look()
        counts.append(len(mailing.server.mails))

    assert counts == ([1, 1, 1, 1] if arrives else [1, 2, 2, 2])


async def test_lost_answer_of_the_server_or_the_store_sends_nothing_again(mailing: MailStack) -> None:
    parent = await mailing.confirmed_parent()

    async def close(_: str) -> str | None:
        return "close"

    async def forget(mail: Mail, state: MailState, claim: str = "") -> bool:
        raise Unavailable("the store is away")

    mailing.server.on_data = close
    await mailing.comment(parent)
    await mailing.look()
    mailing.server.on_data = None
    mailing.ahead = timedelta(hours=2)
    await mailing.comment(parent)
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    rows = NotificationStore(mailing.store.database)
    rows.mails.settle = forget  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await mailing.sender(rows).look(always)
    mailing.ahead = timedelta(hours=4)
    for _ in range(3):
        await mailing.sender().look(always)

    assert len(mailing.server.mails) == 2
    assert await mailing.states() == ["uncertain", "uncertain"]


async def test_claim_without_an_answer_of_the_store_is_taken_back_by_the_same_process(mailing: MailStack) -> None:
    await mailing.comment(await mailing.confirmed_parent())
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    rows = NotificationStore(mailing.store.database)
    take = rows.mails.claim

    async def claim_and_fail(mail: Mail, claim: str, at: datetime) -> bool:
        await take(mail, claim, at)
        raise Unavailable("the answer is lost")

    rows.mails.claim = claim_and_fail  # type: ignore[method-assign]
    sender = mailing.sender(rows)
    with pytest.raises(Unavailable):
        await sender.look(always)
    rows.mails.claim = take  # type: ignore[method-assign]
    await sender.look(always)

    assert len(mailing.server.mails) == 1
    assert await mailing.states() == ["sent"]


async def test_processes_that_send_at_once_send_each_mail_once(mailing: MailStack) -> None:
    for number in range(6):
        await mailing.comment(email=f"reader{number}@home.example", notify=True)
    planners = [MailPlanner(mailing.store, mailing.rows) for _ in range(3)]
    await asyncio.gather(*(planner.look(mailing.clock(), always) for planner in planners))
    await asyncio.gather(*(mailing.sender().look(always) for _ in range(3)))

    recipients = [mail.recipient for mail in mailing.server.mails]
    assert sorted(recipients) == sorted({f"reader{number}@home.example" for number in range(6)})


async def test_mail_that_is_put_off_is_tried_again_until_it_is_dead(mailing: MailStack) -> None:
    await mailing.comment(await mailing.confirmed_parent())
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)
    tries = 0

    async def put_off(_: str) -> str | None:
        nonlocal tries
        tries += 1
        return "450 4.2.0 later"

    mailing.server.on_recipient = put_off
    for ahead in (
        timedelta(),
        timedelta(),
        timedelta(minutes=2),
        timedelta(hours=1),
        timedelta(days=4),
        timedelta(days=5),
    ):
        mailing.ahead = ahead
        await mailing.sender().look(always)

    assert tries == 3
    assert await mailing.states() == ["dead"]


async def test_mails_of_a_day_and_of_a_network_are_bounded(mailing: MailStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.comments.notifications.planner.MOST_OF_A_NETWORK", 3)
    for number in range(5):
        await mailing.comment(email=f"reader{number}@home.example", notify=True)
    await mailing.comment(email="other@home.example", notify=True, network="198.51.100.0/24")
    await MailPlanner(mailing.store, mailing.rows).look(mailing.clock(), always)

    await mailing.sender(mails_a_day=2).look(always)
    assert len(mailing.server.mails) == 2
    mailing.ahead = timedelta(days=1)
    await mailing.sender().look(always)
    assert len(mailing.server.mails) == 3 + 1


async def test_server_that_is_down_costs_no_attempt(mailing: MailStack) -> None:
    await mailing.comment(email=ADA, notify=True)
    url, mailing.server.url = mailing.server.url, "smtp://127.0.0.1:1?tls=none"
    for _ in range(9):
        with pytest.raises(MailServerDown):
            await mailing.look()
    mailing.server.url = url
    await mailing.look()

    assert len(mailing.server.to(ADA)) == 1


@pytest.mark.parametrize("answer", ["421 4.7.0 come back", "close", "hang", "550 5.1.1 nobody, and closed"])
async def test_recipient_that_ends_the_connection_delays_no_other_mail(
    mailing: MailStack, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.comments.notifications.smtp._TIMEOUT_S", 1.0)
    tries = 0

    async def fail(recipient: str) -> str | None:
        nonlocal tries
        if recipient != ADA:
            return None
        tries += 1
        await asyncio.sleep(3600 if answer == "hang" else 0)
        return answer

    mailing.server.on_recipient, mailing.server.closes_after_refusals = fail, True
    await mailing.comment(email=ADA, notify=True)
    await mailing.comment(notify=True)
    with pytest.raises(MailServerDown):
        await mailing.look()
    for _ in range(2):
        await mailing.look()
    assert ([mail.recipient for mail in mailing.server.mails], tries) == (["bo@home.example"], 1)

    mailing.server.on_recipient = None
    mailing.ahead = timedelta(minutes=2)
    await mailing.look()
    assert len(mailing.server.to(ADA)) == (0 if answer.startswith("550") else 1)


async def test_erasure_while_a_look_plans_brings_no_address_back(mailing: MailStack) -> None:
    await mailing.comment(email=ADA, notify=True)
    rows = NotificationStore(mailing.store.database)
    count = rows.counts.of

    async def erase_meanwhile(key: str, at: datetime) -> int:
        await mailing.store.mongo.transaction(lambda session: mailing.rows.erase(author_of(ADA), session))
        return await count(key, at)

    rows.counts.of = erase_meanwhile  # type: ignore[method-assign]
    await MailPlanner(mailing.store, rows).look(mailing.clock(), always)

    assert await mailing.rows.of(author_of(ADA)) == []


async def test_erasure_leaves_no_row_of_an_address(mailing: MailStack) -> None:
    await mailing.comment(await mailing.confirmed_parent())
    await mailing.look()
    other = await mailing.comment(email="other@home.example", notify=True)
    kept = await mailing.rows.of(author_of(ADA))

    erased = await mailing.store.mongo.transaction(lambda session: mailing.rows.erase(author_of(ADA), session))

    assert {row["collection"] for row in kept} == {
        "subscriptions",
        "notifications",
        "recipients",
        "mails",
        "mail_links",
    }
    assert erased == len(kept)
    assert await mailing.rows.of(author_of(ADA)) == []
    assert set(await mailing.rows.subscriptions.by_ids([other.id])) == {other.id}
