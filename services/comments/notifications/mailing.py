"""The room's parts in the application, and their life. `app.py` calls it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from aiohttp import web

from services.comments.model.keys import STORE
from services.comments.notifications.confirmations import Confirmations
from services.comments.notifications.keys import CONFIRMATIONS, MAIL_PAGES, NOTIFICATIONS
from services.comments.notifications.mail_pages import MailPages
from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.mail_text import MailTexts
from services.comments.notifications.notifications import Notifications
from services.comments.notifications.notifier import Notifier, notifying
from services.comments.notifications.planner import MailPlanner
from services.comments.notifications.sender import MailSender, MailSettings
from services.comments.settings import CommentsSettings
from shared.mongo.client import once_available
from shared.mongo.expiry import expiring
from shared.site.site import Site

_MAILS_KEPT = timedelta(days=30)
# Counts are those of a day; those of yesterday may still be asked for.
_COUNTS_KEPT = timedelta(days=2)


class Mailing:
    """The room in one application. Pages work without a mail server too: links of earlier mails stay good."""

    def __init__(self, app: web.Application, settings: CommentsSettings, site: Site) -> None:
        self._settings = settings
        self._site = site
        self._store = app[STORE]
        self.rows = NotificationStore(self._store.database)
        self._notifications = Notifications(self.rows, is_enabled=settings.mail_server is not None)
        app[NOTIFICATIONS] = self._notifications
        app[CONFIRMATIONS] = Confirmations(self._store, self.rows)
        app[MAIL_PAGES] = MailPages(site)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Prepare the store, delete old rows and send mails, for the length of a block."""
        await once_available(self.rows.prepare)
        addresses_kept, rows = timedelta(days=self._settings.addresses_kept_days), self.rows
        with_addresses = (rows.subscriptions, rows.replies, rows.recipients, rows.links)
        async with AsyncExitStack() as stack:
            for part in with_addresses:
                await stack.enter_async_context(expiring(part.collection, addresses_kept))
            await stack.enter_async_context(expiring(rows.mails.collection, _MAILS_KEPT))
            await stack.enter_async_context(expiring(rows.counts.collection, _COUNTS_KEPT))
            if (notifier := self._notifier()) is not None:
                await stack.enter_async_context(notifying(notifier))
            yield

    def _notifier(self) -> Notifier | None:
        settings, server = self._settings, self._settings.mail_server
        if server is None:
            return None
        mail = MailSettings(server, settings.smtp_ca_file, settings.mail_from, settings.mails_a_day, settings.site_url)
        texts = MailTexts(self._site, settings.site_url, settings.mail_from)
        sender = MailSender(self._store, self.rows, texts, mail)
        return Notifier(self.rows, MailPlanner(self._store, self.rows), sender, self._notifications)
