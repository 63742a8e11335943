"""A load of readers who talk and moderators who decide, with a ledger of what was acknowledged; and what pages show of it."""

import asyncio
import email
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import policy
from uuid import uuid4

import aiohttp

from tests.support.running import Platform

# One answer says that the faults came in between, so the test must see some of each kind.
TOO_FEW = 5
EXTRA_TIME_S = 60.0
_SHOWN = re.compile(
    r'<div class="comment[^"]*" id="comment-([0-9a-z]+)"(?:(?!<div class="comment).)*?class="comment-by"', re.DOTALL
)
_STATUS_AFTER = {"approve": "published", "reject": "rejected"}


@dataclass
class Said:
    """A comment that was acknowledged: its text, and the status that it must have at the end."""

    article_id: str
    body: str
    status: str
    edit_token: str


@dataclass
class Conversation:
    """Fifty readers and two moderators on two stories: one publishes at once, one holds everything."""

    platform: Platform
    stories: list[str]
    waiting_for_replies: list[str]
    said: dict[str, Said] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    decisions: int = 0
    edits: int = 0
    failed: int = 0
    until: float = 0.0

    def goes_on(self) -> bool:
        at, few = time.monotonic(), min(len(self.said) // 4, self.decisions, self.edits) <= TOO_FEW
        return at < self.until or (few and at < self.until + EXTRA_TIME_S)

    async def until_acknowledged(
        self, send: Callable[[], Awaitable[aiohttp.ClientResponse]], *wanted: int
    ) -> dict[str, object] | None:
        """Repeat one request, with its Idempotency-Key, until an answer of `wanted`; None for another answer below 500."""
        end = time.monotonic() + EXTRA_TIME_S
        while time.monotonic() < end:
            try:
                answer = await send()
                if answer.status in wanted:
                    found: dict[str, object] = await answer.json()
                    return found
                if answer.status < 500:
                    raise AssertionError(f"{answer.url}: {answer.status} {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError):
                pass
            self.failed += 1
            await asyncio.sleep(0.2)
        return None

    async def read_and_write(self, number: int) -> None:
        """One reader: comments, replies, and edits of the own last comment."""
        turn = 0
        while self.goes_on():
            turn += 1
            story = self.stories[(number + turn) % len(self.stories)]
            if turn % 5 == 0:
                await self._edit()
            # The first readers answer the subscribers, each once.
            is_answer = turn == 3 and number < len(self.waiting_for_replies)
            parent = self.waiting_for_replies[number] if is_answer else None
            await self._say(
                number, self.stories[0] if is_answer else story, f"Reader {number} says {uuid4().hex}.", parent
            )
            await asyncio.sleep(0.3)

    async def _say(self, number: int, story: str, body: str, parent: str | None) -> None:
        sent = {"name": f"Reader {number}", "email": f"reader{number}@example.org", "body": body}
        above = next(
            (
                one
                for one, said in reversed(self.said.items())
                if said.article_id == story and said.status == "published"
            ),
            None,
        )
        if parent is not None:
            sent["parent_id"] = parent
        elif above is not None and number % 3 == 0:
            sent["parent_id"] = above
        headers, url = {"Idempotency-Key": uuid4().hex}, f"{self.platform.edge}/v1/articles/{story}/comments"
        found = await self.until_acknowledged(lambda: self.platform.http.post(url, json=sent, headers=headers), 201)
        if found is not None:
            self.said[str(found["id"])] = Said(story, body, str(found["status"]), str(found["edit_token"]))

    async def _edit(self) -> None:
        mine = next(
            (
                one
                for one, said in reversed(self.said.items())
                if said.article_id == self.stories[0] and said.edit_token
            ),
            None,
        )
        if mine is None:
            return
        said, body = self.said[mine], f"{uuid4().hex} in other words."
        token, said.edit_token = said.edit_token, ""
        url, headers = (
            f"{self.platform.edge}/v1/comments/{mine}",
            {"Authorization": f"Comment {token}", "Idempotency-Key": uuid4().hex},
        )
        found = await self.until_acknowledged(
            lambda: self.platform.http.patch(url, json={"body": body}, headers=headers), 200
        )
        assert found is not None, "an edit was never acknowledged"
        said.body, said.status = body, str(found["status"])
        self.edits += 1

    async def moderate(self, number: int) -> None:
        """One moderator: reads the queue and decides about what was seen, in that version."""
        while self.goes_on():
            await self._decide("approve" if (self.decisions + number) % 3 else "reject")
            await asyncio.sleep(0.1)

    async def _decide(self, action: str) -> None:
        base, editor = f"{self.platform.edge}/v1/comments", self.platform.editor
        seen = await self.until_acknowledged(
            lambda: self.platform.http.get(f"{base}?queue=pending&limit=10", headers=editor), 200
        )
        items = seen["items"] if seen is not None else []
        assert isinstance(items, list)
        if not items:
            return
        versions = {item["id"]: item["version"] for item in items}
        sent = {"ids": list(versions), "action": action, "reason": "A test.", "versions": versions}
        headers = {**editor, "Idempotency-Key": uuid4().hex}
        done = await self.until_acknowledged(
            lambda: self.platform.http.post(f"{base}/decisions", json=sent, headers=headers), 200
        )
        assert done is not None, "a decision was never acknowledged"
        conflicts = done["conflicts"]
        assert isinstance(conflicts, list)
        for comment_id in versions.keys() - {conflict["id"] for conflict in conflicts}:
            self.decided[comment_id] = _STATUS_AFTER[action]
            self.decisions += 1


async def listed_comments(platform: Platform, story: str) -> tuple[list[str], int]:
    """The ids of all published comments that the API lists, and its total."""
    ids: list[str] = []
    cursor: str | None = ""
    total = 0
    while cursor is not None:
        query = "?limit=100" + (f"&cursor={cursor}" if cursor else "")
        async with platform.http.get(f"{platform.edge}/v1/articles/{story}/comments{query}") as answer:
            found = await answer.json()
        waiting = list(found["items"])
        while waiting:
            item = waiting.pop()
            waiting += item["replies"]
            if item["status"] == "published":
                ids.append(item["id"])
        cursor, total = found["next_cursor"], found["total"]
    return ids, total


async def comments_on_pages(platform: Platform, url: str) -> tuple[list[str], int]:
    """The ids of all comments with text on an article's pages, and the number in their title."""
    ids: list[str] = []
    number, counted = 1, 0
    while True:
        status, text = await platform.page(f"{url}?comments={number}")
        if status == 404 or (status in (301, 302) and number > 1):
            return ids, counted
        if status != 200:
            status, text = await platform.page(url)
        ids += _SHOWN.findall(text)
        title = re.search(r"data-comments-title>\s*([\d,.]+)", text)
        counted = int(re.sub(r"\D", "", title.group(1))) if title else 0
        pages = re.search(r"pages-here\">[^<]*?(\d+)\D+(\d+)", text)
        if pages is None or int(pages.group(1)) >= int(pages.group(2)):
            return ids, counted
        number += 1


def mails_to(platform: Platform, address: str) -> list[str]:
    """The texts of the mails that the catcher has for an address, oldest first."""
    found: list[str] = []
    for file in sorted((platform.data / "mail").glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        if message["To"] == address:
            body = message.get_body(("plain",))
            found.append("" if body is None else str(body.get_content()))
    return found
