"""One Apache Kafka broker for tests: `python -m tests.engines.kafka start|stop|wipe`.

`start` prints the broker's address as its last line. The broker listens on loopback alone, on free ports; its data and log are
in `.engines/kafka` of this checkout. The jars come from Maven's repository once and are kept for all checkouts.
Needs Linux, Java 17 or newer, and Maven.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from deploy.local.ports import Ports
from deploy.local.probes import listens
from shared.errors import Unavailable
from shared.kafka.client import LogIdentity

# The version of docker-compose.yml.
VERSION = "4.3.1"
_ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
)
_OLDEST_JAVA = 17
_JARS = Path.home() / ".cache" / "world-monitor-kafka" / VERSION
_RUN = Path(__file__).resolve().parents[2] / ".engines" / "kafka"
_DOWNLOAD_TIMEOUT_S = 600
_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.5


class KafkaFailed(RuntimeError):
    """The broker could not be started. The message is one sentence."""


def start(run: Path = _RUN, jars: Path = _JARS, extra: str = "") -> str:
    """Start a broker with an empty log, or find the one that runs; returns its address. Raises KafkaFailed.

    `extra`: more lines of `server.properties`.
    """
    if _running_pid(run):
        return (run / "address").read_text().strip()
    _require_java()
    _provide_jars(jars)
    wipe(run)
    run.mkdir(parents=True)
    ports = Ports()
    address = f"127.0.0.1:{ports.take()}"
    properties = run / "server.properties"
    properties.write_text(_server_properties(address, f"127.0.0.1:{ports.take()}", run / "data") + extra)
    with (run / "log").open("ab") as log:
        _format(jars, properties, log.fileno())
        process = subprocess.Popen(
            _java(jars, "kafka.Kafka", str(properties)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    (run / "address").write_text(address)
    (run / "pid").write_text(str(process.pid))
    try:
        asyncio.run(_wait_until_answering(address, process))
    except KafkaFailed as error:
        stop(run)
        raise KafkaFailed(f"{error}; see {run / 'log'}") from None
    return address


def stop(run: Path = _RUN) -> None:
    """End the broker of this folder, by SIGKILL when it does not end in time."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        if pid := _running_pid(run):
            with suppress(ProcessLookupError):
                os.kill(pid, sent)
        while _running_pid(run) and time.monotonic() < deadline:
            time.sleep(_POLL_S)


def wipe(run: Path = _RUN) -> None:
    """End the broker and remove its data."""
    stop(run)
    shutil.rmtree(run, ignore_errors=True)


def _running_pid(run: Path) -> int | None:
    """The broker's process id. Its command line is compared, since the kernel gives ids again."""
    try:
        pid = int((run / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(run / "server.properties").encode() in command else None


def _require_java() -> None:
    java = shutil.which("java")
    if java is None:
        raise KafkaFailed("there is no Java on this machine")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr)
    if found is None or int(found[1]) < _OLDEST_JAVA:
        raise KafkaFailed(
            f"Java {_OLDEST_JAVA} or newer is needed; {java} is {found[1] if found else 'of no known version'}"
        )


def _provide_jars(jars: Path) -> None:
    """Have Maven copy Kafka and its dependencies. Maven compares each file with its published checksum."""
    if jars.is_dir():
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaFailed("there is no Maven on this machine")
    print(f"fetching Apache Kafka {VERSION} into {jars}", flush=True)
    # Renamed at the end: an interrupted download is never taken for a complete one.
    partial = jars.with_name(f".{jars.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    (partial / "pom.xml").write_text(_pom())
    copy = [maven, "-q", "-B", "--strict-checksums", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            [*copy, f"-DoutputDirectory={partial}"],
            cwd=partial, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=_DOWNLOAD_TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0 or not (partial / f"kafka_2.13-{VERSION}.jar").exists():
            raise KafkaFailed(f"Maven could not fetch Apache Kafka {VERSION} (exit status {done.returncode})")
        if not jars.is_dir():
            partial.rename(jars)
    except subprocess.TimeoutExpired:
        raise KafkaFailed(f"Maven did not fetch Apache Kafka {VERSION} within {_DOWNLOAD_TIMEOUT_S} s") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _pom() -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in _ARTIFACTS
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>world-monitor</groupId>'
        f"<artifactId>kafka</artifactId><version>1</version><dependencies>{dependencies}</dependencies></project>"
    )


def _server_properties(address: str, controller: str, data: Path) -> str:
    properties = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # As in production (deploy/compose/brokers.py): a mistyped topic must fail.
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def _format(jars: Path, properties: Path, log: int) -> None:
    # 16 bytes in URL-safe base64. The first may not be a dash, which the tool takes for an option.
    cluster = "W" + urlsafe_b64encode(uuid4().bytes).decode()[1:22]
    words = ("format", "--cluster-id", cluster, "--config", str(properties))
    done = subprocess.run(_java(jars, "kafka.tools.StorageTool", *words), stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        raise KafkaFailed(f"the broker's storage could not be formatted; see {properties.with_name('log')}")


def _java(jars: Path, program: str, *words: str) -> Sequence[str]:
    options = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    return ["java", *options, "-cp", f"{jars}/*", program, *words]


async def _wait_until_answering(address: str, process: "subprocess.Popen[bytes]") -> None:
    identity, deadline = LogIdentity(address), time.monotonic() + _START_TIMEOUT_S
    try:
        while time.monotonic() < deadline:
            if await listens(int(address.rpartition(":")[2])):
                with suppress(Unavailable):
                    await identity.current()
                    return
            if process.poll() is not None:
                raise KafkaFailed(f"the broker ended with exit status {process.returncode}")
            await asyncio.sleep(_POLL_S)
        raise KafkaFailed(f"the broker did not answer within {_START_TIMEOUT_S:g} s")
    finally:
        await identity.close()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.engines.kafka", description=__doc__)
    parser.add_argument("verb", choices=("start", "stop", "wipe"))
    try:
        match parser.parse_args().verb:
            case "start":
                print(start())
            case "stop":
                stop()
            case _:
                wipe()
    except KafkaFailed as error:
        sys.exit(f"Apache Kafka: {error}")


if __name__ == "__main__":
    main()
