"""The settings of popularity."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.settings import Settings


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
    ranking_every_s: float = Field(0.5, gt=0, description="rankings are computed at most so often")
    ranking_fresh_s: float = Field(45.0, gt=0, description="an unchanged ranking is published again after so long")
