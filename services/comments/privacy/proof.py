"""The proof of an erasure: looks at the places where a text may still be, and counts what is left."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from time import monotonic

import aiohttp

from services.comments.model.records import Comment
from shared.outbox.store import Outbox

_POLL_S = 0.1
_SENT_TIMEOUT_S = 10.0
_PAGES_TIMEOUT_S = 10.0
_PAGE_TIMEOUT = aiohttp.ClientTimeout(total=5)
# An erasure of thousands of comments looks at some of their pages, the newest.
_MOST_PAGES = 20
# Shorter phrases occur in other texts.
_SHORTEST = 12
_LONGEST = 60


@dataclass(frozen=True)
class PlaceLooked:
    """One place: the number of things that were looked at, and of those that still have something. `note`: for people."""

    where: str
    checked: int
    left: int
    note: str = ""


def phrase_of(comment: Comment) -> str:
    """The beginning of a comment's first line, as pages have it; empty when it is too short to be recognised."""
    line = comment.body.strip().partition("\n")[0][:_LONGEST]
    return escape(line, quote=False) if len(line) >= _SHORTEST else ""


async def until_sent(outbox: Outbox, ids: Sequence[str]) -> int:
    """The number of these comments whose last event is not on the topic, after a wait of 10 s at most. Raises Unavailable."""
    end = monotonic() + _SENT_TIMEOUT_S
    while waiting := len(set(ids).intersection(await outbox.pending_aggregates())):
        if monotonic() >= end:
            break
        await asyncio.sleep(_POLL_S)
    return waiting


class PageReader:
    """Reads pages from the gateways, past the edge's cache. `urls`: the gateways' addresses."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    async def look(self, phrases: Mapping[str, Sequence[str]]) -> list[PlaceLooked]:
        """Look for phrases on pages, by path, until they are gone, for 10 s at most. One finding for each gateway."""
        newest = dict(list(phrases.items())[-_MOST_PAGES:])
        return list(await asyncio.gather(*(self._look_at(url, newest) for url in self._urls)))

    async def _look_at(self, url: str, phrases: Mapping[str, Sequence[str]]) -> PlaceLooked:
        end, left = monotonic() + _PAGES_TIMEOUT_S, len(phrases)
        try:
            async with aiohttp.ClientSession(timeout=_PAGE_TIMEOUT) as http:
                while left and monotonic() < end:
                    left = sum([await _has(http, url + path, wanted) for path, wanted in phrases.items()])
                    if left:
                        await asyncio.sleep(_POLL_S)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return PlaceLooked(f"pages of {url}", 0, left, f"not reached: {type(error).__name__}")
        return PlaceLooked(f"pages of {url}", len(phrases), left)


async def _has(http: aiohttp.ClientSession, url: str, wanted: Sequence[str]) -> bool:
    async with http.get(url) as answer:
        text = await answer.text()
    return any(phrase and phrase in text for phrase in wanted)
