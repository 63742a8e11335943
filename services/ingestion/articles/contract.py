"""Requests and answers of the editors' API (`docs/openapi.json`), and the table of operations behind its OpenAPI."""

from collections.abc import Sequence
from typing import Annotated, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from services.ingestion.articles.fields import (
    MOST_BYLINES,
    MOST_TAGS,
    LanguageTag,
    MarkdownText,
    PictureId,
    PictureUrl,
    Slug,
    Time,
    UnfinishedText,
    line,
    unique,
)
from services.ingestion.articles.rules import Article, Content, Status, picture_faults
from services.ingestion.pictures.records import PICTURE_TEXTS, LeadImage, PictureFault
from shared.events import Correction
from shared.http.openapi import Operation, Parameter
from shared.http.requests import JSON_TYPE, LARGEST_PAGE, USUAL_PAGE
from shared.times import UtcDatetime

STATUSES: tuple[Status, ...] = get_args(Status)


class Sent(BaseModel):
    """Base of requests: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SentPicture(Sent):
    """An article's lead picture: `url` with `alt`, which describes it in words, or `media_id` of a picture in the store.

    Texts that are missing or empty beside `media_id` are those of the picture.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["url", "alt"]}, {"required": ["media_id"]}]},
    )

    url: PictureUrl | None = None
    media_id: PictureId | None = None
    alt: Annotated[str, *line(0, 500)] = ""
    caption: Annotated[str, *line(0, 1000)] = ""
    credit: Annotated[str, *line(0, 200)] = ""

    @model_validator(mode="after")
    def _names_one_picture(self) -> Self:
        if self.media_id is not None and self.url is not None:
            raise _fault("media_id", "A picture has either url or media_id.")
        if self.media_id is None and self.url is None:
            raise _fault("url", "Field required")
        if self._needs_alt and self.media_id is None and not self.alt:
            raise _fault(
                "alt", "There is nothing to read in it." if "alt" in self.model_fields_set else "Field required"
            )
        return self

    @property
    def _needs_alt(self) -> bool:
        return True

    @property
    def lead_image(self) -> LeadImage:
        """The picture as it was sent: of one in the store, address and facts are still missing."""
        inherited = () if self.media_id is None else tuple(name for name in PICTURE_TEXTS if not getattr(self, name))
        return LeadImage(**{**self.model_dump(), "url": self.url or ""}, inherited=inherited)


def _fault(field: str, message: str) -> ValidationError:
    """A fault of one field that only the whole model can find."""
    error = PydanticCustomError("picture", message)
    return ValidationError.from_exception_data("picture", [InitErrorDetails(type=error, loc=(field,), input=None)])


class SentArticle(Sent):
    """An article from an editor. Without `slug`, one is made from the headline.

    `history_public`: readers may see the public versions, from the next publication on. Without it, it stays as it is.
    Without `embargo_until` an embargo stays, too; null lifts it.
    """

    headline: Annotated[str, *line(1, 200)]
    section: Annotated[str, *line(1, 50)]
    body_markdown: MarkdownText
    standfirst: Annotated[str, *line(0, 500)] = ""
    bylines: Annotated[tuple[Annotated[str, *line(1, 100)], ...], *unique(MOST_BYLINES, "bylines")] = ()
    tags: Annotated[tuple[Annotated[str, *line(1, 50)], ...], *unique(MOST_TAGS, "tags")] = ()
    slug: Slug | None = None
    language: LanguageTag | None = None
    lead_image: SentPicture | None = None
    history_public: bool | None = None
    embargo_until: Time | None = None


class SentUnfinishedPicture(SentPicture):
    """A lead picture that may still lack its description."""

    @property
    def _needs_alt(self) -> bool:
        return False


class SentUnfinishedArticle(SentArticle):
    """An automatic save: headline and text may be empty."""

    headline: Annotated[str, *line(0, 200)]
    body_markdown: UnfinishedText
    lead_image: SentUnfinishedPicture | None = None


class SentPublication(Sent):
    """A publication. `published_at`: the first publication of an import; none for an article of today."""

    published_at: Time | None = None


class SentCorrection(Sent):
    """A correction. `note` tells readers the mistake."""

    note: Annotated[str, *line(1, 1000)]


class SentWithdrawal(Sent):
    """A withdrawal. `reason` is for editors only."""

    reason: Annotated[str, *line(1, 1000)]


class ArticleAnswer(BaseModel):
    """An article's working copy with its state. `url` is the public path, null before the first publication.

    `changed`: the working copy differs from the last public text. `public_version`: the newest version that readers saw,
    or the one that withdrew the article. `note_back`: the note of the last return. `text_version`: the oldest version with
    this same text; a version that only shows a picture's new facts keeps it, and `If-Match` takes each of them.
    `picture_faults`: the store's pictures that lack a description, or that it does not have.
    """

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
    lead_image: LeadImage | None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    published_at: UtcDatetime | None
    corrected_at: UtcDatetime | None
    former_urls: tuple[str, ...]
    corrections: tuple[Correction, ...]
    changed: bool
    public_version: int | None
    history_public: bool
    scheduled_for: UtcDatetime | None
    embargo_until: UtcDatetime | None
    submitted_at: UtcDatetime | None
    submitted_by: str | None
    note_back: str | None
    text_version: int
    picture_faults: tuple[PictureFault, ...]

    @classmethod
    def of(cls, article: Article) -> Self:
        """The answer for an article."""
        own = ("picture_faults", *Content.model_fields)
        state = {name: getattr(article, name) for name in cls.model_fields if name not in own}
        content = {name: getattr(article.working, name) for name in Content.model_fields}
        return cls(**state, **content, picture_faults=tuple(picture_faults(article.working)))


class ArticleList(BaseModel):
    """One page of articles, newest first."""

    items: list[ArticleAnswer]
    next_cursor: str | None


class PreviewAnswer(BaseModel):
    """An address that shows the working copy to anyone who has it, until `expires_at`."""

    url: str
    expires_at: UtcDatetime


ARTICLE_ID = Parameter("id", "path", "The article's id", {"type": "string"})
PAGE_LIMIT = Parameter(
    "limit",
    "query",
    "How many items at most",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
)
PAGE_CURSOR = Parameter("cursor", "query", "The `next_cursor` of the previous page", {"type": "string"})
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200},
)
IF_MATCH = Parameter("If-Match", "header", "The ETag of the version that was read", {"type": "string"}, required=True)
_FILTERS = (
    Parameter("status", "query", "Only articles of this status", {"enum": list(STATUSES)}),
    Parameter("section", "query", "Only articles of this section", {"type": "string"}),
    Parameter("tag", "query", "Only articles with this tag, in either case", {"type": "string", "maxLength": 50}),
    Parameter("language", "query", "Only articles in this language", {"type": "string", "maxLength": 12}),
    Parameter(
        "byline", "query", "Only articles with this byline, in either case", {"type": "string", "maxLength": 100}
    ),
    Parameter(
        "by", "query", "Only articles that this person wrote; `me`: the caller", {"type": "string", "maxLength": 64}
    ),
    Parameter(
        "scheduled",
        "query",
        "`true`: only scheduled articles, the next one first; `false`: only others",
        {"type": "boolean"},
    ),
    Parameter("changed", "query", "Only articles with changes that are not public", {"type": "boolean"}),
    Parameter("submitted", "query", "Only articles that wait for publication", {"type": "boolean"}),
    Parameter(
        "q",
        "query",
        "Only articles with all these words in headline or standfirst",
        {"type": "string", "maxLength": 200},
    ),
)
_IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", "ETags that the client has: 304 if one matches", {"type": "string"}
)
_AUTOSAVE = Parameter(
    "autosave",
    "query",
    "An automatic save: headline and text may be empty; a revision at most every ten minutes a person",
    {"type": "boolean", "default": False},
)
ETAG_HEADER = {"ETag": "The version as a strong entity tag"}


def change_operation(
    action: str, path: str, method: str, model: type[BaseModel], summary: str, more: Sequence[Parameter] = ()
) -> Operation:
    """A change of an article: needs `If-Match`, answers with the article."""
    return Operation(
        id=f"{action}_article",
        method=method,
        path=f"/v1/articles/{{id}}{path}",
        summary=summary,
        answers={200: ArticleAnswer},
        problems=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
        body={JSON_TYPE: model},
        parameters=(ARTICLE_ID, IF_MATCH, IDEMPOTENCY_KEY, *more),
        secured=True,
        headers=ETAG_HEADER,
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
        parameters=(IDEMPOTENCY_KEY, _AUTOSAVE),
        secured=True,
        headers={**ETAG_HEADER, "Location": "The article's address"},
    ),
    Operation(
        id="list_articles",
        method="GET",
        path="/v1/articles",
        summary="List working copies, newest first",
        answers={200: ArticleList},
        problems=(400, 401, 403, 422, 503),
        parameters=(*_FILTERS, PAGE_LIMIT, PAGE_CURSOR),
        secured=True,
    ),
    Operation(
        id="show_article",
        method="GET",
        path="/v1/articles/{id}",
        summary="Show a working copy",
        answers={200: ArticleAnswer, 304: None},
        problems=(401, 403, 404, 503),
        parameters=(ARTICLE_ID, _IF_NONE_MATCH),
        secured=True,
        headers=ETAG_HEADER,
    ),
    change_operation(
        "edit", "", "PUT", SentArticle, "Replace the working copy; readers do not see it yet", (_AUTOSAVE,)
    ),
    change_operation("publish", "/publish", "POST", SentPublication, "Show readers the working copy"),
    change_operation(
        "correct", "/correct", "POST", SentCorrection, "Show readers the working copy with a public correction note"
    ),
    change_operation("withdraw", "/withdraw", "POST", SentWithdrawal, "Withdraw the article: 410 for readers"),
    Operation(
        id="preview_article",
        method="POST",
        path="/v1/articles/{id}/preview",
        summary="Make an unguessable address that shows the working copy for 24 hours",
        answers={200: PreviewAnswer},
        problems=(401, 403, 404, 412, 422, 503),
        parameters=(ARTICLE_ID, IDEMPOTENCY_KEY),
        secured=True,
    ),
)
