"""Reads the content of a live topic from the read model, and finds the changes since the last read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.rendering.gateway.live.broadcaster import TopicName
from services.rendering.pages.models import CommentsView, CommentView, LiveCommentView
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
class TopicContent:
    """The events that a new listener gets, and each visible comment's id with its removed flag."""

    events: tuple[LiveEvent, ...] = ()
    comments: Mapping[str, bool] = field(default_factory=dict)


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


def changed_comments(before: Mapping[str, bool], now: Sequence[PlacedComment]) -> tuple[list[PlacedComment], list[str]]:
    """The comments that are new or newly removed, and the ids of those that have left the page."""
    put = [comment for comment in now if before.get(comment.view.comment_id) is not comment.view.removed]
    present = {comment.view.comment_id for comment in now}
    return put, [comment_id for comment_id in before if comment_id not in present]


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
        content = TopicContent((event,), {comment.view.comment_id: comment.view.removed for comment in placed})
        put, gone = changed_comments(before.comments if before is not None else {}, placed)
        if not put and not gone:
            return content, (event,)
        data = {
            "version": view.version,
            "title": self._templates.comments_title(view.total, article.language),
            "put": [self._comment(comment, article_id, article.language, view.open) for comment in put],
            "gone": gone,
        }
        # Before the versions: a page that has applied the comments must not find itself out of date.
        return content, (("comments", data), event)

    def _comment(self, comment: PlacedComment, article_id: str, language: str, is_open: bool) -> Mapping[str, object]:
        return {
            "id": comment.view.comment_id,
            "thread": comment.thread,
            "after": comment.after,
            "depth": min(comment.view.depth, 3),
            "removed": comment.view.removed,
            "html": self._templates.comment(LiveCommentView(article_id, comment.view, is_open, language)),
        }


def _article_event(version: int, corrections: int, comments: CommentsView, *, withdrawn: bool) -> LiveEvent:
    counts = {"version": version, "corrections": corrections, "comments": comments.version}
    return "article", counts | {"open": comments.open, "withdrawn": withdrawn}
