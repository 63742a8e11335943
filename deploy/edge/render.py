"""Fills in the edge's template. `python -m deploy.local` calls it with addresses on loopback, compose with service names."""

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
UPSTREAMS = ("ingestion", "comments", "popularity", "rendering", "search")


def _user_of_root() -> str:
    """Workers of a master that root started would else run as `nobody`, who cannot read what root keeps."""
    return pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""


@dataclass(frozen=True)
class Edge:
    """What differs between one edge and another."""

    listen: str
    """`address:port` or a port."""
    state: Path
    """A folder that nginx may write to: cache, bodies on their way, its pid."""
    upstreams: Mapping[str, Sequence[str]]
    """For each of `UPSTREAMS`, the `host:port` of every process."""
    rate_limits: bool = True
    media: Path = PICTURES
    errors: Path = ERRORS
    contract: Path = CONTRACT
    workers: str = "auto"
    user: str = field(default_factory=_user_of_root)
    """The user that workers run as; empty for the one that starts nginx."""
    resolver: str = ""
    """A DNS server that is asked every second which addresses a server's name has now; without it names are fixed."""
    connect_timeout: str = "1s"
    trusted_proxies: Sequence[str] = ()
    """Addresses or networks of proxies in front of the edge, whose X-Forwarded-For is believed; nobody else's is."""
    tls: Path | None = None
    """A folder with `fullchain.pem` and `privkey.pem`: the edge then speaks TLS and HTTP/2 too."""
    tls_port: int = 8443
    http3: bool = False


def render(edge: Edge) -> str:
    """The configuration file. Raises ValueError when a service has no server, which nginx would refuse less clearly."""
    for name in UPSTREAMS:
        if not edge.upstreams.get(name):
            raise ValueError(f"the edge has no server for {name}")
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.get_template("nginx.conf.j2").render(vars(edge), error_style=error_style())


def error_style() -> str:
    """What a Content-Security-Policy calls the one style that stands in every page of `errors/`."""
    page = next(ERRORS.glob("*.html")).read_text("utf-8")
    return source_of(page.partition("<style>")[2].partition("</style>")[0])
