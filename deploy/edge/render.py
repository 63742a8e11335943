"""Fills in the edge's template. `python -m deploy.local` calls it with addresses on loopback, compose with service names."""

import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent
ERRORS = HERE / "errors"
CONTRACT = HERE.parents[1] / "docs" / "openapi.json"
PICTURES = HERE.parent / "edition" / "pictures"
UPSTREAMS = ("ingestion", "comments", "popularity", "rendering", "search")


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


def render(edge: Edge) -> str:
    """The configuration file. Raises ValueError when a service has no server, which nginx would refuse less clearly."""
    for name in UPSTREAMS:
        if not edge.upstreams.get(name):
            raise ValueError(f"the edge has no server for {name}")
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""
    return environment.get_template("nginx.conf.j2").render(vars(edge), user=user)
