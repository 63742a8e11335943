"""The proof of an erasure: looks at the places where a text may still be, and counts what is left."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import aiohttp
from lxml import html

from shared.outbox.store import Outbox

_POLL_S = 0.1
# The longest wait for the topic, and the one for pages. The desk waits longer than both together.
WAIT_S = 10.0
_PAGE_TIMEOUT = aiohttp.ClientTimeout(total=5)
# An erasure of thousands of comments looks at some of their pages, the newest.
_MOST_PAGES = 20
# The element of a comment, and the class of its text in it (rendering's `parts/comment.html`; a test compares).
# A placeholder has the element alone. The text itself is not compared: a repetition does not know it any more.
_BODY = html.etree.XPath("//*[@id=$element]//*[contains(concat(' ', @class, ' '), ' comment-body ')]")


@dataclass(frozen=True)
class PlaceLooked:
    """One place: the number of things that were looked at, and of those that still have something. `note`: for people."""

    where: str
    checked: int
    left: int
    note: str = ""


def shows_text(page: str, comment_id: str) -> bool:
    """Whether an article's page shows a comment's text."""
    return bool(_BODY(html.document_fromstring(page), element=f"comment-{comment_id}"))


async def until_sent(outbox: Outbox, ids: Sequence[str], wait_s: float = WAIT_S) -> int:
    """The number of these comments whose last event is not on the topic, after a wait of `wait_s` at most. Raises Unavailable."""
    end = monotonic() + wait_s
    while waiting := len(set(ids).intersection(await outbox.pending_aggregates())):
        if monotonic() >= end:
            break
        await asyncio.sleep(_POLL_S)
    return waiting


class PageReader:
    """Reads pages from the gateways, past the edge's cache. `urls`: the gateways' addresses."""

    def __init__(self, urls: Sequence[str], wait_s: float = WAIT_S) -> None:
        self._urls = urls
        self._wait_s = wait_s

    async def look(self, pages: Mapping[str, str]) -> list[PlaceLooked]:
        """Look at pages until none shows its comment's text, for `wait_s` at most. `pages`: comments' ids by path, oldest first.

        One finding for each gateway.
        """
        newest = dict(list(pages.items())[-_MOST_PAGES:])
        note = f"the newest of {len(pages)}" if len(newest) < len(pages) else ""
        return list(await asyncio.gather(*(self._look_at(url, newest, note) for url in self._urls)))

    async def _look_at(self, url: str, pages: Mapping[str, str], note: str) -> PlaceLooked:
        where, end, left = f"pages of {url}", monotonic() + self._wait_s, ["not looked at"] * len(pages)
        try:
            async with asyncio.timeout(self._wait_s), aiohttp.ClientSession(timeout=_PAGE_TIMEOUT) as http:
                while left:
                    found = [await _left_on(http, url + path, comment_id) for path, comment_id in pages.items()]
                    left = [one for one in found if one is not None]
                    if left:
                        await asyncio.sleep(_POLL_S)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if monotonic() < end:
                return PlaceLooked(where, 0, len(left), f"not reached: {type(error).__name__}")
        return PlaceLooked(where, len(pages), len(left), ", ".join(filter(None, [note, *sorted(set(left))])))


async def _left_on(http: aiohttp.ClientSession, url: str, comment_id: str) -> str | None:
    """What is left on a page, or why nobody knows; None for nothing. 410: the article is withdrawn by now."""
    async with http.get(url) as answer:
        if answer.status == 410:
            return None
        text = await answer.text()
        if answer.status != 200 or not text.strip():
            return f"answered {answer.status}"
        return "text" if shows_text(text, comment_id) else None
