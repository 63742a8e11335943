"""Services with several processes: a table of them, and the command `python -m services.NAME PROCESS`."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TypeVar

from aiohttp import web

from shared.http.app import run_service
from shared.settings import Settings

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class ServiceProcess:
    """A process: its name in logs, and the function that creates its application (`module:function`).

    The function is a text, so that a process imports only its own side of the code.
    """

    name: str
    factory: str


def run_process(service: str, settings_type: type[S], processes: Mapping[str, ServiceProcess]) -> None:
    """Run the process that the command line names. Exits with the usage for any other command line."""
    if len(sys.argv) != 2 or sys.argv[1] not in processes:
        sys.exit(f"usage: python -m services.{service} {'|'.join(processes)}")
    process = processes[sys.argv[1]]

    def create(settings: S) -> web.Application:
        factory: Callable[[S], web.Application] = resolve_name(process.factory)
        return factory(settings)

    run_service(process.name, settings_type, create)
