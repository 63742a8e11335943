"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.pipeline.webhook import WebhookJudge

WEBHOOK = web.AppKey("webhook", WebhookJudge)
