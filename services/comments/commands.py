"""`world-monitor comments` and `world-monitor republish comments`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from services.comments.model.store import Store
from services.comments.privacy import personal_data as privacy
from services.comments.settings import CommentsSettings
from shared.kafka.admin import empty_topic
from shared.mongo.client import Mongo
from shared.outbox.republish import republish_all
from shared.process.command_line import AsJson, command_group, print_json, print_progress
from shared.topics import COMMENTS, dead_letter_topic

comments = command_group("comments", "The data kept under a person's e-mail address.")


def _check_address(_: object, address: str) -> None:
    try:
        privacy.read_address(address)
    except ValidationError:
        raise ValueError("It is not an e-mail address.") from None


_Address = Annotated[str, Parameter(name="ADDRESS", validator=_check_address)]


@comments.command
async def export(address: _Address, /) -> None:
    """Print all comments and letters kept under an e-mail address, as JSON."""
    with _open_store() as store:
        print_json(await privacy.export(store, privacy.read_address(address)))


@comments.command
async def erase(address: _Address, /, *, as_json: AsJson = False) -> None:
    """Erase an e-mail address, its comments' text and names, and its letters. Pages follow once the service runs.

    All dead letters of comments.v1 are deleted too.
    """
    with _open_store() as store:
        erased_comments, letters = await privacy.erase(store, privacy.read_address(address))
    if as_json:
        print_json({"comments": erased_comments, "letters": letters})
    else:
        print(f"erased: {erased_comments} comments, {letters} letters, and the address")
    # They may hold the text. Nothing is lost with them: `republish comments` sends the newest state of every comment.
    await empty_topic(CommentsSettings.load().kafka, dead_letter_topic(COMMENTS.name))


async def republish() -> None:
    """Have the running service send every comment's newest state to comments.v1 again; shows progress until it is done."""
    with _open_store() as store:
        await republish_all(store.outbox, await store.comments.count(), print_progress)
    print("comments.v1 has every comment again")


@contextmanager
def _open_store() -> Iterator[Store]:
    settings = CommentsSettings.load()
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode)
    try:
        yield store
    finally:
        store.mongo.close()
