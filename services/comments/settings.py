"""Settings of the comments service, beyond those of every service."""

from typing import Self

from pydantic import Field, model_validator

from services.comments.model.rules import Mode
from shared.settings import Settings, split_urls


class CommentsSettings(Settings):
    """Each field is the environment variable `WM_<NAME>`."""

    comments_mode: Mode = Field(
        "first-comment",
        description="which comments wait for a moderator, until one changes it by the API: pre, post, first-comment",
    )
    comments_rate: str = Field(
        "30/minute;300/hour",
        description="the rate limit of one visitor, in the notation of the library `limits`",
    )
    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    letters_kept_days: int = Field(
        365, ge=0, le=36_500, description="after how many days readers' letters are deleted; 0: never"
    )
    addresses_kept_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="after how many days the e-mail addresses of comments are deleted, and approvals with them; 0: never",
    )
    ingestion: str = Field(
        "http://127.0.0.1:8101", description="base URLs of ingestion's instances, separated by commas, to check tokens"
    )

    @model_validator(mode="after")
    def _ingestion_is_named(self) -> Self:
        if not self.ingestion_urls:
            raise ValueError("WM_INGESTION must name at least one URL")
        return self

    @property
    def ingestion_urls(self) -> tuple[str, ...]:
        """Each instance's base URL, without a trailing slash."""
        return split_urls(self.ingestion)
