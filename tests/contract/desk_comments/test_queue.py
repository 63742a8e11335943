"""The queues of comments as pages without JavaScript: who sees them, what they show, and decisions by forms."""

import pytest

from services.ingestion.people.roles import Role
from tests.support.comment_desk import CommentDesk
from tests.support.desk import DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_moderator_lands_in_the_queue_and_sees_no_rooms_of_articles(moderator: DeskClient) -> None:
    first = await moderator.get("/desk", wanted=303)
    queue = await moderator.get(first.location)

    assert first.location == "/desk/comments"
    assert '<a href="/desk/comments" aria-current="page">Comments</a>' in queue.text
    assert 'href="/desk/calendar"' not in queue.text


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("admin", 200), ("reporter", 403)])
async def test_roles_that_moderate_see_the_queue(comment_desk: CommentDesk, role: Role, status: int) -> None:
    person = await comment_desk.desk.as_role(role)

    await person.get("/desk/comments", wanted=status)
    account = await person.get("/desk/account")

    assert ('href="/desk/comments"' in account.text) is (status == 200)


async def test_approved_comment_leaves_the_queue_and_is_published(
    comment_desk: CommentDesk, moderator: DeskClient
) -> None:
    (comment,) = await comment_desk.waiting("The quay was full.")
    waiting = await moderator.get("/desk/comments")
    assert "The quay was full." in waiting.text

    fields = {"action": "approve", "version": str(comment["version"]), "queue": "pending"}
    done = await moderator.post(f"/desk/comments/{comment['id']}", fields)

    assert done.location.startswith("/desk/comments?queue=pending")
    assert "The quay was full." not in (await moderator.get("/desk/comments")).text
    assert (await comment_desk.comments.discussion(str(comment["article_id"])))["total"] == 1
