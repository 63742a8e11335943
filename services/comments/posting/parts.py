"""The room's parts in the application, and their life. `app.py` calls it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web

from services.comments.access.keys import BANS
from services.comments.access.writer_cookie import LastCommentCookie
from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.notifications.keys import NOTIFICATIONS
from services.comments.pipeline.keys import WEBHOOK
from services.comments.posting.edit_page import EditPages
from services.comments.posting.editing import Editing
from services.comments.posting.keys import EDIT_PAGES, EDITING, LAST_COMMENT, POSTING
from services.comments.posting.knowledge import KnowledgeReader
from services.comments.posting.posting import Posting
from services.comments.posting.repeat_store import REPEATS_KEPT, RepeatStore
from services.comments.posting.verdicts import Judge
from shared.mongo.client import once_available
from shared.mongo.expiry import expiring
from shared.site.site import Site


def add_posting(app: web.Application, site_url: str, site: Site) -> None:
    """Add the room's parts to the application."""
    store, host = app[STORE], urlsplit(site_url).hostname or ""
    repeats = RepeatStore(store.database)
    knowledge, judge = KnowledgeReader(store, repeats), Judge(app[CURRENT_RULES], app[BANS], app[WEBHOOK], host)
    app[POSTING] = Posting(store, repeats, knowledge, judge, app[NOTIFICATIONS])
    app[LAST_COMMENT] = LastCommentCookie(site_url)
    app[EDIT_PAGES] = EditPages(site)
    app[EDITING] = Editing(store, repeats, knowledge, judge, app[NOTIFICATIONS])


@asynccontextmanager
async def posting_life(app: web.Application) -> AsyncIterator[None]:
    """Prepare the room's collection and delete its old entries, for the length of a block."""
    repeats = RepeatStore(app[STORE].database)
    await once_available(repeats.prepare)
    async with expiring(repeats.collection, REPEATS_KEPT, REPEATS_KEPT.total_seconds()):
        yield
