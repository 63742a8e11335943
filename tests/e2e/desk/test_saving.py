"""The editor loses nothing: automatic saves, the browser's own copy, the end of a session."""

from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from tests.support.desk_editor import (
    CutAnswers,
    change_elsewhere,
    copied,
    hold_saves,
    make_article,
    open_article,
    open_context,
    revised,
    saved,
    stored,
    unsaved,
)
from tests.support.desk_front import Front
from tests.support.people import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_text_is_saved_after_the_last_key(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)

        await page.get_by_label("Body").press_sequentially(" More.")
        await unsaved(page)
        await saved(page)

        found = await stored(front, article)
        assert "More." in str(found["body_markdown"])
        assert await page.evaluate("Object.keys(localStorage)") == []


async def test_new_article_gets_its_address_once_it_has_a_section(browser: Browser, front: Front) -> None:
    word = uuid4().hex[:12]
    async with open_context(browser, front) as context:
        page = await context.new_page()
        await page.goto("/desk/articles/new")
        await page.get_by_label("Headline").fill(f"Ferries {word}")
        await copied(page, word)
        await expect(page.locator("#save-detail")).to_contain_text("Choose a section")

        await page.get_by_label("Section").select_option("world")
        await saved(page)

        assert page.url.rpartition("/")[2] != "new"
        found = await front.desk.ask("GET", f"/v1/articles/{page.url.rpartition('/')[2]}")
        assert found["headline"] == f"Ferries {word}"


async def test_text_of_a_killed_tab_is_offered_again_with_its_difference(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await context.set_offline(True)
        await page.get_by_label("Body").press_sequentially(" Not yet anywhere.")
        await copied(page, "Not yet anywhere.")
        await page.close()
        await context.set_offline(False)

        page = await open_article(context, article)
        offer = page.get_by_role("region", name="was not saved")
        await expect(offer.locator("ins")).to_contain_text("Not yet anywhere.")
        await offer.get_by_role("button", name="Restore").click()
        await saved(page)

        assert "Not yet anywhere." in str((await stored(front, article))["body_markdown"])
        await page.wait_for_function("() => Object.keys(localStorage).length === 0")


async def test_kept_copy_undoes_no_colleague_and_outlives_a_closed_merge(browser: Browser, front: Front) -> None:
    article = await make_article(front, body_markdown="One.\n\nSame.\n\nTwo.")
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await context.set_offline(True)
        await page.get_by_label("Body").fill("One.\n\nSame.\n\nTwo, mine.")
        await copied(page, "Two, mine.")
        await page.close()
        await context.set_offline(False)
        await change_elsewhere(front, article, body_markdown="One, theirs.\n\nSame.\n\nTwo.")

        page = await open_article(context, article)
        restore = page.get_by_role("region", name="was not saved").get_by_role("button", name="Restore")
        dialog = page.get_by_role("dialog", name="Two texts")
        await restore.click()
        await expect(dialog.locator(".words ins")).to_contain_text("mine")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await page.get_by_label("Headline").press("End")
        await page.get_by_label("Headline").press_sequentially(" again")
        await expect(page.locator("#editor")).to_have_attribute("data-version", "3")
        await saved(page)
        assert "Two, mine." in await page.evaluate("Object.values(localStorage).join()")

        await restore.click()
        await dialog.get_by_role("button", name="Save the merged text").click()
        await expect(dialog).to_be_hidden()
        await saved(page)

        found = await stored(front, article)
        assert found["body_markdown"] == "One, theirs.\n\nSame.\n\nTwo, mine."
        assert str(found["headline"]).endswith(" again")
        await expect(restore).to_be_hidden()
        await page.wait_for_function("() => Object.keys(localStorage).length === 0")


async def test_texts_of_a_picture_are_kept_until_it_has_an_address(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await page.locator("[name=picture_alt]").fill("A ferry at the pier")
        await expect(page.locator("#save-detail")).to_contain_text("Give the picture’s address")
        await unsaved(page)
        await copied(page, "A ferry at the pier")

        await page.locator("[name=picture_url]").fill("/images/ferry.jpg")
        await saved(page)

        assert "A ferry at the pier" in str((await stored(front, article)).get("lead_image"))


async def test_refused_save_keeps_the_text_as_a_draft_and_its_errors(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        held = await hold_saves(page)
        await page.get_by_label("Body").press_sequentially(" More.")
        await page.get_by_label("Headline").fill("")
        await page.get_by_role("button", name="Save", exact=True).click()
        await held.open()
        await expect(page.locator("#headline-fault")).to_be_visible()
        await expect(page.locator("#headline")).to_be_focused()
        await saved(page)

        found = await stored(front, article)
        assert (found["headline"], " More." in str(found["body_markdown"])) == ("", True)
        await expect(page.locator("#headline-fault")).to_be_visible()


async def test_local_copy_stays_until_the_same_text_is_acknowledged(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        held = await hold_saves(page)
        await page.get_by_label("Body").press_sequentially(" First.")
        await held.arrive()
        await page.get_by_label("Body").press_sequentially(" Second.")
        await copied(page, "Second.")
        await held.go_on()
        await expect(page.locator("#editor")).to_have_attribute("data-version", "2")

        assert "Second." in await page.evaluate("Object.values(localStorage).join()")


async def test_answer_of_a_save_changes_no_character(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        held = await hold_saves(page)
        body, headline = page.get_by_label("Body"), page.get_by_label("Headline")
        await body.press_sequentially(" One.")
        await held.arrive()
        await body.press_sequentially(" Two.")
        await headline.press("End")
        await headline.press_sequentially(" again")
        before = await body.input_value(), await headline.input_value()
        await held.open()
        await saved(page)

        assert (await body.input_value(), await headline.input_value()) == before
        found = await stored(front, article)
        assert (found["body_markdown"], found["headline"]) == before


async def test_twenty_edits_with_slow_answers_give_no_conflict(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    statuses: list[int] = []
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        page.on("response", lambda answer: statuses.append(answer.status) if answer.request.method == "PUT" else None)
        held = await hold_saves(page)
        for number in range(20):
            await page.get_by_label("Body").press_sequentially(f" {number}")
            await page.evaluate("void desk.saving.save()")
            if number % 5 == 4:
                await held.arrive()
                await held.go_on()
        await held.open()
        await saved(page)

        assert (await stored(front, article))["body_markdown"] == await page.get_by_label("Body").input_value()
        assert set(statuses) == {200}
        assert held.most == 1


async def test_a_lost_answer_is_no_conflict(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        cut = CutAnswers()
        await page.route("**/v1/articles/**", cut.handle)
        await page.get_by_label("Body").press_sequentially(" Saved without an answer.")
        await expect(page.locator("#save-detail")).to_contain_text("keeps the text")
        await page.get_by_label("Body").press_sequentially(" And more.")
        await cut.stop()
        await saved(page)

        found = await stored(front, article)
        assert "Saved without an answer. And more." in str(found["body_markdown"])
        assert await page.locator("dialog[open]").count() == 0


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ("Save mine as a new revision", "They rise in *March*. Mine."),
        ("Take theirs", "Theirs. They rise in *March*."),
    ],
)
async def test_lost_race_shows_both_texts_and_loses_neither(
    browser: Browser, front: Front, button: str, expected: str
) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await change_elsewhere(front, article, body_markdown="Theirs. They rise in *March*.")
        await page.get_by_label("Body").press("End")
        await page.get_by_label("Body").press_sequentially(" Mine.")
        dialog = page.get_by_role("dialog", name="Two texts")
        await expect(dialog.locator(".words ins")).to_contain_text("Mine")
        await expect(dialog.locator(".words del")).to_contain_text("Theirs")
        await dialog.get_by_role("button", name=button).click()
        await expect(dialog).to_be_hidden()
        await saved(page)

        assert await page.get_by_label("Body").input_value() == expected
        assert (await stored(front, article))["body_markdown"] == expected
        texts = await revised(front, article)
        assert {"They rise in *March*. Mine.", "Theirs. They rise in *March*."} <= texts


async def test_paragraphs_of_a_colleague_are_a_change(browser: Browser, front: Front) -> None:
    article = await make_article(front, body_markdown="One. Two.")
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await change_elsewhere(front, article, body_markdown="One.\n\nTwo.")
        await page.get_by_label("Headline").press_sequentially("Mine. ")

        await expect(page.get_by_role("dialog", name="Two texts")).to_be_visible()
        assert (await stored(front, article))["body_markdown"] == "One.\n\nTwo."


async def test_lost_race_is_merged_by_paragraph(browser: Browser, front: Front) -> None:
    article = await make_article(front, body_markdown="One.\n\nTwo.\n\nThree.")
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        await change_elsewhere(
            front, article, headline="Theirs", body_markdown="One, theirs.\n\nTwo, theirs.\n\nThree."
        )
        await page.get_by_label("Body").fill("One.\n\nTwo, mine.\n\nThree, mine.")
        dialog = page.get_by_role("dialog", name="Two texts")
        conflict = dialog.get_by_role("group", name="Passage").filter(has=page.get_by_role("radio", name="Both"))
        await conflict.last.get_by_role("radio", name="Both").check()
        await dialog.get_by_role("button", name="Save the merged text").click()
        await expect(dialog).to_be_hidden()
        await saved(page)

        found = await stored(front, article)
        assert found["headline"] == "Theirs"
        assert "Three, mine." in str(found["body_markdown"])
        assert "theirs" in str(found["body_markdown"])


async def test_copy_of_my_text_is_the_text(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await open_article(context, article)
        await change_elsewhere(front, article, body_markdown="Theirs.")
        await page.get_by_label("Body").fill("Mine, to copy.")
        dialog = page.get_by_role("dialog", name="Two texts")
        await dialog.get_by_role("button", name="Copy mine").click()
        await expect(dialog.get_by_role("button", name="Copied")).to_be_visible()

        assert "Mine, to copy." in await page.evaluate("navigator.clipboard.readText()")


async def test_change_of_state_by_a_colleague_is_no_conflict(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        colleague = await front.as_role("editor")
        await colleague.desk.ask("POST", f"/v1/articles/{article['id']}/publish", {}, If_Match='"1"')
        await page.get_by_label("Body").press_sequentially(" More.")
        await unsaved(page)
        await saved(page)

        assert " More." in str((await stored(front, article))["body_markdown"])


async def test_end_of_the_session_keeps_the_text_and_asks_for_the_password(browser: Browser, front: Front) -> None:
    person = await front.as_role("editor")
    article = await make_article(person)
    async with open_context(browser, person) as context:
        page = await open_article(context, article)
        await person.desk.ask("DELETE", "/internal/session", wanted=204)
        await page.get_by_label("Body").press_sequentially(" Still here.")
        dialog = page.get_by_role("dialog", name="Sign in again")
        await dialog.get_by_label("Password").fill("not the password")
        await dialog.get_by_role("button", name="Sign in").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("not right")
        await dialog.get_by_label("Password").fill(PASSWORD)
        await dialog.get_by_role("button", name="Sign in").click()
        await expect(dialog).to_be_hidden()
        await saved(page)

        assert " Still here." in str((await stored(front, article))["body_markdown"])


async def test_person_who_signs_in_later_is_asked_at_the_next_save(browser: Browser, front: Front) -> None:
    person = await front.as_role("editor")
    article = await make_article(person)
    async with open_context(browser, person) as context:
        page = await open_article(context, article)
        await person.desk.ask("DELETE", "/internal/session", wanted=204)
        await page.get_by_label("Body").press_sequentially(" One.")
        dialog = page.get_by_role("dialog", name="Sign in again")
        await dialog.get_by_role("button", name="Later").click()
        await page.get_by_label("Body").press_sequentially(" Two.")
        await copied(page, "Two.")

        assert await page.evaluate("desk.saving.save()") is False
        await expect(dialog).to_be_hidden()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(dialog).to_be_visible()


async def test_act_needs_a_new_click_after_signing_in(browser: Browser, front: Front) -> None:
    person = await front.as_role("editor")
    article = await make_article(person)
    async with open_context(browser, person) as context:
        page = await open_article(context, article)
        await page.get_by_role("button", name="Publish").click()
        ask = page.get_by_role("dialog", name="Publish")
        await expect(ask.get_by_role("button", name="Publish now")).to_be_visible()
        await person.desk.ask("DELETE", "/internal/session", wanted=204)
        await ask.get_by_role("button", name="Publish now").click()
        dialog = page.get_by_role("dialog", name="Sign in again")
        await dialog.get_by_label("Password").fill(PASSWORD)
        await dialog.get_by_role("button", name="Sign in").click()

        await expect(ask.get_by_role("alert")).to_contain_text("once more")
        assert (await stored(front, article))["status"] == "draft"
        await ask.get_by_role("button", name="Publish now").click()
        await expect(ask).to_be_hidden()
        assert (await stored(front, article))["status"] == "published"


async def test_publish_saves_first_and_acts_once(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    sent: list[str] = []
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        await page.get_by_label("Body").press_sequentially(" Now.")
        await page.get_by_role("button", name="Publish").click()
        now = page.get_by_role("button", name="Publish now")
        await now.dblclick()
        await expect(now).to_be_hidden()
        await expect(page.get_by_role("button", name="Publish")).to_be_focused()
        await expect(page.get_by_role("region", name="On its way")).to_be_visible()
        await expect(page.get_by_role("button", name="Correct")).to_be_visible()

        found = await stored(front, article)
        assert (found["status"], found["changed"]) == ("published", False)
        assert " Now." in str(found["body_markdown"])
        assert len([url for url in sent if "/publish" in url]) == 1


async def test_colleague_is_named_and_a_change_shows_at_once(browser: Browser, front: Front) -> None:
    article = await make_article(front)
    colleague = await front.as_role("admin")
    async with open_context(browser, front) as context:
        page = await open_article(context, article)
        path = f"/v1/articles/{article['id']}/presence"
        await colleague.desk.ask("POST", path, {"state": "editing"})
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(page.locator("#present")).to_have_text("the admin is editing this.")

        await change_elsewhere(colleague, article, body_markdown="They fall.")
        notice = page.get_by_role("group", name="the admin changed the text")
        await notice.get_by_role("button", name="See what changed").click()
        await expect(notice.locator("ins")).to_contain_text("fall")
        await notice.get_by_role("button", name="Load it").click()

        await expect(page.get_by_label("Body")).to_have_value("They fall.")
        await saved(page)
        assert (await stored(front, article))["version"] == 2
