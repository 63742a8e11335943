"""The copy of `articles.v1`: which articles take comments."""

import asyncio

import pytest

from shared.events import ArticleState, ArticleWithdrawn, tombstone
from shared.ids import new_id
from tests.support.comments import CommentsService, an_article, written
from tests.support.polling import PATIENCE_S, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_unknown_article_is_404_withdrawn_410_closed_403(comments: CommentsService) -> None:
    withdrawn, closed = new_id(), await comments.publish_article(comments_open=False)
    await comments.send_events(
        an_article(id=withdrawn), an_article(ArticleWithdrawn, id=withdrawn, version=2, status="withdrawn")
    )
    await comments.post((await comments.publish_article()).id)

    async def answered(article_id: str) -> tuple[int, str]:
        response = await comments.client.post(f"/v1/articles/{article_id}/comments", json=written())
        return response.status, response.content_type

    async def is_gone() -> bool:
        return (await answered(withdrawn))[0] == 410

    await eventually(is_gone, what="the service knows that the article is withdrawn")
    assert await answered(new_id()) == (404, "application/problem+json")
    assert await answered("no~such~form") == (404, "application/problem+json")
    assert await answered(closed.id) == (403, "application/problem+json")
    assert (await comments.client.get(f"/v1/articles/{new_id()}/comments")).status == 404
    assert (await comments.client.get(f"/v1/articles/{withdrawn}/comments")).status == 410


async def test_comment_waits_for_the_event_of_its_article(
    comments: CommentsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.arrival.ARRIVES_WITHIN_S", PATIENCE_S)
    article = an_article()

    posting = asyncio.create_task(comments.post(article.id))
    await asyncio.sleep(0.4)
    await comments.send_events(article)

    assert (await posting)["article_id"] == article.id


async def test_older_event_does_not_restore_a_withdrawn_article(comments: CommentsService) -> None:
    article_id, marker = new_id(), await comments.publish_article()
    withdrawn = an_article(ArticleWithdrawn, id=article_id, version=3, status="withdrawn")

    await comments.send_events(withdrawn, an_article(id=article_id, version=2), an_article(id=article_id, version=3))
    await comments.send_events(an_article(id=marker.id, version=2, headline="Later"))
    await eventually(lambda: comments.store.articles.find(article_id), what="the article is known")
    await comments.post((await comments.publish_article()).id)

    kept = await comments.store.articles.find(article_id)
    assert kept is not None
    assert (kept.status, kept.version) == ("withdrawn", 3)


async def test_tombstone_deletes_the_article_copy(comments: CommentsService) -> None:
    article = await comments.publish_article()
    await comments.post(article.id)

    await comments.producer.send(tombstone(ArticleState.topic, article.id))

    async def deleted() -> bool:
        return await comments.store.articles.find(article.id) is None

    await eventually(deleted, what="the article is deleted")
    assert (await comments.client.get(f"/v1/articles/{article.id}/comments")).status == 404
