"""`python -m services.comments`: the service itself, and what an operator does with it.

`republish` puts every comment on the topic again; `export` and `erase` answer what a person asks about their own data.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic

from pydantic import ValidationError

from services.comments.app import create_app
from services.comments.privacy import erase, export, read_address
from services.comments.settings import CommentsSettings
from services.comments.store import Store
from shared.errors import SettingsError, Unavailable
from shared.http.app import run_service
from shared.mongo.client import Mongo

_USAGE = "usage: python -m services.comments [republish | export ADDRESS | erase ADDRESS]"
_LOOK_EVERY_S = 0.5
_PATIENCE_S = 30.0


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case []:
            run_service("comments", CommentsSettings, create_app)
        case ["republish"]:
            _run("republish", republish)
        case ["export" | "erase" as command, address]:
            try:
                email = read_address(address)
            except ValidationError:
                sys.exit(f"{command}: {address!r} is not an e-mail address")
            _run(command, lambda settings, tell: answer_a_person(command, email, settings, tell))
        case _:
            sys.exit(_USAGE)


def _run(command: str, work: Callable[[CommentsSettings, Callable[[str], None]], Coroutine[None, None, None]]) -> None:
    try:
        asyncio.run(work(CommentsSettings.load(), print))
    except (SettingsError, Unavailable) as error:
        sys.exit(f"{command}: {error}")


async def answer_a_person(
    command: str, email: str, settings: CommentsSettings, tell: Callable[[str], None], *, database: str = "comments"
) -> None:
    """`export`: all that is kept under an address, as JSON. `erase`: that it is gone, and how much it was. Raises Unavailable."""
    with _opened(settings, database) as store:
        if command == "export":
            tell(json.dumps(await export(store, email), ensure_ascii=False, indent=2))
        else:
            comments, letters = await erase(store, email)
            tell(f"erased: {comments} comments, {letters} letters, and the address. Pages follow once comments runs.")


async def republish(settings: CommentsSettings, tell: Callable[[str], None], *, database: str = "comments") -> None:
    """Ask the running service to send every comment's state again, and tell how far it is until it is done.

    Raises Unavailable when nothing moves for _PATIENCE_S; the request stays, for the next service that starts.
    """
    with _opened(settings, database) as store:
        total = await store.comments.count()
        await store.outbox.request_republish()
        await _watch(store, total, tell)


@contextmanager
def _opened(settings: CommentsSettings, database: str) -> Iterator[Store]:
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode, database=database)
    try:
        yield store
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
