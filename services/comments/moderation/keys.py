"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.moderation.decisions import Decisions
from services.comments.moderation.items import Items
from services.comments.moderation.queues import Queues

DECISIONS = web.AppKey("decisions", Decisions)
QUEUE_INDEX = web.AppKey("queue_index", Queues)
ITEMS = web.AppKey("items", Items)
