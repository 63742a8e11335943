"""The edge's limits on rates, sizes and connections."""

import asyncio

from aiohttp import ClientSession, TCPConnector

from tests.support.edge import Behind, StartEdge, send_at_once
from tests.support.polling import eventually


async def test_too_large_body_gives_413_problem_details(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.post(f"{edge}/v1/views", data=b"x" * 20_000) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"], problem["title"]) == (413, 413, "Content Too Large")
    assert behind["popularity"].asked == []


async def test_writes_of_one_address_are_limited_and_reads_continue(
    start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)

    # The limit grows by ten each second: 360 requests exceed it on a slow machine too.
    answers = await send_at_once(lambda: client.post(f"{edge}/v1/articles/01J/comments", data=b"{}"))
    refused = [answer for answer in answers if answer.status != 200]
    problems = [await answer.json(content_type="application/problem+json") for answer in refused]
    async with client.get(f"{edge}/") as page:
        page_status = page.status

    assert sum(answer.status == 200 for answer in answers) > 60
    assert {(answer.status, answer.headers["Retry-After"]) for answer in refused} == {(429, "1")}
    assert {problem["status"] for problem in problems} == {429}
    assert page_status == 200


async def test_writes_with_a_token_have_a_higher_limit(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True)

    written = (client.put(f"{edge}/v1/articles/01J", headers={"Authorization": "Bearer x"}) for _ in range(360))

    assert {answer.status for answer in await asyncio.gather(*written)} == {200}


async def test_reads_do_not_count_as_writes(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True)

    read = (
        client.get(f"{edge}/v1/articles", headers={"Authorization": credentials}) for credentials in ["", "1"] * 180
    )

    assert {answer.status for answer in await asyncio.gather(*read)} == {200}


async def test_one_address_holds_a_hundred_live_streams_at_most(start_edge: StartEdge, behind: Behind) -> None:
    behind["rendering"].streams = True
    live = f"{await start_edge(rate_limits=True)}/v1/live?front=1"
    async with ClientSession(connector=TCPConnector(limit=0, force_close=True)) as reader:
        streams = [await reader.get(live) for _ in range(100)]
        async with reader.get(live) as refused:
            problem = await refused.json(content_type="application/problem+json")
        streams[50].close()

        async def there_is_room() -> bool:
            async with reader.get(live) as answer:
                return answer.status == 200

        assert [stream.status for stream in streams] == [200] * 100
        assert (refused.status, refused.headers["Retry-After"], problem["status"]) == (429, "1", 429)
        await eventually(there_is_room, what="a closed stream makes room")


async def test_browsers_of_a_newsroom_behind_one_address_save_without_waiting(
    start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)

    saved = (client.put(f"{edge}/v1/articles/01J", headers={"Cookie": "wm_session=x"}) for _ in range(250))

    assert {answer.status for answer in await asyncio.gather(*saved)} == {200}
