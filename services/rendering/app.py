"""The two processes of rendering. A process imports only its own side of the code."""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name

from aiohttp import web

from services.rendering.settings import RenderingSettings


@dataclass(frozen=True)
class Process:
    """A process: its name in logs, and the function that creates its application (`module:function`)."""

    name: str
    factory: str

    def create(self, settings: RenderingSettings) -> web.Application:
        """Import the factory and create the application."""
        factory: Callable[[RenderingSettings], web.Application] = resolve_name(self.factory)
        return factory(settings)


PROCESSES = {
    "gateway": Process("rendering", "services.rendering.gateway.wiring:create_gateway"),
    "projector": Process("rendering-projector", "services.rendering.projector.wiring:create_projector"),
}
