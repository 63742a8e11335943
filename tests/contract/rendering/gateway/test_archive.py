"""Pages of the archive of rankings, over a stand-in for popularity."""

from datetime import timedelta

from shared.site.site import load_site
from shared.times import now
from tests.support.gateway import ProjectorHarness, an_article, open_gateway, withdrawn
from tests.support.past_rankings import Popularity


async def test_day_has_a_page_with_the_articles_of_the_read_model(projector: ProjectorHarness) -> None:
    today = now().astimezone(load_site(None).zone).date()
    day, before, tomorrow = (today + timedelta(days=number) for number in (-2, -3, 1))
    read, gone = an_article(headline="The ferry sails again"), an_article(headline="Taken back")
    items = [{"article_id": article.id, "views": views} for article, views in ((gone, 1300), (read, 1234))]
    popularity = Popularity({"items": items, "first_day": str(day), "complete": True})
    await projector.apply(read, gone)
    async with (
        popularity.running() as url,
        open_gateway(projector.settings, projector.database, {"popularity": url, "popularity_wait_s": 0.5}) as gateway,
    ):
        page = await gateway.until_shown(f"/popular/{day}", "The ferry sails again")
        running = await gateway.get(f"/popular/{today}?section=world")
        arabic = await gateway.get(f"/popular/{day}?language=ar")
        refused = [
            (await gateway.get(f"/popular/{path}")).status for path in (before, tomorrow, f"{day}?section=nowhere")
        ]
        await projector.apply(withdrawn(gone))
        without = await gateway.until(f"/popular/{day}", lambda page: "Taken back" not in page.text)
        popularity.status = 503
        unknown = await gateway.get(f"/popular/{day}?section=africa")

    assert page.status == 200
    assert page.text.index("Taken back") < page.text.index("The ferry sails again")
    assert f'<a href="{read.url}">The ferry sails again</a> <span class="popular-views">1,234 views</span>' in page.text
    assert 'rel="prev"' not in page.text
    assert f'rel="next" href="/popular/{day + timedelta(days=1)}"' in page.text
    assert 'name="robots" content="max-image-preview:large"' in page.text
    assert 'name="robots" content="noindex"' in running.text
    assert "the numbers still grow" in running.text
    assert "As of" not in page.text.partition("<aside")[0]
    assert 'rel="next"' not in running.text
    assert "١٬٢٣٤" in arabic.text
    assert refused == [404, 404, 404]
    assert "The ferry sails again" in without.text
    assert (unknown.status, unknown.headers["Retry-After"]) == (503, "2")
