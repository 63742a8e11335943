"""What happens now: read from the other services at once; a service that does not answer is a fact, too."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.desk.api import Json, ServiceClient
from services.desk.articles.copy import ArticleFacts, facts_of
from services.desk.visit import Visit, items_of
from shared.errors import Problem, Unavailable
from shared.http.instances import Answer
from shared.times import now

_MOST = "5"
# The list of articles does not wait longer for these facts.
_WAIT_S = 1.5
# A row of the outbox is sent within a second; a gateway hears of the log at least every few seconds.
_OUTBOX_LATE_S = 10.0
_LOG_SILENT_S = 30.0


@dataclass(frozen=True)
class ReadArticle:
    """A line of the live ranking."""

    headline: str
    url: str
    views: int


@dataclass(frozen=True)
class NowFacts:
    """The desk's first page. None: the service did not answer. `wrong` has sentences for the person."""

    at: datetime
    read: Sequence[ReadArticle] | None
    published: Sequence[ArticleFacts]
    due: Sequence[ArticleFacts]
    waiting: Sequence[ArticleFacts]
    wrong: Sequence[str]


async def read_now(visit: Visit, popularity: ServiceClient, rendering: ServiceClient) -> NowFacts:
    """The facts for a person. Never raises for a service that does not answer."""
    waiting = {"submitted": "true"} if visit.person.publishes else {"by": "me", "status": "draft"}
    ranking, published, due, mine, newsroom, state = await asyncio.gather(
        _answer(popularity.call("GET", "/v1/popular", params={"window": "1h", "limit": _MOST})),
        _answer(visit.get("/internal/published", limit=_MOST)),
        _answer(visit.get("/v1/articles", scheduled="true", limit=_MOST)),
        _answer(visit.get("/v1/articles", limit=_MOST, **waiting)),
        _answer(visit.get("/internal/newsroom")),
        _answer(rendering.call("GET", "/internal/state")),
    )
    return NowFacts(
        at=now(),
        read=None if ranking is None else [_read(item) for item in items_of(ranking)],
        published=_articles(published),
        due=_articles(due),
        waiting=_articles(mine),
        wrong=tuple(faults(visit, newsroom, state)),
    )


def faults(visit: Visit, newsroom: Json | None, state: Json | None) -> Sequence[str]:
    """What went wrong, in the person's language."""
    words = visit.words
    found: list[str] = []
    if newsroom is None:
        found.append(words.text("now.ingestion_away"))
    else:
        found += [
            words.text("now.overdue", headline=str(item.get("headline")), reason=str(item.get("reason") or ""))
            for item in _list(newsroom, "overdue_items")
        ]
        oldest_s = float(str(newsroom.get("outbox_oldest_s") or 0))
        if oldest_s > _OUTBOX_LATE_S:
            count = words.number(int(str(newsroom.get("outbox_pending") or 0)))
            found.append(words.text("now.outbox", count=count, seconds=words.number(round(oldest_s))))
    if state is None:
        found.append(words.text("now.pages_away"))
    elif not state.get("is_following") or float(str(state.get("silent_s") or 0)) > _LOG_SILENT_S:
        silent_s = round(float(str(state.get("silent_s") or 0)))
        found.append(words.text("now.pages_behind", seconds=words.number(silent_s)))
    return found


async def _answer(asked: Awaitable[Answer]) -> Json | None:
    try:
        async with asyncio.timeout(_WAIT_S):
            return (await asked).json
    except (Problem, Unavailable, TimeoutError):
        return None


def _read(item: Mapping[str, object]) -> ReadArticle:
    return ReadArticle(str(item["headline"]), str(item["url"]), int(str(item["views"])))


def _articles(found: Json | None) -> Sequence[ArticleFacts]:
    return [] if found is None else [facts_of(item) for item in items_of(found)]


def _list(found: Json, name: str) -> Sequence[Mapping[str, object]]:
    items = found.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
