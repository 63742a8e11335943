"""Files as readers get them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import ClientResponse

from shared.pictures import all_variants
from shared.times import now
from tests.support.media import MediaService

Draw = Callable[[], bytes]


async def _get(media: MediaService, url: str, method: str = "GET", **headers: str) -> ClientResponse:
    return await media.client.request(method, url, headers=headers, allow_redirects=False)


async def _put(media: MediaService, key: str, content: bytes) -> None:
    async def once() -> AsyncIterator[bytes]:
        yield content

    await media.objects.put(key, "image/webp", once())


def _key(url: str) -> str:
    return url.removeprefix("/media/")


async def test_ranges_and_conditions_are_answered_right(media: MediaService, picture: Draw) -> None:
    url = str((await media.added(picture()))["url"])
    plain = await _get(media, url)
    whole, tag = await plain.read(), plain.headers["ETag"]
    size = len(whole)
    headers = plain.headers
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Type"] == "image/jpeg"
    assert (headers["X-Content-Type-Options"], headers["Content-Security-Policy"]) == (
        "nosniff", "default-src 'none'; sandbox"
    )  # fmt: skip
    parts: Mapping[str, tuple[int, bytes]] = {
        "bytes=0-9": (206, whole[:10]),
        "bytes=5-": (206, whole[5:]),
        "bytes=-7": (206, whole[-7:]),
        f"bytes=3-{size + 50}": (206, whole[3:]),
        f"bytes={size}-": (416, b""),
        "bytes=-0": (416, b""),
        "bytes=0-1,4-5": (200, whole),
        "bytes=9-3": (200, whole),
        "pages=1-2": (200, whole),
    }

    for asked, (status, content) in parts.items():
        answer = await _get(media, url, Range=asked)
        assert (answer.status, asked) == (status, asked)
        assert status == 416 or await answer.read() == content
    part = await _get(media, url, Range="bytes=0-9")
    head = await _get(media, url, "HEAD")
    fresh = await _get(media, url, **{"If-None-Match": f'"other", W/{tag}'})
    stale = await _get(media, url, Range="bytes=0-9", **{"If-Range": '"old"'})
    same = await _get(media, url, Range="bytes=0-9", **{"If-Range": tag})

    assert part.headers["Content-Range"] == f"bytes 0-9/{size}"
    assert (head.status, head.headers["Content-Length"], await head.read()) == (200, str(size), b"")
    assert (fresh.status, fresh.headers["ETag"]) == (304, tag)
    assert fresh.headers["Cache-Control"].endswith("immutable")
    assert (stale.status, same.status) == (200, 206)


async def test_missing_variant_is_answered_by_the_original_until_it_is_there(
    media: MediaService, picture: Draw
) -> None:
    answer = await media.added(picture())
    variant = next(one for one in answer["variants"] if one["type"] == "image/webp")["url"]

    before = await _get(media, variant)
    await _put(media, _key(variant), b"RIFF")
    after = await _get(media, variant)

    original = await _get(media, answer["url"])
    assert await before.read() == await original.read()
    assert (before.status, before.headers["Content-Type"], before.headers["Cache-Control"]) == (
        200, "image/jpeg", "public, max-age=5"
    )  # fmt: skip
    assert await after.read() == b"RIFF"
    assert (after.headers["Content-Type"], after.headers["Cache-Control"]) == (
        "image/webp", "public, max-age=31536000, immutable"
    )  # fmt: skip


async def test_lost_variant_is_queued_once_however_many_ask(media: MediaService, picture: Draw) -> None:
    answer = await media.added(picture())
    pictures = media.store.pictures.collection
    await pictures.update_one({"_id": answer["id"]}, {"$set": {"variants": "done"}})
    wakes = media.worker.wakes

    await asyncio.gather(*(_get(media, variant["url"]) for variant in answer["variants"]))
    queued = await media.store.pictures.find(answer["id"])
    await pictures.update_one({"_id": answer["id"]}, {"$set": {"variants": "done"}})
    await _get(media, answer["variants"][0]["url"])
    again = await media.store.pictures.find(answer["id"])

    assert queued is not None
    assert again is not None
    assert (queued.variants, again.variants) == ("waiting", "done")
    assert media.worker.wakes <= wakes + 2


async def test_address_that_names_nothing_is_404(media: MediaService, picture: Draw) -> None:
    answer = await media.added(picture())
    folder = str(answer["url"]).rpartition("/")[0]
    stored = await media.store.pictures.find(answer["id"])
    assert stored is not None
    stamp = stored.facts.stamp
    wide = replace(all_variants(stored.facts)[0].name, width=4321)
    names = ("upload", "original", f"original-{stamp}.png", f"{wide}", f"full-480-{stamp}.gif", "x", "..%2fupload")

    for name in names:
        assert (name, (await _get(media, f"{folder}/{name}")).status) == (name, 404)
    assert (await _get(media, f"/media/{'0' * 16}/original-{stamp}.jpg")).status == 404


async def test_old_address_serves_for_a_while_then_redirects(media: MediaService, picture: Draw) -> None:
    first = await media.added(picture())
    changed: dict[str, Any] = await (await media.change(first, {"credit": "The Desk"})).json()

    before = await _get(media, first["url"])
    await media.sweep(now() + timedelta(hours=1))
    still = await _get(media, first["url"])
    await media.sweep(now() + timedelta(days=2))
    swept = await _get(media, first["url"])
    variant = await _get(media, first["variants"][0]["url"])

    assert changed["url"] != first["url"]
    assert (before.status, still.status, swept.status) == (200, 200, 302)
    assert (swept.headers["Location"], swept.headers["Cache-Control"]) == (changed["url"], "no-cache")
    assert variant.headers["Location"] == changed["variants"][0]["url"]
    assert (await _get(media, changed["url"])).status == 200
