"""Requests and answers of readers of discussions, and their operations for OpenAPI."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool

from services.comments.model.contract import ARTICLE, COMMENT, KEY, CommentAnswer, VotesAnswer
from services.comments.model.records import Comment
from services.comments.model.rules import Mode
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import FORM_TYPE, JSON_TYPE
from shared.text import READER_PROSE, is_far_too_long, tidy
from shared.times import UtcDatetime

LONGEST_NOTE = 1000
VoteValue = Literal[1, 0, -1]
ReportReason = Literal["spam", "abuse", "off-topic", "other"]
REPORT_REASONS: tuple[ReportReason, ...] = get_args(ReportReason)


class ThreadAnswer(CommentAnswer):
    """A comment with its replies. One that is not published (removed, rejected, pending) has no name, no text and no votes, and
    the status `removed`.
    """

    replies: "list[ThreadAnswer]"

    @classmethod
    def with_replies(cls, comment: Comment, replies: "list[ThreadAnswer]") -> "ThreadAnswer":
        """The answer for a comment."""
        fields = CommentAnswer.of(comment).model_dump()
        if comment.status != "published":
            fields |= {"name": "", "website": None, "body": "", "body_html": "", "status": "removed"}
            fields |= {"votes": VotesAnswer(), "edited_at": None, "picked": False}
        return cls(**fields, replies=replies)


class Discussion(BaseModel):
    """One page of an article's threads. `total` counts the published comments of all pages, with replies."""

    items: list[ThreadAnswer]
    next_cursor: str | None
    total: int


class PublicComment(CommentAnswer):
    """A published comment. `url` leads to it on its article's page, whatever page of comments it is on."""

    url: str


class DiscussionAnswer(BaseModel):
    """Whether a discussion takes comments, and how many it has. `closes_at`: when it closes or closed; null if never."""

    open: bool
    total: int
    closes_at: UtcDatetime | None


class ModeratedDiscussion(DiscussionAnswer):
    """A discussion for moderators. `mode` and `set_open` are the story's own; null leaves it to the settings of the site."""

    mode: Mode | None
    set_open: bool | None


class DiscussionChange(BaseModel):
    """A moderator's change of a discussion. A missing field stays; null leaves it to the settings of the site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open: StrictBool | None = None
    mode: Mode | None = None


def _refuse_bool(value: object) -> object:
    # True equals 1 in Python, also for Literal.
    if isinstance(value, bool):
        raise ValueError("It is 1, 0 or -1.")
    return value


class Vote(BaseModel):
    """A reader's vote: for (1), against (-1), or taken back (0)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[VoteValue, BeforeValidator(_refuse_bool)]


class VoteAnswer(BaseModel):
    """The stored vote. `votes` are the comment's counts with it; pages show them some seconds later."""

    id: str
    value: VoteValue
    votes: VotesAnswer


def _check_note(text: str) -> str:
    fault = ValueError(f"It is {LONGEST_NOTE} characters long at most.")
    if is_far_too_long(text, LONGEST_NOTE):
        raise fault
    tidied = tidy(text, READER_PROSE)
    if len(tidied) > LONGEST_NOTE:
        raise fault
    return tidied


class Report(BaseModel):
    """A reader's report of a comment to the moderators."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: ReportReason
    note: Annotated[str, AfterValidator(_check_note)] = ""


class ReportAnswer(BaseModel):
    """The stored report."""

    id: str
    reason: ReportReason


class Pick(BaseModel):
    """Whether the newsroom picked a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    picked: StrictBool


SORT = Parameter("sort", "query", "The order by age", {"enum": ["oldest", "newest"], "default": "oldest"})
_READER_SORT = Parameter(
    "sort",
    "query",
    "By age, or by votes (best: lower bound of the Wilson score interval). A list by votes keeps the order of its first page, and "
    "can be read on for an hour",
    {"enum": ["oldest", "newest", "best"], "default": "oldest"},
)
_REACTION_PROBLEMS = (400, 403, 404, 410, 413, 415, 422, 429, 503)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_comments",
        method="GET",
        path="/v1/articles/{id}/comments",
        summary="List an article's threads. An answer has 1,000 published comments at most: a page with long threads ends before "
        "`limit`, and a longer thread shows its oldest ones",
        answers={200: Discussion},
        problems=(400, 404, 410, 422, 503),
        parameters=(ARTICLE, _READER_SORT, LIMIT, CURSOR),
    ),
    Operation(
        id="show_comment",
        method="GET",
        path="/v1/comments/{id}",
        summary="Show a published comment, with its address; moderators get one of any state, with all fields of their lists",
        answers={200: PublicComment},
        problems=(404, 410, 422, 503),
        parameters=(COMMENT,),
    ),
    Operation(
        id="vote_for_comment",
        method="POST",
        path="/v1/comments/{id}/vote",
        summary="Vote for a comment or against it, once a visitor; the last vote of a day counts. A form gets 303 to the comment",
        answers={202: VoteAnswer, 303: None},
        problems=_REACTION_PROBLEMS,
        body={JSON_TYPE: Vote, FORM_TYPE: Vote},
        parameters=(COMMENT, KEY),
    ),
    Operation(
        id="show_report_form",
        method="GET",
        path="/v1/comments/{id}/report",
        summary="A page with the form of a report, for readers without scripts",
        answers={200: None},
        problems=(404, 410, 503),
        parameters=(COMMENT,),
    ),
    Operation(
        id="report_comment",
        method="POST",
        path="/v1/comments/{id}/report",
        summary="Report a comment to the moderators, once a visitor. A form gets 303 to the comment",
        answers={202: ReportAnswer, 303: None},
        problems=_REACTION_PROBLEMS,
        body={JSON_TYPE: Report, FORM_TYPE: Report},
        parameters=(COMMENT, KEY),
    ),
    Operation(
        id="pick_comment",
        method="PUT",
        path="/v1/comments/{id}/pick",
        summary="Mark a published comment as picked by the newsroom, or take the mark back",
        answers={200: CommentAnswer},
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        body={JSON_TYPE: Pick},
        parameters=(COMMENT, KEY),
        secured=True,
    ),
    Operation(
        id="show_discussion",
        method="GET",
        path="/v1/articles/{id}/discussion",
        summary="Show whether an article's discussion is open, and its number of comments; moderators see its settings too",
        answers={200: DiscussionAnswer},
        problems=(401, 403, 404, 410, 422, 503),
        parameters=(ARTICLE,),
    ),
    Operation(
        id="change_discussion",
        method="PUT",
        path="/v1/articles/{id}/discussion",
        summary="Close or open an article's discussion, or set its mode of moderation",
        answers={200: ModeratedDiscussion},
        problems=(400, 401, 403, 404, 410, 413, 415, 422, 503),
        body={JSON_TYPE: DiscussionChange},
        parameters=(ARTICLE, KEY),
        secured=True,
    ),
)
