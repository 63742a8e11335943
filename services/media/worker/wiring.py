"""Composes the process that decodes pictures."""

from aiohttp import web

from services.media.settings import MediaSettings
from shared.http.app import create_service


def create_worker(settings: MediaSettings) -> web.Application:
    """The application of the process `media-worker`."""
    return create_service(settings, ())
