"""A discussion of ten thousand comments against those of a hundred: the time of an article's page, and of projecting comments.

Both have the same mixture of threads. The large one has a chain too, in which 300 comments answer each other.
"""

import random
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter

from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.page_builder import PageBuilder
from services.rendering.gateway.past_rankings import PastRankings
from services.rendering.gateway.service_client import ServiceClient
from services.rendering.pages.addresses import Address
from services.rendering.pages.page import Page
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.projector.consumers import UNIT
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import CommentPublished, CommentState, Votes
from shared.http.ready_response import DateLine
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.site.site import load_site
from shared.times import now
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.text import body_html
from tests.support.gateway import SITE_URL, ProjectorHarness, an_article, open_projector_harness
from tests.support.projector import MORNING

FEW = 100
MANY = 10_000
CHAIN = 300
SMALL = 12
PAGES = 240
BATCHES = 24
BATCH = 16
BAR = 1.3
# Of ten comments six are replies. Replies and votes are for one of the last comments; one in ten is for any comment.
_REPLIES, _RECENT, _LATE = 0.6, 40, 0.1
_TEXT = "A fine piece, and a map that one can read at last. The figures for March surprise me: where do they come from?"


@dataclass
class Talk:
    """A discussion that grows. Each comment comes a second after the one before."""

    rng: random.Random
    article_id: str = field(default_factory=new_id)
    comments: list[CommentState] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The article's path."""
        return f"/world/{self.article_id.lower()}"

    def add(self, parent: CommentState | None) -> CommentState:
        """A new comment, or a reply."""
        comment_id = new_id()
        comment = CommentPublished(
            id=comment_id, version=1, article_id=self.article_id, parent_id=parent and parent.id,
            root_id=parent.root_id if parent else comment_id, name="Ada Byrne", body=_TEXT,
            body_html=f"<p>{_TEXT} {len(self.comments)}</p>", status="published",
            created_at=MORNING + timedelta(seconds=len(self.comments)),
        )  # fmt: skip
        self.comments.append(comment)
        return comment

    def grow(self, count: int) -> list[CommentState]:
        """Further comments: openers, replies to recent comments, and some to any comment."""
        return [self.add(self._parent()) for _ in range(count)]

    def chain(self, count: int) -> list[CommentState]:
        """Further comments, each a reply to the one before."""
        chain = [self.add(None)]
        for _ in range(count - 1):
            chain.append(self.add(chain[-1]))
        return chain

    def vote(self) -> CommentState:
        """A vote for a recent comment, sometimes for any."""
        number = self.comments.index(self._one())
        before = self.comments[number]
        votes = Votes(up=before.votes.up + 1)
        self.comments[number] = before.model_copy(update={"version": before.version + 1, "votes": votes})
        return self.comments[number]

    def _parent(self) -> CommentState | None:
        if not self.comments or self.rng.random() > _REPLIES:
            return None
        return self._one()

    def _one(self) -> CommentState:
        return self.rng.choice(self.comments if self.rng.random() < _LATE else self.comments[-_RECENT:])


@dataclass(frozen=True)
class Talks:
    """Articles with FEW comments each, and one with MANY, in one read model."""

    harness: ProjectorHarness
    model: ReadModel
    few: Sequence[Talk]
    many: Talk


@asynccontextmanager
async def running_talks() -> AsyncIterator[Talks]:
    """A read model with the discussions."""
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        mongo = Mongo(settings.mongo)
        async with open_projector_harness(settings, "rendering") as harness:
            few, many = [Talk(random.Random(seed)) for seed in range(SMALL)], Talk(random.Random(SMALL))
            for talk in (*few, many):
                article = an_article(
                    id=talk.article_id, url=talk.path, slug=talk.article_id.lower(), body_html=body_html(4)
                )
                await harness.apply(article)
            for talk in few:
                await _project(harness, talk.grow(FEW))
            await _project(harness, [*many.grow(MANY // 2), *many.chain(CHAIN), *many.grow(MANY - MANY // 2 - CHAIN)])
            yield Talks(harness, ReadModel(mongo, "rendering"), few, many)
        mongo.close()


async def _project(harness: ProjectorHarness, comments: Sequence[CommentState]) -> None:
    for first in range(0, len(comments), UNIT):
        await harness.apply(*comments[first : first + UNIT])


async def measure_page() -> Measure:
    """The time to read, lay out and render an uncached page with comments: the 95th percentile over the pages of each kind."""
    async with running_talks() as talks:
        builder = _a_builder(talks.model)
        small = [address for talk in talks.few for address in await _pages(talks.model, talk)]
        large = await _pages(talks.model, talks.many)
        taken: dict[str, list[float]] = {"small": [], "large": []}
        sizes: dict[str, list[int]] = {"small": [], "large": []}
        for turn in range(PAGES):
            for name, addresses in (("small", small), ("large", large)):
                started = perf_counter()
                found = (await builder.build(addresses[turn * 7 % len(addresses)])).page
                taken[name].append((perf_counter() - started) * 1000)
                assert isinstance(found, Page)
                sizes[name].append(found.size_bytes)
    extra = {
        "p50": statistics.median(taken["large"]),
        "p50_small": statistics.median(taken["small"]),
        "kb": max(sizes["large"]) / 1024,
        "kb_small": max(sizes["small"]) / 1024,
        "pages": float(len(large)),
    }
    ours, reference = _p95(taken["large"]), _p95(taken["small"])
    return Measure("big_discussion_page", ours, reference, unit="ms", bar=BAR, sense="at_most", extra=extra)


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20)[18]


def _a_builder(model: ReadModel) -> PageBuilder:
    site, date = load_site(None), DateLine()
    return PageBuilder(
        model,
        Templates(site, SITE_URL),
        site,
        date,
        now,
        Syndication(site, SITE_URL, "", date, now),
        PastRankings(ServiceClient("popularity", (), 1.0), now),
    )


async def _pages(model: ReadModel, talk: Talk) -> list[Address]:
    reading = Reading(model)
    article = await reading.article(talk.article_id)
    assert article is not None
    view = await reading.comments(article)
    assert view is not None
    return [Address("article", talk.path, number) for number in range(1, view.pages + 1)]


async def measure_projection() -> Measure:
    """The time of a comment's event, in transactions of BATCH events: half of them comments, half votes."""
    async with running_talks() as talks:
        few: list[float] = []
        many: list[float] = []
        for turn in range(BATCHES):
            few.append(await _batch_ms(talks.harness, talks.few[turn % SMALL]))
            many.append(await _batch_ms(talks.harness, talks.many))
    ours, reference = statistics.median(many) / BATCH, statistics.median(few) / BATCH
    return Measure("big_discussion_projection", ours, reference, unit="ms", bar=BAR, sense="at_most")


async def _batch_ms(harness: ProjectorHarness, talk: Talk) -> float:
    events = [*talk.grow(BATCH // 2), *(talk.vote() for _ in range(BATCH // 2))]
    started = perf_counter()
    await harness.apply(*events)
    return (perf_counter() - started) * 1000


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {
    "big_discussion_page": measure_page,
    "big_discussion_projection": measure_projection,
}
