"""Settings of the production stack's jobs."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.settings import Settings


class ComposeSettings(Settings):
    """Settings of the jobs; each is the environment variable `WM_<NAME>`. Lists are separated by commas."""

    secrets: Path = Field(
        Path("/secrets"), description="the folder with a folder (a volume) for each holder of secrets"
    )
    edge_folder: Path = Field(Path("/edge"), description="the folder (a volume) with the edge's files")
    brokers: str = Field("kafka", description="the brokers' host names; the first has the node id 1")
    mongo_members: str = Field("mongo:27017", description="the replica set's members, host:port")
    trusted_proxies: str = Field("", description="addresses or networks whose X-Forwarded-For the edge believes")
    desk_admin_email: str = Field(
        "admin@world-monitor.example", description="the e-mail address of the desk's first admin"
    )
    tls: Literal["on", "off"] = Field("off", description="whether the edge also speaks TLS, on its port 8443")
    http3: Literal["on", "off"] = Field("off", description="HTTP/3 on the same port, where the nginx build has it")

    @property
    def broker_names(self) -> tuple[str, ...]:
        """The brokers' host names."""
        return split(self.brokers)


def split(text: str) -> tuple[str, ...]:
    """Split a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
