"""The settings of popularity."""

from pydantic import Field

from shared.settings import Settings


class PopularitySettings(Settings):
    """Common settings, and popularity's own."""

    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    ranking_every_s: float = Field(0.5, gt=0, description="rankings are computed at most so often")
    ranking_fresh_s: float = Field(45.0, gt=0, description="an unchanged ranking is published again after so long")
