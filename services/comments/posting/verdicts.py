"""Judges a new or an edited comment: refuses banned authors, then asks the pipeline and the webhook."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from services.comments.access.bans import Bans
from services.comments.access.writer_cookie import browser_of
from services.comments.model.current_rules import CurrentRules
from services.comments.model.moderation_records import Ban
from services.comments.model.records import ModerationRule
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.pipeline.metrics import VERDICTS
from services.comments.pipeline.webhook import WebhookJudge
from services.comments.pipeline.words import prepare
from services.comments.posting.repeats import Sender
from shared.errors import Problem

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Judge:
    """Applies the bans and the rule in force, and asks the webhook when no phase decides. Methods raise Unavailable."""

    def __init__(self, rules: CurrentRules, bans: Bans, webhook: WebhookJudge, site_host: str) -> None:
        self._rules = rules
        self._bans = bans
        self._webhook = webhook
        self._site_host = site_host
        self._prepared = -1

    async def admit(self, author: str, sender: Sender) -> datetime | None:
        """403 for a banned author, network or browser. The end of a mute, None without one."""
        found = await self._bans.find_author(author, sender.address, browser_of(sender.token))
        banned_until = _latest(found, "ban")
        if banned_until is not None:
            raise Problem(403, _refusal(banned_until))
        return _latest(found, "mute")

    async def verdict(self, facts: Facts, comment_id: str) -> tuple[ModerationRule, Verdict]:
        """The rule in force and its verdict. Waits for the webhook two seconds at most."""
        rule = await self._rules.get()
        if rule.version != self._prepared:
            # Thousands of words take some 0.1 s to be made ready.
            await asyncio.to_thread(prepare, rule)
            self._prepared = rule.version
        verdict = decide(replace(facts, site_host=self._site_host), rule)
        if verdict.status == "published":
            verdict = await self._webhook.judge(rule.webhook, facts, comment_id) or verdict
        VERDICTS.labels(verdict.status, verdict.reasons[0].phase if verdict.reasons else "").inc()
        return rule, verdict


def _latest(bans: list[Ban], kind: str) -> datetime | None:
    return max((ban.until or _FOR_EVER for ban in bans if ban.kind == kind), default=None)


def _refusal(until: datetime) -> str:
    if until == _FOR_EVER:
        return "You cannot comment here."
    return f"You cannot comment here until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
