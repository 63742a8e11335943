"""The read model built anew from the logs while the old one serves, and put in its place."""

import asyncio

from services.rendering.consumers import Projector, Told
from services.rendering.names import READ_MODEL, article_name
from services.rendering.reading import Reading
from services.rendering.rebuild import rebuild
from services.rendering.settings import RenderingSettings
from services.rendering.store import DOCUMENTS, ReadModel
from shared.dead_letters import DeadLetters
from shared.events import ArticleCorrected, encode
from shared.mongo import Mongo
from shared.producer import Producer
from shared.times import now
from tests.contract.projector_house import a_comment, an_article, open_announcements, open_projector


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

            number = await rebuild(rendering_settings, database=mongo_database, group=group, say=progress.append)
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


async def test_a_page_begun_on_the_old_read_model_is_finished_there(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    mongo = Mongo(rendering_settings.mongo)
    old, new = ReadModel(mongo, mongo_database), ReadModel(mongo, mongo_database, 2)
    await asyncio.gather(old.prepare(), new.prepare())
    article = an_article()
    sink = Projector(old, producer, DeadLetters(producer, "test"))
    await sink.project([Told("articles.v1", article, now())])
    reading = Reading(old)
    path = await reading.path(article.url)

    await old.give_way(2)

    assert path is not None
    assert await reading.article(article.id) is not None
    assert await Reading(old).article(article.id) is None
    mongo.close()
