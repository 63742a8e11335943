"""The processes of one run: the order of their start and of their stop."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial

from deploy.local import edition, engines, services
from deploy.local.children import Children
from deploy.local.data_folder import write_run_file
from deploy.local.drain import drain
from deploy.local.edge import edge
from deploy.local.environment import DESK_LOGIN, for_services, provide_token
from deploy.local.logs import Console, Logs
from deploy.local.managed_process import ManagedProcess, Spec
from deploy.local.ports import Ports
from deploy.local.probes import http_status
from deploy.local.progress import Result, report_while_waiting
from deploy.local.settings import LocalSettings, inherited_environment, parse_scale
from shared.errors import Unavailable

_POLL_S = 0.05

# Time between SIGTERM and SIGKILL of an idle process; a working process has longer (`Child.stop`).
# The engines have the rest of nine seconds that the earlier stages leave.
_STOP_WITHIN_S = 9.0
_EDGE_STOP_S = 0.5
_FACING_STOP_S = 2.5
_CONSUMER_STOP_S = 2.0
_ENGINE_STOP_S = 2.0


class StackFailed(RuntimeError):
    """A process that the stack needs did not start, or was lost."""


class Stack:
    """The processes, in groups by the order of stopping. `failed` is set when the stack cannot run; `failure` is the reason."""

    def __init__(self, settings: LocalSettings, children: Children, logs: Logs, console: Console) -> None:
        self._settings = settings
        self._children = children
        self._logs = logs
        self._console = console
        self._data = settings.data.resolve()
        self._ports = Ports()
        self._edge: list[ManagedProcess] = []
        self._facing: list[ManagedProcess] = []
        self._consuming: list[ManagedProcess] = []
        self._engines: list[ManagedProcess] = []
        self._addresses: dict[str, str] = {}
        self._complete = False
        self._desk_login = self._data / DESK_LOGIN
        self._knew_desk_login = self._desk_login.exists()
        self.failed = asyncio.Event()
        self.failure = ""

    async def start(self, *, engines_only: bool) -> None:
        """Start everything; returns when every process answers."""
        began = time.monotonic()
        self._addresses = self._start_engines()
        if not engines_only:
            self._addresses["mail"] = self._settings.smtp or self._start_mail()
        if engines_only:
            await self._engines_ready()
        else:
            await asyncio.gather(self._engines_ready(), self._preload())
            await self._start_services()
        self._complete = True
        self._write_run_file()
        if engines_only:
            self.report("engines answer: " + "  ".join(self._addresses.values()))
        else:
            self._report_addresses(time.monotonic() - began)

    async def stop(self) -> None:
        """Stop everything: first the processes that accept new work, then, when all views are counted, the rest."""
        self._complete = False
        began = time.monotonic()
        await _stop_all(self._edge, _EDGE_STOP_S)
        await _stop_all(self._facing, _FACING_STOP_S)
        await self._drain()
        await _stop_all(self._consuming, _CONSUMER_STOP_S)
        await _stop_all(self._engines, max(_STOP_WITHIN_S - (time.monotonic() - began), _ENGINE_STOP_S))
        self.report(f"stopped in {time.monotonic() - began:.1f} s")

    def report(self, line: str) -> None:
        """Print a line of the supervisor's own."""
        self._console.print(line)

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or reason
        self.failed.set()

    def _start_engines(self) -> dict[str, str]:
        given = {"kafka": self._settings.kafka, "mongo": self._settings.mongo, "redis": self._settings.redis}
        addresses = {name: url for name, url in given.items() if url}
        for name in given:
            if name not in addresses:
                addresses[name] = self._keep(self._engine(name), self._engines).spec.url
        return addresses

    def _start_mail(self) -> str:
        spec = engines.mail(self._ports.take(), self._data / "mail", inherited_environment())
        return self._keep(spec, self._engines).spec.url

    def _engine(self, name: str) -> Spec:
        port, env = self._ports.take(), inherited_environment()
        if name == "kafka":
            return engines.kafka(port, env)
        make = {"mongo": engines.mongo, "redis": engines.redis}[name]
        return make(port, self._data / name, env)

    async def _engines_ready(self) -> None:
        await self._all_answer(self._engines)
        if self._settings.kafka:
            try:
                await self._wait(
                    engines.provide_topics(self._settings.kafka), lambda: f"Kafka ({self._settings.kafka})"
                )
            except Unavailable as error:
                raise StackFailed(f"WM_KAFKA: {self._settings.kafka}: {error}") from error

    async def _preload(self) -> None:
        # The forkserver does one thing at a time: the engines are started before the imports, and get ready during them.
        await asyncio.gather(*(process.spawned.wait() for process in self._engines))
        failed = await self._wait(self._children.preload(services.PRELOADED), lambda: "the services' libraries")
        for module, reason in failed.items():
            self.report(f"{module} could not be imported: {reason}")

    async def _start_services(self) -> None:
        env = for_services(self._settings, self._addresses, provide_token(self._data))
        specs = services.specs(parse_scale(self._settings.scale), self._ports, env)
        upstreams: dict[str, list[str]] = {}
        for service, spec in specs:
            upstreams.setdefault(spec.name, []).append(spec.url.removeprefix("http://"))
            self._keep(spec, self._facing if service.faces_clients else self._consuming)
        limits = self._settings.rate_limits == "on"
        public = self._keep(self._public(upstreams, env, rate_limits=limits), self._edge)
        await self._all_answer([*self._facing, *self._consuming, public])
        loading = edition.load_once(self._settings, self._children, self._logs, env, self.report)
        await self._wait(loading, lambda: "the sample edition")
        await self._wait(_home_page(public.spec.url), lambda: "the home page")

    def _public(self, upstreams: Mapping[str, Sequence[str]], env: Mapping[str, str], *, rate_limits: bool) -> Spec:
        folder, front_port = self._data / "edge", self._ports.take()
        return edge(
            self._settings.port,
            folder,
            upstreams,
            env,
            rate_limits=rate_limits,
            front_port=front_port,
            report=self.report,
        )

    async def _all_answer(self, processes: Sequence[ManagedProcess]) -> None:
        await self._wait(_ready(processes), lambda: f"{_names_of_waiting(processes)}; see {self._data}/logs")

    async def _wait(self, work: Coroutine[object, object, Result], waits_for: Callable[[], str]) -> Result:
        return await report_while_waiting(work, waits_for, self.report)

    def _keep(self, spec: Spec, among: list[ManagedProcess]) -> ManagedProcess:
        process = ManagedProcess(spec, self._children, self._logs, self.report, self._write_run_file, self._fail)
        among.append(process)
        process.start()
        return process

    async def _drain(self) -> None:
        if self._settings.kafka:
            return
        counters = [process for process in self._consuming if process.spec.name == "popularity-counter"]
        lags = [partial(services.lag, process.spec.url) for process in counters if process.has_answered]
        if not await self._wait(drain(lags), lambda: "the counters"):
            self.report("the counters make no progress: the last acknowledged views may not be counted")

    def _write_run_file(self) -> None:
        if not self._complete:
            return
        facts: dict[str, object] = {
            "edge": f"http://127.0.0.1:{self._settings.port}",
            "supervisor": os.getpid(),
            "processes": _entries([*self._facing, *self._consuming]),
            "engines": _entries([*self._engines, *self._edge]),
        }
        write_run_file(self._data, facts | self._addresses)

    def _report_addresses(self, seconds: float) -> None:
        for process in [*self._facing, *self._consuming]:
            self.report(f"  {process.spec.label:<22} {process.spec.url}  (/health/ready, /metrics)")
        for name, address in self._addresses.items():
            self.report(f"  {name:<22} {address}")
        if not self._settings.smtp:
            self.report(f"  mails to readers are files: {self._data / 'mail'}")
        token = self._data / "editor.token"
        # The file, not the token: terminals are logged, and it has all rights for ever.
        self.report(f"  editor's token: Authorization: Bearer $(cat {token})")
        self._report_desk()
        self.report(f"World Monitor answers after {seconds:.1f} s: http://127.0.0.1:{self._settings.port}")

    def _report_desk(self) -> None:
        """The address of the desk; after the first start also its log-in, once."""
        if not self._desk_login.exists():
            return
        login = json.loads(self._desk_login.read_bytes())
        shown = "" if self._knew_desk_login else f"{login['email']}  {login['password']}   "
        self.report(f"  desk's log-in: {login['url']}  {shown}(kept in {self._desk_login})")


async def _ready(processes: Sequence[ManagedProcess]) -> None:
    for process in processes:
        await process.ready.wait()


async def _home_page(edge_url: str) -> None:
    while await http_status(f"{edge_url}/") != 200:
        await asyncio.sleep(_POLL_S)


async def _stop_all(processes: Sequence[ManagedProcess], timeout_s: float) -> None:
    await asyncio.gather(*(process.stop(timeout_s) for process in processes))


def _names_of_waiting(processes: Sequence[ManagedProcess]) -> str:
    return ", ".join(process.spec.label for process in processes if not process.ready.is_set())


def _entries(processes: Sequence[ManagedProcess]) -> list[dict[str, object]]:
    return [
        {"name": spec.name, "instance": spec.instance, "pid": process.child.pid, "url": spec.url}
        for process in processes
        if process.child is not None
        for spec in [process.spec]
    ]
