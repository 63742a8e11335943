"""What every service is told from outside. The only module that reads the environment, with the services' own `settings.py`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingsError
from shared.kafka.addresses import sign_in

_LONGEST_WAIT_MS = 500


class Settings(BaseSettings):
    """Settings common to all services; each is the environment variable `WM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="WM_", frozen=True, extra="ignore")

    kafka: str = Field("127.0.0.1:9092", repr=False, description="Kafka's bootstrap servers, host:port[,host:port]")
    kafka_idempotence: bool = Field(True, description="idempotent producer; off on the embedded broker, which lacks it")
    # Kafka answers a waiting fetch as soon as there is a record. The embedded broker looks only when this has passed (measured:
    # 252 ms of latency at 500, 12 at 20), and what readers see hangs on it.
    kafka_fetch_wait_ms: int = Field(
        20,
        ge=1,
        le=500,
        description="how long a fetch waits at the broker while records come; Kafka itself answers at once at any value",
    )
    # A first publication after a quiet hour passes two such waits, and is to be seen within 400 ms.
    kafka_rest_wait_ms: int = Field(
        120,
        ge=1,
        le=500,
        description="the same wait once nothing has come for some seconds, of consumers that a publication passes on its "
        "way to readers; the others wait five times as long, 500 at most",
    )
    kafka_adopt_new_log: bool = Field(
        False, description="take up a log that replaced the known one without asking; on in the embedded stack"
    )
    kafka_hole_wait_ms: int = Field(
        0,
        ge=0,
        le=10_000,
        description="how long records that a fetch left out are asked for again; the embedded broker's fetches overtake",
    )
    kafka_replication: int = Field(1, ge=1, le=9, description="copies of each topic that the topics job makes")
    mongo: str = Field("mongodb://127.0.0.1:27017", repr=False, description="MongoDB's connection string")
    redis: str = Field("redis://127.0.0.1:6379", repr=False, description="Redis' URL")
    account: str = Field("", description="the name by which the engines know this process, where they ask for one")
    kafka_password_file: Path | None = Field(None, description="a file with the account's password for Kafka")
    mongo_password_file: Path | None = Field(None, description="a file with the account's password for MongoDB")
    redis_password_file: Path | None = Field(None, description="a file with the account's password for Redis")
    host: str = Field("127.0.0.1", description="the address the service listens on")
    service_port: int = Field(0, ge=0, le=65535, description="the port the service listens on; 0 takes a free one")
    instance: int = Field(1, ge=1, description="this process's number among its like")
    site_url: str = Field("http://127.0.0.1:8080", description="the public address, without a slash at its end")
    site: Path | None = Field(None, description="the site's configuration; the shipped site.toml if absent")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    rate_limits: Literal["on", "off"] = Field("on", description="limits by visitor; off for load tests")
    session_timeout_ms: int = Field(
        6000, ge=1000, le=60_000, description="how long Kafka waits for a silent consumer before its partitions move"
    )
    drain_s: float = Field(
        0.0, ge=0, le=30, description="how long after SIGTERM a service says that it is not ready, and still serves"
    )
    stall_timeout_s: float = Field(30.0, gt=0, description="a consumer that makes no progress for so long ends")

    @model_validator(mode="after")
    def _site_url_has_no_trailing_slash(self) -> Self:
        if self.site_url.endswith("/"):
            raise ValueError("WM_SITE_URL must not end with a slash")
        return self

    def rest_wait_ms(self, *, is_urgent: bool) -> int:
        """How long a consumer's fetch waits at rest; `is_urgent` where a publication passes it on its way to readers."""
        return self.kafka_rest_wait_ms if is_urgent else min(5 * self.kafka_rest_wait_ms, _LONGEST_WAIT_MS)

    @classmethod
    def load(cls) -> Self:
        """Read the environment and the files it names; raises SettingsError naming each variable at fault.

        The addresses of engines whose password is in a file come with account and password in them.
        """
        try:
            settings = cls()
        except ValidationError as error:
            faults = "; ".join(_fault(item["loc"], item["msg"]) for item in error.errors())
            raise SettingsError(faults) from error
        return settings.model_copy(update=settings._addresses_with_passwords())

    def _addresses_with_passwords(self) -> dict[str, str]:
        engines = (
            ("kafka", self.kafka, self.kafka_password_file),
            ("mongo", self.mongo, self.mongo_password_file),
            ("redis", self.redis, self.redis_password_file),
        )
        return {
            name: sign_in(address, self.account, _read_password(f"WM_{name.upper()}_PASSWORD_FILE", path))
            for name, address, path in engines
            if path is not None
        }


def _read_password(variable: str, path: Path) -> str:
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
