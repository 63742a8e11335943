"""Settings of the production stack's jobs."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

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
    tls_port: int = Field(8443, ge=1, le=65535, description="the port under which readers reach the edge's TLS")
    edge_workers: int = Field(2, ge=1, le=64, description="nginx's processes: as many as the edge's limit of cpus")
    http3: Literal["on", "off"] = Field("off", description="HTTP/3 on the same port, where the nginx build has it")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        # nginx would say so too, at its start; the edge's container would then restart for ever.
        for part in split(text):
            ipaddress.ip_network(part, strict=False)
        return text

    @property
    def broker_names(self) -> tuple[str, ...]:
        """The brokers' host names."""
        return split(self.brokers)


def split(text: str) -> tuple[str, ...]:
    """Split a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
