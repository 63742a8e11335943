"""The projector over the real read model: killed at every step, beside other projectors, and its speed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest

from services.rendering.pages.reading import Reading
from services.rendering.projector.consumers import Projector, ReceivedEvent
from services.rendering.readmodel.documents import Document
from services.rendering.readmodel.snapshot import LoadedSnapshot
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared import topics
from shared.events import ArticleWithdrawn, CommentRemoved, Erased, Event, Message, Record, encode
from shared.kafka.dead_letters import MOST_IN_A_ROW, DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now
from tests.support.projector import Announcements, a_comment, an_article, open_announcements


class Killed(BaseException):
    """Stands for the death of the process."""


class MortalModel(ReadModel):
    """A read model whose process dies at its n-th write: before the write, or between write and commit."""

    left = 0
    before = False

    async def write(
        self, snapshot: LoadedSnapshot, changes: Mapping[str, Document | None], moment: datetime, session: Session
    ) -> dict[str, int]:
        self.left -= 1
        if self.left == 0 and self.before:
            raise Killed
        versions = await super().write(snapshot, changes, moment, session)
        if self.left == 0:
            raise Killed
        return versions


class MortalProducer(Producer):
    """A producer whose process dies on send."""

    async def send(self, *messages: Message) -> None:
        raise Killed


@pytest.fixture
async def mongo(rendering_settings: RenderingSettings) -> AsyncIterator[Mongo]:
    mongo = Mongo(rendering_settings.mongo)
    yield mongo
    mongo.close()


@pytest.fixture
async def model(mongo: Mongo, mongo_database: str) -> ReadModel:
    model = ReadModel(mongo, mongo_database)
    await model.prepare()
    return model


@pytest.fixture
def projector(model: ReadModel, producer: Producer) -> Projector:
    return a_projector(model, producer)


def a_projector(model: ReadModel, producer: Producer) -> Projector:
    return Projector(model, producer, DeadLetters(producer, "test"))


def received(*events: Event) -> list[ReceivedEvent]:
    return [ReceivedEvent(events[0].topic.name, event, now()) for event in events]


async def everything(mongo: Mongo, database: str) -> dict[str, Any]:
    """All documents, without their versions, which depend on the number of writes."""
    documents = await mongo.database(database)["documents"].find({}).to_list(None)
    return {one.pop("_id"): {name: value for name, value in one.items() if name != "version"} for one in documents}


HISTORY = (
    an_article(id="a1", tags=("Lakes",), bylines=("Ada Byrne",)),
    an_article(id="a2", minute=1, tags=("Lakes", "Salt")),
    an_article(id="a1", version=2, url="/africa/a1", former_urls=("/world/a1",), section="africa", tags=("Salt",)),
    an_article(ArticleWithdrawn, id="a2", version=2, minute=1),
)


@pytest.mark.parametrize("before", [True, False], ids=["before the write", "after the write, before the commit"])
@pytest.mark.parametrize("writes", range(1, len(HISTORY) + 1))
async def test_projector_killed_in_its_transaction_changes_nothing(
    mongo: Mongo, mongo_database: str, producer: Producer, writes: int, before: bool
) -> None:
    whole, mortal = f"{mongo_database}_whole", MortalModel(mongo, mongo_database)
    for event in HISTORY:
        await a_projector(ReadModel(mongo, whole), producer).project(received(event))
    mortal.left, mortal.before = writes, before

    for event in HISTORY[: writes - 1]:
        await a_projector(mortal, producer).project(received(event))
    before_it = await everything(mongo, mongo_database)
    with pytest.raises(Killed):
        await a_projector(mortal, producer).project(received(HISTORY[writes - 1]))
    left = await everything(mongo, mongo_database)
    for event in HISTORY:
        await a_projector(ReadModel(mongo, mongo_database), producer).project(received(event))

    assert left == before_it
    assert await everything(mongo, mongo_database) == await everything(mongo, whole)


async def test_projector_killed_before_it_announces_does_so_on_redelivery(
    model: ReadModel, projector: Projector, rendering_settings: RenderingSettings, embedded_kafka: bool
) -> None:
    mortal = MortalProducer(rendering_settings.kafka, idempotence=not embedded_kafka)
    await projector.project(received(*HISTORY[:2]))
    with pytest.raises(Killed):
        await a_projector(model, mortal).project(received(HISTORY[2]))

    async with open_announcements(rendering_settings.kafka) as announcements:
        await projector.project(received(HISTORY[2]))
        names = [
            "article:a1", "path:/world/a1", "path:/africa/a1", "list:section:world:front",
            "list:section:africa:front", "list:tag:lakes:front", "list:tag:salt:front", "list:site:front",
        ]  # fmt: skip
        announced = await announcements.until(*names)

    assert {name: event.version for name, event in announced.items()} == await model.versions(names)


async def versions_announced(announcements: Announcements, projector: Projector, name: str) -> list[int]:
    """Every version of a document announced so far, in order."""
    last = an_article()
    await projector.project(received(last))
    await announcements.until(name, f"article:{last.id}")
    return [event.version for event in announcements.seen if event.dependency == name]


GONE = (
    (an_article(id="a1", tags=("Lakes",)), an_article(ArticleWithdrawn, id="a1", version=2), "list:tag:lakes:front"),
    (a_comment("a1", id="c1"), a_comment("a1", CommentRemoved, id="c1", version=2, status="removed"), "comments:a1"),
)


@pytest.mark.parametrize(("there", "gone", "name"), GONE, ids=["emptied list", "article without comments"])
async def test_deletion_is_announced_as_newer_on_redelivery_too(
    model: ReadModel,
    projector: Projector,
    rendering_settings: RenderingSettings,
    embedded_kafka: bool,
    there: Event,
    gone: Event,
    name: str,
) -> None:
    mortal = MortalProducer(rendering_settings.kafka, idempotence=not embedded_kafka)
    await projector.project(received(there))
    shown = (await model.versions([name]))[name]
    with pytest.raises(Killed):
        await a_projector(model, mortal).project(received(gone))

    async with open_announcements(rendering_settings.kafka) as announcements:
        for _ in range(2):
            await projector.project(received(gone))
        announced = await versions_announced(announcements, projector, name)

    assert shown < announced[-2] == announced[-1]


async def test_document_created_again_is_newer_in_spite_of_a_slow_clock(
    model: ReadModel, producer: Producer, projector: Projector, rendering_settings: RenderingSettings
) -> None:
    behind = Projector(model, producer, DeadLetters(producer, "test"), clock=lambda: now() - timedelta(minutes=1))
    there, gone, name = GONE[0]
    await projector.project(received(there))
    async with open_announcements(rendering_settings.kafka) as announcements:
        await projector.project(received(gone))
        announced = await versions_announced(announcements, projector, name)

    await behind.project(received(an_article(id="a2", tags=("Lakes",))))

    assert announced[-1] < (await model.versions([name]))[name]


async def test_versions_grow_over_an_erasure(model: ReadModel, projector: Projector) -> None:
    name, seen = "path:/world/a1", list[int]()

    for event in (HISTORY[0], HISTORY[2]):
        await projector.project(received(event))
        seen.append((await model.versions([name]))[name])
    await projector.project([ReceivedEvent(topics.ARTICLES.name, Erased(id="a1"), now())])
    seen.append((await model.versions([name]))[name])
    assert await Reading(model).path("/world/a1") is None
    await projector.project(received(an_article(id="a3", url="/world/a1")))
    seen.append((await model.versions([name]))[name])

    assert seen == sorted(set(seen))


async def test_concurrent_projectors_lose_no_card(model: ReadModel, producer: Producer) -> None:
    articles = [an_article(id=f"a{number:03d}", minute=number % 37, tags=("Lakes",)) for number in range(60)]

    async def project(mine: list[Any]) -> None:
        projector = a_projector(model, producer)
        for article in mine:
            await projector.project(received(article))

    await asyncio.gather(project(articles[::3]), project(articles[1::3]), project(articles[2::3]))
    for listing in ("site", "section:world", "tag:lakes"):
        cards = await _cards(model, listing)
        assert cards == sorted(cards, key=lambda card: (card[1], card[0]), reverse=True)
        assert {card for card, _ in cards} == {article.id for article in articles}


async def _cards(model: ReadModel, listing: str) -> list[tuple[str, datetime]]:
    page = await Reading(model).front(listing)
    cards: list[tuple[str, datetime]] = []
    while page is not None:
        cards += [(card.article_id, card.published_at) for card in page.cards]
        page = None if page.older is None else await Reading(model).page(listing, page.older)
    return cards


async def test_page_depends_on_few_documents(model: ReadModel, projector: Projector) -> None:
    await projector.project(received(*(an_article(id=f"a{n}", minute=n, tags=("Lakes",)) for n in range(60))))
    await projector.project(received(a_comment("a7", id="c1")))
    reading = Reading(model)

    path = await reading.path("/world/a7")
    assert path is not None
    article = await reading.article(path.article_id)
    assert article is not None
    older, newer = await reading.neighbours(article)
    recommended = await reading.recommended(article, 4)
    comments = await reading.comments(article)

    assert (older and older.article_id, newer and newer.article_id) == ("a6", "a8")
    assert len(recommended) == 4
    assert comments is not None
    assert comments.total == 1
    assert set(reading.versions) == {
        "path:/world/a7", "article:a7", "list:section:world:front", "list:section:world:1", "list:tag:lakes:front",
        "comments:a7", "discussion:a7",
    }  # fmt: skip
    assert await model.versions(reading.versions) == reading.versions
    assert reading.shown["card:a6"] == reading.shown["card:a7"] == 1


async def test_edition_of_fifty_is_projected_within_seconds(model: ReadModel, projector: Projector) -> None:
    edition = [
        an_article(id=f"e{n:02d}", minute=n * 50 % 1000, tags=("Lakes", f"Tag {n % 9}"), bylines=(f"Author {n % 5}",))
        for n in range(50)
    ]

    started = perf_counter()
    for partition in range(3):
        await projector.project(received(*edition[partition::3]))
    seconds = perf_counter() - started

    print(f"an edition of 50 projected in {seconds:.2f} s")
    assert len(await _cards(model, "site")) == 50
    assert seconds < 2.0 * 5  # the goal is two seconds on an idle machine; tests share theirs


async def test_bad_records_between_good_ones_are_no_failure(model: ReadModel, projector: Projector) -> None:
    records = []
    for number in range(3 * MOST_IN_A_ROW):
        article = encode(an_article(id=f"a{number:03d}"))
        value = article.value if number % 2 else b"{"
        records.append(Record(article.topic, 0, number, article.key, value, article.headers, 0))

    await projector.apply(Batch(topics.ARTICLES.name, 0, 0, len(records), records, "log"))

    assert projector.projected == len(records) // 2
    assert await Reading(model).article("a001") is not None


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "yesterday", ""])
async def test_record_without_a_valid_time_has_the_time_of_the_log(
    projector: Projector, rendering_settings: RenderingSettings, time: str
) -> None:
    event = an_article()
    article = encode(event)
    headers = tuple((name, time.encode() if name == "ce_time" else value) for name, value in article.headers)
    record = Record(article.topic, 0, 0, article.key, article.value, headers, 1_767_225_600_000)

    async with open_announcements(rendering_settings.kafka) as announcements:
        await projector.apply(Batch(topics.ARTICLES.name, 0, 0, 1, [record], "log"))
        announced = await announcements.until(f"article:{event.id}")

    assert announced[f"article:{event.id}"].changed_at == datetime(2026, 1, 1, tzinfo=UTC)
