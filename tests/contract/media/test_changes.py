"""Lists, changes and deletions of pictures."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from tests.support.media import MediaService, bearer
from tests.support.polling import eventually

Draw = Callable[[], bytes]


async def test_change_of_focal_point_writes_a_new_original_and_is_announced(media: MediaService, picture: Draw) -> None:
    first = await media.added(picture(), credit="The Agency")

    response = await media.change(first, {"focal_point": {"x": 0.1, "y": 0.9}, "alt": "A lake"})
    answer = await response.json()
    served = await media.client.get(answer["url"])

    assert (response.status, response.headers["ETag"], answer["version"]) == (200, '"2"', 2)
    assert (answer["alt"], answer["credit"], answer["focal_point"]) == ("A lake", "The Agency", {"x": 0.1, "y": 0.9})
    assert answer["url"] != first["url"]
    assert served.status == 200
    assert media.worker.credits[-1] == "The Agency"

    async def announced() -> bool:
        stored = await media.store.pictures.find(first["id"])
        return stored is not None and stored.is_announced

    await eventually(announced, what="ingestion knows version 2")
    assert (first["id"], 2) in [(record.id, record.version) for record in media.ingestion.announced]


async def test_change_needs_the_version_that_was_read(media: MediaService, picture: Draw) -> None:
    first = await media.added(picture())
    path, key = f"/v1/media/{first['id']}", uuid4().hex

    without = await media.client.patch(path, json={"alt": "x"}, headers=bearer("editor"))
    right = await media.change(first, {"alt": "right"}, **{"Idempotency-Key": key})
    again = await media.change(first, {"alt": "right"}, **{"Idempotency-Key": key})
    stale = await media.change(first, {"alt": "stale"})
    same = await media.change(await right.json(), {"alt": "right"})
    wrong = await media.change(first, {"focal_x": 1.5, "colour": "red"})

    assert [one.status for one in (without, right, again, stale, same, wrong)] == [428, 200, 200, 412, 200, 422]
    assert await again.read() == await right.read()
    assert (await same.json())["version"] == 2
    assert {error["pointer"] for error in (await wrong.json())["errors"]} == {"/focal_x", "/colour"}
    assert (await media.shown(first["id"]))["alt"] == "right"


async def test_racing_changes_lose_nothing(media: MediaService, picture: Draw) -> None:
    first = await media.added(picture())

    answers = await asyncio.gather(*(media.change(first, {"credit": f"c{number}"}) for number in range(4)))

    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]
    shown = await media.shown(first["id"])
    assert (await media.client.get(shown["url"])).status == 200


async def test_list_finds_words_filters_and_pages(media: MediaService, picture: Draw) -> None:
    mark = uuid4().hex[:12]
    made = [
        (await media.added(picture(), name=f"{name}.png", alt=alt, caption=mark, credit="Ümit"))["id"]
        for alt, name in (("A lake", "one"), ("", "two"), ("A lakeside town", "Three"))
    ]
    media.ingestion.use(made[0])

    async def listed(query: str) -> list[str]:
        response = await media.client.get(f"/v1/media?{query}", headers=bearer("moderator"))
        assert response.status == 200, await response.text()
        return [item["id"] for item in (await response.json())["items"]]

    first = await (await media.client.get(f"/v1/media?q={mark}&limit=2", headers=bearer("editor"))).json()
    second = await media.client.get(
        f"/v1/media?q={mark}&limit=2&cursor={first['next_cursor']}", headers=bearer("editor")
    )

    assert await listed(f"q={mark}") == made[::-1]
    assert await listed(f"q=LAKE+{mark}") == [made[2], made[0]]
    assert await listed(f"q=three+{mark}+ümit") == [made[2]]
    assert await listed(f"q={mark}&unused=true") == [made[2], made[1]]
    assert await listed(f"q={mark}&missing_alt=true") == [made[1]]
    assert await listed(f"q={mark}&mine=true") == []
    assert [item["id"] for item in first["items"]] == made[:0:-1]
    assert first["items"][0]["used_by"] == []
    assert [item["id"] for item in (await second.json())["items"]] == made[:1]
    assert (await second.json())["next_cursor"] is None
    for query, status in (("limit=0", 422), ("cursor=x", 400), ("color=red", 422), ("unused=maybe", 422)):
        response = await media.client.get(f"/v1/media?{query}", headers=bearer("editor"))
        assert (query, response.status) == (query, status)


async def test_unused_picture_is_deleted_and_its_file_may_come_again(media: MediaService, picture: Draw) -> None:
    content = picture()
    first = await media.added(content)
    path = f"/v1/media/{first['id']}"
    media.ingestion.use(first["id"])

    used = await media.client.delete(path, headers=bearer("editor"))
    forbidden = await media.client.delete(path, headers=bearer("reporter"))
    media.ingestion.uses.clear()
    media.ingestion.is_away = True
    away = await media.client.delete(path, headers=bearer("editor"))
    media.ingestion.is_away = False
    stale = await media.client.delete(path, headers={**bearer("editor"), "If-Match": '"7"'})
    shown = await media.shown(first["id"])
    deleted = await media.client.delete(path, headers=bearer("editor"))
    gone = [await media.client.get(address, headers=bearer("editor")) for address in (path, str(first["url"]))]
    folder = str(first["url"]).split("/")[2]
    left = await media.keys(f"{folder}/")
    again = await media.added(content)

    assert [one.status for one in (used, forbidden, away, stale, deleted, *gone)] == [409, 403, 503, 412, 204, 404, 404]
    assert "The lake came back" in (await used.json())["detail"]
    assert shown["id"] == first["id"]
    assert left == []
    assert again["id"] != first["id"]
    assert (await media.client.get(again["url"])).status == 200


async def test_records_for_ingestion_leave_out_unknown_ids(media: MediaService, picture: Draw) -> None:
    first = await media.added(picture(), alt="A lake", decorative="true")

    response = await media.client.get(f"/internal/pictures?ids=unknown,{first['id']}")
    many = await media.client.get(f"/internal/pictures?ids={','.join(['x'] * 101)}")

    (record,) = (await response.json())["items"]
    assert (record["id"], record["version"], record["alt"], record["decorative"]) == (first["id"], 1, "A lake", True)
    assert record["facts"]["folder"] in first["url"]
    assert many.status == 422
