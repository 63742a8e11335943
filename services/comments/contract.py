"""Requests and answers of the comments' API (`docs/openapi.json`), and the table of operations behind its OpenAPI."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict

from services.comments.fields import Body, Email, Name, ParentId, Website
from services.comments.records import Comment
from services.comments.rules import STATUSES, Mode, Status
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import FORM_TYPE, JSON_TYPE
from shared.times import UtcDatetime


class NewComment(BaseModel):
    """A comment from a reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    body: Body
    website: Website | None = None
    parent_id: ParentId | None = None


class NewMessage(BaseModel):
    """A letter from a reader to the editors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    body: Body


class MessageReceipt(BaseModel):
    """The receipt for a stored letter."""

    id: str
    created_at: UtcDatetime


class MessageAnswer(MessageReceipt):
    """A letter for editors, with the address for their answer."""

    name: str
    email: str
    body: str


class MessageList(BaseModel):
    """One page of letters for editors."""

    items: list[MessageAnswer]
    next_cursor: str | None


class CommentAnswer(BaseModel):
    """A comment in public."""

    id: str
    article_id: str
    parent_id: str | None
    name: str
    website: str | None
    body: str
    body_html: str
    status: Status
    created_at: UtcDatetime
    version: int

    @classmethod
    def of(cls, comment: Comment) -> Self:
        """The answer for a comment."""
        return cls.model_validate(comment, from_attributes=True)


class ThreadAnswer(CommentAnswer):
    """A comment with its replies. One that is not published (removed, rejected, pending) has no name and no text, and the
    status `removed`.
    """

    replies: "list[ThreadAnswer]"

    @classmethod
    def with_replies(cls, comment: Comment, replies: "list[ThreadAnswer]") -> "ThreadAnswer":
        """The answer for a comment."""
        fields = CommentAnswer.of(comment).model_dump()
        if comment.status != "published":
            fields |= {"name": "", "website": None, "body": "", "body_html": "", "status": "removed"}
        return cls(**fields, replies=replies)


class Discussion(BaseModel):
    """One page of an article's threads. `total` counts the published comments of all pages, with replies."""

    items: list[ThreadAnswer]
    next_cursor: str | None
    total: int


class CommentList(BaseModel):
    """One page of comments for moderators."""

    items: list[CommentAnswer]
    next_cursor: str | None


class CommentSettings(BaseModel):
    """Which comments wait for a moderator: all, none, or the first of each writer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


class NoFields(BaseModel):
    """The empty body of a call without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_ARTICLE = Parameter("id", "path", "The article's id", {"type": "string"})
_COMMENT = Parameter("id", "path", "The comment's id", {"type": "string"})
_SORT = Parameter("sort", "query", "The order by age", {"enum": ["oldest", "newest"], "default": "oldest"})
_STATUS = Parameter("status", "query", "Which comments", {"enum": list(STATUSES), "default": "pending"})
_PAGE = Parameter(
    "comments",
    "query",
    "With a form: the number of the article's page of comments that holds it; the answer redirects there; default: the newest",
    {"type": "integer", "minimum": 1, "maximum": 9_999_999},
)
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
)
_IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The version that was read: 412 when it is stale. Optional, since the call names the state that it leads to: "
    "without it, any version will do",
    {"type": "string", "pattern": r'^(\*|"[0-9]{1,11}")$'},
)
_ETAG = {"ETag": "The version as a strong entity tag"}
_MODERATION_PROBLEMS = (401, 403, 404, 409, 412, 413, 415, 422, 503)


def _decision(action: str, summary: str) -> Operation:
    return Operation(
        id=f"{action}_comment",
        method="POST",
        path=f"/v1/comments/{{id}}/{action}",
        summary=summary,
        answers={200: CommentAnswer},
        problems=(400, *_MODERATION_PROBLEMS),
        parameters=(_COMMENT, _KEY, _IF_MATCH),
        secured=True,
        headers=_ETAG,
    )


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="post_comment",
        method="POST",
        path="/v1/articles/{id}/comments",
        summary="Post a comment or a reply; the answer to a form redirects to the article. A token is optional; it must be "
        "valid, and exempts the request from this service's rate limit",
        answers={201: CommentAnswer, 303: None},
        problems=(400, 401, 403, 404, 410, 413, 415, 422, 429, 503),
        body={JSON_TYPE: NewComment, FORM_TYPE: NewComment},
        parameters=(_ARTICLE, _PAGE, _KEY),
        headers={**_ETAG, "Location": "The comment's place on its article's page"},
    ),
    Operation(
        id="list_comments",
        method="GET",
        path="/v1/articles/{id}/comments",
        summary="List an article's threads. An answer has 1,000 published comments at most: a page with long threads ends before "
        "`limit`, and a longer thread shows its oldest ones",
        answers={200: Discussion},
        problems=(400, 404, 410, 422, 503),
        parameters=(_ARTICLE, _SORT, LIMIT, CURSOR),
    ),
    Operation(
        id="list_comments_by_status",
        method="GET",
        path="/v1/comments",
        summary="List comments of one status, oldest first: the moderators' queue",
        answers={200: CommentList},
        problems=(400, 401, 403, 422, 503),
        parameters=(_STATUS, _SORT, LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="send_message",
        method="POST",
        path="/v1/messages",
        summary="Write to the editors; the answer to a form redirects to the contact page",
        answers={201: MessageReceipt, 303: None},
        problems=(400, 413, 415, 422, 429, 503),
        body={JSON_TYPE: NewMessage, FORM_TYPE: NewMessage},
        parameters=(_KEY,),
    ),
    Operation(
        id="list_messages",
        method="GET",
        path="/v1/messages",
        summary="List readers' letters, newest first, for editors",
        answers={200: MessageList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
    _decision("approve", "Publish a comment"),
    _decision("reject", "Reject a pending comment"),
    _decision("remove", "Remove a comment; its replies stay"),
    Operation(
        id="show_comment_settings",
        method="GET",
        path="/v1/comments/settings",
        summary="Show which comments wait for a moderator",
        answers={200: CommentSettings},
        problems=(401, 403, 503),
        secured=True,
        headers=_ETAG,
    ),
    Operation(
        id="change_comment_settings",
        method="PUT",
        path="/v1/comments/settings",
        summary="Set which comments wait for a moderator",
        answers={200: CommentSettings},
        problems=(400, 401, 403, 412, 413, 415, 422, 503),
        body={JSON_TYPE: CommentSettings},
        parameters=(_KEY, _IF_MATCH),
        secured=True,
        headers=_ETAG,
    ),
)
