"""The platform's own processes, as data: their modules, settings and order of stopping."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from deploy.local.children import Command
from deploy.local.managed_process import Spec
from deploy.local.ports import Ports
from deploy.local.probes import http_get, http_status


@dataclass(frozen=True)
class Service:
    """One kind of process."""

    name: str
    module: str
    args: tuple[str, ...] = ()
    faces_clients: bool = True
    """Stopped before the consumers, so that no new work comes in while they finish."""


# Consumers first: the broker takes seconds to assign the first partitions of a group.
SERVICES = (
    Service("popularity-counter", "services.popularity", ("counter",), faces_clients=False),
    Service("rendering-projector", "services.rendering", ("projector",), faces_clients=False),
    Service("comments", "services.comments"),
    Service("ingestion", "services.ingestion"),
    Service("popularity", "services.popularity", ("api",)),
    Service("search", "services.search"),
    Service("media-worker", "services.media", ("worker",)),
    Service("media", "services.media", ("api",)),
    Service("rendering", "services.rendering", ("gateway",)),
    Service("desk", "services.desk"),
)

# Services that others call, by the setting WM_<NAME> (with `_` for `-`).
CALLED = ("comments", "ingestion", "media", "media-worker", "popularity", "rendering", "search")

# The forkserver imports these once for all services.
PRELOADED = (
    "uvloop",
    "shared.http.app",
    "services.ingestion.app",
    "services.comments.app",
    "services.popularity.app",
    "services.search.app",
    "services.desk.app",
    "services.media.api.wiring",
    "services.media.worker.wiring",
    "services.rendering.gateway.wiring",
    "services.rendering.projector.wiring",
)


def specs(scale: Mapping[str, int], ports: Ports, env: Mapping[str, str]) -> list[tuple[Service, Spec]]:
    """Every process that `scale` asks for, each with its own port. All get the addresses of the services that others call."""
    wanted = [(service, number) for service in SERVICES for number in range(1, scale[service.name] + 1)]
    urls = [f"http://127.0.0.1:{ports.take()}" for _ in wanted]
    common = dict(env)
    for name in CALLED:
        common[f"WM_{name.upper().replace('-', '_')}"] = ",".join(
            url for (service, _), url in zip(wanted, urls, strict=True) if service.name == name
        )
    return [(service, _spec(service, number, url, common)) for (service, number), url in zip(wanted, urls, strict=True)]


def _spec(service: Service, instance: int, url: str, env: Mapping[str, str]) -> Spec:
    own = {**env, "WM_SERVICE_PORT": url.rpartition(":")[2], "WM_INSTANCE": str(instance)}
    command = Command(module=service.module, args=service.args, env=own)
    return Spec(service.name, instance, url, lambda: command, partial(_is_ready, url))


async def _is_ready(url: str) -> bool:
    return await http_status(f"{url}/health/ready") == 200


async def lag(url: str) -> int | None:
    """The consumer's lag in records; None when it does not report one."""
    _, body = await http_get(f"{url}/health/ready")
    try:
        found = json.loads(body or b"{}").get("lag")
    except ValueError:
        return None
    return found if isinstance(found, int) else None
