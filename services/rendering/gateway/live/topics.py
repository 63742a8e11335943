"""The topics that live readers follow: articles with their comments, the front page, Popular News.

When a topic changes, read it once and broadcast to every listener. A new listener first gets the present content, so that
its page can find out what has changed since it was rendered:

    article   {"version", "corrections", "comments", "open", "withdrawn"}: versions of the article and of its newest
              comments, and whether readers may comment
    comments  {"version", "title", "put": [{"id", "thread", "after", "removed", "html"}], "votes": [{"id", "up", "down"}],
              "gone": [id]}: comments that are new or have other words or marks, only other votes, or have left the page
    front     {"ids"}: the newest articles of the site, newest first
    popular   {"html"}: the Popular News block
    reset     {}: events may have been missed; the present content follows
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import structlog

from services.rendering.gateway.live.broadcaster import Broadcaster, TopicName
from services.rendering.gateway.live.topic_content import (
    LiveEvent,
    TopicContent,
    TopicReader,
    popular_topic,
    topic_of,
)
from services.rendering.pages.popular import Block, PopularNews
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

# View counts change all the time: the least interval between two events of a block.
POPULAR_EVERY_S = 5.0
# A topic without listeners is kept for a while: a reader who turns the page comes back.
_FORGET_AFTER_S = 60.0
# Above this number topics without listeners are forgotten within a second: anyone may ask for articles that do not exist.
_MOST_KEPT = 4096
_READS_AT_ONCE = 4
_RETRY_AFTER_S = 1.0


@dataclass
class TopicState:
    """A topic that has or had listeners. `joining` counts the readers who wait for its content."""

    content: TopicContent | None = None
    joining: int = 0
    read_task: "asyncio.Task[None] | None" = None
    is_stale: bool = True
    last_used_at: float = field(default_factory=monotonic)


@dataclass(frozen=True)
class PublishedBlock:
    """A Popular News block that readers follow: the fragment that was published last, and when."""

    block: Block
    fragment: bytes
    published_at: float


class LiveTopics:
    """Holds the content of every topic that has listeners, and publishes its changes through the broadcaster."""

    def __init__(self, reader: TopicReader, popular: PopularNews, broadcaster: Broadcaster) -> None:
        self._reader = reader
        self._popular = popular
        self._broadcaster = broadcaster
        self._states: dict[TopicName, TopicState] = {}
        self._blocks: dict[TopicName, PublishedBlock] = {}
        self._slots = asyncio.Semaphore(_READS_AT_ONCE)

    async def prepare(self, topics: Sequence[TopicName]) -> None:
        """Load the content of the topics. Raises Unavailable when the read model does not answer.

        The content stays loaded until the caller's next await, even when a change arrives in between.
        """
        states = {topic: self._states.setdefault(topic, TopicState()) for topic in topics}
        for state in states.values():
            state.joining += 1
        try:
            for topic, state in states.items():
                state.last_used_at = monotonic()
                if state.content is None:
                    await asyncio.shield(self._start_reading(topic, state))
                if state.content is None:
                    raise Unavailable("the read model does not answer")
        finally:
            for state in states.values():
                state.joining -= 1

    def greeting(self, topics: Sequence[TopicName], block: Block | None, last_id: str) -> list[bytes]:
        """The first events for a new listener: those since `last_id`, or `reset`; then the present content."""
        encode = self._broadcaster.encode
        popular = [] if block is None else [popular_topic(block)]
        missed = self._broadcaster.events_since(last_id, [*topics, *popular]) if last_id else []
        events = [encode("reset", {})] if missed is None else list(missed)
        events += [encode(*event) for topic in topics for event in self._present_events(topic)]
        if missed is None and block is not None:
            events.append(encode("popular", _block_data(self._popular.fragment(block))))
        return events

    def _present_events(self, topic: TopicName) -> Sequence[LiveEvent]:
        content = self._states[topic].content
        return () if content is None else content.events

    def follow_block(self, block: Block) -> TopicName:
        """The topic of a block, whose changes are published from now on."""
        topic = popular_topic(block)
        if topic not in self._blocks:
            self._blocks[topic] = PublishedBlock(block, self._popular.fragment(block), monotonic())
        return topic

    def on_change(self, dependency: str) -> None:
        """A document has changed: read its topic again if it has listeners, else forget it."""
        topic = topic_of(dependency)
        state = self._states.get(topic)
        if state is None:
            return
        if not self._is_in_use(topic, state) and state.read_task is None:
            del self._states[topic]
            return
        state.is_stale = True
        self._start_reading(topic, state)

    def reset(self) -> None:
        """Changes may have been missed: send `reset` to all readers, and read again every topic with listeners."""
        self._broadcaster.reset()
        for topic, state in tuple(self._states.items()):
            state.content = None
            state.is_stale = True
            if self._is_in_use(topic, state):
                self._start_reading(topic, state)
            elif state.read_task is None:
                del self._states[topic]

    def _is_in_use(self, topic: TopicName, state: TopicState) -> bool:
        return self._broadcaster.has_listeners(topic) or state.joining > 0

    async def run(self) -> None:
        """Each second, publish changed rankings and forget topics without listeners."""
        while True:
            await asyncio.sleep(1.0)
            now = monotonic()
            self._publish_blocks(now)
            self._forget(now)

    def _publish_blocks(self, now: float) -> None:
        for topic, published in tuple(self._blocks.items()):
            if not self._broadcaster.has_listeners(topic):
                del self._blocks[topic]
            elif now - published.published_at >= POPULAR_EVERY_S:
                fragment = self._popular.fragment(published.block)
                if fragment is not published.fragment:
                    self._blocks[topic] = PublishedBlock(published.block, fragment, now)
                    self._broadcaster.publish(topic, "popular", _block_data(fragment))

    def _forget(self, now: float) -> None:
        kept_for_s = _FORGET_AFTER_S if len(self._states) <= _MOST_KEPT else 0.0
        for topic, state in tuple(self._states.items()):
            if self._is_in_use(topic, state):
                state.last_used_at = now
            elif now - state.last_used_at > kept_for_s and state.read_task is None:
                del self._states[topic]

    def _start_reading(self, topic: TopicName, state: TopicState) -> "asyncio.Task[None]":
        if state.read_task is None:
            state.read_task = asyncio.create_task(self._read(topic, state), name=f"live {topic}")
        return state.read_task

    async def _read(self, topic: TopicName, state: TopicState) -> None:
        """Read a topic until it is up to date. Retry failures as long as it has listeners."""
        try:
            while state.is_stale:
                state.is_stale = False
                try:
                    async with self._slots:
                        await self._publish_changes(topic, state)
                except Unavailable as error:
                    _log.warning("live.read_failed", topic=topic, reason=str(error))
                    if not self._broadcaster.has_listeners(topic):
                        return
                    state.is_stale = True
                    await asyncio.sleep(_RETRY_AFTER_S)
        finally:
            state.read_task = None

    async def _publish_changes(self, topic: TopicName, state: TopicState) -> None:
        content, changes = await self._reader.read(topic, state.content)
        before, state.content = state.content, content
        # Without listeners nothing is published: a reader who joins gets the content of that moment.
        if self._broadcaster.has_listeners(topic) and (before is None or before.events != content.events):
            for event in changes if before is not None else content.events:
                self._broadcaster.publish(topic, *event)


def _block_data(fragment: bytes) -> Mapping[str, str]:
    return {"html": fragment.decode()}
