"""An uploaded picture through the whole platform: article, variants, feed, a change of its focal point."""

import re

import aiohttp
import feedparser
import pytest
from playwright.async_api import Browser

from shared.pictures import CONTENT_TYPES
from tests.support.browsing import layout_shifts, open_page
from tests.support.drawn_pictures import encoded
from tests.support.media_files import draw_scene
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")

_LEAD = "() => { const image = document.querySelector('.story-picture img'); return [image.currentSrc, image.naturalWidth]; }"
_BROKEN = """() => Promise.all([...document.querySelectorAll(".story-page img")].map((image) => {
  image.loading = "eager";
  return image.decode().then(() => "", () => image.outerHTML);
})).then((failed) => failed.filter(Boolean))"""


async def _upload(platform: Platform) -> dict[str, object]:
    form = aiohttp.FormData({"alt": "Hills under a sun", "caption": "At dawn", "credit": "Photo: A. B."})
    form.add_field("file", encoded(draw_scene(900, 640), "jpeg"), filename="hills.jpg", content_type="image/jpeg")
    async with platform.http.post(f"{platform.edge}/v1/media", data=form, headers=platform.editor) as answer:
        assert answer.status == 201, await answer.text()
        found: dict[str, object] = await answer.json()
        return found


async def _head(platform: Platform, path: str) -> tuple[int, str, int]:
    async with platform.http.get(platform.edge + path, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Content-Type", ""), len(await answer.read())


@pytest.mark.long
async def test_uploaded_picture_reaches_readers_and_follows_its_changes(platform: Platform, browser: Browser) -> None:
    picture = await _upload(platform)
    lead = {"media_id": picture["id"]}
    text = f'The ships wait.\n\n![A sun](media:{picture["id"]} "Seen from the road")\n\nThey sail.'
    article = await platform.publish("Hills above the port", section="climate", body=text, lead_image=lead)
    await platform.until_shown(article["url"], "Seen from the road")

    problems: list[str] = []
    screen = {"viewport": {"width": 360, "height": 800}, "device_scale_factor": 2}
    async with open_page(browser, problems, **screen) as page:
        await page.goto(f"{platform.edge}{article['url']}")
        assert await page.evaluate(_BROKEN) == []
        address, _ = await page.evaluate(_LEAD)
        assert await layout_shifts(page) == []
    assert problems == []
    assert address.removeprefix(platform.edge).startswith("/media/")
    assert re.fullmatch(r"16x9-800-[0-9a-f]{8}\.avif", address.rpartition("/")[2])

    _, shown = await platform.page(str(article["url"]))
    named = set(re.findall(r"/media/[0-9a-f]{16}/[\w-]+\.(?:avif|webp|jpg)", shown))
    assert len(named) >= 9

    async def all_made() -> bool:
        answers = {path: await _head(platform, path) for path in named}
        assert {status for status, *_ in answers.values()} == {200}
        return all(kind == CONTENT_TYPES[path.rpartition(".")[2]] for path, (_, kind, _) in answers.items())

    await eventually(all_made, what="media has made every variant that the page names")

    _, feed = await platform.page("/climate/feed.xml")
    (enclosure,) = feedparser.parse(feed).entries[0].enclosures
    path = enclosure.href.removeprefix(platform.edge)
    assert (200, enclosure.type, int(enclosure.length)) == await _head(platform, path)

    before = address.removeprefix(platform.edge)
    url, match = f"{platform.edge}/v1/media/{picture['id']}", f'"{picture["version"]}"'
    changed = {"focal_point": {"x": 0.1, "y": 0.9}, "credit": "Photo: C. D."}
    async with platform.http.patch(url, json=changed, headers={**platform.editor, "If-Match": match}) as answer:
        assert answer.status == 200, await answer.text()
    await platform.until_shown(article["url"], "Photo: C. D.")

    _, shown = await platform.page(str(article["url"]))
    assert before not in shown
    assert (await _head(platform, before))[0] in (200, 302), "pages in caches still name the former file"
