"""Renders the edge's configuration. The embedded stack passes addresses on loopback, compose passes service names."""

import os
import pwd
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.http.csp import source_of

HERE = Path(__file__).resolve().parent
ERRORS = HERE / "errors"
CONTRACT = HERE.parents[1] / "docs" / "openapi.json"
_FIRST_WITH_PASS = (1, 25, 5)
UPSTREAMS = ("ingestion", "comments", "popularity", "rendering", "search", "desk", "media")


def _user_of_root() -> str:
    """nginx started by root would run its workers as `nobody`, who cannot read root's files."""
    return pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""


@dataclass(frozen=True)
class Edge:
    """The parts of the configuration that differ between stacks."""

    listen: str
    """`address:port` or a port."""
    state: Path
    """A folder that nginx may write to: cache, its pid."""
    upstreams: Mapping[str, Sequence[str]]
    """For each of `UPSTREAMS`, the `host:port` of every process."""
    rate_limits: bool = True
    errors: Path = ERRORS
    contract: Path = CONTRACT
    upload: str = "41m"
    """Largest body of an upload: a picture of WM_MEDIA_MOST_BYTES at most, and its form."""
    workers: int = 1
    """As many as the edge has cores. nginx's `auto` counts the host's, also in a container that may use two."""
    user: str = field(default_factory=_user_of_root)
    """The user of the workers; empty for the user who starts nginx."""
    resolver: str = ""
    """A DNS server that resolves the servers' names again every second. Without it, names are resolved once."""
    connect_timeout: str = "1s"
    trusted_proxies: Sequence[str] = ()
    """Addresses or networks of proxies in front of the edge. Only their X-Forwarded-For is trusted."""
    tls: Path | None = None
    """A folder with `fullchain.pem` and `privkey.pem`, for TLS and HTTP/2."""
    tls_listen: str = "8443"
    http3: bool = False
    public_tls_port: int = 8443
    """The port of TLS for readers, where it is published under another number."""
    inside: str = ""
    """A further address without TLS and without the front, for health checks and jobs beside the edge."""
    front_port: int = 0
    """A free loopback port, with TLS also the next one. Connections arrive there from the front, which counts them by address.

    0: without the front, for an nginx without it (`has_front`). Half-sent requests are then bounded in time only.
    """
    most_connections: int = 1000
    """Of one address at the front, however idle. A browser has up to six without HTTP/2."""
    spool: Path | None = None
    """A folder for request bodies, where they must not share a disk with `state`."""
    refusals: str = "/dev/stdout"
    """The file of the lines about refused requests."""


def render(edge: Edge) -> str:
    """The text of nginx.conf. Raises ValueError when a service has no server: nginx's own error is less clear."""
    for name in UPSTREAMS:
        if not edge.upstreams.get(name):
            raise ValueError(f"the edge has no server for {name}")
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    template = environment.get_template("nginx.conf.j2")
    bodies = edge.spool or edge.state / "body"
    return template.render(vars(edge) | _listeners(edge), error_style=error_style(), bodies=bodies)


def _listeners(edge: Edge) -> dict[str, object]:
    """Who listens where. `front`: pairs of a public address and the loopback port that gets its connections.

    Load tests hold thousands of connections from one address, so without limits there is no front.
    """
    tls, counted = edge.tls_listen, edge.front_port if edge.rate_limits else 0
    public, encrypted = (f"127.0.0.1:{counted}", f"127.0.0.1:{counted + 1}") if counted else (edge.listen, tls)
    inside = [edge.inside] if edge.inside else []
    if edge.tls is None:
        front = [(edge.listen, counted)]
        found: dict[str, object] = {"plain": [public, *inside], "encrypted": [], "redirecting": ""}
    else:
        front = [(edge.listen, counted), (tls, counted + 1)]
        found = {"plain": inside, "encrypted": [encrypted], "redirecting": public}
    return found | {"front": front if counted else []}


def has_front(version: str) -> bool:
    """Whether an nginx can count connections before requests, by the output of `nginx -V`: a `stream` module with `pass`."""
    number = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", version)
    is_new = number is not None and tuple(map(int, number.groups())) >= _FIRST_WITH_PASS
    return is_new and re.search(r"--with-stream(\s|$)", version) is not None and "--without-stream_pass" not in version


def error_style() -> str:
    """The Content-Security-Policy source of the style that all pages of `errors/` share."""
    page = next(ERRORS.glob("*.html")).read_text("utf-8")
    return source_of(page.partition("<style>")[2].partition("</style>")[0])
