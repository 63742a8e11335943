"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.model.current_rules import CurrentRules
from services.comments.model.store import Store

STORE = web.AppKey("store", Store)
CURRENT_RULES = web.AppKey("current_rules", CurrentRules)
