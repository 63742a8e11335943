"""Loads the edition through the public API at the edge, and through the topic of views. `python -m deploy.edition` calls it.

An interrupted load can be started again: existing content stays.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from deploy.edition.articles import Article, Comment, EditionError
from deploy.edition.edge import Edge, Json
from deploy.edition.plan import View, in_order, plan_views
from shared.errors import Unavailable
from shared.events import PageViewed, ReferrerClass, encode
from shared.kafka.producer import Producer
from shared.times import rfc3339

# Few: the loader shares two cores with the services.
_AT_ONCE = 6
_VIEWS_AT_ONCE = 1000

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Loader:
    """Loads an edition through an edge and a producer of views, and reports progress."""

    edge: Edge
    views: Producer
    report: Callable[[str], None]

    async def load(self, articles: Sequence[Article], now: datetime) -> None:
        """Load in the order of real events: pictures, articles, corrections, comments, views."""
        dated = in_order(articles, now)
        pictures = await self._pictures(articles)
        known = await self._existing()
        created = await _map_bounded(lambda pair: self._create(pair[0], known, pictures), dated)
        ids = {str(found["slug"]): str(found["id"]) for found in created}
        for (article, moment), found in zip(dated, created, strict=True):
            await self._publish(article, moment, found, pictures)
        self.report(f"{len(dated)} articles published")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._comments(articles, ids))
            group.create_task(self._views(plan_views(articles, now), ids))

    async def _pictures(self, articles: Sequence[Article]) -> Mapping[str, str]:
        """Upload every picture. Returns its id in the store by the article's slug."""
        pictured = [article for article in articles if article.picture]
        found = await _map_bounded(self._upload, pictured)
        self.report(f"{len(found)} pictures uploaded; their variants are made in the background")
        return {article.slug: str(picture["id"]) for article, picture in zip(pictured, found, strict=True)}

    async def _upload(self, article: Article) -> Json:
        assert article.picture is not None
        texts = article.picture.model_dump(include={"alt", "caption", "credit"})
        return await self.edge.upload("/v1/media", f"{article.slug}, picture", article.picture_file, texts)

    async def _existing(self) -> Mapping[str, Json]:
        found: dict[str, Json] = {}
        cursor = ""
        while True:
            page = await self.edge.get(f"/v1/articles?limit=100{cursor}")
            found |= {item["slug"]: item for item in page["items"]}
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def _create(self, article: Article, known: Mapping[str, Json], pictures: Mapping[str, str]) -> Json:
        if article.slug in known:
            return known[article.slug]
        first = article.correction
        body = article.body.replace(first.now, first.was) if first else article.body
        return await self.edge.post(
            "/v1/articles", article.slug, fields(article, body, pictures), key=f"edition:{article.slug}"
        )

    async def _publish(self, article: Article, moment: datetime, found: Json, pictures: Mapping[str, str]) -> None:
        path = f"/v1/articles/{found['id']}"
        if found["status"] == "draft":
            dated = {"published_at": rfc3339(moment)}
            found = await self.edge.post(f"{path}/publish", article.slug, dated, version=found["version"])
        if article.correction is None or found["corrected_at"] is not None:
            return
        content = fields(article, article.body, pictures)
        found = await self.edge.put(path, article.slug, content, version=found["version"])
        note = {"note": article.correction.note}
        await self.edge.post(f"{path}/correct", article.slug, note, version=found["version"])

    async def _comments(self, articles: Sequence[Article], ids: Mapping[str, str]) -> None:
        discussed = [article for article in articles if article.comments]
        counts = await _map_bounded(lambda article: self._discuss(article, ids[article.slug]), discussed)
        self.report(f"{sum(counts)} comments on {len(discussed)} articles")

    async def _discuss(self, article: Article, article_id: str) -> int:
        """Post one article's threads in order. Returns the number of comments."""
        waiting = [(comment, "", f"{number}") for number, comment in enumerate(article.comments)]
        for comment, parent, place in waiting:
            posted = await self._post_comment(article.slug, article_id, comment, parent, place)
            waiting += [(reply, posted, f"{place}.{number}") for number, reply in enumerate(comment.replies)]
        return len(waiting)

    async def _post_comment(self, slug: str, article_id: str, comment: Comment, parent: str, place: str) -> str:
        sent = {"name": comment.name, "email": comment.email, "body": comment.body}
        posted = await self.edge.post(
            f"/v1/articles/{article_id}/comments",
            f"{slug}, comment {place}",
            sent | ({"parent_id": parent} if parent else {}),
            key=f"edition:{slug}:{place}",
            awaited=True,
        )
        if posted["status"] == "pending" and not comment.held:
            await self.edge.post(f"/v1/comments/{posted['id']}/approve", f"{slug}, comment {place}")
        return str(posted["id"])

    async def _views(self, views: Sequence[View], ids: Mapping[str, str]) -> None:
        try:
            for start in range(0, len(views), _VIEWS_AT_ONCE):
                part = views[start : start + _VIEWS_AT_ONCE]
                await self.views.send(*(encode(_viewed(view, ids[view.article.slug])) for view in part))
        except Unavailable as error:
            raise EditionError(f"the views: {error}") from error
        self.report(f"{len(views)} views of the last 30 days")


def fields(article: Article, body: str, pictures: Mapping[str, str]) -> dict[str, Any]:
    """The body of `POST /v1/articles` for an article with this text. `pictures`: ids in the store by slug."""
    sent: dict[str, Any] = {
        "headline": article.headline,
        "section": article.section,
        "slug": article.slug,
        "standfirst": article.standfirst,
        "body_markdown": body,
        "bylines": list(article.bylines),
        "tags": list(article.tags),
        "language": article.language,
    }
    if article.slug in pictures:
        # Alternative text, caption and credit are the picture's own.
        sent["lead_image"] = {"media_id": pictures[article.slug]}
    return sent


# Where the sample's readers come from, in fifths, and how many there are in a day.
_REFERRERS: tuple[tuple[ReferrerClass, str], ...] = (
    ("search", ""),
    ("site", ""),
    ("none", ""),
    ("social", ""),
    ("other", "letters.example.org"),
)
_READERS_A_DAY = 400


def _viewed(view: View, article_id: str) -> PageViewed:
    referrer, host = _REFERRERS[view.id.int % len(_REFERRERS)]
    return PageViewed(
        id=view.id,
        article_id=article_id,
        section=view.article.section,
        viewed_at=view.at,
        referrer=referrer,
        referrer_host=host,
        visitor=f"{view.at:%Y%m%d}{view.id.int // len(_REFERRERS) % _READERS_A_DAY:08x}",
    )


async def _map_bounded(do: Callable[[Item], Awaitable[Result]], items: Iterable[Item]) -> list[Result]:
    """Results in order, with _AT_ONCE calls in parallel. The first failure cancels the others."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def call(item: Item) -> Result:
        async with gate:
            return await do(item)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(item)) for item in items]
    return [task.result() for task in tasks]


async def load_edition(
    edge_url: str,
    token: str,
    kafka: str,
    articles: Sequence[Article],
    now: datetime,
    *,
    idempotence: bool = True,
    report: Callable[[str], None] = print,
) -> None:
    """Load `articles` into the platform at `edge_url` as of `now`. Raises EditionError that names the failed item."""
    producer = Producer(kafka, idempotence=idempotence, linger_ms=20, batch_bytes=256 * 1024)
    try:
        async with Edge(edge_url, token) as edge:
            await Loader(edge, producer, report).load(articles, now)
    except* EditionError as group:
        raise _first(group) from None
    finally:
        await producer.stop()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
