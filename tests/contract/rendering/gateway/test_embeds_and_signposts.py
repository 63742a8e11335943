"""oEmbed cards, robots.txt, web manifest, search description, and linked data in pages."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from lxml import etree, html

from shared.pictures import variants
from shared.times import now
from tests.support.browsing import open_browser
from tests.support.gateway import SITE_URL, Gateway, ProjectorHarness, recent_article, withdrawn
from tests.support.look_samples import facts


async def test_signposts_name_existing_resources(gateway: Gateway) -> None:
    robots = await gateway.get("/robots.txt")
    manifest = json.loads((await gateway.get("/site.webmanifest")).text)
    opensearch = etree.fromstring((await gateway.get("/opensearch.xml")).text.encode())

    assert robots.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {SITE_URL}/sitemap.xml" in robots.text
    assert "max-age" in robots.headers["Cache-Control"]
    for icon in manifest["icons"]:
        assert (await gateway.get(icon["src"], method="HEAD")).headers["Content-Type"] == "image/png"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    assert opensearch.find("{*}Url").get("template") == f"{SITE_URL}/search?q={{searchTerms}}"


async def test_article_can_be_embedded_until_its_withdrawal(projector: ProjectorHarness, gateway: Gateway) -> None:
    media = facts(1).model_dump()
    picture = {"url": facts(1).original_path, "alt": "A lake", "media": media}
    article = recent_article(headline='A "quoted" <b>headline</b>', standfirst="In <i>short</i>.", lead_image=picture)
    target = f"/v1/oembed?format=json&maxwidth=480&url={SITE_URL}{article.url}"
    unknown = await gateway.get(target)
    await projector.apply(article)

    page = await gateway.until(target, lambda page: page.status == 200)

    card = json.loads(page.text)
    assert unknown.status == 404
    assert page.headers["Content-Type"] == "application/json"
    assert (card["version"], card["type"], card["width"]) == ("1.0", "rich", 480)
    assert card["title"] == article.headline
    assert card["thumbnail_url"] == SITE_URL + variants(facts(1), "16x9", "jpg")[0].path
    shown = html.fromstring(card["html"])
    assert {element.tag for element in shown.iter()} == {"blockquote", "a", "img", "p", "strong", "small"}
    assert shown.findtext(".//strong") == article.headline
    assert all(address.startswith(SITE_URL) for _, _, address, _ in shown.iterlinks())
    assert (await gateway.get(target, If_None_Match=page.headers["ETag"])).status == 304
    discovery = re.search(r'type="application/json\+oembed"[^>]* href="([^"]+)"', (await gateway.get(article.url)).text)
    assert discovery is not None
    assert (await gateway.get(unescape(discovery[1]).removeprefix(SITE_URL))).status == 200

    await projector.apply(withdrawn(article, updated_at=now()))

    gone = await gateway.until(target, lambda page: page.status == 404)
    assert gone.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?url=", 422),
        ("?url=https://other.example/world/a", 404),
        (f"?url={SITE_URL}/world", 404),
        (f"?url={SITE_URL}/world/nothing", 404),
        (f"?url={SITE_URL}/world/nothing&format=xml", 501),
        (f"?url={SITE_URL}/world/nothing&maxwidth=0", 422),
        (f"?url={SITE_URL}/world/nothing&maxwidth=x", 422),
        ("?url=http://[&maxwidth=1", 404),
        ("?" + "&".join(f"a{number}=1" for number in range(40)), 400),
    ],
)
async def test_invalid_embed_query_gets_problem_details(gateway: Gateway, query: str, status: int) -> None:
    page = await gateway.get(f"/v1/oembed{query}")

    assert (page.status, page.headers["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(page.text)["status"] == status


WATCH = (
    "window.refused = []; addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))"
)


LINKED = (
    "[...document.querySelectorAll('script[type=\"application/ld+json\"]')].map(node => JSON.parse(node.textContent))"
)


async def test_browser_accepts_manifest_and_linked_data(
    projector: ProjectorHarness, gateway: Gateway, chromium: Path
) -> None:
    article = recent_article(headline="A </script><script>document.title = 'broken'</script> headline & more")
    await projector.apply(article)
    await gateway.until_shown(article.url, "headline")
    async with open_browser(chromium) as browser:
        page = await browser.new_page()
        await page.add_init_script(WATCH)

        await page.goto(str(gateway.client.make_url(article.url)), wait_until="networkidle")
        session = await page.context.new_cdp_session(page)
        manifest = await session.send("Page.getAppManifest")

        assert await page.evaluate("refused") == []
        assert manifest["errors"] == []
        assert json.loads(manifest["data"])["name"] == "World Monitor"
        found = {thing["@type"]: thing for thing in await page.evaluate(LINKED)}
        assert found["NewsArticle"]["headline"] == await page.inner_text("h1") == article.headline
        assert await page.title() != "broken"
