"""Renders the edge's configuration. The embedded stack passes addresses on loopback, compose passes service names."""

import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.http.csp import source_of

HERE = Path(__file__).resolve().parent
ERRORS = HERE / "errors"
CONTRACT = HERE.parents[1] / "docs" / "openapi.json"
PICTURES = HERE.parent / "edition" / "pictures"
UPSTREAMS = ("ingestion", "comments", "popularity", "rendering", "search", "desk")


def _user_of_root() -> str:
    """nginx started by root would run its workers as `nobody`, who cannot read root's files."""
    return pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""


@dataclass(frozen=True)
class Edge:
    """The parts of the configuration that differ between stacks."""

    listen: str
    """`address:port` or a port."""
    state: Path
    """A folder that nginx may write to: cache, request bodies, its pid."""
    upstreams: Mapping[str, Sequence[str]]
    """For each of `UPSTREAMS`, the `host:port` of every process."""
    rate_limits: bool = True
    media: Path = PICTURES
    errors: Path = ERRORS
    contract: Path = CONTRACT
    workers: str = "auto"
    user: str = field(default_factory=_user_of_root)
    """The user of the workers; empty for the user who starts nginx."""
    resolver: str = ""
    """A DNS server that resolves the servers' names again every second. Without it, names are resolved once."""
    connect_timeout: str = "1s"
    trusted_proxies: Sequence[str] = ()
    """Addresses or networks of proxies in front of the edge. Only their X-Forwarded-For is trusted."""
    tls: Path | None = None
    """A folder with `fullchain.pem` and `privkey.pem`, for TLS and HTTP/2."""
    tls_port: int = 8443
    http3: bool = False


def render(edge: Edge) -> str:
    """The text of nginx.conf. Raises ValueError when a service has no server: nginx's own error is less clear."""
    for name in UPSTREAMS:
        if not edge.upstreams.get(name):
            raise ValueError(f"the edge has no server for {name}")
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.get_template("nginx.conf.j2").render(vars(edge), error_style=error_style())


def error_style() -> str:
    """The Content-Security-Policy source of the style that all pages of `errors/` share."""
    page = next(ERRORS.glob("*.html")).read_text("utf-8")
    return source_of(page.partition("<style>")[2].partition("</style>")[0])
