"""The settings of media, beyond those of every service."""

from collections.abc import Sequence

from pydantic import Field

from shared.settings import Settings


class MediaSettings(Settings):
    """Settings of both processes; each is the environment variable `WM_<NAME>`."""

    ingestion: str = Field("http://127.0.0.1:8001", min_length=1, description="ingestion's URLs, separated by commas")
    media_worker: str = Field(
        "http://127.0.0.1:8009", min_length=1, description="media-workers' URLs, separated by commas"
    )
    media_most_bytes: int = Field(
        40 * 1024 * 1024,
        ge=1024,
        le=40 * 1024 * 1024,
        description="largest upload of a picture; the edge refuses more than 41 MB",
    )

    @property
    def ingestion_urls(self) -> Sequence[str]:
        """Ingestion's processes."""
        return _urls(self.ingestion)

    @property
    def worker_urls(self) -> Sequence[str]:
        """The media-workers."""
        return _urls(self.media_worker)


def _urls(text: str) -> Sequence[str]:
    return tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
