"""Settings of `make run`. The only module of the embedded stack that reads the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingsError

DEFAULT_SCALE = {"rendering": 2, "popularity": 3}
SERVICE_NAMES = (
    "ingestion",
    "comments",
    "popularity",
    "popularity-counter",
    "rendering",
    "rendering-projector",
    "search",
    "desk",
    "media",
    "media-worker",
)
_MOST_PROCESSES = 64


class LocalSettings(BaseSettings):
    """Settings of the embedded stack; each is the environment variable `WM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="WM_", frozen=True, extra="ignore")

    port: int = Field(8080, ge=1, le=65535, description="the port of the public address")
    data: Path = Field(Path(".data"), description="the folder with all data of the stack")
    edition: Literal["sample", "none"] = Field("sample", description="the content to load on the first start")
    scale: str = Field("", description="how many processes of a service, as rendering=2,popularity=3")
    kafka: str = Field("", description="use this Kafka instead of starting one")
    mongo: str = Field("", description="use this MongoDB instead of starting one")
    redis: str = Field("", description="use this Redis instead of starting one")
    smtp: str = Field(
        "", description="hand readers' mails to this server instead of a catcher that writes them to the data folder"
    )
    rate_limits: Literal["on", "off"] = Field("on", description="limits by client address; off for load tests")
    stop_with_parent: bool | int = Field(
        False, description="stop when the process that started the stack is gone: true, or that process's id"
    )

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises SettingsError that names each invalid variable."""
        try:
            settings = cls()
        except ValidationError as error:
            faults = "; ".join(f"WM_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
            raise SettingsError(faults) from error
        parse_scale(settings.scale)
        return settings


def parse_scale(text: str) -> dict[str, int]:
    """Parse `rendering=2,popularity=3` into a number for every service. Raises SettingsError that names the invalid part."""
    scale = {name: DEFAULT_SCALE.get(name, 1) for name in SERVICE_NAMES}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, count = (piece.strip() for piece in part.partition("="))
        if not equals or name not in scale:
            raise SettingsError(f"WM_SCALE: {part!r} is not <service>=<number>; services are {', '.join(scale)}")
        if not (count.isascii() and count.isdigit() and 1 <= int(count) <= _MOST_PROCESSES):
            raise SettingsError(f"WM_SCALE: {part!r}: the number must be from 1 to {_MOST_PROCESSES}")
        scale[name] = int(count)
    return scale


def inherited_environment() -> Mapping[str, str]:
    """The environment that every process of the stack inherits."""
    return dict(os.environ)
