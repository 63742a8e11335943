"""Answers questions: the serving index, its follower of the log, the threads, and the change to a rebuilt index."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter, sleep

import structlog
from aiohttp import web

from services.search import metrics
from services.search.consumers import Follower
from services.search.generations import Generations
from services.search.lanes import Lane
from services.search.rules import Question
from services.search.settings import SearchSettings
from services.search.store import Found, SearchIndex
from shared.errors import Unavailable
from shared.process.process import start_task, stop_task
from shared.site.pages import pages_of_site

_log = structlog.get_logger(__name__)

# The time of a search is mostly that of the snippets, one for each result.
LONGEST_CHEAP_PAGE = 50
_POLL_EVERY_S = 0.5
_CURRENT_POLL_EVERY_S = 0.05
# A process that was just killed may still hold the index's write lock.
_LOCK_WITHIN_S = 10.0


class Searcher:
    """Serves one index at a time. Settings bound how many questions wait for a thread, and how long."""

    def __init__(self, settings: SearchSettings) -> None:
        self._settings = settings
        self._generations = Generations(settings.own_index)
        self._cheap = Lane("search", settings.search_threads, settings.search_waiting)
        # Many costly searches must not keep ordinary ones waiting: they have fewer threads, and are refused first.
        self._costly = Lane("costly search", max(1, settings.search_threads // 2), settings.search_waiting // 4)
        self._number = 0
        self._index: SearchIndex | None = None
        self._follower: Follower | None = None

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """While the application runs: open the index, follow the log, and change to each rebuilt index."""
        task = start_task(self._run(), "index")
        yield
        await stop_task(task)
        self._cheap.close()
        self._costly.close()

    async def _run(self) -> None:
        async with AsyncExitStack() as serving:
            while True:
                number = self._generations.current()
                async with AsyncExitStack() as following:
                    index, follower = await following.enter_async_context(self._followed(number))
                    if self._follower is not None:
                        # The former index serves until this one has all that is in the log.
                        await _until_current(follower)
                    self._number, self._index, self._follower = number, index, follower
                    _log.info("search.serves", number=number, documents=index.size)
                    await serving.aclose()
                    serving.push_async_exit(following.pop_all())
                await asyncio.to_thread(self._generations.remove_before, number)
                await self._until_replaced(number)

    @asynccontextmanager
    async def _followed(self, number: int) -> AsyncIterator[tuple[SearchIndex, Follower]]:
        """An open index, and its running follower, for the length of a block."""
        index = await asyncio.to_thread(self._open, number)
        follower = Follower(self._settings, index)
        task = start_task(follower.run(), "follower")
        try:
            yield index, follower
        finally:
            await stop_task(task)
            await asyncio.to_thread(index.close)

    async def _until_replaced(self, number: int) -> None:
        while self._generations.current() == number:
            await asyncio.sleep(_POLL_EVERY_S)

    def _open(self, number: int) -> SearchIndex:
        index = open_index(self._generations, number)
        deadline = perf_counter() + _LOCK_WITHIN_S
        while True:
            try:
                index.write()
                break
            except Unavailable:
                if perf_counter() > deadline:
                    raise
                sleep(_POLL_EVERY_S)
        index.replace_pages(pages_of_site(self._settings.site).values())
        index.commit(index.position)
        return index

    async def find(self, question: Question, offset: int, limit: int) -> Found:
        """The results. Raises Unavailable while no index is ready, when too many wait, and after the time limit.

        A question without results is searched again forgivingly, in the lane of costly searches; long pages are read there too.
        """
        index = self._index
        if index is None or self._follower is None:
            raise Unavailable("the index is being opened")
        if not self._follower.is_whole:
            # A new instance must not answer that there are no results; the edge asks another one.
            raise Unavailable("the index is being filled")
        try:
            async with asyncio.timeout(self._settings.search_wait_s):
                found = await self._find(index, question, offset, limit)
        except TimeoutError as error:
            metrics.REFUSED.inc()
            raise Unavailable(f"no answer within {self._settings.search_wait_s:g} s") from error
        except Unavailable:
            metrics.REFUSED.inc()
            raise
        metrics.SEARCHES.labels("some" if found.total else "none").inc()
        return found

    async def _find(self, index: SearchIndex, question: Question, offset: int, limit: int) -> Found:
        lane = self._costly if limit > LONGEST_CHEAP_PAGE else self._cheap
        found = await lane.run(lambda: _timed(index.search_strictly, question, offset, limit))
        if not index.may_forgive(question, found):
            return found
        return await self._costly.run(lambda: _timed(index.search_forgivingly, question, offset, limit))

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while no index is ready."""
        if self._follower is None:
            raise Unavailable("the index is being opened")
        return {"index": self._number, **await self._follower.check()}


async def _until_current(follower: Follower) -> None:
    while not follower.is_current:
        await asyncio.sleep(_CURRENT_POLL_EVERY_S)


def open_index(generations: Generations, number: int) -> SearchIndex:
    """An index. One that is unreadable or of another format is replaced by an empty one."""
    try:
        return SearchIndex(generations.path(number))
    except ValueError as error:
        _log.warning("search.index_unusable", number=number, reason=str(error))
        generations.discard(number)
        return SearchIndex(generations.path(number))


def _timed(search: Callable[[Question, int, int], Found], question: Question, offset: int, limit: int) -> Found:
    with metrics.SEARCH_SECONDS.time():
        return search(question, offset, limit)
