"""Answers to readers of discussions, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.comments.model.contract import ARTICLE, CommentAnswer
from services.comments.model.records import Comment
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter


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


SORT = Parameter("sort", "query", "The order by age", {"enum": ["oldest", "newest"], "default": "oldest"})

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_comments",
        method="GET",
        path="/v1/articles/{id}/comments",
        summary="List an article's threads. An answer has 1,000 published comments at most: a page with long threads ends before "
        "`limit`, and a longer thread shows its oldest ones",
        answers={200: Discussion},
        problems=(400, 404, 410, 422, 503),
        parameters=(ARTICLE, SORT, LIMIT, CURSOR),
    ),
)
