"""The webhook that judges comments: its signed request, its answers, and what happens when there is none."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.comments.model.records import Reason, Webhook
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.pipeline.webhook import WebhookJudge
from shared.http.guarded import FetchLimits
from shared.http.networks import read_networks

SECRET = "a secret of the newsroom"
FACTS = Facts("Ada", "https://ada.example", "The lake came back.", article_id="a1", language="en")
LOOPBACK = tuple(read_networks("127.0.0.0/8"))


@dataclass
class WebhookServer:
    """A webhook that gives the answer that a test wants, and keeps the requests."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    never: bool = False
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request for an opinion."""
        self.asked.append((request.headers["X-WM-Signature"], await request.read()))
        if self.never:
            await asyncio.Event().wait()
        return web.Response(status=self.status, body=self.body)


@asynccontextmanager
async def webhook_server() -> AsyncIterator[WebhookServer]:
    """Serve for the length of a block."""
    found, app = WebhookServer(), web.Application()
    app.router.add_post("/judge", found.answer)
    async with TestServer(app, host="127.0.0.1", shutdown_timeout=0.1) as server:
        found.url = str(server.make_url("/judge"))
        yield found


@asynccontextmanager
async def judging(total_s: float = 2.0) -> AsyncIterator[tuple[WebhookJudge, list[float]]]:
    """A judge that may call loopback, and its clock."""
    clock = [0.0]
    limits = FetchLimits(total_s=total_s, most_bytes=1000, most_redirects=0, at_once=4)
    judge = WebhookJudge("test", allowed=LOOPBACK, limits=limits, clock=lambda: clock[0])
    yield judge, clock
    await judge.close()


async def test_request_is_signed_and_has_no_address() -> None:
    async with webhook_server() as other, judging() as (judge, _):
        other.status = 204
        assert await judge.judge(Webhook(other.url, SECRET), FACTS, "c1") is None
        assert await judge.judge(None, FACTS, "c1") is None

    [(signature, body)] = other.asked
    seconds, digest = (part.partition("=")[2] for part in signature.split(","))
    assert digest == hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {
        "id": "c1", "article_id": "a1", "name": "Ada", "website": "https://ada.example", "body": "The lake came back.",
        "language": "en", "is_edit": False, "author": {"published": 0, "rejected": 0, "removed": 0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"action": "publish"}, None),
        (
            {"action": "hold", "reason": "Angry.", "match": "lake"},
            Verdict("pending", (Reason("webhook", "Angry.", "lake"),)),
        ),
        ({"action": "reject", "match": "sea"}, Verdict("rejected", (Reason("webhook", "The webhook says reject."),))),
        ({"action": "spam", "more": 1}, Verdict("rejected", (Reason("webhook", "The webhook says spam."),), spam=True)),
    ],
)
async def test_answer_becomes_the_verdict(answer: object, verdict: Verdict | None) -> None:
    async with webhook_server() as other, judging() as (judge, _):
        other.body = json.dumps(answer).encode()

        assert await judge.judge(Webhook(other.url, SECRET), FACTS, "c1") == verdict


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (302, b""), (200, b"{"), (200, b'{"action":"burn"}'), (200, b"x" * 2000)]
)
async def test_unusable_answer_decides_by_the_setting(status: int, body: bytes) -> None:
    async with webhook_server() as other, judging() as (judge, _):
        other.status, other.body = status, body

        assert await judge.judge(Webhook(other.url, SECRET, "publish"), FACTS, "c1") is None
        held = await judge.judge(Webhook(other.url, SECRET, "hold"), FACTS, "c1")

    assert held is not None
    assert (held.status, held.reasons[0].phase) == ("pending", "webhook")


async def test_silent_webhook_ends_at_the_limit_and_then_rests() -> None:
    async with webhook_server() as other, judging(total_s=0.05) as (judge, clock):
        other.never = True
        held = [await judge.judge(Webhook(other.url, SECRET, "hold"), FACTS, "c1") for _ in range(5)]
        asked_while_down = len(other.asked)
        other.never, other.status, clock[0] = False, 204, 10.1
        back = [await judge.judge(Webhook(other.url, SECRET, "hold"), FACTS, "c1") for _ in range(2)]

    assert all(verdict is not None and verdict.status == "pending" for verdict in held)
    assert asked_while_down == 3
    assert back == [None, None]


async def test_private_address_is_never_asked() -> None:
    async with webhook_server() as other:
        judge = WebhookJudge("test")
        held = await judge.judge(Webhook(other.url, SECRET, "hold"), FACTS, "c1")
        await judge.close()

    assert held is not None
    assert other.asked == []
