"""What the comments service is told from outside, beyond what every service is told."""

from typing import Self

from pydantic import Field, model_validator

from services.comments.rules import Mode
from shared.settings import Settings


class CommentsSettings(Settings):
    """Settings of the comments service; each is the environment variable `WM_<NAME>`."""

    comments_mode: Mode = Field(
        "first-comment",
        description="which comments wait for a moderator until one sets it by the API: pre, post, first-comment",
    )
    comments_rate: str = Field(
        "30/minute;300/hour",
        description="how many comments one visitor may send, in the notation of the library `limits`",
    )
    forwarded_for: bool = Field(
        True,
        description="whether X-Forwarded-For is believed; services are reached through the edge only, which sets it",
    )
    ingestion: str = Field(
        "http://127.0.0.1:8101", description="where ingestion answers, to check tokens: base URLs, separated by commas"
    )

    @model_validator(mode="after")
    def _ingestion_is_named(self) -> Self:
        if not self.ingestion_urls:
            raise ValueError("WM_INGESTION must name at least one URL")
        return self

    @property
    def ingestion_urls(self) -> tuple[str, ...]:
        """Each instance's base URL, without a slash at its end."""
        return tuple(url.strip().rstrip("/") for url in self.ingestion.split(",") if url.strip())
