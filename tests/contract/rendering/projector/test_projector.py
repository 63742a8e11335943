"""The projector end to end: events in, documents in MongoDB, announcements out."""

from services.rendering.pages.reading import Reading
from services.rendering.readmodel.names import article_name, front_name, path_name
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import encode
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.projector import an_article, open_announcements, open_projector


async def test_article_is_readable_once_announced(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    moment = now()  # newer than the articles of other tests in the same log
    article = an_article(tags=("Lake Oluma",), bylines=("Ada Byrne",), published_at=moment)
    names = [
        article_name(article.id),
        path_name(article.url),
        *map(front_name, ("site", "section:world", "tag:lake-oluma")),
    ]

    async with open_announcements(rendering_settings.kafka) as announcements:
        async with open_projector(rendering_settings, mongo_database):
            await producer.send(encode(article))
            announced = await announcements.until(*names)
    reading = Reading(ReadModel(Mongo(rendering_settings.mongo), mongo_database))
    path = await reading.path(article.url)
    found = await reading.article(article.id)
    fronts = await reading.fronts(["site", "section:world", "tag:lake-oluma", "author:ada-byrne"])

    assert path is not None
    assert (path.article_id, path.state) == (article.id, "current")
    assert found is not None
    assert found.headline == article.headline
    assert all(article.id in {card.article_id for card in front.cards} for front in fronts.values())
    assert len(fronts) == 4
    assert {name: reading.versions[name] for name in names[:2]} == {name: announced[name].version for name in names[:2]}
