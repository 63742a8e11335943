"""Rebuild of the read model from the logs while the old one serves; the new one then replaces it."""

import asyncio

import pytest

from services.rendering.pages.reading import Reading
from services.rendering.projector.consumers import Projector, ReceivedEvent
from services.rendering.projector.rebuild import rebuild
from services.rendering.readmodel.names import READ_MODEL, article_name
from services.rendering.readmodel.store import DOCUMENTS, ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import ArticleCorrected, DocumentChanged, Message, encode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.gateway import Gateway, open_gateway, open_projector_harness
from tests.support.polling import eventually
from tests.support.projector import a_comment, an_article, open_announcements, open_projector


async def test_rebuilt_read_model_takes_over_everywhere(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    group = f"group-{mongo_database}"
    articles = [an_article(minute=minute, tags=("Lakes", "C++")) for minute in range(30)]
    changed = articles[7]
    corrected = ArticleCorrected.model_validate(changed.model_dump() | {"version": 2, "headline": "Put right"})
    mongo = Mongo(rendering_settings.mongo)
    gateway = ReadModel(mongo, mongo_database)
    progress: list[str] = []

    async with open_announcements(rendering_settings.kafka) as announcements:
        async with open_projector(rendering_settings, mongo_database, group):
            await producer.send(*map(encode, articles), encode(a_comment(changed.id)))
            await announcements.until(*(article_name(article.id) for article in articles))
            # The rebuilt model must have the document that the current one lost.
            await mongo.database(mongo_database)[DOCUMENTS].delete_one({"_id": article_name(changed.id)})

            number = await rebuild(rendering_settings, database=mongo_database, group=group, report=progress.append)
            await announcements.until(READ_MODEL)
            announcements.seen.clear()
            await producer.send(encode(corrected))
            await announcements.until(article_name(changed.id))
    reading = Reading(gateway)
    article = await reading.article(changed.id)

    assert number == gateway.number == 2
    assert article is not None
    assert article.headline == "Put right"
    comments = await reading.comments(article)
    assert comments is not None
    assert comments.total == 1
    assert progress[-1] == "read model 2 has taken over"
    assert await Reading(gateway).article(articles[3].id) is not None
    front = await Reading(gateway).front("tag:c_z3nrxl")
    assert front is not None
    assert articles[29].id in {card.article_id for card in front.cards}
    assert "tag:c_z3nrxl" in await Reading(gateway).aliases("tag:c")
    mongo.close()


class LateProducer(Producer):
    """A producer that holds its messages until it is released."""

    def __init__(self, settings: RenderingSettings) -> None:
        super().__init__(settings.kafka, idempotence=settings.kafka_idempotence)
        self.has_messages, self.released = asyncio.Event(), asyncio.Event()

    async def send(self, *messages: Message) -> None:
        self.has_messages.set()
        await self.released.wait()
        await super().send(*messages)


@pytest.mark.parametrize("reads_first", [True, False], ids=["gateway on the new model", "gateway on the old model"])
async def test_late_announcement_of_the_old_model_hides_no_new_page(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer, reads_first: bool
) -> None:
    article, other = an_article(headline="Put wrong"), an_article()
    corrected = ArticleCorrected.model_validate(article.model_dump() | {"version": 2, "headline": "Put right"})
    flushes, received = "wm_rendering_cache_flushed_total", "wm_rendering_visible_seconds_count"
    late = LateProducer(rendering_settings)
    async with (
        open_projector_harness(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        mongo = Mongo(rendering_settings.mongo)
        old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
        await asyncio.gather(old.prepare(), new.prepare())
        await house.apply(article, other)
        await gateway.until_shown(article.url, "Put wrong")
        successor = Projector(new, producer, DeadLetters(producer, "test"), announces=False)
        await successor.project([ReceivedEvent("articles.v1", event, now()) for event in (article, other, corrected)])
        projector = Projector(old, late, DeadLetters(late, "test"))
        announcing = asyncio.create_task(projector.project([ReceivedEvent("articles.v1", corrected, now())]))
        await late.has_messages.wait()

        await old.mark_replaced(2)
        flushed = await gateway.count(flushes)
        await producer.send(
            encode(DocumentChanged(dependency=READ_MODEL, version=2, changed_at=now(), projected_at=now()))
        )
        await until_more(gateway, flushes, flushed)
        if reads_first:
            await gateway.until_shown(other.url, other.headline)
        counted = await gateway.count(received)
        late.released.set()
        await announcing
        successor.announces = True
        if reads_first:
            marker = other.model_copy(update={"version": 2, "headline": "Published after it"})
            await successor.project([ReceivedEvent("articles.v1", marker, now())])
            await gateway.until_shown(other.url, "Published after it")
        else:
            await until_more(gateway, received, counted)
        page = await gateway.get(article.url)

        assert page.status == 200
        assert "Put right" in page.text
        await late.stop()
        mongo.close()


async def test_gateway_follows_a_rebuilt_model_without_announcement(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    article, other = an_article(headline="Only in the old"), an_article(section="africa", url="/africa/only-in-the-new")
    mongo = Mongo(rendering_settings.mongo)
    async with (
        open_projector_harness(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
        await asyncio.gather(old.prepare(), new.prepare())
        await house.apply(article)
        await gateway.until_shown(article.url, "Only in the old")
        successor = Projector(new, producer, DeadLetters(producer, "test"), announces=False)
        await successor.project([ReceivedEvent("articles.v1", other, now())])

        await old.mark_replaced(2)
        await gateway.until_shown(other.url, other.headline)

        assert (await gateway.get(article.url)).status == 404
    mongo.close()


async def test_announcement_of_a_future_model_hides_no_current_page(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    article, received = an_article(), "wm_rendering_visible_seconds_count"
    async with (
        open_projector_harness(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        await house.apply(article)
        await gateway.until_shown(article.url, article.headline)
        announcement = DocumentChanged(
            dependency=article_name(article.id), version=2**50, changed_at=now(), projected_at=now(), read_model=2
        )
        counted = await gateway.count(received)

        await producer.send(encode(announcement))
        await until_more(gateway, received, counted)

        assert (await gateway.get(article.url)).status == 200


async def until_more(gateway: Gateway, metric: str, count: float) -> None:
    """Wait until a metric is above `count`."""

    async def more() -> bool:
        return await gateway.count(metric) > count

    await eventually(more, what=f"{metric} is above {count:g}", every_s=0.02)


async def test_reading_begun_on_the_old_model_ends_there(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    mongo = Mongo(rendering_settings.mongo)
    old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
    await asyncio.gather(old.prepare(), new.prepare())
    article = an_article()
    sink = Projector(old, producer, DeadLetters(producer, "test"))
    await sink.project([ReceivedEvent("articles.v1", article, now())])
    reading = Reading(old)
    path = await reading.path(article.url)

    await old.mark_replaced(2)

    assert path is not None
    assert await reading.article(article.id) is not None
    assert await Reading(old).article(article.id) is None
    mongo.close()
