"""The room's parts in the application, and their life. `app.py` calls it."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.model.store import Store
from services.comments.reading.articles import ArticleLookup
from services.comments.reading.closing import Closing
from services.comments.reading.discussions import Discussions
from services.comments.reading.keys import ARTICLE_LOOKUP, DISCUSSIONS, REACTION_NETWORKS, REPORTS, TURNS, VOTES
from services.comments.reading.list_text import write_thread
from services.comments.reading.network_store import NETWORKS_KEPT_FOR, NetworkStore
from services.comments.reading.reaction_store import (
    COUNTED_AGE,
    COUNTED_KEPT_FOR,
    REPORTS_KEPT_FOR,
    ReportStore,
    VoteStore,
)
from services.comments.reading.turns import Turns
from services.comments.reading.vote_counter import VoteCounter
from shared.mongo.client import once_available
from shared.mongo.expiry import expiring


def add_reading(app: web.Application, store: Store, is_whole: Callable[[], bool]) -> None:
    """Add the parts. `is_whole`: the copy of the articles has the whole log."""
    app[ARTICLE_LOOKUP] = ArticleLookup(store, app[CURRENT_RULES], is_whole)
    app[DISCUSSIONS] = Discussions(store.comments, store.discussions, write_thread)
    app[VOTES] = VoteStore(store.database)
    app[REPORTS] = ReportStore(store.database)
    app[REACTION_NETWORKS] = NetworkStore(store.database)
    counter, closing = VoteCounter(store, app[VOTES]), Closing(store)
    app[TURNS] = Turns(store.database, [counter.turn, closing.turn])


async def reading(app: web.Application) -> AsyncIterator[None]:
    """Prepare the collections; count votes, delete old ones and write late notes, while the application runs."""
    votes, reports, networks = app[VOTES], app[REPORTS], app[REACTION_NETWORKS]
    await once_available(votes.prepare)
    await once_available(reports.prepare)
    await once_available(networks.prepare)
    async with (
        expiring(votes.collection, COUNTED_KEPT_FOR, field=COUNTED_AGE),
        expiring(reports.collection, REPORTS_KEPT_FOR),
        expiring(networks.collection, NETWORKS_KEPT_FOR),
        app[STORE].discussions.sending(),
        app[TURNS].running(),
    ):
        yield
