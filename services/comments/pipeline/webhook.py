"""The external judge of comments that no phase decided: a signed request with a limit of time. It gets no e-mail and no address.

Request: `{"id","article_id","name","website","body","language","is_edit","author":{"published","rejected","removed"}}`, signed
(`shared/http/signature.py`). Answer: 204 for no opinion, or 200 with `{"action":"publish|hold|reject|spam","reason","match"}`.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Annotated, Literal

import orjson
import structlog
from pydantic import BaseModel, Field, ValidationError

from services.comments.model.records import Reason, Webhook
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.pipeline.metrics import WEBHOOK_ANSWERS
from shared.errors import Unavailable
from shared.http.guarded import Fetched, FetchFailed, FetchLimits, FetchRefused, GuardedClient
from shared.http.networks import Network
from shared.http.requests import JSON_TYPE
from shared.http.signature import SIGNATURE_HEADER, sign
from shared.times import now

_log = structlog.get_logger(__name__)

_LONGEST_REASON = 500
_LIMITS = FetchLimits(total_s=2.0, most_bytes=16_384, most_redirects=0, at_once=32)
# While the webhook is down, the first comments wait two seconds each; then it is not asked for a while.
_MOST_FAILURES = 3
_PAUSE_S = 10.0


class JudgeAnswer(BaseModel):
    """The webhook's opinion. `match`: the part of the text that it is about."""

    action: Literal["publish", "hold", "reject", "spam"]
    reason: Annotated[str, Field(max_length=_LONGEST_REASON)] = ""
    match: Annotated[str, Field(max_length=_LONGEST_REASON)] = ""


class WebhookJudge:
    """Asks the webhook of the settings. Never raises: a failure decides as the settings say."""

    def __init__(
        self,
        user_agent: str,
        *,
        allowed: tuple[Network, ...] = (),
        limits: FetchLimits = _LIMITS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = GuardedClient(user_agent, allowed=allowed, limits=limits)
        self._limit_s = limits.total_s
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._rests_until = 0.0

    async def judge(self, webhook: Webhook | None, facts: Facts, comment_id: str) -> Verdict | None:
        """The verdict, None when the webhook has no objection. Takes two seconds at most."""
        if webhook is None:
            return None
        if self._failures.get(webhook.url, 0) >= _MOST_FAILURES and self._clock() < self._rests_until:
            return self._failed(webhook, "The webhook was down a moment ago.")
        try:
            verdict = _verdict(await self._ask(webhook, facts, comment_id), facts)
        except (FetchRefused, FetchFailed, Unavailable, TimeoutError, ValidationError) as error:
            self._failures = {webhook.url: self._failures.get(webhook.url, 0) + 1}
            self._rests_until = self._clock() + _PAUSE_S
            _log.warning("webhook.failed", comment=comment_id, reason=type(error).__name__)
            return self._failed(webhook, "The webhook gave no usable answer.")
        self._failures = {}
        return verdict

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask(self, webhook: Webhook, facts: Facts, comment_id: str) -> Fetched:
        body = _request(facts, comment_id)
        headers = {"Content-Type": JSON_TYPE, SIGNATURE_HEADER: sign(webhook.secret, body, now())}
        # Also bounds the wait for a free connection.
        async with asyncio.timeout(self._limit_s):
            answer = await self._client.fetch(webhook.url, method="POST", body=body, headers=headers)
        if answer.status not in (200, 204) or answer.is_cut:
            raise FetchFailed(f"status {answer.status}")
        return answer

    def _failed(self, webhook: Webhook, detail: str) -> Verdict | None:
        WEBHOOK_ANSWERS.labels("none").inc()
        return Verdict("pending", (Reason("webhook", detail),)) if webhook.when_it_fails == "hold" else None


def _request(facts: Facts, comment_id: str) -> bytes:
    author = {name: getattr(facts.author, name) for name in ("published", "rejected", "removed")}
    fields = {name: getattr(facts, name) for name in ("article_id", "name", "website", "body", "language", "is_edit")}
    return orjson.dumps({"id": comment_id, **fields, "author": author})


def _verdict(answer: Fetched, facts: Facts) -> Verdict | None:
    """The verdict of an answer. Raises ValidationError."""
    said = JudgeAnswer(action="publish") if answer.status == 204 else JudgeAnswer.model_validate_json(answer.body)
    WEBHOOK_ANSWERS.labels(said.action).inc()
    if said.action == "publish":
        return None
    match = said.match if said.match in facts.body or said.match in facts.name else ""
    reason = Reason("webhook", said.reason.strip() or f"The webhook says {said.action}.", match)
    return Verdict("pending" if said.action == "hold" else "rejected", (reason,), spam=said.action == "spam")
