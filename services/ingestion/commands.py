"""`python -m services.ingestion`: the service itself, and what is done by hand: tokens and republication."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from cyclopts import App

from services.ingestion.app import create_app
from services.ingestion.roles import Role
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from services.ingestion.tokens import TokenOwner, make_token
from shared.errors import SettingsError, Unavailable
from shared.http.app import run_service
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.text import EDITOR_LINE, tidy
from shared.times import now, rfc3339

_LOOK_EVERY_S = 0.2
# The relay looks for requests four times a second; silence for so long means that none runs.
_SILENT_S = 15.0

_app = App(name="python -m services.ingestion", help="The editors' API; without a command it serves.", version_flags=[])
_token = App(name="token", help="Editors' tokens.")
_app.command(_token)


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says; exits with status 1 and a sentence where that cannot be."""
    _app(words)


@_app.default
def serve() -> None:
    """Run the service."""
    run_service("ingestion", IngestionSettings, create_app)


@_token.command(name="create")
def create_token(*, name: str, role: Role) -> None:
    """Make a token for a person and print it, once.

    Parameters
    ----------
    name: whose it is; revisions show it
    role: what the person may do
    """
    try:
        name = tidy(name, EDITOR_LINE)
    except ValueError as error:
        sys.exit(f"--name: {error}")
    if not name:
        sys.exit("--name: There is nothing to read in it.")
    token = make_token()

    async def add(store: Store) -> None:
        await store.tokens.add(token, TokenOwner(new_id(), name, role), now())

    _with_store(add)
    print(token)


@_token.command(name="list")
def list_tokens() -> None:
    """Show whose tokens there are, with their ids; never a token."""

    async def show(store: Store) -> None:
        for entry in await store.tokens.list():
            state = "valid" if entry.revoked_at is None else f"revoked {rfc3339(entry.revoked_at)}"
            owner = entry.owner
            print(f"{owner.token_id}  {owner.role:9}  {rfc3339(entry.created_at)}  {state}  {owner.name}")

    _with_store(show)


@_token.command(name="revoke")
def revoke_token(token_id: str) -> None:
    """End a token's validity, by its id in the list."""

    async def revoke(store: Store) -> None:
        if not await store.tokens.revoke(token_id, now()):
            sys.exit(f"There is no valid token with the id {token_id}.")
        print(f"revoked {token_id}")

    _with_store(revoke)


@_app.command
def republish() -> None:
    """Have the running service put every article's newest state on articles.v1 again, and show how far it is."""
    _with_store(_republish)


async def _republish(store: Store) -> None:
    most = await store.articles.count()
    await store.outbox.request_republish()
    sent, moved_at = 0, monotonic()
    while (progress := await store.outbox.republish_progress()) is not None:
        if progress != sent:
            sent, moved_at = progress, monotonic()
            print(f"republished {sent} of at most {most}", flush=True)
        if monotonic() - moved_at > _SILENT_S:
            sys.exit(
                "No relay goes on with it: is the service running, and Kafka? The request stays and will be taken up."
            )
        await asyncio.sleep(_LOOK_EVERY_S)
    print("the log is whole again")


def _with_store(work: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = IngestionSettings.load()
        store = Store(Mongo(settings.mongo), settings.ingestion_database)
        try:
            await work(store)
        finally:
            store.mongo.close()

    try:
        asyncio.run(run())
    except (SettingsError, Unavailable) as error:
        sys.exit(str(error))
