"""What goes in and out over HTTP: the shapes of API.md, and the table of operations that the public OpenAPI is made of."""

import re
from collections.abc import Sequence
from typing import Annotated, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from services.ingestion.markdown import is_site_path
from services.ingestion.roles import Action, Role
from services.ingestion.rules import Article, Content, Status
from services.ingestion.slugs import LONGEST as LONGEST_SLUG
from services.ingestion.slugs import check_slug
from services.ingestion.text import fold, is_blank, tidy_line, tidy_prose
from shared.events import Correction, Picture
from shared.http.openapi import Operation, Parameter
from shared.http.requests import JSON_TYPE, LARGEST_PAGE, USUAL_PAGE
from shared.times import UtcDatetime

LONGEST_BODY = 200_000
LONGEST_URL = 2000
MOST_BYLINES = 10
MOST_TAGS = 20
STATUSES: tuple[Status, ...] = get_args(Status)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def _within(text: str, shortest: int, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"It is longer than {longest} characters.")
    if shortest and is_blank(text):
        raise ValueError("There is nothing to read in it.")
    return text


def _line(shortest: int, longest: int) -> tuple[AfterValidator, WithJsonSchema]:
    def check(text: str) -> str:
        return _within(tidy_line(text), shortest, longest)

    return AfterValidator(check), _text(shortest, longest)


def _text(shortest: int, longest: int, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": shortest, "maxLength": longest, **more})


def _prose(text: str) -> str:
    return _within(tidy_prose(text), 1, LONGEST_BODY)


def _list(most: int, what: str) -> AfterValidator:
    def check(texts: Sequence[str]) -> tuple[str, ...]:
        unique: dict[str, str] = {}
        for text in texts:
            unique.setdefault(fold(text), text)
        if len(unique) > most:
            raise ValueError(f"There are more than {most} {what}.")
        return tuple(unique.values())

    return AfterValidator(check)


def _picture_url(text: str) -> str:
    text = _within(tidy_line(text), 1, LONGEST_URL)
    parts = urlsplit(text)
    absolute = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    if " " in text or not (absolute or is_site_path(text)):
        raise ValueError("It is not an http or https address, nor a path on the site.")
    return text


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError("It is not a language tag such as en, ar or pt-BR.")
    return text


def _time(value: object) -> object:
    # pydantic would take numbers and dates too.
    if not (isinstance(value, str) and _TIME.fullmatch(value)):
        raise ValueError("It is not a time of RFC 3339, such as 2026-02-08T07:30:00Z.")
    return value


Headline = Annotated[str, *_line(1, 200)]


class Sent(BaseModel):
    """What a client sends: a field that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SentPicture(Sent):
    """An article's lead picture; `alt` says in words what it shows."""

    url: Annotated[str, AfterValidator(_picture_url), _text(1, LONGEST_URL)]
    alt: Annotated[str, *_line(1, 500)]
    caption: Annotated[str, *_line(0, 1000)] = ""
    credit: Annotated[str, *_line(0, 200)] = ""


class SentArticle(Sent):
    """An article as an editor sends it. Without a slug, one is made of the headline."""

    headline: Annotated[str, *_line(1, 200)]
    section: Annotated[str, *_line(1, 50)]
    body_markdown: Annotated[str, AfterValidator(_prose), _text(1, LONGEST_BODY)]
    standfirst: Annotated[str, *_line(0, 500)] = ""
    bylines: Annotated[tuple[Annotated[str, *_line(1, 100)], ...], _list(MOST_BYLINES, "bylines")] = ()
    tags: Annotated[tuple[Annotated[str, *_line(1, 50)], ...], _list(MOST_TAGS, "tags")] = ()
    slug: Annotated[str, AfterValidator(check_slug), _text(1, LONGEST_SLUG)] | None = None
    language: Annotated[str, AfterValidator(_language), _text(2, 12)] | None = None
    lead_image: SentPicture | None = None


class SentPublication(Sent):
    """When an imported article was first published; nothing for one that is published now."""

    published_at: Annotated[UtcDatetime, BeforeValidator(_time)] | None = None


class SentCorrection(Sent):
    """What was wrong, for readers."""

    note: Annotated[str, *_line(1, 1000)]


class SentWithdrawal(Sent):
    """Why the article is taken back, for editors."""

    reason: Annotated[str, *_line(1, 1000)]


class ArticleAnswer(BaseModel):
    """An article's working copy with its state. `url` is the public path, null while there is none."""

    id: str
    version: int
    status: Status
    slug: str
    url: str | None
    headline: str
    section: str
    standfirst: str
    body_markdown: str
    body_html: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    lead_image: Picture | None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    published_at: UtcDatetime | None
    corrected_at: UtcDatetime | None
    former_urls: tuple[str, ...]
    corrections: tuple[Correction, ...]

    @classmethod
    def of(cls, article: Article) -> Self:
        """The article in this shape."""
        state = {name: getattr(article, name) for name in cls.model_fields if name not in Content.model_fields}
        content = {name: getattr(article.working, name) for name in Content.model_fields}
        return cls(**state, **content)


class RevisionContent(BaseModel):
    """A working copy as it was."""

    headline: str
    section: str
    slug: str
    standfirst: str
    body_markdown: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    lead_image: Picture | None


class RevisionAnswer(BaseModel):
    """One accepted change. `note` is a correction's note or a withdrawal's reason."""

    version: int
    action: Action
    at: UtcDatetime
    by: str
    note: str | None
    content: RevisionContent


class RevisionList(BaseModel):
    """Some of an article's changes, the newest first."""

    items: list[RevisionAnswer]
    next_cursor: str | None


class TokenAnswer(BaseModel):
    """Whose a token is, for the other services."""

    name: str
    role: Role


class ArticleList(BaseModel):
    """Some articles, the newest first."""

    items: list[ArticleAnswer]
    next_cursor: str | None


_ID = Parameter("id", "path", "The article's id", {"type": "string"})
_LIMIT = Parameter(
    "limit",
    "query",
    "How many items at most",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
)
_CURSOR = Parameter("cursor", "query", "The `next_cursor` of the answer before", {"type": "string"})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes a repetition harmless: it gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200},
)
_IF_MATCH = Parameter("If-Match", "header", "The ETag that was read", {"type": "string"}, required=True)
_FILTERS = (
    Parameter("status", "query", "Only articles of this status", {"enum": list(STATUSES)}),
    Parameter("section", "query", "Only articles of this section", {"type": "string"}),
    Parameter("tag", "query", "Only articles with this tag, in either case", {"type": "string", "maxLength": 50}),
    Parameter(
        "q",
        "query",
        "Only articles with all these words in headline or standfirst",
        {"type": "string", "maxLength": 200},
    ),
)
_IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", "ETags that the client has: 304 if it is one of them", {"type": "string"}
)
_ETAG = {"ETag": "The version as a strong entity tag"}


def _change(action: str, path: str, method: str, model: type[BaseModel], summary: str) -> Operation:
    return Operation(
        id=f"{action}_article",
        method=method,
        path=f"/v1/articles/{{id}}{path}",
        summary=summary,
        answers={200: ArticleAnswer},
        problems=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
        body={JSON_TYPE: model},
        parameters=(_ID, _IF_MATCH, _KEY),
        secured=True,
        headers=_ETAG,
    )


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="create_article",
        method="POST",
        path="/v1/articles",
        summary="Start an article as a draft",
        answers={201: ArticleAnswer},
        problems=(400, 401, 403, 413, 415, 422, 503),
        body={JSON_TYPE: SentArticle},
        parameters=(_KEY,),
        secured=True,
        headers={**_ETAG, "Location": "The article's address"},
    ),
    Operation(
        id="list_articles",
        method="GET",
        path="/v1/articles",
        summary="The working copies, the newest first",
        answers={200: ArticleList},
        problems=(400, 401, 403, 422, 503),
        parameters=(*_FILTERS, _LIMIT, _CURSOR),
        secured=True,
    ),
    Operation(
        id="show_article",
        method="GET",
        path="/v1/articles/{id}",
        summary="One working copy",
        answers={200: ArticleAnswer, 304: None},
        problems=(401, 403, 404, 503),
        parameters=(_ID, _IF_NONE_MATCH),
        secured=True,
        headers=_ETAG,
    ),
    _change("edit", "", "PUT", SentArticle, "Replace the working copy; readers see nothing of it yet"),
    _change("publish", "/publish", "POST", SentPublication, "The working copy becomes what readers see"),
    _change("correct", "/correct", "POST", SentCorrection, "The same, with a public note of what was wrong"),
    _change("withdraw", "/withdraw", "POST", SentWithdrawal, "Take it back: 410 for readers"),
    Operation(
        id="list_revisions",
        method="GET",
        path="/v1/articles/{id}/revisions",
        summary="An article's accepted changes, the newest first",
        answers={200: RevisionList},
        problems=(400, 401, 403, 404, 422, 503),
        parameters=(_ID, _LIMIT, _CURSOR),
        secured=True,
    ),
)
