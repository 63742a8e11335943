"""The queues of comments as pages without JavaScript: who sees them, what they show, decisions by forms, undo, conflicts."""

import html
import re
from uuid import uuid4

import pytest

from services.ingestion.people.roles import Role
from shared.ids import new_id
from tests.support.comment_desk import CommentDesk
from tests.support.desk import DeskAnswer, DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUEUE = "/desk/comments"


def a_word() -> str:
    """A word that no other comment has."""
    return f"w{uuid4().hex[:10]}"


def shown(answer: DeskAnswer) -> list[str]:
    """The ids of the comments in a queue."""
    return re.findall(r'<li class="comment [^>]*data-id="([^"]+)"', answer.text)


def fields_of(answer: DeskAnswer, comment_id: object) -> dict[str, str]:
    """The hidden fields of a comment's own form."""
    row = answer.text.partition(f'id="c-{comment_id}"')[2].partition("</form>")[0]
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', row)
    }


async def test_moderator_lands_in_the_queue_and_sees_no_rooms_of_articles(moderator: DeskClient) -> None:
    first = await moderator.get("/desk", wanted=303)
    queue = await moderator.get(first.location)

    assert first.location == QUEUE
    assert '<a href="/desk/comments" aria-current="page">Comments</a>' in queue.text
    assert 'href="/desk/calendar"' not in queue.text


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("admin", 200), ("reporter", 403)])
async def test_roles_that_moderate_see_the_queue(comment_desk: CommentDesk, role: Role, status: int) -> None:
    person = await comment_desk.desk.as_role(role)

    await person.get(QUEUE, wanted=status)
    await person.post(f"{QUEUE}/decide", {"action": "approve", "pick-x": "1"}, wanted=200 if status == 200 else 403,
                      Accept="application/json")  # fmt: skip
    account = await person.get("/desk/account")

    assert ('href="/desk/comments"' in account.text) is (status == 200)


async def test_row_tells_the_story_the_author_the_parent_and_the_reasons_with_the_match(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    await comment_desk.change_settings(suspect_words=[word])
    first, second = await comment_desk.waiting(f"Cheap {word.upper()} here.", f"Other {word}s.")
    await comment_desk.change_settings(suspect_words=[])

    row = (await moderator.get(f"{QUEUE}?q={word}")).text.partition(f'id="c-{first["id"]}"')[2].partition("</li>")[0]

    assert f"<mark>{word.upper()}</mark>" in row
    assert "Suspect word" in row
    assert "The lake came back</a>" in row
    assert "First comment" in row
    assert str(second["id"]) not in row


async def test_page_of_a_comment_has_the_notes_of_reports_as_text(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    comments = comment_desk.comments
    await comments.set_mode("post")
    comment = await comments.post((await comments.publish_article()).id)
    path, report = f"/v1/comments/{comment['id']}/report", {"reason": "spam", "note": '<b>An "ad"</b> & worse'}
    assert (await comments.client.post(path, json=report)).status == 202

    page = await moderator.get(f"{QUEUE}/{comment['id']}")

    assert "Notes of readers who reported it" in page.text
    assert "&lt;b&gt;An &#34;ad&#34;&lt;/b&gt; &amp; worse</li>" in page.text


async def test_approved_comment_leaves_the_queue_is_published_and_can_be_taken_back(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    (comment,) = await comment_desk.waiting(f"The quay was {word}.")
    waiting = await moderator.get(f"{QUEUE}?q={word}")
    fields = fields_of(waiting, comment["id"])

    done = await moderator.post(f"{QUEUE}/decide", {**fields, "action": "approve"})
    after = await moderator.get(done.location)
    twice = await moderator.post(f"{QUEUE}/decide", {**fields, "action": "approve"})
    assert (shown(waiting), shown(after)) == ([comment["id"]], [])
    assert "1 comment approved." in after.text
    assert twice.location == done.location
    assert (await comment_desk.comments.discussion(str(comment["article_id"])))["total"] == 1

    back = await moderator.post(f"{QUEUE}/undo", {"decision": after.hidden("decision"), "q": word})
    assert shown(await moderator.get(back.location)) == [comment["id"]]
    assert (await comment_desk.comments.discussion(str(comment["article_id"])))["total"] == 0


async def test_selected_comments_are_decided_at_once_with_a_reason_in_the_audit(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    one, other, third = await comment_desk.waiting(*(f"{word} {number}" for number in range(3)))
    picks = {f"pick-{comment['id']}": "1" for comment in (one, third)}

    await moderator.post(f"{QUEUE}/decide", {**picks, "action": "spam", "reason": f"Same {word}.", "q": word})

    assert shown(await moderator.get(f"{QUEUE}?q={word}")) == [other["id"]]
    assert set(shown(await moderator.get(f"{QUEUE}?queue=spam&q={word}"))) == {one["id"], third["id"]}
    audit = (await moderator.get(f"{QUEUE}/decisions")).text
    entry = next(row for row in audit.split("<tr>") if f"Same {word}." in row)
    assert "Marked as spam" in entry
    assert "Layla Haddad" in entry
    undo = re.search(r'action="(/desk/comments/decisions/[^"]+/undo)"', entry)
    assert undo is not None
    await moderator.post(undo[1])
    assert len(shown(await moderator.get(f"{QUEUE}?q={word}"))) == 3


async def test_nothing_selected_is_said_and_nothing_decided(moderator: DeskClient) -> None:
    answer = await moderator.post(f"{QUEUE}/decide", {"action": "remove"}, wanted=422)

    assert "Nothing was decided" in answer.text


async def test_comment_that_a_colleague_decided_is_shown_and_not_decided_again(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word, colleague = a_word(), await comment_desk.desk.as_role("moderator", name="Omar Said")
    first, second = await comment_desk.waiting(f"{word} 1", f"{word} 2")
    seen = await moderator.get(f"{QUEUE}?q={word}")
    theirs = await colleague.get(f"{QUEUE}?q={word}")
    await colleague.post(f"{QUEUE}/decide", {**fields_of(theirs, first["id"]), "action": "approve"})

    both = {f"pick-{comment['id']}": "1" for comment in (first, second)}
    late = await moderator.post(
        f"{QUEUE}/decide", {**fields_of(seen, second["id"]), **both, "action": "remove"}, wanted=409
    )

    assert "1 comment was not changed" in late.text
    assert "Approved · <bdi>Omar Said</bdi>" in late.text
    assert "1 comment removed." in late.text
    assert await comment_desk.states([str(first["id"]), str(second["id"])]) == ["published", "removed"]


async def test_next_page_goes_on_where_the_first_ended(comment_desk: CommentDesk, moderator: DeskClient) -> None:
    word = a_word()
    made = await comment_desk.waiting(*(f"{word} {number}" for number in range(27)))

    first = await moderator.get(f"{QUEUE}?q={word}")
    more = re.search(r'<a rel="next" href="([^"]+)"', first.text)
    assert more is not None
    second = await moderator.get(html.unescape(more[1]))

    assert shown(first) + shown(second) == [comment["id"] for comment in made]


async def test_comments_page_shows_the_authors_history_and_a_ban_of_the_author_refuses_the_next_comment(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    email = f"{word}@reader.example"
    one, other = await comment_desk.waiting(f"{word} one", f"{word} other", email=email)
    page = f"{QUEUE}/{one['id']}"

    shown_before = await moderator.get(page)
    banned = {"comment_id": str(one["id"]), "what": "email", "kind": "ban", "days": "7", "reason": "Again."}
    await moderator.post(f"{QUEUE}/bans", {**banned, "key": shown_before.hidden("key")})
    shown_after = await moderator.get(page)
    refused = await comment_desk.post_until(403, email=email)

    assert f"{word} other" in shown_before.text
    assert email not in shown_before.text + shown_after.text
    assert "Ban: E-mail address · Until" in shown_after.text
    assert "cannot comment" in refused
    lift = re.search(r'action="(/desk/comments/bans/[^"]+/lift)"', shown_after.text)
    assert lift is not None
    await moderator.post(lift[1], {"back": str(one["id"])})
    assert "Ban: E-mail address · Until" not in (await moderator.get(page)).text
    await comment_desk.post_until(201, email=email)
    assert other["id"]


async def test_typed_ban_is_listed_and_a_wrong_one_is_an_error_beside_its_field(moderator: DeskClient) -> None:
    email = f"{a_word()}@evil.example"
    await moderator.post(f"{QUEUE}/bans", {"whom": email, "kind": "mute", "days": "", "reason": "Threats."})
    listed = await moderator.get(f"{QUEUE}/bans")
    wrong = await moderator.post(f"{QUEUE}/bans", {"whom": "somewhere", "kind": "ban", "days": "7"}, wanted=422)

    row = next(row for row in listed.text.split("<tr>") if email in row)
    assert "Mute" in row
    assert "No end" in row
    assert re.search(r'id="whom"[^>]*value="somewhere"[^>]*aria-invalid="true"', wrong.text)


async def test_queue_in_arabic_has_arabic_digits_and_no_missing_text(comment_desk: CommentDesk) -> None:
    person = await comment_desk.desk.as_role("moderator", language="ar")
    word = a_word()
    await comment_desk.waiting(word)

    answer = await person.get(f"{QUEUE}?q={word}")

    assert '<html lang="ar" dir="rtl">' in answer.text
    assert ">قبول</button>" in answer.text


async def test_unknown_comment_is_said(moderator: DeskClient) -> None:
    answer = await moderator.get(f"{QUEUE}/{new_id()}", wanted=404)

    assert "There is no such comment." in answer.text


async def test_list_of_decisions_has_changes_of_bans_and_settings_too(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    (comment,) = await comment_desk.waiting(word)
    fields = {
        "comment_id": str(comment["id"]),
        "what": "visitor",
        "kind": "mute",
        "days": "1",
        "reason": f"Why {word}.",
    }
    await moderator.post(f"{QUEUE}/bans", fields)
    await comment_desk.change_settings(suspect_words=[word])
    await comment_desk.change_settings(suspect_words=[])

    rows = (await moderator.get(f"{QUEUE}/decisions")).text.split("<tr>")

    ban = next(row for row in rows if f"Why {word}." in row)
    assert "Browser" in ban
    assert f'href="/desk/comments/{comment["id"]}"' in ban
    assert any("Settings changed" in row and f"+{word}" in row for row in rows)


async def test_published_comment_can_still_be_rejected_and_a_rejected_one_approved(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    word = a_word()
    (comment,) = await comment_desk.waiting(word)
    for queue, action, after in (("pending", "approve", "published"), ("approved", "reject", "rejected"),
                                 ("rejected", "spam", "rejected"), ("spam", "approve", "published"),
                                 ("approved", "remove", "removed")):  # fmt: skip
        seen = await moderator.get(f"{QUEUE}?queue={queue}&q={word}")
        await moderator.post(f"{QUEUE}/decide", {**fields_of(seen, comment["id"]), "action": action})
        assert await comment_desk.states([str(comment["id"])]) == [after], (queue, action)
