"""What goes in and out over HTTP: the shapes of API.md, and the table of operations that the public OpenAPI is made of."""

from collections.abc import Sequence
from typing import Annotated, Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, TypeAdapter, ValidationError, WithJsonSchema

from services.comments.rules import STATUSES, Mode, Status
from services.comments.store import Comment
from services.comments.text import tidy_line, tidy_prose
from shared.http.openapi import Operation, Parameter
from shared.http.requests import FORM_TYPE, JSON_TYPE, LARGEST_PAGE, USUAL_PAGE
from shared.times import UtcDatetime

LONGEST_NAME = 80
LONGEST_BODY = 5000
LONGEST_WEBSITE = 500
LONGEST_EMAIL = 254
LONGEST_ID = 64

_http_url: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def _within(text: str, longest: int) -> str:
    if not 1 <= len(text) <= longest:
        raise ValueError(f"It is 1 to {longest} characters long.")
    return text


def _name(text: str) -> str:
    return _within(tidy_line(text), LONGEST_NAME)


def _body(text: str) -> str:
    return _within(tidy_prose(text), LONGEST_BODY)


def _email(text: str) -> str:
    """The address in the form it is compared in. Nothing is asked of the network: the writer may be new, or offline."""
    try:
        found = validate_email(
            _within(tidy_line(text), LONGEST_EMAIL),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise ValueError("It is not an e-mail address.") from error
    if "." not in found.domain:
        raise ValueError("It is not an e-mail address.")
    return found.normalized.casefold()


def _website(text: str) -> str:
    text = _within(tidy_line(text), LONGEST_WEBSITE)
    try:
        _http_url.validate_python(text)
        parts = urlsplit(text)
    except (ValidationError, ValueError) as error:
        raise ValueError("It is not an http or https address.") from error
    if any(character.isspace() for character in text) or "@" in parts.netloc or not parts.netloc:
        raise ValueError("It is not an http or https address.")
    return text.replace(text[: len(parts.scheme)], parts.scheme, 1)


def _parent(text: str) -> str:
    return _within(tidy_line(text), LONGEST_ID)


def _text(longest: int, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": longest, **more})


class NewComment(BaseModel):
    """A reader's comment as it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_name), _text(LONGEST_NAME)]
    email: Annotated[str, AfterValidator(_email), _text(LONGEST_EMAIL, format="email")]
    body: Annotated[str, AfterValidator(_body), _text(LONGEST_BODY)]
    website: Annotated[str, AfterValidator(_website), _text(LONGEST_WEBSITE, format="uri")] | None = None
    parent_id: Annotated[str, AfterValidator(_parent), _text(LONGEST_ID)] | None = None


class NewMessage(BaseModel):
    """A reader's letter to the editors as it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_name), _text(LONGEST_NAME)]
    email: Annotated[str, AfterValidator(_email), _text(LONGEST_EMAIL, format="email")]
    body: Annotated[str, AfterValidator(_body), _text(LONGEST_BODY)]


class MessageReceipt(BaseModel):
    """What the sender is told: it is kept."""

    id: str
    created_at: UtcDatetime


class MessageAnswer(MessageReceipt):
    """A letter as editors read it; the address is there to be answered."""

    name: str
    email: str
    body: str


class MessageList(BaseModel):
    """Letters for editors."""

    items: list[MessageAnswer]
    next_cursor: str | None


class CommentAnswer(BaseModel):
    """A comment as the world may see it."""

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
        """The comment in this shape."""
        return cls.model_validate(comment, from_attributes=True)


class ThreadAnswer(CommentAnswer):
    """A comment with what was replied to it. One that is not published is the bare place of its replies: no name, no
    words, and the status `removed`, also while it waits or when it was rejected.
    """

    replies: "list[ThreadAnswer]"

    @classmethod
    def with_replies(cls, comment: Comment, replies: "list[ThreadAnswer]") -> "ThreadAnswer":
        """The comment in this shape."""
        fields = CommentAnswer.of(comment).model_dump()
        if comment.status != "published":
            fields |= {"name": "", "website": None, "body": "", "body_html": "", "status": "removed"}
        return cls(**fields, replies=replies)


class Discussion(BaseModel):
    """Some of an article's threads. `total` counts every comment that readers see, replies included, on all pages."""

    items: list[ThreadAnswer]
    next_cursor: str | None
    total: int


class CommentList(BaseModel):
    """Comments for moderators."""

    items: list[CommentAnswer]
    next_cursor: str | None


class CommentSettings(BaseModel):
    """Which comments wait for a moderator: all, none, or the first of each writer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


class NoFields(BaseModel):
    """The body of a call that takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_ARTICLE = Parameter("id", "path", "The article's id", {"type": "string"})
_COMMENT = Parameter("id", "path", "The comment's id", {"type": "string"})
_LIMIT = Parameter(
    "limit",
    "query",
    "How many items at most",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
)
_CURSOR = Parameter("cursor", "query", "The `next_cursor` of the answer before", {"type": "string"})
_SORT = Parameter("sort", "query", "The order by age", {"enum": ["oldest", "newest"], "default": "oldest"})
_STATUS = Parameter("status", "query", "Which comments", {"enum": list(STATUSES), "default": "pending"})
_PAGE = Parameter(
    "comments",
    "query",
    "With a form: the article's page of comments that it stands on, which the answer leads back to; the newest if none is named",
    {"type": "integer", "minimum": 1, "maximum": 9_999_999},
)
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes a repetition harmless: it gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
)
_IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The version that was read: 412 when it is stale. Honoured and not demanded, since the call leads to a named state: "
    "without it, whatever version there is",
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
        summary="Say something about an article, or reply; as a form the answer leads back to the article. A token is "
        "not needed; one that is sent must be good, and its requests are not counted by this service",
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
        summary="An article's threads",
        answers={200: Discussion},
        problems=(400, 404, 410, 422, 503),
        parameters=(_ARTICLE, _SORT, _LIMIT, _CURSOR),
    ),
    Operation(
        id="list_comments_by_status",
        method="GET",
        path="/v1/comments",
        summary="Comments of one status, oldest first: the moderators' queue",
        answers={200: CommentList},
        problems=(400, 401, 403, 422, 503),
        parameters=(_STATUS, _SORT, _LIMIT, _CURSOR),
        secured=True,
    ),
    Operation(
        id="send_message",
        method="POST",
        path="/v1/messages",
        summary="Write to the editors; as a form the answer leads back to the contact page",
        answers={201: MessageReceipt, 303: None},
        problems=(400, 413, 415, 422, 429, 503),
        body={JSON_TYPE: NewMessage, FORM_TYPE: NewMessage},
        parameters=(_KEY,),
    ),
    Operation(
        id="list_messages",
        method="GET",
        path="/v1/messages",
        summary="Readers' letters, newest first: for editors",
        answers={200: MessageList},
        problems=(400, 401, 403, 422, 503),
        parameters=(_LIMIT, _CURSOR),
        secured=True,
    ),
    _decision("approve", "Let a comment be seen"),
    _decision("reject", "Turn a waiting comment down"),
    _decision("remove", "Take a comment away; replies to it stay"),
    Operation(
        id="show_comment_settings",
        method="GET",
        path="/v1/comments/settings",
        summary="Which comments wait for a moderator",
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
