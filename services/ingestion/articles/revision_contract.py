"""Requests and answers about revisions, and their table of operations."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.ingestion.articles.contract import (
    ARTICLE_ID,
    ETAG_HEADER,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    PAGE_CURSOR,
    PAGE_LIMIT,
    ArticleAnswer,
    Sent,
)
from services.ingestion.people.roles import Action
from services.ingestion.pictures.records import LeadImage
from shared.http.openapi import Operation, Parameter
from shared.http.requests import JSON_TYPE
from shared.times import UtcDatetime


class SentRestore(Sent):
    """A restoration: no fields."""


class RevisionContent(BaseModel):
    """The working copy of one revision."""

    headline: str
    section: str
    slug: str
    standfirst: str
    body_markdown: str
    bylines: tuple[str, ...]
    tags: tuple[str, ...]
    language: str
    lead_image: LeadImage | None
    history_public: bool = True


class RevisionAnswer(BaseModel):
    """One accepted change. `note`: of a correction or a return, the reason of a withdrawal, the time of a schedule,
    the restored version.

    `by_id` is the author's id; empty for revisions of earlier releases. Of automatic saves only some have a revision.
    """

    version: int
    action: Action
    at: UtcDatetime
    by: str
    by_id: str
    note: str | None
    content: RevisionContent


class WholeRevisionAnswer(RevisionAnswer):
    """One revision with its text as HTML."""

    body_html: str


class RevisionList(BaseModel):
    """One page of an article's revisions, newest first."""

    items: list[RevisionAnswer]
    next_cursor: str | None


_VERSION = Parameter("version", "path", "The revision's version", {"type": "integer", "minimum": 1})

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_revisions",
        method="GET",
        path="/v1/articles/{id}/revisions",
        summary="List an article's revisions, newest first",
        answers={200: RevisionList},
        problems=(400, 401, 403, 404, 422, 503),
        parameters=(ARTICLE_ID, PAGE_LIMIT, PAGE_CURSOR),
        secured=True,
    ),
    Operation(
        id="show_revision",
        method="GET",
        path="/v1/articles/{id}/revisions/{version}",
        summary="Show one revision",
        answers={200: WholeRevisionAnswer},
        problems=(401, 403, 404, 422, 503),
        parameters=(ARTICLE_ID, _VERSION),
        secured=True,
    ),
    Operation(
        id="restore_revision",
        method="POST",
        path="/v1/articles/{id}/revisions/{version}/restore",
        summary="Make a revision's text the working copy; readers do not see it yet",
        answers={200: ArticleAnswer},
        problems=(400, 401, 403, 404, 412, 413, 415, 422, 428, 503),
        body={JSON_TYPE: SentRestore},
        parameters=(ARTICLE_ID, _VERSION, IF_MATCH, IDEMPOTENCY_KEY),
        secured=True,
        headers=ETAG_HEADER,
    ),
)
