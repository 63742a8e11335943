"""The two processes of media. A process imports only its own side of the code."""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name

from aiohttp import web

from services.media.settings import MediaSettings


@dataclass(frozen=True)
class Process:
    """A process: its name in logs, and the function that creates its application (`module:function`)."""

    name: str
    factory: str

    def create(self, settings: MediaSettings) -> web.Application:
        """Import the factory and create the application."""
        factory: Callable[[MediaSettings], web.Application] = resolve_name(self.factory)
        return factory(settings)


PROCESSES = {
    "api": Process("media", "services.media.api.wiring:create_api"),
    "worker": Process("media-worker", "services.media.worker.wiring:create_worker"),
}
