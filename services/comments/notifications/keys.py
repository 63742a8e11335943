"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.notifications.confirmations import Confirmations
from services.comments.notifications.mail_pages import MailPages
from services.comments.notifications.notifications import Notifications

NOTIFICATIONS = web.AppKey("notifications", Notifications)
CONFIRMATIONS = web.AppKey("confirmations", Confirmations)
MAIL_PAGES = web.AppKey("mail_pages", MailPages)
