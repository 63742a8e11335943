"""Settings of rendering, beside those of every service."""

from typing import Literal

from pydantic import Field

from shared.settings import Settings, split_urls


class RenderingSettings(Settings):
    """Settings of the gateway and the projector; each is the environment variable `WM_<NAME>`."""

    page_cache_mib: int = Field(256, ge=1, description="gateway: memory for cached pages, in MiB")
    log_silence_s: float = Field(
        3.0, gt=0, description="gateway: seconds of silence from Kafka after which cached pages are no longer trusted"
    )
    renders_at_once: int = Field(8, ge=1, description="gateway: pages rendered at the same time")
    websub_hub: str = Field(
        "",
        description="URL of the WebSub hub that feeds name and that gets pings for changed feeds; none if empty",
    )
    live_readers: int = Field(
        12_000, ge=0, description="gateway: limit of connections to /v1/live; the limit of open files may be lower"
    )
    reply_mails: Literal["on", "off", ""] = Field(
        "", description="gateway: on: the form of comments offers mails about replies. For where comments has WM_SMTP"
    )
    search: str = Field(
        "http://127.0.0.1:8105", description="gateway: base URLs of the search service, separated by commas"
    )
    search_wait_s: float = Field(
        2.5, gt=0, description="gateway: seconds that a page of results waits for the search service"
    )
    popularity: str = Field(
        "http://127.0.0.1:8003", description="gateway: base URLs of popularity, separated by commas"
    )
    popularity_wait_s: float = Field(
        2.5, gt=0, description="gateway: seconds that a page of the archive of rankings waits for popularity"
    )
    render_wait_s: float = Field(
        2.0, gt=0, description="gateway: seconds that a render may wait for its turn before 503"
    )

    @property
    def search_urls(self) -> tuple[str, ...]:
        """The base URLs of the search service."""
        return split_urls(self.search)

    @property
    def popularity_urls(self) -> tuple[str, ...]:
        """The base URLs of popularity."""
        return split_urls(self.popularity)
