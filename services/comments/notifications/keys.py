"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.notifications.notifications import Notifications

NOTIFICATIONS = web.AppKey("notifications", Notifications)
