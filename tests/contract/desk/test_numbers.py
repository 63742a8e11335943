"""The pages of numbers before a real popularity: views, sources, spans, CSV, the wall; and before one that does not answer."""

import re
import socket
from datetime import datetime
from html import unescape

import pytest

from tests.support.desk import RIYADH, DeskClient, open_desk
from tests.support.number_desk import NumberDesk

pytestmark = pytest.mark.asyncio(loop_scope="session")


def row(page: str, section: str, name: str) -> str:
    """The text of a table's row in a section of a page."""
    found = re.search(rf'id="{section}".*?(<tr><th scope="row">(?:(?!</tr>).)*{name}.*?</tr>)', page, re.DOTALL)
    assert found is not None, f"{name} is not in {section}"
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", found[1]))).strip()


async def test_site_and_section_show_views_with_their_sources_and_a_definition(numbers: NumberDesk) -> None:
    moderator = await numbers.desk.as_role("moderator")
    article = await numbers.read("Boats & nets", "https://duckduckgo.com/", "https://a.example/x", "", section="sports")

    page = await moderator.get("/desk/numbers/sections/sports?span=7d")
    site = await moderator.get("/desk/numbers?span=7d")

    assert row(page.text, "articles", "Boats") == "Boats & nets 3"
    assert row(page.text, "referrers", "Search") == "Search 1"
    assert row(site.text, "referrers", "a.example") == "a.example 1"
    assert f'href="/desk/numbers/articles/{article["id"]}?span=7d&amp;compare=none"' in site.text
    assert page.text.count('<p class="definition">A view is') == 2


async def test_article_shows_its_day_by_hour_and_its_windows(numbers: NumberDesk) -> None:
    editor = await numbers.desk.as_role("editor")
    article = await numbers.read("A ferry at night", "https://duckduckgo.com/", "")

    page = await editor.get(f"/desk/numbers/articles/{article['id']}")

    # Views, views a week before, from a search, without a referrer.
    assert re.fullmatch(r"\d\d:00–\d\d:00( so far)? 2 0 1 1", row(page.text, "day", r"<td>2</td>"))
    assert re.search(r"<dt>24 hours</dt><dd><b>2</b> views", page.text)
    assert "adjust" not in page.text
    assert (
        f'href="/desk/numbers/articles/{article["id"]}"' in (await editor.get(f"/desk/articles/{article['id']}")).text
    )


async def test_article_that_was_never_public_has_no_views(numbers: NumberDesk) -> None:
    editor = await numbers.desk.as_role("editor")
    article = await editor.ingestion.create(headline="A draft")

    page = await editor.get(f"/desk/numbers/articles/{article['id']}")

    assert page.text.count("No views.") == 3
    await editor.get("/desk/numbers/articles/01aaaaaaaaaaaaaaaaaaaaaaaa", wanted=404)


async def test_admin_corrects_views_once_and_everybody_sees_the_reason(numbers: NumberDesk) -> None:
    admin, editor = await numbers.desk.as_role("admin"), await numbers.desk.as_role("editor")
    article = await numbers.read("Bought readers", "", "https://a.example/", "https://b.example/")
    path = f"/desk/numbers/articles/{article['id']}"
    key = (await admin.get(path)).hidden("key")
    fields = {"key": key, "views": "−2", "hour": f"{datetime.now(RIYADH):%Y-%m-%dT%H:%M}", "reason": "Ticket <811>"}

    await editor.post(f"{path}/adjust", fields, wanted=403)
    refused = await admin.post(f"{path}/adjust", {**fields, "views": "many", "hour": ""}, wanted=422)
    for _ in range(2):
        assert (await admin.post(f"{path}/adjust", fields)).location == f"{path}?adjusted=1"
    await numbers.popularity.until_counted(str(article["id"]), 1)

    assert "A whole number with its sign" in refused.text
    assert "Ticket &lt;811&gt;" in refused.text
    page = await editor.get(path)
    assert page.text.count('<q dir="auto">Ticket &lt;811&gt;</q>') == 2
    assert row(page.text, "day", "<td>1</td>").endswith(" −2")


async def test_csv_comes_through_the_desk(numbers: NumberDesk) -> None:
    reporter = await numbers.desk.as_role("reporter")
    await numbers.read("Grain prices", "", section="economy")
    page = await reporter.get("/desk/numbers/sections/economy?span=today")
    link = re.search(r'href="(/desk/numbers\.csv\?[^"]*by=article)"', page.text)
    assert link is not None

    file = await reporter.get(unescape(link[1]))

    assert file.headers["Content-Type"].startswith("text/csv")
    assert re.fullmatch(r'attachment; filename="numbers-article-[0-9-]+\.csv"', file.headers["Content-Disposition"])
    assert ",1," in next(line for line in file.text.splitlines() if "Grain prices" in line)


async def test_wall_takes_its_settings_from_the_address(numbers: NumberDesk) -> None:
    editor = await numbers.desk.as_role("editor", language="ar")

    page = await editor.get("/desk/numbers/wall?show=now&section=africa&refresh=5&rows=nonsense")

    assert 'data-refresh="5"' in page.text
    assert '<html lang="ar" dir="rtl">' in page.text
    assert 'id="wall-now"' in page.text
    assert 'id="wall-today"' not in page.text


async def test_wrong_addresses_of_numbers_are_refused_and_lists_need_a_session(numbers: NumberDesk) -> None:
    editor = await numbers.desk.as_role("editor")

    await editor.get("/desk/numbers/sections/nowhere", wanted=404)
    await editor.get("/desk/numbers?from=2026-11-02&to=2026-11-01", wanted=400)
    await editor.get("/desk/numbers.csv?by=nonsense", wanted=422)
    for path in ("", ".csv", "/wall", "/sections/world"):
        assert (await numbers.desk.get(f"/desk/numbers{path}", wanted=303)).location.startswith("/desk/sign-in")


async def test_pages_say_which_numbers_are_missing_when_popularity_does_not_answer(editor: DeskClient) -> None:
    # The desk of the other tests has no popularity behind it.
    article = await editor.ingestion.create(headline="Nobody counts")

    for path in ("", "/wall", f"/articles/{article['id']}", "/tags/lakes"):
        page = await editor.get(f"/desk/numbers{path}")
        assert "These numbers cannot be read at the moment." in page.text
    await editor.get("/desk/numbers.csv?by=day", wanted=503)


async def test_pages_wait_once_for_all_instances_of_popularity_that_do_not_answer(
    editor: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.desk.numbers.reading._WAIT_S", 0.5)
    # With a wait of its own for each of the forty, a page would exceed the time limit of requests.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with open_desk(editor.ingestion, popularity=",".join([url] * 40)) as desk:
            page = await (await desk.as_role("editor")).get("/desk/numbers")

    assert "These numbers cannot be read at the moment." in page.text
