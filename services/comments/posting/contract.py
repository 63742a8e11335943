"""Requests and answers of readers who write, and their operations for OpenAPI."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.comments.model.contract import ARTICLE, COMMENT, ETAG, KEY, CommentAnswer
from services.comments.model.fields import Body, Email, Name, ParentId, Website
from shared.http.openapi import Operation, Parameter
from shared.http.requests import FORM_TYPE, JSON_TYPE
from shared.times import UtcDatetime

_KEPT_OF_TRAP = 80
_LONGEST_ON_FORM_S = 1e9


def _shortened(text: str) -> str:
    return text[:_KEPT_OF_TRAP]


class NewComment(BaseModel):
    """A comment from a reader. People leave `contact_me` empty: a browser does not show it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    body: Body
    website: Website | None = None
    parent_id: ParentId | None = None
    notify: bool = Field(False, description="Send the writer a mail when somebody replies")
    contact_me: Annotated[str, AfterValidator(_shortened)] = ""
    seconds: float | None = Field(
        None, ge=0, le=_LONGEST_ON_FORM_S, allow_inf_nan=False, description="Seconds that the form was open"
    )


class OwnComment(CommentAnswer):
    """A comment as its writer sees it: editable until `edit_until`; `message` says why it is not published, else it is empty."""

    edit_until: UtcDatetime
    message: str


class PostedComment(OwnComment):
    """The answer to a new comment. `edit_token` edits and deletes it."""

    edit_token: str


class EditedText(BaseModel):
    """The new text of a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: Body


class EditForm(BaseModel):
    """The fields of the edit page."""

    body: Body | None = None
    delete: str | None = Field(None, pattern="^1$")


_PAGE = Parameter(
    "comments",
    "query",
    "With a form: the number of the article's page of comments that holds it; the answer redirects there; default: the newest",
    {"type": "integer", "minimum": 1, "maximum": 9_999_999},
)
_RECEIVED = Parameter("received", "query", "1: say thanks, after a new comment", {"type": "string"})
_TOKEN = Parameter(
    "Authorization",
    "header",
    "`Comment EDIT_TOKEN`, with the token of the 201",
    {"type": "string", "pattern": "^Comment [A-Za-z0-9_-]{43}$"},
    required=True,
)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="post_comment",
        method="POST",
        path="/v1/articles/{id}/comments",
        summary="Post a comment or a reply; the answer to a form redirects to the article. The same text of the same visitor "
        "within two minutes is the first comment again. A token is optional; it must be "
        "valid, and exempts the request from this service's rate limit",
        answers={201: PostedComment, 303: None},
        problems=(400, 401, 403, 404, 410, 413, 415, 422, 429, 503),
        body={JSON_TYPE: NewComment, FORM_TYPE: NewComment},
        parameters=(ARTICLE, _PAGE, KEY),
        headers={**ETAG, "Location": "The comment's place on its article's page"},
    ),
    Operation(
        id="edit_comment",
        method="PATCH",
        path="/v1/comments/{id}",
        summary="Change the text of one's own comment, until `edit_until`; moderation decides about it again",
        answers={200: OwnComment},
        problems=(400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        body={JSON_TYPE: EditedText},
        parameters=(COMMENT, _TOKEN, KEY),
        headers=ETAG,
    ),
    Operation(
        id="delete_comment",
        method="DELETE",
        path="/v1/comments/{id}",
        summary="Delete one's own comment, until `edit_until`: its text and name are erased, its replies stay",
        answers={204: None},
        problems=(401, 403, 404, 422, 429, 503),
        parameters=(COMMENT, _TOKEN, KEY),
    ),
    Operation(
        id="show_edit_page",
        method="GET",
        path="/v1/comments/{id}/edit",
        summary="The page on which a writer without JavaScript changes a comment; the writer's cookie says whose it is",
        answers={200: None},
        problems=(403, 404, 422, 503),
        parameters=(COMMENT, _RECEIVED),
    ),
    Operation(
        id="send_edit_form",
        method="POST",
        path="/v1/comments/{id}/edit",
        summary="The form of that page: another `body`, or `delete=1`; redirects to the article, or to the page while it waits",
        answers={303: None},
        problems=(400, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        body={FORM_TYPE: EditForm},
        parameters=(COMMENT,),
    ),
    Operation(
        id="show_last_edit_page",
        method="GET",
        path="/v1/comments/last/edit",
        summary="Redirects to the edit page of the comment that this browser sent last with a form",
        answers={303: None},
        problems=(404,),
    ),
)
