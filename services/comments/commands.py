"""`python -m services.comments`: the service itself, and `republish`, which puts every comment on the topic again."""

import asyncio
import sys
from collections.abc import Callable
from time import monotonic

from services.comments.app import create_app
from services.comments.settings import CommentsSettings
from services.comments.store import Store
from shared.errors import SettingsError, Unavailable
from shared.mongo import Mongo
from shared.service import run_service

_LOOK_EVERY_S = 0.5
_PATIENCE_S = 30.0


def main() -> None:
    """Do what the command line says."""
    if sys.argv[1:] == ["republish"]:
        try:
            asyncio.run(republish(CommentsSettings.load(), print))
        except (SettingsError, Unavailable) as error:
            sys.exit(f"republish: {error}")
    elif sys.argv[1:]:
        sys.exit("usage: python -m services.comments [republish]")
    else:
        run_service("comments", CommentsSettings, create_app)


async def republish(settings: CommentsSettings, tell: Callable[[str], None], *, database: str = "comments") -> None:
    """Ask the running service to send every comment's state again, and tell how far it is until it is done.

    Raises Unavailable when nothing moves for _PATIENCE_S; the request stays, for the next service that starts.
    """
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode, database=database)
    try:
        total = await store.comments.count()
        await store.outbox.request_republish()
        await _watch(store, total, tell)
    finally:
        store.mongo.close()


async def _watch(store: Store, total: int, tell: Callable[[str], None]) -> None:
    told, moved_at = -1, monotonic()
    while (sent := await store.outbox.republish_progress()) is not None:
        if sent != told:
            tell(f"{sent} of about {total} comments sent again")
            told, moved_at = sent, monotonic()
        if monotonic() - moved_at > _PATIENCE_S:
            raise Unavailable("nothing moves: does a comments service run, and Kafka answer? The request stays.")
        await asyncio.sleep(_LOOK_EVERY_S)
    tell("done: comments.v1 has every comment again")
