"""What live readers are told: of an article its new comments and versions, of the front page its stories, Popular News.

What is told is read once for all who listen to a topic, when something of it has moved. Whoever joins is told first what
holds now, so that a page can see what has changed since it was made:

    article   {"version", "corrections", "comments", "withdrawn"}: the versions of the article and of its newest comments
    comments  {"version", "title", "put": [{"id", "thread", "after", "removed", "html"}], "gone": [id]}: what is new there
    front     {"ids"}: the newest articles of the site, newest first
    popular   {"html"}: the Popular News block
    reset     {}: something may have been missed; what holds now follows
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

import structlog

from services.rendering.gateway.live.broadcaster import Broadcaster, Topic
from services.rendering.pages.models import CommentsView, CommentView, LiveCommentView
from services.rendering.pages.popular import Block, PopularNews
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.names import SITE, article_name, front_name, threads_name
from services.rendering.readmodel.store import ReadModel
from shared.errors import Unavailable

_log = structlog.get_logger(__name__)

FRONT = "front"
# Counts change with every view: a block is told so often at most.
POPULAR_EVERY_S = 5.0
# A topic that nobody listens to is known for a while, for the reader who turns the page and comes back.
_KNOWN_FOR_S = 60.0
_READS_AT_ONCE = 4
_AGAIN_AFTER_S = 1.0

Said = tuple[str, object]


def article_topic(article_id: str) -> Topic:
    """The topic of an article, its comments included."""
    return f"article:{article_id}"


def popular_topic(block: Block) -> Topic:
    """The topic of a Popular News block."""
    return f"popular:{block[0] or ''}:{block[1]}"


@dataclass(frozen=True)
class Place:
    """A comment and where it stands: in which thread, after which other comment of it (after which thread, for an opener)."""

    said: CommentView
    thread: str
    after: str


@dataclass(frozen=True)
class Known:
    """What is known of a topic: what newcomers are told, and of comments which are seen and which were removed."""

    now: tuple[Said, ...] = ()
    comments: Mapping[str, bool] = field(default_factory=dict)


@dataclass
class TopicState:
    """A topic that has or had listeners; `joining` are those who wait to hear what holds now."""

    known: Known | None = None
    joining: int = 0
    reading: "asyncio.Task[None] | None" = None
    moved: bool = True
    heard_at: float = field(default_factory=monotonic)


def places(talk: CommentsView) -> list[Place]:
    """The comments of a page in reading order, each with its place."""
    found: list[Place] = []
    before = ""
    for thread in talk.threads:
        opener = thread.opener.comment_id
        found.append(Place(thread.opener, opener, before))
        after = opener
        for reply in thread.replies:
            found.append(Place(reply, opener, after))
            after = reply.comment_id
        before = opener
    return found


def news(before: Mapping[str, bool], now: Sequence[Place]) -> tuple[list[Place], list[str]]:
    """Which comments are new or were removed since, and which are not there any more."""
    put = [place for place in now if before.get(place.said.comment_id) is not place.said.removed]
    there = {place.said.comment_id for place in now}
    return put, [name for name in before if name not in there]


class LiveTopics:
    """Knows what holds on every topic that is listened to, and tells the hub what has changed."""

    def __init__(self, model: ReadModel, templates: Templates, popular: PopularNews, hub: Broadcaster) -> None:
        self._model = model
        self._templates = templates
        self._popular = popular
        self._hub = hub
        self._subjects: dict[Topic, TopicState] = {}
        self._blocks: dict[Topic, tuple[Block, bytes, float]] = {}
        self._slots = asyncio.Semaphore(_READS_AT_ONCE)

    async def prepare(self, topics: Sequence[Topic]) -> None:
        """Have what holds on the topics ready. Raises Unavailable when the read model does not answer.

        Until the caller's next await the topics stay known: nothing that moves meanwhile makes them forgotten.
        """
        subjects = {topic: self._subjects.setdefault(topic, TopicState()) for topic in topics}
        for subject in subjects.values():
            subject.joining += 1
        try:
            for topic, subject in subjects.items():
                subject.heard_at = monotonic()
                if subject.known is None:
                    await asyncio.shield(self._read_again(topic, subject))
                if subject.known is None:
                    raise Unavailable("the read model does not answer")
        finally:
            for subject in subjects.values():
                subject.joining -= 1

    def greeting(self, topics: Sequence[Topic], block: Block | None, last_id: str) -> bytes:
        """What a reader is told on joining: what was missed since `last_id`, then what holds now."""
        popular = [] if block is None else [popular_topic(block)]
        missed = self._hub.missed(last_id, [*topics, *popular]) if last_id else []
        said = [self._hub.words("reset", {})] if missed is None else list(missed)
        said += [self._hub.words(*now) for topic in topics for now in self._now(topic)]
        if missed is None and block is not None:
            said.append(self._hub.words("popular", _block(self._popular.fragment(block))))
        return b"".join(said)

    def _now(self, topic: Topic) -> Sequence[Said]:
        known = self._subjects[topic].known
        return () if known is None else known.now

    def follow(self, block: Block) -> Topic:
        """The topic of a block, told of from now on."""
        topic = popular_topic(block)
        if topic not in self._blocks:
            self._blocks[topic] = (block, self._popular.fragment(block), monotonic())
        return topic

    def moved(self, dependency: str) -> None:
        """Something has moved: read it again where anyone listens, forget it where not."""
        topic = _topic_of(dependency)
        subject = self._subjects.get(topic)
        if subject is None:
            return
        if not self._is_wanted(topic, subject) and subject.reading is None:
            del self._subjects[topic]
            return
        subject.moved = True
        self._read_again(topic, subject)

    def start_over(self) -> None:
        """Moves may have been missed: say so, and read again what anyone listens to."""
        self._hub.start_over()
        for topic, subject in tuple(self._subjects.items()):
            subject.known = None
            subject.moved = True
            if self._is_wanted(topic, subject):
                self._read_again(topic, subject)
            elif subject.reading is None:
                del self._subjects[topic]

    def _is_wanted(self, topic: Topic, subject: TopicState) -> bool:
        return self._hub.is_heard(topic) or subject.joining > 0

    async def run(self) -> None:
        """Tell rankings that have changed, and forget what nobody listens to."""
        while True:
            await asyncio.sleep(1.0)
            now = monotonic()
            for topic, (block, told, at) in tuple(self._blocks.items()):
                if not self._hub.is_heard(topic):
                    del self._blocks[topic]
                elif now - at >= POPULAR_EVERY_S and (fragment := self._popular.fragment(block)) is not told:
                    self._blocks[topic] = (block, fragment, now)
                    self._hub.tell(topic, "popular", _block(fragment))
            self._forget(now)

    def _forget(self, now: float) -> None:
        for topic, subject in tuple(self._subjects.items()):
            if self._is_wanted(topic, subject):
                subject.heard_at = now
            elif now - subject.heard_at > _KNOWN_FOR_S and subject.reading is None:
                del self._subjects[topic]

    def _read_again(self, topic: Topic, subject: TopicState) -> "asyncio.Task[None]":
        if subject.reading is None:
            subject.reading = asyncio.create_task(self._read(topic, subject), name=f"live {topic}")
        return subject.reading

    async def _read(self, topic: Topic, subject: TopicState) -> None:
        """Read a topic until nothing of it has moved meanwhile; what fails is tried again as long as anyone listens."""
        try:
            while subject.moved:
                subject.moved = False
                try:
                    async with self._slots:
                        await self._tell_changes(topic, subject)
                except Unavailable as error:
                    _log.warning("live.unread", topic=topic, reason=str(error))
                    if not self._hub.is_heard(topic):
                        return
                    subject.moved = True
                    await asyncio.sleep(_AGAIN_AFTER_S)
        finally:
            subject.reading = None

    async def _tell_changes(self, topic: Topic, subject: TopicState) -> None:
        reading = Reading(self._model)
        if topic == FRONT:
            known, changes = await self._read_front(reading)
        else:
            known, changes = await self._read_article(reading, topic.partition(":")[2], subject.known)
        before, subject.known = subject.known, known
        # Where nobody listens, nothing is told: whoever joins gets what holds by then.
        if self._hub.is_heard(topic) and (before is None or before.now != known.now):
            for change in changes if before is not None else known.now:
                self._hub.tell(topic, *change)

    async def _read_front(self, reading: Reading) -> tuple[Known, Sequence[Said]]:
        page = await reading.front(SITE)
        now: Said = ("front", {"ids": [card.article_id for card in page.cards] if page is not None else []})
        return Known((now,)), (now,)

    async def _read_article(
        self, reading: Reading, article_id: str, before: Known | None
    ) -> tuple[Known, Sequence[Said]]:
        article = await reading.article(article_id)
        if article is None:
            now: Said = ("article", {"version": 0, "corrections": 0, "comments": 0, "withdrawn": True})
            return Known((now,)), (now,)
        talk = await reading.comments(article)
        assert talk is not None, "the newest page of comments is always there"
        now = (
            "article",
            {
                "version": article.version,
                "corrections": len(article.corrections),
                "comments": talk.version,
                "withdrawn": False,
            },
        )
        found = places(talk)
        known = Known((now,), {place.said.comment_id: place.said.removed for place in found})
        put, gone = news(before.comments if before is not None else {}, found)
        changes: list[Said] = [now]
        if put or gone:
            shown = [self._comment(place, article_id, article.language, talk.open) for place in put]
            title = self._templates.comments_title(talk.total, article.language)
            # Before the versions, so that a page that has them all sees nothing missing.
            changes.insert(0, ("comments", {"version": talk.version, "title": title, "put": shown, "gone": gone}))
        return known, changes

    def _comment(self, place: Place, article_id: str, language: str, is_open: bool) -> Mapping[str, object]:
        view = LiveCommentView(article_id, place.said, is_open, language)
        return {
            "id": place.said.comment_id,
            "thread": place.thread,
            "after": place.after,
            "depth": min(place.said.depth, 3),
            "removed": place.said.removed,
            "html": self._templates.comment(view),
        }


def _block(fragment: bytes) -> Mapping[str, str]:
    return {"html": fragment.decode()}


def _topic_of(dependency: str) -> Topic:
    """The topic that hangs on a dependency: of an article's row of comments the newest page, whose total counts all."""
    if dependency == front_name(SITE):
        return FRONT
    for prefix in (article_name(""), threads_name("")):
        if dependency.startswith(prefix):
            return article_topic(dependency.removeprefix(prefix))
    return ""
