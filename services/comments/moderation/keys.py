"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.moderation.decisions import Decisions

DECISIONS = web.AppKey("decisions", Decisions)
