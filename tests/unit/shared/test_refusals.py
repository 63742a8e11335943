"""Security events are bounded, complete in number, and hold no secrets."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from shared.errors import Problem
from shared.http.bearer import is_same_origin, read_bearer_token, unknown_token
from shared.http.middleware import answer_problems, observe
from shared.http.refusals import PRINCIPAL, Refusal, Refusals, note_refusal
from shared.process import metrics
from tests.support.polling import until


def _refusals() -> tuple[Refusals, list[tuple[str, dict[str, object]]]]:
    written: list[tuple[str, dict[str, object]]] = []
    return Refusals(lambda name, values: written.append((name, values))), written


def test_flood_is_two_records_and_hides_nobody_else() -> None:
    refusals, written = _refusals()

    begins = [refusals.note(Refusal("/v1/articles", 401, "no token", f"r{number}")) for number in range(5000)]
    refusals.note(Refusal("/v1/articles", 401, "no right", principal="person-1"))
    refusals.flush()

    assert begins == [True] + [False] * 4999
    assert written == [
        ("security.refused", {"route": "/v1/articles", "status": 401, "reason": "no token", "request_id": "r0"}),
        ("security.refused", {"route": "/v1/articles", "status": 401, "reason": "no right", "principal": "person-1"}),
        ("security.refused_more", {"route": "/v1/articles", "status": 401, "count": 4999}),
    ]
    assert refusals.note(Refusal("/v1/articles", 401)), "the next second begins with a record"


def test_many_kinds_of_refusals_in_a_second_are_counted_together() -> None:
    refusals, written = _refusals()

    for number in range(1000):
        refusals.note(Refusal("/r", 403, principal=f"p{number}"))
    refusals.flush()

    assert len(written) <= 202
    assert written[-1] == ("security.refused_more", {"route": "other", "status": 0, "count": 800})


def test_loop_that_ended_within_a_second_stops_no_record() -> None:
    async def refuse() -> None:
        note_refusal(Refusal("/ended", 403))
        note_refusal(Refusal("/ended", 403))

    async def refuse_and_wait(logs: list[MutableMapping[str, Any]]) -> None:
        note_refusal(Refusal("/later", 403))
        await until(lambda: any(one["event"] == "security.refused_more" for one in logs), "the second ends")

    asyncio.run(refuse())
    with capture_logs() as logs:
        asyncio.run(refuse_and_wait(logs))


async def test_refused_request_is_logged_without_its_address_its_path_and_its_token() -> None:
    async def refuse(request: web.Request) -> web.Response:
        read_bearer_token(request)
        request[PRINCIPAL] = "token-7"
        raise unknown_token() if is_same_origin(request.headers, "") else Problem(403, "Not from here.")

    app = web.Application(middlewares=(observe, answer_problems))
    app.add_routes([web.get("/links/{token}", refuse)])
    before = metrics.REFUSALS.labels("/links/{token}", 403)._value.get()

    async with TestClient(TestServer(app)) as client:
        with capture_logs() as logs:
            for _ in range(3):
                headers = {
                    "Authorization": "Bearer wm_secret",
                    "X-Request-Id": "r\u00e9-1",
                    "Sec-Fetch-Site": "cross-site",
                }
                assert (await client.get("/links/path-secret", headers=headers)).status == 403
            await client.get("/links/path-secret")
            await until(lambda: any(one["event"] == "security.refused_more" for one in logs), "the second ends")

    text = orjson.dumps(logs).decode()
    assert {(one["event"], one["route"], one["status"]) for one in logs} == {
        ("security.refused", "/links/{token}", 403),
        ("security.refused", "/links/{token}", 401),
        ("security.refused_more", "/links/{token}", 403),
    }
    assert logs[0]["principal"] == "token-7"
    assert logs[0]["reason"] == "Not from here."
    assert not any(secret in text for secret in ("wm_secret", "path-secret", "127.0.0.1"))
    assert metrics.REFUSALS.labels("/links/{token}", 403)._value.get() == before + 3
