"""The public form of a comment, and parameters that several rooms share."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from services.comments.model.records import Comment
from services.comments.model.rules import Status
from shared.http.openapi import Parameter
from shared.times import UtcDatetime

ARTICLE = Parameter("id", "path", "The article's id", {"type": "string"})
COMMENT = Parameter("id", "path", "The comment's id", {"type": "string"})
KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The version that was read: 412 when it is stale. Optional, since the call names the state that it leads to: "
    "without it, any version will do",
    {"type": "string", "pattern": r'^(\*|"[0-9]{1,11}")$'},
)
ETAG = {"ETag": "The version as a strong entity tag"}


class VotesAnswer(BaseModel):
    """Readers' votes for a comment and against it."""

    model_config = ConfigDict(from_attributes=True)

    up: int = 0
    down: int = 0


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
    edited_at: UtcDatetime | None
    votes: VotesAnswer
    picked: bool

    @classmethod
    def of(cls, comment: Comment) -> Self:
        """The answer for a comment."""
        return cls.model_validate(comment, from_attributes=True)
