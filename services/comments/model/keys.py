"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.model.store import Store

STORE = web.AppKey("store", Store)
