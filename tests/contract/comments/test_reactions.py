"""Readers' votes and reports over HTTP: once a visitor, counted exactly, refused with a reason."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.comments.access import rate_limiter
from services.comments.model.records import VoteCount
from services.comments.reading.discussions import current_minute
from services.comments.reading.keys import REACTION_NETWORKS, REPORTS, VOTES
from services.comments.reading.vote_counter import VoteCounter
from services.comments.settings import CommentsSettings
from shared.events import ArticleWithdrawn
from shared.http.requests import write_cursor
from tests.support.comments import CommentsService, an_article, running_comments
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def a_reader(number: int) -> dict[str, str]:
    """The headers of one of many visitors, each from a network of its own."""
    return {"X-Forwarded-For": f"198.51.{number}.7", "User-Agent": "Browser"}


async def react(
    comments: CommentsService, comment_id: str, what: str, reader: int = 1, **fields: object
) -> tuple[int, dict[str, Any]]:
    """Send a vote or a report; returns the status and the answer."""
    response = await comments.client.post(f"/v1/comments/{comment_id}/{what}", json=fields, headers=a_reader(reader))
    return response.status, await response.json()


def counter(comments: CommentsService) -> VoteCounter:
    """A counter beside that of the service, for which a minute passes at each look at its clock."""
    assert comments.client.app is not None
    return VoteCounter(comments.store, comments.client.app[VOTES], clock=itertools.count(0, 60).__next__)


@pytest_asyncio.fixture(loop_scope="module")
async def comment(comments: CommentsService) -> AsyncIterator[dict[str, Any]]:
    """A published comment."""
    await comments.set_mode("post")
    yield await comments.post((await comments.publish_article()).id)


async def test_concurrent_votes_of_many_visitors_are_counted_exactly(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    counting = counter(comments)
    values = [(number, value) for number in range(12) for value in (1, -1 if number % 4 == 0 else 1)]

    async def count() -> None:
        for _ in range(4):
            await counting.turn()

    async def cast(number: int) -> None:
        for reader, value in values:
            if reader == number:
                assert (await react(comments, comment["id"], "vote", reader, value=value))[0] == 202

    await asyncio.gather(count(), count(), *(cast(number) for number in range(12)))
    await counting.turn()

    [item] = (await comments.discussion(comment["article_id"]))["items"]
    stored = await comments.store.comments.find(comment["id"])
    assert item["votes"] == {"up": 9, "down": 3}
    assert stored is not None
    records = await comments.topic.until(comment["id"], stored.version)
    assert json.loads(records[-1].value or b"")["votes"] == {"up": 9, "down": 3}


async def test_vote_answers_with_the_counts_and_may_change(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    first = await react(comments, comment["id"], "vote", 1, value=1)
    await counter(comments).turn()
    again = await react(comments, comment["id"], "vote", 1, value=1)
    other = await react(comments, comment["id"], "vote", 2, value=-1)
    back = await react(comments, comment["id"], "vote", 1, value=0)
    await counter(comments).turn()

    assert first == (202, {"id": comment["id"], "value": 1, "votes": {"up": 1, "down": 0}})
    assert again[1]["votes"] == {"up": 1, "down": 0}
    assert other[1]["votes"] == {"up": 1, "down": 1}
    assert back[1]["votes"] == {"up": 0, "down": 0}
    shown = await (await comments.client.get(f"/v1/comments/{comment['id']}")).json()
    assert shown["votes"] == {"up": 0, "down": 1}


async def test_reactions_of_one_visitor_at_the_same_moment_are_one(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    votes = [react(comments, comment["id"], "vote", 1, value=1) for _ in range(8)]
    reports = [react(comments, comment["id"], "report", 1, reason="spam") for _ in range(8)]

    answers = await asyncio.gather(*votes, *reports)
    await counter(comments).turn()

    stored = await comments.store.comments.find(comment["id"])
    assert {status for status, _ in answers} == {202}
    assert stored is not None
    assert (stored.votes, stored.reports) == (VoteCount(1, 0), 1)


async def test_counts_survive_a_counter_that_died_after_its_commit(
    comments: CommentsService, comment: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = counter(comments)
    await comments.discussion(comment["article_id"])
    await react(comments, comment["id"], "vote", 1, value=1)

    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(comments.store.discussions, "note_votes", dies)
        with pytest.raises(asyncio.CancelledError):
            await counting.turn()
    await counting.turn()

    [item] = (await comments.discussion(comment["article_id"]))["items"]
    assert item["votes"] == {"up": 1, "down": 0}


async def test_best_first_keeps_its_order_while_votes_arrive(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    ids = [(await comments.post(article.id))["id"] for _ in range(5)]
    counting = counter(comments)

    async def cast(*votes: tuple[int, int, int]) -> None:
        for which, reader, value in votes:
            assert (await react(comments, ids[which], "vote", reader, value=value))[0] == 202
        await counting.turn()

    async def page(query: str) -> tuple[list[int], str | None]:
        found = await comments.discussion(article.id, f"?sort=best&limit=2{query}")
        return [ids.index(item["id"]) for item in found["items"]], found["next_cursor"]

    await cast((3, 1, 1), (3, 2, 1), (1, 1, 1), (0, 1, -1))
    first, cursor = await page("")
    await cast(*((4, reader, 1) for reader in range(5)), (1, 1, -1))
    second, cursor = await page(f"&cursor={cursor}")
    third, end = await page(f"&cursor={cursor}")
    anew, _ = await page("")

    assert (first, second, third, end) == ([3, 1], [2, 4], [0], None)
    assert anew == [4, 3]


async def test_wrong_order_and_invented_cursors_are_refused(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    path = f"/v1/articles/{comment['article_id']}/comments"
    minute = current_minute()
    old, later, unknown = (
        write_cursor(*parts, "0", "0", comment["id"])
        for parts in (("0", "1000"), ("0", str(minute + 3)), ("1", str(minute)))
    )

    for query, status, pointer in (
        ("sort=worst", 422, "?sort"),
        (f"sort=best&cursor={old}", 400, "?cursor"),
        (f"sort=best&cursor={later}", 400, "?cursor"),
        (f"sort=best&cursor={unknown}", 400, "?cursor"),
        (f"sort=oldest&cursor={old}", 400, "?cursor"),
        (f"sort=best&cursor={write_cursor(comment['id'])}", 400, "?cursor"),
        (f"sort=best&cursor={write_cursor('1', '1000', '-1', '0', comment['id'])}", 400, "?cursor"),
    ):
        response = await comments.client.get(f"{path}?{query}")
        assert response.status == status
        assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


async def test_key_of_a_vote_report_pick_or_discussion_belongs_to_one_body(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    at, of = f"/v1/comments/{comment['id']}", f"/v1/articles/{comment['article_id']}"
    changes: list[tuple[str, str, object, object, dict[str, str]]] = [
        ("POST", f"{at}/vote", {"value": 1}, {"value": -1}, a_reader(1)),
        ("POST", f"{at}/report", {"reason": "spam"}, {"reason": "abuse"}, a_reader(1)),
        ("PUT", f"{at}/pick", {"picked": True}, {"picked": False}, comments.bearer()),
        ("PUT", f"{of}/discussion", {"open": True}, {"open": False}, comments.bearer()),
    ]

    for method, path, body, other_body, headers in changes:
        keyed = headers | {"Idempotency-Key": path}
        first, again = [await comments.client.request(method, path, json=body, headers=keyed) for _ in "12"]
        other = await comments.client.request(method, path, json=other_body, headers=keyed)
        wrong = await comments.client.request(method, path, json=body, headers=headers | {"Idempotency-Key": "x" * 201})

        assert (first.status, again.status, other.status, wrong.status) == (first.status, first.status, 422, 422)
        assert first.status in (200, 202)
        assert await again.read() == await first.read()


async def test_report_counts_once_a_visitor_and_is_for_moderators_alone(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    assert comments.client.app is not None
    reports = comments.client.app[REPORTS]

    first = await react(comments, comment["id"], "report", 1, reason="spam", note="Buy\u200b this?")
    again = await react(comments, comment["id"], "report", 1, reason="abuse")
    await asyncio.gather(*(react(comments, comment["id"], "report", number, reason="spam") for number in range(2, 7)))

    assert first == (202, {"id": comment["id"], "reason": "spam"})
    assert again[0] == 202
    stored = await comments.store.comments.find(comment["id"])
    assert stored is not None
    assert (stored.reports, stored.version) == (6, 1)
    assert await reports.reasons([comment["id"]]) == {comment["id"]: {"abuse": 1, "spam": 5}}
    assert "reports" not in json.dumps(await comments.discussion(comment["article_id"]))


async def test_invented_browsers_of_one_network_count_ten_times(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    path = f"/v1/comments/{comment['id']}"

    async def send(agent: int, what: str, fields: Mapping[str, object]) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.{agent}", "User-Agent": f"Browser {agent}"}
        return (await comments.client.post(f"{path}/{what}", json=fields, headers=headers)).status

    reports = [{"reason": "spam", "note": f"Note {agent}."} for agent in range(25)]
    answers = [await send(agent, "report", reports[agent]) for agent in range(9)]
    answers += await asyncio.gather(*(send(agent, "report", reports[agent]) for agent in range(9, 25)))
    answers += await asyncio.gather(*(send(agent, "vote", {"value": 1}) for agent in range(25)))
    for reader in range(100, 112):
        answers.append((await react(comments, comment["id"], "report", reader, reason="abuse", note=f"{reader}"))[0])
    answers.append(await send(0, "report", {"reason": "abuse", "note": "Again."}))
    await counter(comments).turn()

    stored = await comments.store.comments.find(comment["id"])
    shown = await (await comments.client.get(path, headers=comments.bearer())).json()
    assert set(answers) == {202}
    assert stored is not None
    assert (stored.votes, stored.reports) == (VoteCount(10, 0), 22)
    assert shown["reported"] == {"spam": 9, "abuse": 13}
    assert len(shown["notes"]) == 20
    assert shown["notes"][7:] == [*map(str, range(100, 112)), "Again."]


async def test_stored_reactions_hold_no_address(comments: CommentsService, comment: Mapping[str, Any]) -> None:
    await react(comments, comment["id"], "vote", 77, value=1)
    await react(comments, comment["id"], "report", 77, reason="other", note="See there.")

    assert comments.client.app is not None
    app = comments.client.app
    for store in (app[VOTES], app[REPORTS], app[REACTION_NETWORKS]):
        documents = repr(await store.collection.find({}).to_list(None))
        assert comment["id"] in documents
        assert "198.51" not in documents
        assert "Browser" not in documents


async def test_forms_lead_back_to_the_comment(comments: CommentsService, comment: Mapping[str, Any]) -> None:
    answers = [
        await comments.client.post(
            f"/v1/comments/{comment['id']}/{what}", data=body, headers=FORM, allow_redirects=False
        )
        for what, body in (("vote", "value=-1"), ("report", "reason=off-topic&note="))
    ]

    assert [answer.status for answer in answers] == [303, 303]
    article = await comments.store.articles.find(comment["article_id"])
    assert article is not None
    assert [answer.headers["Location"] for answer in answers] == [
        f"{article.url}?comment={comment['id']}&noted={what}#comment-{comment['id']}" for what in ("vote", "report")
    ]


async def test_refused_form_of_a_browser_is_a_page_with_the_way_back(
    comments: CommentsService, comment: Mapping[str, Any]
) -> None:
    article = await comments.store.articles.find(comment["article_id"])
    assert article is not None
    here = f"http://{comments.client.host}:{comments.client.port}"
    browser = {**FORM, "Accept": "text/html"}

    pages = [
        await comments.client.post(
            f"/v1/comments/{comment_id}/{what}",
            data=body,
            headers={**browser, "Referer": f"{referer}{article.url}?x=1"},
        )
        for what, body, comment_id, referer in (
            ("vote", "value=7", comment["id"], here),
            ("report", "reason=spam", "0" * 26, "https://evil.example"),
        )
    ]
    texts = [await page.text() for page in pages]

    assert [(page.status, page.content_type) for page in pages] == [(422, "text/html"), (404, "text/html")]
    assert f'href="{article.url}?x=1"' in texts[0]
    assert "no longer there" in texts[1]
    assert "evil" not in texts[1]
    assert all("default-src 'none'" in page.headers["Content-Security-Policy"] for page in pages)


@pytest.mark.parametrize(
    ("what", "body", "status", "pointer"),
    [
        ("vote", {"value": 2}, 422, "/value"),
        ("vote", {"value": "1"}, 422, "/value"),
        ("vote", {"value": True}, 422, "/value"),
        ("vote", {}, 422, "/value"),
        ("vote", {"value": 1, "x": 1}, 422, "/x"),
        ("report", {"reason": "dull"}, 422, "/reason"),
        ("report", {"reason": "spam", "note": "x" * 1001}, 422, "/note"),
        ("report", {"reason": "spam", "note": 5}, 422, "/note"),
        ("report", [], 422, ""),
    ],
)
async def test_wrong_field_is_named_and_nothing_is_stored(
    comments: CommentsService, comment: Mapping[str, Any], what: str, body: object, status: int, pointer: str
) -> None:
    response = await comments.client.post(f"/v1/comments/{comment['id']}/{what}", json=body)

    problem = await response.json()
    assert response.status == status, problem
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    stored = await comments.store.comments.find(comment["id"])
    assert stored is not None
    assert stored.reports == 0


async def test_reactions_to_what_readers_cannot_see_are_refused(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    pending = await comments.post(article.id)
    await comments.set_mode("post")
    other = await comments.publish_article()
    hidden = await comments.post(other.id)
    await comments.send_events(an_article(ArticleWithdrawn, id=other.id, version=2, status="withdrawn"))

    for what, fields in (("vote", {"value": 1}), ("report", {"reason": "spam"})):
        for comment_id in (pending["id"], "0" * 26):
            assert (await react(comments, comment_id, what, **fields))[0] == 404
        other_site = {**a_reader(1), "Sec-Fetch-Site": "cross-site"}
        path = f"/v1/comments/{pending['id']}/{what}"
        assert (await comments.client.post(path, json=fields, headers=other_site)).status == 403
        sibling = {**a_reader(1), "Origin": "https://elsewhere.example"}
        assert (await comments.client.post(path, json=fields, headers=sibling)).status == 403
        assert (await comments.client.post(path, data=b"{}", headers={"Content-Type": "text/plain"})).status == 415
    assert (await comments.client.get(f"/v1/comments/{pending['id']}")).status == 404

    async def withdrawn() -> bool:
        return (await react(comments, hidden["id"], "vote", value=1))[0] == 410

    await eventually(withdrawn, what="the article is withdrawn")


async def test_reactions_are_limited_apart_from_comments(
    comments_settings: CommentsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine Redis may take longer than a reader should wait; the process would then count anew.
    monkeypatch.setattr(rate_limiter, "_COUNT_TIMEOUT_S", 30.0)
    changes = {"rate_limits": "on", "comments_reactions_rate": "2/hour", "comments_rate": "9/hour"}
    async with running_comments(comments_settings.model_copy(update=changes), "test_reactions_limit") as comments:
        await comments.set_mode("post")
        comment = await comments.post((await comments.publish_article()).id)

        answers = [await react(comments, comment["id"], "vote", 200, value=1) for _ in range(3)]

        assert [status for status, _ in answers] == [202, 202, 429]
        await comments.post(comment["article_id"], body="Another.")
