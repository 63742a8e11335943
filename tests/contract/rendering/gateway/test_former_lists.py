"""Lists of tags and authors whose names share a plain slug, and the addresses that they had before slugs got hashes."""

from services.rendering.projector.consumers import Projector, ReceivedEvent
from services.rendering.readmodel.slugs import slug_of
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import ArticleWithdrawn
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.gateway import open_gateway
from tests.support.projector import an_article

NAMES = ("C", "C++", "C#")
PLUS, SHARP = (f"/tag/{slug_of(name)}" for name in NAMES[1:])


async def test_tags_with_one_plain_slug_have_pages_and_feeds_of_their_own(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    articles = {name: an_article(minute=minute, tags=(name,)) for minute, name in enumerate(NAMES)}
    mongo = Mongo(rendering_settings.mongo)
    projector = Projector(ReadModel(mongo, mongo_database), producer, DeadLetters(producer, "test"))
    await projector.project([ReceivedEvent("articles.v1", article, now()) for article in articles.values()])

    async with open_gateway(rendering_settings, mongo_database) as gateway:
        for name, article in articles.items():
            path = f"/tag/{slug_of(name)}"
            page = await gateway.until_shown(path, article.url)
            feed = await gateway.until_shown(f"{path}/feed.xml", article.url)
            others = [other for other in articles.values() if other is not article]

            assert page.status == feed.status == 200
            assert f'rel="canonical" href="{rendering_settings.site_url}{path}"' in page.text
            assert f"{rendering_settings.site_url}{path}/feed.xml" in feed.text
            assert not [other.url for other in others if f'"{other.url}"' in _main(page.text) or other.url in feed.text]
            assert f'href="{path}"' in (await gateway.until_shown(article.url, article.headline)).text
    mongo.close()


def _main(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


async def test_former_address_of_one_list_redirects_permanently(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    article = an_article(tags=("بورسعيد",), bylines=("نصر",))
    mongo = Mongo(rendering_settings.mongo)
    projector = Projector(ReadModel(mongo, mongo_database), producer, DeadLetters(producer, "test"))

    async with open_gateway(rendering_settings, mongo_database) as gateway:
        assert (await gateway.get("/author/nsr")).status == 404
        await projector.project([ReceivedEvent("articles.v1", article, now())])

        for former, current in (("/tag/bwrs-yd", slug_of("بورسعيد")), ("/author/nsr", slug_of("نصر"))):
            kind = former.split("/")[1]
            redirect = await gateway.until(former, lambda page: page.status == 301)
            feed = await gateway.get(f"{former}/atom.xml")
            second = await gateway.get(f"{former}?page=2")

            assert redirect.headers["Location"] == f"/{kind}/{current}"
            assert (feed.status, feed.headers["Location"]) == (301, f"/{kind}/{current}/atom.xml")
            assert (second.status, second.headers["Location"]) == (301, f"/{kind}/{current}?page=2")
            assert (await gateway.until_shown(f"/{kind}/{current}", article.url)).status == 200
    mongo.close()


async def test_former_address_of_several_lists_leads_to_the_newest_article(
    rendering_settings: RenderingSettings, mongo_database: str, producer: Producer
) -> None:
    plain, plus, sharp = (an_article(minute=minute, tags=(name,)) for minute, name in enumerate(NAMES))
    mongo = Mongo(rendering_settings.mongo)
    projector = Projector(ReadModel(mongo, mongo_database), producer, DeadLetters(producer, "test"))
    withdrawn = an_article(ArticleWithdrawn, id=sharp.id, version=2, minute=2)

    async with open_gateway(rendering_settings, mongo_database) as gateway:
        await projector.project([ReceivedEvent("articles.v1", article, now()) for article in (plus, sharp)])
        shared = await gateway.until("/tag/c", lambda page: page.status == 302)
        numbered = await gateway.get("/tag/c?page=2")
        await projector.project([ReceivedEvent("articles.v1", withdrawn, now())])
        alone = await gateway.until("/tag/c", lambda page: page.status == 301)
        await projector.project([ReceivedEvent("articles.v1", plain, now())])
        exact = await gateway.until_shown("/tag/c", plain.url)
        missing = await gateway.get("/tag/c?page=2")

    assert shared.headers["Location"] == numbered.headers["Location"] == SHARP
    assert alone.headers["Location"] == PLUS
    assert (exact.status, missing.status) == (200, 404)
    mongo.close()
