"""The room's parts in the application, and their life. `app.py` calls it."""

from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web

from services.comments.access.bans import Bans
from services.comments.access.keys import BANS
from services.comments.model.keys import STORE
from services.comments.model.store import Store
from services.comments.moderation.decisions import Decisions
from services.comments.moderation.items import Items
from services.comments.moderation.keys import DECISIONS, ITEMS, QUEUE_INDEX
from services.comments.moderation.queues import Queues
from services.comments.notifications.keys import NOTIFICATIONS
from services.comments.reading.keys import REPORTS
from shared.mongo.client import once_available
from shared.mongo.expiry import expiring

# A ban holds an address or a network: it goes with its end.
_ENDED_BANS_KEPT = timedelta(hours=1)


def add_moderation(app: web.Application, store: Store) -> None:
    """Add the parts; those of reading and mailing come first."""
    app[BANS] = Bans(store.bans)
    app[QUEUE_INDEX] = Queues(store)
    app[DECISIONS] = Decisions(store, app[REPORTS], app[NOTIFICATIONS])
    app[ITEMS] = Items(store, app[BANS], app[REPORTS].reasons)


async def moderation(app: web.Application) -> AsyncIterator[None]:
    """Prepare the collections, tell other instances of changes, and delete ended bans, while the application runs."""
    store = app[STORE]
    await once_available(app[DECISIONS].records.prepare)
    async with expiring(store.bans.collection, _ENDED_BANS_KEPT, field="until"), store.queues.sending():
        yield
