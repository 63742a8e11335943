"""Settings of every service. Only this module and the services' `settings.py` read the environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.addresses import sign_in
from shared.errors import SettingsError

_LONGEST_WAIT_MS = 500


class Settings(BaseSettings):
    """Settings common to all services, from environment variables `WM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="WM_", frozen=True, extra="ignore")

    kafka: str = Field("127.0.0.1:9092", repr=False, description="Kafka's bootstrap servers, host:port[,host:port]")
    kafka_idempotence: bool = Field(True, description="idempotent producer; off on the embedded broker, which lacks it")
    # Kafka answers a waiting fetch as soon as a record arrives. The embedded broker looks only after this wait (measured latency:
    # 252 ms at 500, 12 ms at 20), which delays what readers see.
    kafka_fetch_wait_ms: int = Field(
        20,
        ge=1,
        le=500,
        description="how long a fetch waits at the broker while records arrive; Apache Kafka answers at once at any value",
    )
    # The first publication after a quiet hour passes two such waits and must be visible within 400 ms (measured: 167 ms at 160).
    kafka_rest_wait_ms: int = Field(
        160,
        ge=1,
        le=500,
        description="the same wait after some seconds without records, for consumers between a publication and its readers; "
        "other consumers wait five times as long, 500 at most",
    )
    kafka_adopt_new_log: bool = Field(
        False, description="accept a log that replaced the known one automatically; on in the embedded stack"
    )
    kafka_hole_wait_ms: int = Field(
        0,
        ge=0,
        le=10_000,
        description="how long to repeat a fetch with missing offsets; the embedded broker's fetches overtake its appends",
    )
    kafka_replication: int = Field(
        1, ge=1, le=9, description="replication factor of the topics that the topics job creates"
    )
    mongo: str = Field("mongodb://127.0.0.1:27017", repr=False, description="MongoDB's connection string")
    redis: str = Field("redis://127.0.0.1:6379", repr=False, description="Redis' URL")
    account: str = Field("", description="this process's account at engines that require one")
    kafka_password_file: Path | None = Field(None, description="file with the account's password for Kafka")
    mongo_password_file: Path | None = Field(None, description="file with the account's password for MongoDB")
    redis_password_file: Path | None = Field(None, description="file with the account's password for Redis")
    host: str = Field("127.0.0.1", description="address the service listens on")
    service_port: int = Field(0, ge=0, le=65535, description="port the service listens on; 0 chooses a free one")
    instance: int = Field(1, ge=1, description="this process's number among the processes of its service")
    site_url: str = Field("http://127.0.0.1:8080", description="public address, without a trailing slash")
    site: Path | None = Field(None, description="file with the site's configuration; the shipped site.toml if absent")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="lowest level that is logged")
    rate_limits: Literal["on", "off"] = Field("on", description="rate limits by visitor; off for load tests")
    session_timeout_ms: int = Field(
        6000, ge=1000, le=60_000, description="after this silence Kafka reassigns a consumer's partitions"
    )
    drain_s: float = Field(
        0.0, ge=0, le=30, description="how long a service reports not ready after SIGTERM while it still serves"
    )
    stall_timeout_s: float = Field(30.0, gt=0, description="a consumer without progress for this time ends")

    @model_validator(mode="after")
    def _site_url_has_no_trailing_slash(self) -> Self:
        if self.site_url.endswith("/"):
            raise ValueError("WM_SITE_URL must not end with a slash")
        return self

    @property
    def is_kafka_embedded(self) -> bool:
        """Whether Kafka is the embedded broker: the only one without idempotent producers."""
        return not self.kafka_idempotence

    def rest_wait_ms(self, *, is_urgent: bool) -> int:
        """How long a resting consumer's fetch waits. `is_urgent`: the consumer is between a publication and its readers."""
        return self.kafka_rest_wait_ms if is_urgent else min(5 * self.kafka_rest_wait_ms, _LONGEST_WAIT_MS)

    @classmethod
    def load(cls) -> Self:
        """Read the environment and password files. Raises SettingsError, which names each wrong variable.

        Addresses of engines with a password file then contain account and password.
        """
        try:
            settings = cls()
        except ValidationError as error:
            faults = "; ".join(_fault(item["loc"], item["msg"]) for item in error.errors())
            raise SettingsError(faults) from error
        return settings.model_copy(update=settings.addresses_with_passwords())

    def addresses_with_passwords(self) -> dict[str, str]:
        """The addresses of servers that have a password file, by field, with account and password. Raises SettingsError."""
        engines = (
            ("kafka", self.kafka, self.kafka_password_file),
            ("mongo", self.mongo, self.mongo_password_file),
            ("redis", self.redis, self.redis_password_file),
        )
        return {
            name: sign_in(address, self.account, read_password(f"WM_{name.upper()}_PASSWORD_FILE", path))
            for name, address, path in engines
            if path is not None
        }


def split_urls(text: str) -> tuple[str, ...]:
    """The base URLs in a setting, which are separated by commas, without trailing slashes."""
    return tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())


def read_password(variable: str, path: Path) -> str:
    """The password in a file. Raises SettingsError that names the variable."""
    try:
        password = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error}") from error
    if not password:
        raise SettingsError(f"{variable}: {path} is empty")
    return password


def _fault(location: tuple[int | str, ...], message: str) -> str:
    name = "WM_" + "_".join(str(part) for part in location).upper() if location else "settings"
    return f"{name}: {message}"
