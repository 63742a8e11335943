"""Requests and answers about the settings of all discussions, and their operations for OpenAPI."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from services.comments.model.contract import ETAG, IF_MATCH, KEY
from services.comments.model.records import ModerationRule
from services.comments.model.rules import Mode, WhenWebhookFails
from services.comments.pipeline.word_list import entry_fault
from shared.errors import WorldMonitorError
from shared.http.guarded import check_url
from shared.http.openapi import Operation
from shared.http.requests import JSON_TYPE
from shared.text import SEARCH_LINE, is_far_too_long, tidy

MOST_WORDS = 2_000
LONGEST_WORD = 60
_SHORTEST_SECRET = 16
_LONGEST_SECRET = 200
_LONGEST_WEBHOOK_URL = 500


def _word(text: str) -> str:
    fault = ValueError(f"A word or phrase is 1 to {LONGEST_WORD} characters long.")
    if is_far_too_long(text, LONGEST_WORD):
        raise fault
    tidied = tidy(text, SEARCH_LINE)
    if not 1 <= len(tidied) <= LONGEST_WORD:
        raise fault
    if unusable := entry_fault(tidied):
        raise ValueError(unusable)
    return tidied


def _webhook_url(text: str) -> str:
    try:
        check_url(text)
    except WorldMonitorError as error:
        raise ValueError("It is not an http or https address of a public host.") from error
    return text


_WORD_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_WORD})
Words = Annotated[list[Annotated[str, AfterValidator(_word), _WORD_SCHEMA]], Field(max_length=MOST_WORDS)]


class WebhookShown(BaseModel):
    """The external judge of comments, without its secret."""

    url: str
    when_it_fails: WhenWebhookFails
    has_secret: bool = True


class CommentSettings(BaseModel):
    """The settings of all discussions, as moderators see them."""

    mode: Mode
    banned_words: list[str]
    suspect_words: list[str]
    most_links: int
    close_after_days: int | None
    edit_window_s: int
    votes: bool
    hold_rejection_rate: float | None
    webhook: WebhookShown | None

    @classmethod
    def of(cls, rule: ModerationRule) -> Self:
        """The answer for the settings in force."""
        return cls.model_validate(rule, from_attributes=True)


class WebhookChange(BaseModel):
    """Where comments are judged that no phase decided. A change without `secret` keeps the stored one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(min_length=1, max_length=_LONGEST_WEBHOOK_URL), AfterValidator(_webhook_url)]
    secret: Annotated[str, Field(min_length=_SHORTEST_SECRET, max_length=_LONGEST_SECRET)] | None = None
    when_it_fails: WhenWebhookFails = "publish"
    has_secret: bool = Field(True, description="as shown; has no effect")


class SettingsChange(BaseModel):
    """The fields to change, at least one. A field that is left out keeps its value; null is a value where the schema has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = Field("first-comment", description="which comments wait: all, none, the first ones of each writer")
    banned_words: Words = Field([], description="a comment with one of these is rejected; `*` at the end: any ending")
    suspect_words: Words = Field([], description="a comment with one of these waits for a moderator")
    most_links: int = Field(2, ge=0, le=100, strict=True, description="a comment with more links waits")
    close_after_days: Annotated[int, Field(ge=0, le=36_500, strict=True)] | None = Field(
        None, description="when discussions close after the publication; null: never, 0: all at once"
    )
    edit_window_s: int = Field(300, ge=0, le=86_400, strict=True, description="how long writers may edit and delete")
    votes: bool = Field(True, strict=True, description="whether readers vote")
    hold_rejection_rate: Annotated[float, Field(ge=0, le=1, strict=True)] | None = Field(
        0.3, description="share of rejected ones among an author's last fifty, from which comments wait; null: never"
    )
    webhook: WebhookChange | None = Field(None, description="an external judge; null: none")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Name at least one field.")
        return self


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="show_comment_settings",
        method="GET",
        path="/v1/comments/settings",
        summary="Show the settings of all discussions",
        answers={200: CommentSettings},
        problems=(401, 403, 503),
        secured=True,
        headers=ETAG,
    ),
    Operation(
        id="change_comment_settings",
        method="PUT",
        path="/v1/comments/settings",
        summary="Change settings of all discussions; fields that are left out keep their values. In force everywhere within "
        "two seconds",
        answers={200: CommentSettings},
        problems=(400, 401, 403, 412, 413, 415, 422, 503),
        body={JSON_TYPE: SettingsChange},
        parameters=(KEY, IF_MATCH),
        secured=True,
        headers=ETAG,
    ),
)
