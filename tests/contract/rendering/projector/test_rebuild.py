"""The read model built anew from the logs while the old one serves, and put in its place."""

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
from tests.support.gateway import Gateway, open_gateway, open_house
from tests.support.polling import eventually
from tests.support.projector import a_comment, an_article, open_announcements, open_projector


async def test_a_rebuilt_read_model_takes_over_and_everybody_follows(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    group = f"group-{mongo_database}"
    articles = [an_article(minute=minute, tags=("Lakes",)) for minute in range(30)]
    changed = articles[7]
    corrected = ArticleCorrected.model_validate(changed.model_dump() | {"version": 2, "headline": "Put right"})
    mongo = Mongo(rendering_settings.mongo)
    gateway = ReadModel(mongo, mongo_database)
    progress: list[str] = []

    async with open_announcements(rendering_settings.kafka) as announcements:
        async with open_projector(rendering_settings, mongo_database, group):
            await producer.send(*map(encode, articles), encode(a_comment(changed.id)))
            await announcements.until(*(article_name(article.id) for article in articles))
            # What no log tells of must be gone from a rebuilt model, what they tell must be there.
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
    mongo.close()


class LateProducer(Producer):
    """A producer that sends what it is given once it is let go."""

    def __init__(self, settings: RenderingSettings) -> None:
        super().__init__(settings.kafka, idempotence=settings.kafka_idempotence)
        self.has_it, self.let_go = asyncio.Event(), asyncio.Event()

    async def send(self, *messages: Message) -> None:
        self.has_it.set()
        await self.let_go.wait()
        await super().send(*messages)


@pytest.mark.parametrize("reads_first", [True, False], ids=["a gateway on the new model", "a gateway not yet there"])
async def test_a_late_announcement_of_the_old_read_model_keeps_no_page_of_the_new_one_away(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer, reads_first: bool
) -> None:
    article, other = an_article(headline="Put wrong"), an_article()
    corrected = ArticleCorrected.model_validate(article.model_dump() | {"version": 2, "headline": "Put right"})
    flushes, heard = "wm_rendering_cache_flushed_total", "wm_rendering_visible_seconds_count"
    late = LateProducer(rendering_settings)
    async with (
        open_house(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        mongo = Mongo(rendering_settings.mongo)
        old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
        await asyncio.gather(old.prepare(), new.prepare())
        await house.tell(article, other)
        await gateway.until_shown(article.url, "Put wrong")
        successor = Projector(new, producer, DeadLetters(producer, "test"), announces=False)
        await successor.project([ReceivedEvent("articles.v1", event, now()) for event in (article, other, corrected)])
        projector = Projector(old, late, DeadLetters(late, "test"))
        announcing = asyncio.create_task(projector.project([ReceivedEvent("articles.v1", corrected, now())]))
        await late.has_it.wait()

        await old.mark_replaced(2)
        flushed = await gateway.count(flushes)
        await producer.send(
            encode(DocumentChanged(dependency=READ_MODEL, version=2, changed_at=now(), projected_at=now()))
        )
        await until_more(gateway, flushes, flushed)
        if reads_first:
            await gateway.until_shown(other.url, other.headline)
        counted = await gateway.count(heard)
        late.let_go.set()
        await announcing
        successor.announces = True
        if reads_first:
            moved = other.model_copy(update={"version": 2, "headline": "Said after it"})
            await successor.project([ReceivedEvent("articles.v1", moved, now())])
            await gateway.until_shown(other.url, "Said after it")
        else:
            await until_more(gateway, heard, counted)
        page = await gateway.get(article.url)

        assert page.status == 200
        assert "Put right" in page.text
        await late.stop()
        mongo.close()


async def test_a_gateway_that_was_never_told_of_a_rebuilt_model_follows_it_and_forgets_its_pages(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    article, other = an_article(headline="Only in the old"), an_article(section="africa", url="/africa/told-anew")
    mongo = Mongo(rendering_settings.mongo)
    async with (
        open_house(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
        await asyncio.gather(old.prepare(), new.prepare())
        await house.tell(article)
        await gateway.until_shown(article.url, "Only in the old")
        successor = Projector(new, producer, DeadLetters(producer, "test"), announces=False)
        await successor.project([ReceivedEvent("articles.v1", other, now())])

        await old.mark_replaced(2)
        await gateway.until_shown(other.url, other.headline)

        assert (await gateway.get(article.url)).status == 404
    mongo.close()


async def test_what_a_read_model_to_come_says_keeps_no_page_of_the_present_one_away(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    article, heard = an_article(), "wm_rendering_visible_seconds_count"
    async with (
        open_house(rendering_settings, mongo_database) as house,
        open_gateway(rendering_settings, mongo_database) as gateway,
    ):
        await house.tell(article)
        await gateway.until_shown(article.url, article.headline)
        said = DocumentChanged(
            dependency=article_name(article.id), version=2**50, changed_at=now(), projected_at=now(), read_model=2
        )
        counted = await gateway.count(heard)

        await producer.send(encode(said))
        await until_more(gateway, heard, counted)

        assert (await gateway.get(article.url)).status == 200


async def until_more(gateway: Gateway, metric: str, count: float) -> None:
    """Wait until a metric has grown."""

    async def more() -> bool:
        return await gateway.count(metric) > count

    await eventually(more, what=f"{metric} is more than {count:g}", every_s=0.02)


async def test_a_page_begun_on_the_old_read_model_is_finished_there(
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
