"""Settings of discussions, and a person's data, as pages without JavaScript."""

import json
import re
from uuid import uuid4

import pytest

from tests.support.comment_desk import CommentDesk
from tests.support.desk import DeskAnswer, DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = "/desk/comments/settings"
FIELDS = {
    "mode": "pre", "banned_words": "viagra\ncasino*", "suspect_words": "lottery", "most_links": "1", "votes": "1",
    "close_after_days": "14", "edit_window_s": "600", "hold_rejection_rate": "40",
}  # fmt: skip


def text_of(answer: DeskAnswer, name: str) -> str:
    """The content of a text area."""
    found = re.search(rf'<textarea id="{name}"[^>]*>\n([^<]*)</textarea>', answer.text)
    assert found is not None, name
    return found[1]


async def test_saved_settings_are_shown_and_in_force(comment_desk: CommentDesk, moderator: DeskClient) -> None:
    shown = await moderator.get(SETTINGS)

    saved = await moderator.post(SETTINGS, {**FIELDS, "version": shown.hidden("version")})
    again = await moderator.get(saved.location)
    answer = await comment_desk.comments.client.get(
        "/v1/comments/settings", headers=comment_desk.comments.bearer("moderator")
    )
    found = await answer.json()

    assert text_of(again, "banned_words") == "viagra\ncasino*"
    assert (found["banned_words"], found["most_links"], found["hold_rejection_rate"]) == (["viagra", "casino*"], 1, 0.4)
    assert (found["close_after_days"], found["mode"], found["webhook"]) == (14, "pre", None)


async def test_settings_of_a_colleague_are_not_overwritten_unseen(moderator: DeskClient) -> None:
    shown = await moderator.get(SETTINGS)
    await moderator.post(SETTINGS, {**FIELDS, "banned_words": "theirs", "version": shown.hidden("version")})

    late = await moderator.post(
        SETTINGS, {**FIELDS, "banned_words": "mine", "version": shown.hidden("version")}, wanted=412
    )
    assert '<dd dir="auto" class="comment-text">theirs</dd>' in late.text
    assert text_of(late, "banned_words") == "mine"
    assert text_of(await moderator.get(SETTINGS), "banned_words") == "theirs"

    await moderator.post(SETTINGS, {**FIELDS, "banned_words": "mine", "version": late.hidden("version")})
    assert text_of(await moderator.get(SETTINGS), "banned_words") == "mine"


async def test_wrong_setting_is_an_error_beside_its_field_and_saves_nothing(moderator: DeskClient) -> None:
    shown = await moderator.get(SETTINGS)
    wrong = {**FIELDS, "edit_window_s": "soon", "webhook_url": "no address", "version": shown.hidden("version")}

    answer = await moderator.post(SETTINGS, wrong, wanted=422)

    for name in ("edit_window_s", "webhook_url"):
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', answer.text), name
    assert 'value="soon"' in answer.text
    assert (await moderator.get(SETTINGS)).hidden("version") == shown.hidden("version")


async def test_admin_exports_and_erases_everything_of_an_address(comment_desk: CommentDesk) -> None:
    admin, email = await comment_desk.desk.as_role("admin"), f"{uuid4().hex}@reader.example"
    (comment,) = await comment_desk.waiting("To be erased.", email=email)

    file = await admin.post("/desk/comments/people-data/export", {"email": email}, wanted=200)
    asked = await admin.post("/desk/comments/people-data/erase", {"email": email}, wanted=200)
    sure = {"email": email, "sure": "1", "key": asked.hidden("key")}
    erased = await admin.post("/desk/comments/people-data/erase", sure, wanted=200)
    after = await admin.post("/desk/comments/people-data/export", {"email": email}, wanted=200)

    assert file.headers["Content-Disposition"] == 'attachment; filename="people-data.json"'
    assert [one["body"] for one in json.loads(file.text)["comments"]] == ["To be erased."]
    assert "Erase everything of this address?" in asked.text
    assert comment["id"]
    assert "1 comment ·" in erased.text
    assert '<table class="proof"' in erased.text
    assert json.loads(after.text)["comments"] == []


async def test_data_of_people_are_for_admins_alone(moderator: DeskClient) -> None:
    await moderator.get("/desk/comments/people-data", wanted=403)
    await moderator.post("/desk/comments/people-data/erase", {"email": "a@b.example", "sure": "1"}, wanted=403)

    assert "people-data" not in (await moderator.get(SETTINGS)).text


async def test_discussion_of_a_story_is_closed_and_left_to_the_settings_again(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    article = await comment_desk.comments.publish_article()
    path = f"/desk/comments/articles/{article.id}"
    await comment_desk.comments.post(article.id)

    before = await moderator.get(path)
    closed = await moderator.get((await moderator.post(path, {"open": "closed", "key": before.hidden("key")})).location)
    refused = await comment_desk.post_until(403, article=article)
    again = await moderator.get((await moderator.post(path, {"mode": "post"})).location)

    assert "The discussion is open." in before.text
    assert "The discussion is closed." in closed.text
    assert re.search(r'value="closed" checked', closed.text)
    assert "403" in refused
    assert "The discussion is open." in again.text
    assert '<option value="post" selected>' in again.text
