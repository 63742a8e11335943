"""HTTP in: the links of mails. `GET` shows a button, `POST` acts: programs that look at the links of a mail change nothing.

The token in the address is the right to act; there is no cookie, so a form of another site can do no more than the link.
"""

from aiohttp import web

from services.comments.notifications.keys import CONFIRMATIONS, MAIL_PAGES, NOTIFICATIONS
from services.comments.notifications.mail_pages import PageName
from services.comments.notifications.mail_text import UNSUBSCRIBE_PATH, VERIFY_PATH
from services.comments.notifications.records import Recipient
from shared.times import now


async def show_verification(request: web.Request) -> web.Response:
    """Show the button that confirms an address; 404 for a link that is unknown or too old."""
    recipient = await request.app[CONFIRMATIONS].find(_token(request), "verify", now())
    return _page(request, recipient, "verify")


async def confirm_address(request: web.Request) -> web.Response:
    """Confirm an address."""
    recipient = await request.app[CONFIRMATIONS].confirm(_token(request), now())
    request.app[NOTIFICATIONS].wake()
    return _page(request, recipient, "verified")


async def show_unsubscribing(request: web.Request) -> web.Response:
    """Show the button that ends the mails; 404 for an unknown link."""
    recipient = await request.app[CONFIRMATIONS].find(_token(request), "unsubscribe", now())
    return _page(request, recipient, "unsubscribe")


async def unsubscribe(request: web.Request) -> web.Response:
    """End the mails to an address: the page's button, or the one click of a mail program (RFC 8058). The body is not read."""
    recipient = await request.app[CONFIRMATIONS].stop(_token(request), now())
    return _page(request, recipient, "unsubscribed")


def _token(request: web.Request) -> str:
    return request.query.get("token", "")


def _page(request: web.Request, recipient: Recipient | None, page: PageName) -> web.Response:
    pages = request.app[MAIL_PAGES]
    if recipient is None:
        return pages.response("unknown", request.headers.get("Accept-Language", "")[:2], request, 404)
    return pages.response(page, recipient.language, request)


ROUTES = [
    web.get(VERIFY_PATH, show_verification),
    web.post(VERIFY_PATH, confirm_address),
    web.get(UNSUBSCRIBE_PATH, show_unsubscribing),
    web.post(UNSUBSCRIBE_PATH, unsubscribe),
]
