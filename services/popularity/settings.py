"""The settings of popularity."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.settings import Settings, split_urls


class PopularitySettings(Settings):
    """Common settings, and popularity's own."""

    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    view_filter: Literal["on", "off"] = Field(
        "on", description="views of bots, prefetches and data centres do not count; off for load tests"
    )
    view_repeat_s: int = Field(
        1800,
        ge=0,
        le=43_200,
        description="a visitor's further views of an article within this time do not count; 0: every view counts",
    )
    view_network_most: int = Field(
        12, ge=1, description="views of an article that count from one network within WM_VIEW_REPEAT_S"
    )
    data_centres: Path | None = Field(None, description="file with networks, one CIDR a line, whose views do not count")
    ingestion: str = Field(
        "http://127.0.0.1:8101", description="base URLs of ingestion's instances, separated by commas, to check tokens"
    )
    popularity_database: str = Field("popularity", min_length=1, description="the service's database in MongoDB")
    ranking_every_s: float = Field(0.5, gt=0, description="rankings are computed at most so often")
    ranking_fresh_s: float = Field(5.0, gt=0, description="rankings that have not changed are confirmed after so long")
    trend_half_life_s: float = Field(
        21_600.0, ge=600, description="a view counts half as much for `trending` after so long"
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
