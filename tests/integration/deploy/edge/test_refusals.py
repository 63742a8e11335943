"""The edge's own refusals are logged, without addresses or what a client sent."""

import json
import shutil
from pathlib import Path

from aiohttp import ClientSession
from yarl import URL

from tests.support.edge import LOW, Behind, HeldConnections, StartEdge, send_at_once
from tests.support.polling import eventually


async def test_refused_requests_leave_lines_without_addresses(
    start_edge: StartEdge, behind: Behind, client: ClientSession, tmp_path: Path
) -> None:
    behind["comments"].status = 403
    edge = await start_edge(rate_limits=True)

    await (await client.get(f"{edge}/v1/comments?queue=pending")).read()
    await (await client.get(f"{edge}/nowhere")).read()
    answers = await send_at_once(lambda: client.post(f"{edge}/v1/views"), 900)
    # The last line: nginx writes them in order. On a new connection, since a used one has a line for some requests only.
    async with ClientSession() as another, another.post(f"{edge}/v1/articles?draft=secret", data=b"{}") as answer:
        await answer.read()

    async def the_last_is_there() -> bool:
        return 401 in {line["status"] for line in _lines(tmp_path)}

    await eventually(the_last_is_there, what="the line of 401")
    lines = _lines(tmp_path)
    refused = next(line for line in lines if line["status"] == 401)
    limited = next(line for line in lines if line["status"] == 429)
    assert (refused["event"], refused["route"], refused["limit"]) == ("request.refused", "/v1/articles", "")
    assert (limited["method"], limited["route"], limited["limit"]) == ("POST", "/v1/views", "rate")
    assert {line["status"] for line in lines} == {401, 429}, "neither 404 nor the service's own 403"
    # Of thirty on one connection, the first nine and each tenth.
    assert len(lines) < [answer.status for answer in answers].count(429) * 0.7
    written = (tmp_path / "refusals.log").read_text()
    assert "127.0.0" not in written
    assert "secret" not in written


async def test_refused_connections_leave_one_line_for_ten(start_edge: StartEdge, tmp_path: Path) -> None:
    held = HeldConnections("127.0.0.2")
    base = URL(await start_edge(rate_limits=True, adapt=LOW))

    try:
        await held.open(base, 100)

        async def some_are_there() -> bool:
            return [line["event"] for line in _lines(tmp_path)].count("connections.refused") in range(5, 8)

        await eventually(some_are_there, what="lines of refused connections")
    finally:
        held.close()


async def test_body_that_cannot_be_stored_gives_503_and_a_line(
    start_edge: StartEdge, behind: Behind, client: ClientSession, tmp_path: Path
) -> None:
    comments = f"{await start_edge(rate_limits=True)}/v1/articles/01J/comments"
    shutil.rmtree(tmp_path / "body")

    async with client.post(comments, data=b"x" * 60_000) as answer:
        problem = await answer.json(content_type="application/problem+json")
    async with client.post(comments, data=b"x" * 10_000) as small:
        assert small.status == 200

    async def it_is_there() -> bool:
        return bool(_lines(tmp_path))

    assert (answer.status, problem["status"], answer.headers["Retry-After"]) == (503, 503, "2")
    await eventually(it_is_there, what="the line of 503")
    assert [line["limit"] for line in _lines(tmp_path)] == ["body storage or credentials check"]


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "refusals.log").read_text().splitlines()]
