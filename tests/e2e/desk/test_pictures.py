"""Pictures in the desk with its scripts: by keyboard alone, by paste and drop, what a refusal says, and axe on every state."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, Route, expect

from tests.e2e.desk.test_editor_accessibility import violations
from tests.support.browsing import open_page
from tests.support.desk_editor import make_article, saved, stored
from tests.support.desk_front import Front, open_front
from tests.support.nu_checker import nu_findings
from tests.support.picture_desk import PictureDesk, draw_picture, running_picture_desk


@dataclass(frozen=True)
class PictureFront:
    """The desk and media at one address; a picture that has all texts, and one that has none."""

    front: Front
    running: PictureDesk
    harbour_id: str
    portrait_id: str


pytestmark = pytest.mark.asyncio(loop_scope="session")

# Gives a text field a paste or a drop with a picture file, as the clipboard of an image editor does.
_GIVE = """
([type, files, selector]) => {
  const data = new DataTransfer();
  for (const [name, kind, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: kind }));
  }
  const made = type === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector(selector).dispatchEvent(made);
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pictured(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PictureFront]:
    """An editor at a desk with some pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    async with (
        running_picture_desk(
            kafka_url, mongo_url, folder, is_embedded=embedded_kafka, media_most_bytes=2_000_000
        ) as running,
        open_front(running.desk, running.media_url) as front,
    ):
        harbour = await running.add(
            draw_picture("#88aacc"), "harbour.jpg", alt='A "harbour" [at dusk]', caption="It waits.", credit="Ines"
        )
        portrait = await running.add(draw_picture("#336644", (900, 1400)), "IMG_2042.jpg")
        yield PictureFront(front, running, str(harbour["id"]), str(portrait["id"]))


@asynccontextmanager
async def page_of(browser: Browser, front: Front, **context: Any) -> AsyncIterator[Page]:
    """A page of the person; fails on errors of its scripts."""
    problems: list[str] = []
    given = {"viewport": {"width": 1280, "height": 900}, "base_url": front.url, **context}
    async with open_page(browser, problems, **given) as page:
        await front.desk.enter(page.context)
        yield page
    assert [problem for problem in problems if "Failed to load resource" not in problem] == []


async def give(page: Page, how: str, selector: str, *files: tuple[str, str, bytes]) -> None:
    """Paste or drop files."""
    sent = [[name, kind, base64.b64encode(file).decode()] for name, kind, file in files]
    await page.evaluate(_GIVE, [how, sent, selector])


async def press(page: Page, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        await page.keyboard.press(key)


async def test_article_gets_its_pictures_by_keyboard_alone(browser: Browser, pictured: PictureFront) -> None:
    article = await make_article(pictured.front, body_markdown="One.")
    async with page_of(browser, pictured.front) as page:
        await page.goto(f"/desk/articles/{article['id']}")
        await saved(page)
        dialog = page.get_by_role("dialog", name="Choose a picture")
        body = page.get_by_label("Body")

        await page.locator("#lead-choose").focus()
        await press(page, "Enter")
        await expect(dialog.get_by_role("searchbox")).to_be_focused()
        await expect(dialog.get_by_role("radio")).to_have_count(2)
        await page.keyboard.type("harb")
        await expect(dialog.get_by_role("radio")).to_have_count(1)
        await press(page, "Tab", "Tab", "Space", "Enter")
        await expect(page.locator("#lead-choose")).to_be_focused()
        await expect(page.locator("#lead-name")).to_have_text('A "harbour" [at dusk]')
        await expect(page.locator("[name=picture_credit]")).to_have_attribute("placeholder", "Ines")

        await body.focus()
        await press(page, "Control+End", "Shift+Tab", "End", "Enter")
        await expect(dialog.get_by_role("radio")).to_have_count(2)
        await press(page, "Tab", "Tab", "ArrowUp", "Tab")
        await expect(dialog.get_by_label("What it shows here")).to_have_value('A "harbour" [at dusk]')
        await press(page, "Tab")
        await page.keyboard.type('It "waits"')
        await press(page, "Enter")
        picture_id = pictured.harbour_id
        text = f'One.\n\n![A "harbour" \\[at dusk\\]](media:{picture_id} "It \\"waits\\"")'
        await expect(body).to_be_focused()
        await expect(body).to_have_value(text)
        await press(page, "Control+z")
        await expect(body).to_have_value("One.")
        await press(page, "Control+Shift+z", "Shift+Tab", "Enter")
        await dialog.get_by_role("radio").first.check()
        await dialog.get_by_label("What it shows here").fill("A pier")
        await dialog.get_by_role("button", name="Insert").click()
        text += f"\n![A pier](media:{pictured.portrait_id})"
        await expect(body).to_have_value(text)
        await saved(page)

        found = await stored(pictured.front, article)
        lead = found["lead_image"]
        assert isinstance(lead, dict)
        assert (found["body_markdown"], lead["media_id"]) == (text, picture_id)
        await page.reload()
        await expect(page.locator("[name=picture_alt]")).to_have_value("")
        await expect(page.locator("[name=picture_alt]")).to_have_attribute("placeholder", 'A "harbour" [at dusk]')


async def test_pasted_and_dropped_files_come_into_the_text_while_a_person_types_on(
    browser: Browser, pictured: PictureFront
) -> None:
    article = await make_article(pictured.front, body_markdown="First.\n\nLast.")
    async with page_of(browser, pictured.front) as page:
        await page.goto(f"/desk/articles/{article['id']}")
        await saved(page)
        body, rows = page.get_by_label("Body"), page.locator("#body-uploads > li")
        go = asyncio.Event()

        async def hold(route: Route) -> None:
            await go.wait()
            await route.continue_()

        await page.route("**/v1/media", hold)
        await body.evaluate("field => { field.focus(); field.setSelectionRange(6, 6); }")
        await give(page, "paste", "#body_markdown", ("pasted.png", "image/png", draw_picture("#aa0000", format="PNG")))
        await expect(rows).to_contain_text("Uploading")
        await press(page, "Control+Home")
        await page.keyboard.type("The ")
        await press(page, "Control+End")
        await page.keyboard.type(" More.")
        await page.locator("button[value=publish]").click()
        await expect(page.locator("[data-notice=act]")).to_contain_text("still uploading")
        await body.focus()
        go.set()
        await expect(page.locator("dialog[open] h1")).to_have_text("Publish")
        await press(page, "Escape")
        link = rows.get_by_role("link", name="Say what it shows")
        await expect(link).to_be_visible()
        pasted = str(await link.get_attribute("href")).rpartition("/")[2]
        await expect(body).to_have_value(f"The First.\n\n![](media:{pasted})\n\nLast. More.")

        await give(page, "drop", "#body_markdown", ("notes.txt", "text/plain", b"no picture"))
        refused = rows.filter(has_text="notes.txt")
        await expect(refused).to_contain_text("JPEG, PNG, WebP, AVIF")
        await refused.get_by_role("button", name="Remove").click()
        await expect(rows).to_have_count(1)

        files = [(f"{name}.jpg", "image/jpeg", draw_picture(f"#{name}")) for name in ("010203", "040506")]
        await body.evaluate(
            "field => { field.value = ''; field.dispatchEvent(new InputEvent('input', {bubbles: true})); }"
        )
        await give(page, "drop", "#body_markdown", *files)
        await expect(body).to_have_value(re.compile(r"^!\[\]\(media:\w+\)\n!\[\]\(media:\w+\)$"))
        await expect(page.locator("#body-pictures a")).to_have_text(["010203.jpg", "040506.jpg"])
        await body.focus()
        await press(page, "Control+z")
        await expect(body).to_have_value("")


async def test_library_takes_several_files_and_says_why_it_refuses_one(
    browser: Browser, pictured: PictureFront
) -> None:
    good, other = (draw_picture(color) for color in ("#00aa00", "#0000aa"))
    async with page_of(browser, pictured.front) as page:
        await page.goto("/desk/media")
        rows = page.locator("#uploads > li")
        await page.route("**/v1/media", lambda route: route.fulfill(status=503, json={"detail": "Later."}))
        await give(page, "drop", "main", ("a.jpg", "image/jpeg", good), ("b.jpg", "image/jpeg", bytes(3_000_000)))
        await expect(rows.nth(0)).to_contain_text("Pictures cannot be taken at the moment")
        await expect(rows.nth(1)).to_contain_text("The file is too large: at most 1.9 MB")
        await page.unroute("**/v1/media")
        await rows.nth(0).get_by_role("button", name="Retry").press("Enter")
        await expect(rows.nth(0).get_by_role("link", name="Say what it shows")).to_be_focused()
        await expect(rows.nth(0).locator("img")).to_be_visible()

        await page.context.set_offline(True)
        await give(page, "paste", "main", ("c.jpg", "image/jpeg", other))
        await expect(rows.nth(2)).to_contain_text("No connection. The picture was not uploaded.")
        await page.context.set_offline(False)
        await rows.nth(2).get_by_role("button", name="Retry").click()
        await expect(rows.nth(2)).to_contain_text("Added")


async def test_focal_point_moves_by_keys_and_click_and_the_crops_follow(
    browser: Browser, pictured: PictureFront
) -> None:
    made = await pictured.running.add(draw_picture("#884488", (2000, 1000)), "wide.jpg", alt="Wide")
    async with page_of(browser, pictured.front) as page:
        await page.goto(f"/desk/media/{made['id']}")
        marker, square = page.locator("#focal-marker"), page.locator(".shape-1x1 img")
        await expect(marker).to_have_accessible_name("Focal point: 50 % from the left, 50 % from the top")
        await marker.focus()
        await press(page, "Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp")
        await expect(marker).to_have_accessible_name("Focal point: 30 % from the left, 49 % from the top")
        # 30 % of 2000 less half of 1000, of the 1000 that are left: 10 %.
        assert await square.evaluate("image => image.style.objectPosition") == "10% 50%"
        box = await page.locator("#focal-picture img").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5)
        await page.get_by_role("button", name="Save").press("Enter")
        await expect(page.get_by_text("Saved.")).to_be_visible()

    assert (await pictured.running.picture(made["id"]))["focal_point"] == {"x": 0.8, "y": 0.5}


async def test_axe_finds_nothing_in_library_picture_and_picker(browser: Browser, pictured: PictureFront) -> None:
    found: list[str] = []
    for language, width in (("en", 360), ("ar", 1280)):
        person = replace(pictured.front, desk=await pictured.front.desk.as_role("editor", language=language))
        viewport = {"width": width, "height": 740}
        async with page_of(browser, person, viewport=viewport, bypass_csp=True, reduced_motion="reduce") as page:
            await page.goto("/desk/media")
            file: FilePayload = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
            await page.locator("#file").set_input_files(file)
            await expect(page.locator(".refused")).to_be_visible()
            found += await violations(page, f"library, {language}")
            await page.locator("#pictures a").last.click()
            await expect(page.locator("#focal-marker")).to_be_visible()
            found += await violations(page, f"picture, {language}")
            await page.goto("/desk/articles/new?section=world")
            await page.locator("#toolbar [data-mark=picture]").click()
            await page.locator("dialog[open] input[type=radio]").last.check()
            await expect(page.locator("#pick-alt")).to_be_visible()
            found += await violations(page, f"picker, {language}")

    assert found == []


@pytest.mark.long
async def test_nu_html_checker_finds_nothing_in_pages_of_pictures(pictured: PictureFront, tmp_path: Path) -> None:
    lead = {"lead_image": {"media_id": pictured.harbour_id}}
    article = await make_article(pictured.front, **lead)
    paths = [
        "/desk/media",
        "/desk/media?q=nothing+of+this+name",
        f"/desk/media/{pictured.portrait_id}",
        f"/desk/media/{pictured.harbour_id}/delete",
        f"/desk/articles/{article['id']}",
        f"/desk/articles/{article['id']}/picture",
    ]
    for number, path in enumerate(paths):
        (tmp_path / f"{number}.html").write_text((await pictured.front.desk.get(path)).text)

    assert await asyncio.to_thread(nu_findings, sorted(tmp_path.glob("*.html"))) == ""
