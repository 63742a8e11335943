"""Requests and answers of readers who write, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.comments.model.contract import ARTICLE, ETAG, KEY, CommentAnswer
from services.comments.model.fields import Body, Email, Name, ParentId, Website
from shared.http.openapi import Operation, Parameter
from shared.http.requests import FORM_TYPE, JSON_TYPE


class NewComment(BaseModel):
    """A comment from a reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    body: Body
    website: Website | None = None
    parent_id: ParentId | None = None


_PAGE = Parameter(
    "comments",
    "query",
    "With a form: the number of the article's page of comments that holds it; the answer redirects there; default: the newest",
    {"type": "integer", "minimum": 1, "maximum": 9_999_999},
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
        parameters=(ARTICLE, _PAGE, KEY),
        headers={**ETAG, "Location": "The comment's place on its article's page"},
    ),
)
