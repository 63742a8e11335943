"""The settings of media, beyond those of every service."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.errors import SettingsError
from shared.http.networks import read_networks
from shared.settings import Settings, split_urls

# The name of MongoDB as a store of files.
GRIDFS = "gridfs"


class MediaSettings(Settings):
    """Settings of both processes; each is the environment variable `WM_<NAME>`."""

    ingestion: str = Field("http://127.0.0.1:8001", min_length=1, description="ingestion's URLs, separated by commas")
    media_worker: str = Field(
        "http://127.0.0.1:8009", min_length=1, description="media-workers' URLs, separated by commas"
    )
    media_database: str = Field("media", min_length=1, description="the service's database in MongoDB")
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
        description="where pictures' files are: `s3://bucket/prefix` in an S3-compatible store; if empty, MongoDB (GridFS)",
    )
    media_store_former: str = Field(
        "",
        description="the former WM_MEDIA_STORE (`gridfs` for MongoDB) while its files are moved: they are read from both",
    )
    media_store_endpoint: str = Field("", description="the S3-compatible store's URL; if empty, that of AWS")
    media_store_region: str = Field("", description="the store's region")
    media_store_key: str = Field(
        "", description="id of the store's access key; if empty, the machine's own role counts"
    )
    media_store_secret_file: Path | None = Field(None, description="file with the secret of the store's access key")
    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    fetch_allow: str = Field(
        "", description="networks that addresses chosen by others may lead to, although not public; separated by commas"
    )

    def media_store_secret(self) -> str:
        """The secret of the store's access key; empty without a file. Raises SettingsError."""
        if self.media_store_secret_file is None:
            return ""
        try:
            return self.media_store_secret_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WM_MEDIA_STORE_SECRET_FILE: {error}") from error

    @model_validator(mode="after")
    def _stores_differ(self) -> Self:
        for url in (self.media_store, self.media_store_former):
            if url not in ("", GRIDFS) and not re.fullmatch(r"s3://[^/\s]+(/\S*)?", url):
                raise ValueError(f"{url} is not s3://bucket/prefix")
        if self.media_store_former and self.media_store_former == (self.media_store or GRIDFS):
            raise ValueError("WM_MEDIA_STORE_FORMER is the present store")
        return self

    @model_validator(mode="after")
    def _fetch_allow_has_networks(self) -> Self:
        read_networks(self.fetch_allow)
        return self

    @property
    def ingestion_urls(self) -> Sequence[str]:
        """Ingestion's processes."""
        return split_urls(self.ingestion)

    @property
    def worker_urls(self) -> Sequence[str]:
        """The media-workers."""
        return split_urls(self.media_worker)
