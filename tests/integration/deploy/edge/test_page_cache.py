"""The edge's cache of pages, for half a second."""

import asyncio

import pytest
from aiohttp import ClientSession

from tests.support.edge import Behind, StartEdge, read, within_a_slot
from tests.support.polling import processes_a_core


async def test_page_is_fetched_once_in_a_half_second_and_never_older_than_one(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"

    first = await within_a_slot(behind["rendering"], lambda: read(client, world, times=20))
    await asyncio.sleep(1.02)
    later = await read(client, world)

    assert len(behind["rendering"].asked) == 3, "two until the page is cached, one after the half second"
    assert set(first[1:]) == {"rendering 2"}
    assert later == ["rendering 3"]


async def test_parallel_requests_reach_the_service_a_few_times(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"

    async def ask() -> None:
        await read(client, world)
        await asyncio.gather(*((read(client, world)) for _ in range(60)))

    # On a busy machine more requests pass: the others wait only ten milliseconds for the first answer.
    asked: list[int] = []
    while len(asked) < 10 and min(asked, default=61) > 3:
        await within_a_slot(behind["rendering"], ask)
        asked.append(len(behind["rendering"].asked))

    assert min(asked) <= 3 * processes_a_core()


@pytest.mark.parametrize("header", [{"Cookie": "who=me"}, {"Authorization": "Bearer x"}])
async def test_request_with_credentials_bypasses_the_cache(
    header: dict[str, str], start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    home = f"{await start_edge()}/"

    personal = await within_a_slot(behind["rendering"], lambda: read(client, home, times=4, **header))

    assert personal == [f"rendering {number}" for number in (1, 2, 3, 4)]


async def test_no_store_answer_is_not_cached(start_edge: StartEdge, behind: Behind, client: ClientSession) -> None:
    edge = await start_edge()
    behind["rendering"].headers = {"Cache-Control": "no-store"}

    answers = await read(client, f"{edge}/search?q=x", times=4)

    assert len(set(answers)) == 4


async def test_encodings_are_cached_apart(start_edge: StartEdge, behind: Behind, client: ClientSession) -> None:
    edge = await start_edge()
    browsers = ("gzip, deflate, br, zstd", "gzip, deflate", "", "br;q=0, gzip")

    for accepted in browsers:
        await (await client.get(f"{edge}/", headers={"Accept-Encoding": accepted})).read()

    reached = [request.headers.get("Accept-Encoding", "") for request in behind["rendering"].asked]
    assert reached == ["br", "gzip", "", "br;q=0, gzip"]


async def test_conditional_request_is_answered_from_the_cache(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"
    behind["rendering"].headers = {"ETag": '"v7-br"', "Cache-Control": "no-cache"}

    async def ask() -> tuple[int, str, bytes, int]:
        await read(client, world, times=2)
        async with client.get(world, headers={"If-None-Match": '"v6", "v7-br"'}) as answer:
            same, etag, body = answer.status, answer.headers["ETag"], await answer.read()
        async with client.get(world, headers={"If-None-Match": '"v6"'}) as answer:
            return same, etag, body, answer.status

    assert await within_a_slot(behind["rendering"], ask) == (304, '"v7-br"', b"", 200)
    assert len(behind["rendering"].asked) == 2
