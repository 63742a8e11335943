"""The settings of media, beyond those of every service."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from shared.http.networks import read_networks
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

    media_most_pixels: int = Field(
        100_000_000, ge=1, le=250_000_000, description="most pixels of an upload; more are refused before decoding"
    )
    media_most_frames: int = Field(
        500, ge=1, le=10_000, description="most frames of an animated upload, of which the first is shown"
    )
    media_decoders: int = Field(
        2, ge=1, le=32, description="media-worker: uploads checked at once, and beside them pictures resized at once"
    )
    media_decode_memory_mb: int = Field(
        1536, ge=256, le=16_384, description="media-worker: memory of one decode process, in MiB"
    )
    media_decode_s: int = Field(
        15,
        ge=1,
        le=60,
        description="media-worker: processor time to check an upload, or to make one file; a decoder that exceeds it is ended",
    )

    media_store: str = Field(
        "",
        description="where pictures' files are: `s3://bucket/prefix`, an S3-compatible store; if empty, MongoDB (GridFS). "
        "Its keys and endpoint are the AWS_* variables",
    )
    media_store_former: str = Field(
        "",
        description="the former WM_MEDIA_STORE (`gridfs` for MongoDB) while its files are moved: they are read from both",
    )
    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    fetch_allow: str = Field(
        "", description="networks that addresses chosen by others may lead to, although not public; separated by commas"
    )

    @model_validator(mode="after")
    def _fetch_allow_has_networks(self) -> Self:
        read_networks(self.fetch_allow)
        return self

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
