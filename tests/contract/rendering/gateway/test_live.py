"""Live events over HTTP: contents, order, reconnects, limits, stalled readers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import aiohttp
import pytest

from services.rendering.gateway.live.broadcaster import MOST_UNREAD_BYTES
from services.rendering.gateway.live.topic_content import FRONT, article_topic
from services.rendering.gateway.wiring import GatewayParts
from services.rendering.readmodel.names import SITE, front_name
from services.rendering.readmodel.store import ReadModel
from shared.events import DiscussionChanged, Votes
from shared.mongo.client import Mongo
from tests.support.gateway import (
    Gateway,
    ProjectorHarness,
    an_article,
    next_version,
    open_gateway,
    removed,
    withdrawn,
)
from tests.support.polling import PATIENCE_S, eventually, promptly
from tests.support.projector import a_comment


@dataclass
class Reader:
    """A live reader: yields the events of one stream."""

    answer: aiohttp.ClientResponse
    last_id: str = ""

    async def next(self, *kinds: str) -> tuple[str, dict[str, object]]:
        """The next event of one of these kinds."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                kind, data = await self._event()
                if kind in kinds:
                    return kind, data

    async def _event(self) -> tuple[str, dict[str, object]]:
        fields: dict[str, str] = {}
        while True:
            line = (await self.answer.content.readline()).decode()
            if not line:
                raise EOFError("the stream has ended")
            name, _, value = line.rstrip("\n").partition(": ")
            if not name:
                break
            fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        return fields.get("event", ""), json.loads(fields.get("data", "{}"))


@asynccontextmanager
async def live_reader(gateway: Gateway, query: str, last_id: str = "") -> AsyncIterator[Reader]:
    """A reader for the length of a block."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with gateway.client.get(f"/v1/live?{query}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/event-stream"
        yield Reader(answer)


async def test_new_comment_is_published_with_its_place_and_html(projector: ProjectorHarness, gateway: Gateway) -> None:
    article, first = an_article(), None
    first = a_comment(article.id)
    await projector.apply(article, first)
    async with live_reader(gateway, f"article={article.id}") as reader:
        _, now = await reader.next("article")

        reply = a_comment(article.id, parent_id=first.id, root_id=first.id, name="Bo", body_html="<p>No.</p>", minute=1)
        await projector.apply(reply)

        _, published = await reader.next("comments")
        _, after = await reader.next("article")
        put = published["put"]
        assert isinstance(put, list)
        assert [(c["id"], c["thread"], c["after"], c["depth"]) for c in put] == [(reply.id, first.id, first.id, 1)]
        assert f'id="comment-{reply.id}"' in put[0]["html"]
        assert "<p>No.</p>" in put[0]["html"]
        assert published["title"] == "2 comments"
        assert after["comments"] == published["version"] != now["comments"]


async def test_removal_of_a_comment_is_published(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    comment = a_comment(article.id)
    await projector.apply(article, comment)
    async with live_reader(gateway, f"article={article.id}") as reader:
        await reader.next("article")

        await projector.apply(removed(comment))

        _, published = await reader.next("comments")
        assert (published["put"], published["gone"]) == ([], [comment.id])


async def test_votes_edits_and_closing_are_published(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    comment = a_comment(article.id)
    await projector.apply(article, comment)
    async with live_reader(gateway, f"article={article.id}") as reader:
        _, before = await reader.next("article")

        voted = comment.model_copy(update={"version": 2, "votes": Votes(up=2, down=1)})
        await projector.apply(voted)
        _, votes = await reader.next("comments")
        await projector.apply(voted.model_copy(update={"version": 3, "body_html": "<p>Edited.</p>"}))
        _, edit = await reader.next("comments")
        name = f"discussion:{article.id}"
        await projector.apply(DiscussionChanged(id=name, version=1, article_id=article.id, open=False))
        while (await reader.next("article"))[1]["open"]:
            pass

        assert before["open"] is True
        assert (votes["put"], votes["votes"]) == ([], [{"id": comment.id, "up": 2, "down": 1}])
        assert ("<p>Edited.</p>" in str(edit["put"]), edit["votes"]) == (True, [])


async def test_correction_and_withdrawal_are_published(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    async with live_reader(gateway, f"article={article.id}") as reader:
        _, before = await reader.next("article")

        correction = {"note": "It was April.", "at": article.updated_at}
        corrected = next_version(article, corrections=(correction,), corrected_at=article.updated_at)
        await projector.apply(corrected)
        _, now = await reader.next("article")
        await projector.apply(withdrawn(corrected))
        _, gone = await reader.next("article")

        assert (before["version"], before["corrections"]) == (1, 0)
        assert (now["version"], now["corrections"]) == (2, 1)
        assert gone["withdrawn"] is True


async def test_front_page_and_popular_news_get_their_changes(projector: ProjectorHarness, gateway: Gateway) -> None:
    old, new = an_article(), an_article(minute=5)
    await projector.apply(old)
    async with live_reader(gateway, "front=1&popular=&language=en") as reader:
        _, front = await reader.next("front")
        assert front["ids"] == [old.id]

        await projector.apply(new)
        await projector.publish_ranking((new.id, "The most read of all", 12))

        _, front = await reader.next("front")
        assert front["ids"] == [new.id, old.id]
        while "The most read of all" not in str((await reader.next("popular"))[1]["html"]):
            pass


async def test_change_while_a_reader_joins_keeps_its_topics_loaded(projector: ProjectorHarness) -> None:
    await projector.apply(an_article(id="lamp"))
    mongo = Mongo(projector.settings.mongo)
    live_topics = GatewayParts(projector.settings, ReadModel(mongo, projector.database)).live_topics
    await live_topics.prepare([FRONT])

    joining = asyncio.create_task(live_topics.prepare([FRONT, article_topic("lamp")]))
    await asyncio.sleep(0)  # the article is being read now
    live_topics.on_change(front_name(SITE))
    await joining

    greeting = b"".join(live_topics.greeting([FRONT, article_topic("lamp")], None, ""))
    mongo.close()
    assert b"event: front" in greeting
    assert b"event: article" in greeting


async def test_reconnecting_reader_gets_the_missed_events(projector: ProjectorHarness, gateway: Gateway) -> None:
    article, comment = an_article(), None
    await projector.apply(article)
    async with live_reader(gateway, f"article={article.id}") as stays:
        async with live_reader(gateway, f"article={article.id}") as leaves:
            await leaves.next("article")
        comment = a_comment(article.id)
        await projector.apply(comment)
        await stays.next("comments")

        async with live_reader(gateway, f"article={article.id}", leaves.last_id) as back:
            kind, published = await back.next("comments", "reset")

    assert kind == "comments"
    assert [put["id"] for put in published["put"]] == [comment.id]  # type: ignore[attr-defined]


@pytest.mark.parametrize("last_id", ["ffffffff-1", "0-99999"])
async def test_reconnect_with_an_unknown_event_id_gets_reset(
    projector: ProjectorHarness, gateway: Gateway, last_id: str
) -> None:
    article = an_article()
    await projector.apply(article)

    async with live_reader(gateway, f"article={article.id}&popular=", last_id) as reader:
        kinds = [(await reader.next("reset", "article", "popular"))[0] for _ in range(3)]

    assert kinds == ["reset", "article", "popular"]


@pytest.mark.parametrize(
    "query", ["", "article=a%20b", "popular=nowhere", "popular=&language=xx", "front=2", "article=1&what=ever"]
)
async def test_invalid_live_query_is_refused(gateway: Gateway, query: str) -> None:
    page = await gateway.get(f"/v1/live?{query}")

    assert page.status == 422
    assert page.headers["Content-Type"] == "application/problem+json"


async def test_head_request_opens_no_stream(gateway: Gateway) -> None:
    whole, refused = [await gateway.get(f"/v1/live?{query}", method="HEAD") for query in ("front=1", "front=2")]

    assert (whole.status, whole.headers["Content-Type"], whole.text) == (200, "text/event-stream", "")
    assert refused.status == 422
    assert await gateway.count("wm_rendering_live_readers") == 0


async def test_reader_past_the_limit_gets_503_with_retry_after(projector: ProjectorHarness) -> None:
    async with open_gateway(projector.settings, projector.database, {"live_readers": 1}) as gateway:
        async with live_reader(gateway, "front=1"):
            refused = await gateway.get("/v1/live?front=1")
            assert (refused.status, refused.headers["Retry-After"]) == (503, "30")

        async def there_is_room() -> bool:
            return await gateway.count("wm_rendering_live_readers") == 0

        await eventually(there_is_room, what="the reader who left is removed")


async def test_stalled_reader_is_dropped_and_delays_no_other(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    port = gateway.client.port
    assert port is not None
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", port))
        stalled.sendall(f"GET /v1/live?article={article.id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with live_reader(gateway, f"article={article.id}") as reader:
            await reader.next("article")
            text = "x" * (MOST_UNREAD_BYTES // 4)
            for minute in range(20):
                # Each is removed before the next: many such comments would exceed the cache of the storage engine.
                comment = a_comment(article.id, body_html=f"<p>{text}</p>", minute=minute)
                await projector.apply(comment)
                await reader.next("comments")
                if await gateway.count("wm_rendering_live_dropped_total"):
                    return
                await projector.apply(removed(comment))
                await reader.next("comments")
    raise AssertionError("the stalled reader was not dropped")


async def test_stopping_gateway_ends_its_streams_at_once(projector: ProjectorHarness) -> None:
    async def stop() -> float:
        async with open_gateway(projector.settings, projector.database) as gateway:
            async with live_reader(gateway, "front=1") as reader:
                await reader.next("front")
                asked_at = monotonic()
                stopping = asyncio.create_task(gateway.client.server.close())

                with pytest.raises((EOFError, aiohttp.ClientError)):
                    await reader.next("nothing")
                await stopping

                return monotonic() - asked_at

    await promptly(stop, within_s=3)
