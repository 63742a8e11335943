"""Settings of the desk, beyond those of every service."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from shared.http.networks import read_networks
from shared.settings import Settings, split_urls


class DeskSettings(Settings):
    """Each field is the environment variable `WM_<NAME>`."""

    ingestion: str = Field("http://127.0.0.1:8001", min_length=1, description="ingestion's URLs, separated by commas")
    rendering: str = Field("http://127.0.0.1:8000", min_length=1, description="gateways' URLs, separated by commas")
    popularity: str = Field("http://127.0.0.1:8003", min_length=1, description="popularity's URLs, separated by commas")
    media: str = Field("http://127.0.0.1:8008", min_length=1, description="media's URLs, separated by commas")
    comments: str = Field("http://127.0.0.1:8103", min_length=1, description="comments' URLs, separated by commas")
    media_most_bytes: int = Field(
        40 * 1024 * 1024, ge=1024, le=40 * 1024 * 1024, description="largest upload of a picture"
    )
    fetch_allow: str = Field(
        "", description="networks that addresses chosen by others may lead to, although not public; separated by commas"
    )
    desk_wait_s: float = Field(8.0, gt=0, description="longest wait of the desk for another service")
    desk_upload_s: float = Field(300.0, gt=0, description="longest time that one upload through the desk may take")

    @property
    def ingestion_urls(self) -> Sequence[str]:
        """Ingestion's processes."""
        return split_urls(self.ingestion)

    @property
    def rendering_urls(self) -> Sequence[str]:
        """The gateways."""
        return split_urls(self.rendering)

    @property
    def popularity_urls(self) -> Sequence[str]:
        """Popularity's processes."""
        return split_urls(self.popularity)

    @property
    def media_urls(self) -> Sequence[str]:
        """Media's processes."""
        return split_urls(self.media)

    @property
    def comments_urls(self) -> Sequence[str]:
        """The processes of comments."""
        return split_urls(self.comments)

    @model_validator(mode="after")
    def _fetch_allow_has_networks(self) -> Self:
        read_networks(self.fetch_allow)
        return self

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the site by HTTPS."""
        return self.site_url.startswith("https:")
