"""A person's rights over their data: a copy of everything under their address, and its erasure."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.comments.model.store import Store
from services.comments.privacy.keys import PERSONAL_DATA
from services.comments.privacy.personal_data import PersonalData
from services.comments.privacy.personal_rows import personal_rows
from services.comments.privacy.proof import PageReader, PlaceLooked
from services.comments.settings import CommentsSettings
from shared.events import Message
from shared.ids import new_id
from shared.kafka.log_probe import NoRecord, probe
from shared.mongo.client import Mongo
from shared.times import now
from shared.topics import COMMENTS, dead_letter_topic
from tests.support.commands import world_monitor
from tests.support.comments import CommentsService, running_comments, written
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

_DEAD_LETTERS = dead_letter_topic(COMMENTS.name)
# A comment of the year 2023, from before addresses had a time.
_OLD_COMMENT = "01h00000000000000000000000"


@pytest.fixture(scope="module")
def settings(kafka_url: str, mongo_url: str, redis_url: str) -> CommentsSettings:
    return CommentsSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        redis=redis_url,
        kafka_idempotence=False,
        rate_limits="off",
        comments_mode="post",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def comments(settings: CommentsSettings) -> AsyncIterator[CommentsService]:
    database = f"test_{uuid4().hex[:12]}"
    await leave_data(settings, database)
    async with running_comments(settings, database) as comments:
        article = await comments.publish_article()

        async def has_read_the_log() -> bool:
            return (await comments.client.get(f"/v1/articles/{article.id}/comments")).status == 200

        await eventually(has_read_the_log, what="the service has the whole log")
        yield comments


async def leave_data(settings: CommentsSettings, database: str) -> None:
    """Leave an old letter and address, and younger ones, as a former process would."""
    mongo = Mongo(settings.mongo)
    store = Store(mongo, starts_as="post", database=database)
    await store.prepare()
    for days in (364, 366):
        await store.messages.collection.insert_one(_letter(days))
    await store.contacts.collection.insert_many(
        [
            {"_id": each, "email": "old@example.org", "writer": "-", "approved": True}
            for each in (_OLD_COMMENT, new_id())
        ]
    )
    mongo.close()


def _letter(days: int) -> dict[str, object]:
    written_at = now() - timedelta(days=days)
    return {"_id": new_id(), "name": "Ada", "email": "old@example.org", "body": f"{days}", "created_at": written_at}


async def test_letters_and_addresses_are_deleted_after_a_year(comments: CommentsService) -> None:
    async def kept() -> tuple[list[str], int]:
        letters = await comments.store.messages.of("old@example.org")
        return [letter.body for letter in letters], len(await comments.store.contacts.comments_of("old@example.org"))

    async def only_the_younger() -> bool:
        return await kept() == (["364"], 1)

    await eventually(only_the_younger, what="the old letter and the old address are deleted")
    assert await comments.store.contacts.comments_of("old@example.org") != [_OLD_COMMENT]


async def test_export_has_everything_and_erase_removes_it_everywhere(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    mine = await comments.post(article.id, email="ada@example.org", name="Ada Byrne", body="Words of mine.")
    reply = await comments.post(article.id, email="ben@example.org", name="Ben", body="A reply.", parent_id=mine["id"])
    await comments.client.post(f"/v1/comments/{mine['id']}/report", json={"reason": "other", "note": "Ada Byrne lies."})
    ban = {"email": "ada@example.org", "reason": "A test.", "until": None}
    for each in ({"comment_id": mine["id"], "what": "visitor", "kind": "mute"}, ban):
        keyed = {**comments.bearer(), "Idempotency-Key": uuid4().hex}
        banned = await comments.client.post("/v1/comments/bans", json=each, headers=keyed)
        assert banned.status == 201, await banned.text()
    letter = {"name": "Ada Byrne", "email": "ada@example.org", "body": "A letter."}
    assert (await comments.client.post("/v1/messages", json=letter)).status == 201

    asked = {"email": "Ada@Example.org"}
    exported = await comments.client.post(
        "/v1/comments/people-data/export", json=asked, headers=comments.bearer("admin")
    )
    copy = await exported.json()
    assert [comment["body"] for comment in copy["comments"]] == ["Words of mine."]
    assert copy["comments"][0]["network"] == "127.0.0.0/24"
    assert not {"writer", "browser", "visitor", "edit_hash"} & copy["comments"][0].keys()
    assert [message["body"] for message in copy["messages"]] == ["A letter."]

    done = await comments.client.post("/v1/comments/people-data/erase", json=asked, headers=comments.bearer("admin"))
    erasure = await done.json()
    assert (done.status, erasure["comments"], erasure["letters"]) == (200, 1, 1)
    assert {one["where"]: (one["checked"], one["left"]) for one in erasure["proof"][:9]} == {
        "database: comments": (1, 0),
        "database: addresses of comments": (1, 0),
        "database: messages": (1, 0),
        "database: author": (1, 0),
        "database: bans": (1, 0),
        "database: mails": (1, 0),
        "database: kept answers": (2, 0),
        "comments.v1": (1, 0),
        "search": (0, 0),
    }
    pages, dead_letters = erasure["proof"][-2:]
    assert pages["note"].startswith("not reached")
    assert (dead_letters["where"], dead_letters["note"].startswith("unknown: run")) == (_DEAD_LETTERS.name, True)

    _, removed = await comments.topic.until(mine["id"], 2)
    assert removed.value is not None
    assert b"Ada" not in removed.value
    assert b"Words of mine" not in removed.value
    (place,) = (await comments.discussion(article.id))["items"]
    assert (place["status"], place["name"], place["body_html"]) == ("removed", "", "")
    assert [(answer["id"], answer["name"]) for answer in place["replies"]] == [(reply["id"], "Ben")]
    kept = await comments.store.comments.find(mine["id"])
    assert kept is not None
    assert (kept.name, kept.website, kept.body, kept.body_html) == ("", None, "", "")
    data = personal_data(comments)
    assert await data.export("ada@example.org") == {
        "email": "ada@example.org",
        "comments": [],
        "messages": [],
        "author": [],
        "bans": [],
        "mails": [],
    }
    assert len(await comments.store.contacts.comments_of("ben@example.org")) == 1
    assert (await data.erase("ada@example.org", "operator")).comments == 0
    bans = await comments.client.get("/v1/comments/bans", headers=comments.bearer())
    shown = {one["what"]: (one["value"], one["comment_id"], one["name"]) for one in (await bans.json())["items"]}
    assert shown == {"email": (None, None, ""), "visitor": (None, None, "")}, (
        "they stay in force, and say nothing of whom"
    )
    assert await comments.store.bans.collection.count_documents({"comment_id": mine["id"]}) == 0
    assert await _places_of(comments, "ada@example.org", "Words of mine", "Ada Byrne") == []


def personal_data(comments: CommentsService) -> PersonalData:
    app = comments.client.app
    assert app is not None
    return app[PERSONAL_DATA]


async def _places_of(comments: CommentsService, *phrases: str) -> list[str]:
    """The collections of the whole database in which a phrase is."""
    found: list[str] = []
    for name in await comments.store.database.list_collection_names():
        async for document in comments.store.database[name].find():
            found += [f"{name}: {phrase}" for phrase in phrases if phrase in str(document)]
    return found


async def test_person_data_is_for_admins_alone(comments: CommentsService) -> None:
    path = "/v1/comments/people-data/erase"

    async with comments.client.post(path, json={"email": "a@example.org"}, headers=comments.bearer("editor")) as answer:
        refused = answer.status
    async with comments.client.post(path, json={"email": "nobody"}, headers=comments.bearer("admin")) as answer:
        wrong = (answer.status, (await answer.json())["errors"][0]["pointer"])

    assert (refused, wrong) == (403, (422, "/email"))


async def test_erasure_reaches_the_answers_kept_for_a_key(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"
    path, key = f"/v1/articles/{article.id}/comments", {"Idempotency-Key": uuid4().hex}
    sent = await comments.client.post(path, json=written(email=address, body="Words of mine."), headers=key)
    decided = await comments.decide((await sent.json())["id"], "approve", **key)

    await personal_data(comments).erase(address, "operator")

    repeated = await comments.client.post(path, json=written(email=address, body="Words of mine."), headers=key)
    decided_again = await comments.decide((await sent.json())["id"], "approve", **key)
    assert (sent.status, decided.status, repeated.status, decided_again.status) == (201, 200, 410, 410)
    kept = [answer async for answer in comments.store.answers.collection.find()]
    assert not [answer for answer in kept if b"Words of mine." in answer["body"]]


async def test_repeated_erasure_proves_nothing_gone_that_is_left(comments: CommentsService) -> None:
    """The usual repetition: the first one ended before its proof, or found something left."""
    article, address = await comments.publish_article(), f"{uuid4().hex}@example.org"
    comment = await comments.post(article.id, email=address, body="Short.")
    await comments.decide(comment["id"], "approve")
    page = f'<div class="comment" id="comment-{comment["id"]}">%s</div>'
    shown = page % '<div class="comment-body" dir="auto"><p>Short.</p></div>'

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=shown, content_type="text/html")

    gateway = web.Application()
    gateway.router.add_get(f"{article.url}", show)
    async with TestServer(gateway) as server:
        reader = PageReader([str(server.make_url("")).rstrip("/")], wait_s=0.2)
        data = PersonalData(comments.store, personal_rows(comments.store), reader)
        first, again = [await data.erase(address, "operator") for _ in range(2)]
        shown = page % "<p>Removed</p>"
        gone, proved = [await data.erase(address, "operator") for _ in range(2)]

    assert [done.comments for done in (first, again, gone, proved)] == [1, 0, 0, 0]
    assert [_looked(done.proof[-1]) for done in (first, again, gone, proved)] == [(1, 1), (1, 1), (1, 0), (0, 0)]
    sent = [_looked(place) for place in again.proof if place.where == "comments.v1"]
    assert sent == [(1, 0)]
    assert await comments.store.database["erasures"].count_documents({"_id": comment["id"]}) == 0


def _looked(place: PlaceLooked) -> tuple[int, int]:
    return place.checked, place.left


async def test_erased_pending_comment_cannot_be_published(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    waits = await comments.post(article.id, email="cato@example.org")

    await personal_data(comments).erase("cato@example.org", "operator")

    answer = await comments.decide(waits["id"], "approve")
    assert answer.status == 409, "an erased comment cannot be published"


@pytest.mark.long
async def test_commands_export_and_erase_by_address(settings: CommentsSettings, embedded_kafka: bool) -> None:
    engines = {"WM_KAFKA": settings.kafka, "WM_MONGO": settings.mongo, "WM_RENDERING": ""}  # no gateway runs
    address = f"{uuid4().hex}@example.org"
    async with running_comments(settings, "comments") as comments:
        article = await comments.publish_article()
        await comments.post(article.id, email=address, body="Words of mine.")
        await comments.producer.send(Message(_DEAD_LETTERS.name, b"a comment", b"Words of mine.", ()))

        copy = await asyncio.to_thread(world_monitor, "comments", "export", address, **engines)
        erased = await asyncio.to_thread(world_monitor, "comments", "erase", address, "--json", **engines)
        again = await asyncio.to_thread(world_monitor, "comments", "erase", address, **engines)
    (left,) = (await probe(settings.kafka, {(_DEAD_LETTERS.name, 0): 0})).values()

    assert [comment["body"] for comment in json.loads(copy.stdout)["comments"]] == ["Words of mine."]
    assert {name: json.loads(erased.stdout)[name] for name in ("comments", "letters")} == {"comments": 1, "letters": 0}
    assert "erased: 0 comments, 0 letters, and the address\n" in again.stdout
    if embedded_kafka:
        # Its broker cannot delete records: the commands say so and fail.
        assert (erased.returncode, again.returncode) == (1, 1)
        assert "comments.v1.dlq still has records" in again.stderr
    else:
        assert (erased.returncode, again.returncode) == (0, 0)
        assert left is NoRecord.EMPTIED
