"""Reads the content of a live topic from the read model, and finds the changes since the last read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.rendering.gateway.live.broadcaster import TopicName
from services.rendering.pages.comment_models import CommentsView, CommentView, LiveCommentView
from services.rendering.pages.popular import Block
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.names import SITE, article_name, discussion_name, front_name, threads_name
from services.rendering.readmodel.store import ReadModel

FRONT = "front"

# The kind of an event and its data.
LiveEvent = tuple[str, object]


@dataclass(frozen=True)
class PlacedComment:
    """A comment with its thread and its predecessor: a comment of that thread, or for an opener the thread before."""

    view: CommentView
    thread: str
    after: str


@dataclass(frozen=True)
class ShownComment:
    """The parts of a comment that a live page shows: a hash of its words and marks, and its votes."""

    words: int
    votes: tuple[int, int]


@dataclass(frozen=True)
class CommentChanges:
    """Differences between two pages of comments. `voted`: only the votes have changed, so that the page keeps the rest."""

    put: Sequence[PlacedComment] = ()
    voted: Sequence[CommentView] = ()
    gone: Sequence[str] = ()


@dataclass(frozen=True)
class TopicContent:
    """The events that a new listener gets, and the state of each visible comment by its id."""

    events: tuple[LiveEvent, ...] = ()
    comments: Mapping[str, ShownComment] = field(default_factory=dict)
    comments_version: int = 0


def article_topic(article_id: str) -> TopicName:
    """The topic of an article, its comments included."""
    return f"article:{article_id}"


def popular_topic(block: Block) -> TopicName:
    """The topic of a Popular News block."""
    return f"popular:{block[0] or ''}:{block[1]}"


def topic_of(dependency: str) -> TopicName:
    """The topic that shows a document, "" for none. Of an article's comments only the newest page counts: it has the total."""
    if dependency == front_name(SITE):
        return FRONT
    for prefix in (article_name(""), threads_name(""), discussion_name("")):
        if dependency.startswith(prefix):
            return article_topic(dependency.removeprefix(prefix))
    return ""


def placed_comments(view: CommentsView) -> list[PlacedComment]:
    """The comments of a page in reading order, each with its place."""
    placed: list[PlacedComment] = []
    previous_thread = ""
    for thread in view.threads:
        opener = thread.opener.comment_id
        placed.append(PlacedComment(thread.opener, opener, previous_thread))
        after = opener
        for reply in thread.replies:
            placed.append(PlacedComment(reply, opener, after))
            after = reply.comment_id
        previous_thread = opener
    return placed


def state_of(view: CommentView) -> ShownComment:
    """The state of a comment."""
    words = hash((view.removed, view.name, view.reply_to_name, view.body_html, view.edited_at, view.picked))
    return ShownComment(words, (view.votes_up, view.votes_down))


def changed_comments(before: Mapping[str, ShownComment], now: Sequence[PlacedComment]) -> CommentChanges:
    """The comments that are new or have other words, those that only have other votes, and those that have left the page."""
    put: list[PlacedComment] = []
    voted: list[CommentView] = []
    for comment in now:
        known, state = before.get(comment.view.comment_id), state_of(comment.view)
        if known is None or known.words != state.words:
            put.append(comment)
        elif known.votes != state.votes:
            voted.append(comment.view)
    present = {comment.view.comment_id for comment in now}
    return CommentChanges(put, voted, [comment_id for comment_id in before if comment_id not in present])


class TopicReader:
    """Reads topics. Each call returns the present content and the events that lead to it from `before`."""

    def __init__(self, model: ReadModel, templates: Templates) -> None:
        self._model = model
        self._templates = templates

    async def read(self, topic: TopicName, before: TopicContent | None) -> tuple[TopicContent, Sequence[LiveEvent]]:
        """Read a topic. Raises Unavailable when the read model does not answer."""
        reading = Reading(self._model)
        if topic == FRONT:
            return await self._read_front(reading)
        return await self._read_article(reading, topic.partition(":")[2], before)

    async def _read_front(self, reading: Reading) -> tuple[TopicContent, Sequence[LiveEvent]]:
        page = await reading.front(SITE)
        event: LiveEvent = ("front", {"ids": [card.article_id for card in page.cards] if page is not None else []})
        return TopicContent((event,)), (event,)

    async def _read_article(
        self, reading: Reading, article_id: str, before: TopicContent | None
    ) -> tuple[TopicContent, Sequence[LiveEvent]]:
        article = await reading.article(article_id)
        if article is None:
            event = _article_event(0, 0, CommentsView(open=False), withdrawn=True)
            return TopicContent((event,)), (event,)
        view = await reading.comments(article)
        assert view is not None, "an article always has a newest page of comments"
        event = _article_event(article.version, len(article.corrections), view, withdrawn=False)
        placed = placed_comments(view)
        states = {comment.view.comment_id: state_of(comment.view) for comment in placed}
        content = TopicContent((event,), states, view.version)
        if before is not None and before.comments_version == view.version:
            return content, (event,)
        changes = changed_comments(before.comments if before is not None else {}, placed)
        data = {
            "version": view.version,
            "title": self._templates.comments_title(view.total, article.language),
            "put": [self._comment(comment, article_id, article.language, view) for comment in changes.put],
            "votes": [{"id": one.comment_id, "up": one.votes_up, "down": one.votes_down} for one in changes.voted],
            "gone": changes.gone,
        }
        # Before the versions: a page that has applied the comments must not find itself out of date.
        return content, (("comments", data), event)

    def _comment(
        self, comment: PlacedComment, article_id: str, language: str, page: CommentsView
    ) -> Mapping[str, object]:
        shown = LiveCommentView(article_id, comment.view, page.open, language, page.can_vote)
        return {
            "id": comment.view.comment_id,
            "thread": comment.thread,
            "after": comment.after,
            "depth": min(comment.view.depth, 3),
            "removed": comment.view.removed,
            "html": self._templates.comment(shown),
        }


def _article_event(version: int, corrections: int, comments: CommentsView, *, withdrawn: bool) -> LiveEvent:
    counts = {"version": version, "corrections": corrections, "comments": comments.version}
    return "article", counts | {"open": comments.open, "withdrawn": withdrawn}
