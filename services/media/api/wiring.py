"""Composes the process that takes and serves pictures."""

from aiohttp import web

from services.media.settings import MediaSettings
from shared.http.app import create_service


def create_api(settings: MediaSettings) -> web.Application:
    """The application of the process `media`."""
    return create_service(settings, ())
