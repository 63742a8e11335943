"""`world-monitor comments` and `world-monitor republish comments`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import ExistingFile
from pydantic import ValidationError

from services.comments.imports.disqus import DisqusExport
from services.comments.imports.isso import IssoDatabase
from services.comments.imports.run import read_table, run_import
from services.comments.imports.source import BadImport, Source
from services.comments.model.store import Store
from services.comments.privacy.personal_data import PersonalData, read_address
from services.comments.privacy.personal_rows import personal_rows
from services.comments.privacy.proof import PageReader
from services.comments.reading.closing import sent_states
from services.comments.settings import CommentsSettings
from shared.errors import SettingsError, Unavailable
from shared.kafka.admin import empty_topic
from shared.mongo.client import Mongo
from shared.outbox.republish import republish_all
from shared.process.command_line import AsJson, command_group, print_json, print_progress
from shared.topics import COMMENTS, dead_letter_topic

comments = command_group("comments", "A person's data: export, erase. Comments of other systems: import.")


def _check_address(_: object, address: str) -> None:
    try:
        read_address(address)
    except ValidationError:
        raise ValueError("It is not an e-mail address.") from None


_SOURCES: Mapping[str, Callable[[Path], Source]] = {"disqus": DisqusExport, "isso": IssoDatabase}

_Address = Annotated[str, Parameter(name="ADDRESS", validator=_check_address)]


@comments.command
async def export(address: _Address, /) -> None:
    """Print everything kept under an e-mail address, as JSON."""
    with _open_store() as store:
        print_json(await _data_of(store).export(read_address(address)))


@comments.command
async def erase(address: _Address, /, *, as_json: AsJson = False) -> None:
    """Erase an e-mail address, its comments' text and names, its letters, and all else of it; then prove it.

    The proof looks at the database, the topic and the gateways' pages. All dead letters of comments.v1 are deleted too.
    """
    with _open_store() as store:
        done = await _data_of(store).erase(read_address(address), "operator")
        await store.queues.prepare()
    if as_json:
        print_json(
            {"comments": done.comments, "letters": done.rows["messages"], "proof": [asdict(one) for one in done.proof]}
        )
    else:
        print(f"erased: {done.comments} comments, {done.rows['messages']} letters, and the address")
        for one in done.proof:
            print(f"{one.where}: {one.checked} looked at, {one.left} left{f' ({one.note})' if one.note else ''}")
    # They may hold the text. Nothing is lost with them: `republish comments` sends the newest state of every comment.
    await empty_topic(CommentsSettings.load().kafka, dead_letter_topic(COMMENTS.name))
    if any(one.left for one in done.proof):
        raise Unavailable("something is left of the address (see above); repeat the command")


@comments.command(name="import")
async def import_comments(
    kind: Literal["disqus", "isso"],
    file: ExistingFile,
    /,
    *,
    articles: ExistingFile | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    as_json: AsJson = False,
) -> None:
    """Import threads of Disqus (XML export) or Isso (SQLite file). A second import of the same file creates nothing.

    Parameters
    ----------
    articles
        CSV of source address and article (id or path), for pages whose path is another one here
    dry_run
        print the numbers and write nothing
    """
    try:
        table = read_table(articles) if articles is not None else {}
        with _open_store() as store:
            report = await run_import(store, _SOURCES[kind](file), table, print_progress, dry=dry_run)
            # Moderators' queues are in the memory of the running service.
            await store.queues.prepare()
    except BadImport as error:
        raise SettingsError(f"{kind} import: {error}") from error
    if as_json:
        print_json(asdict(report))
        return
    print(
        f"{report.created} created, {report.known} known before, {report.left_out.total()} left out of {report.found} comments"
    )
    for why, count in sorted(report.left_out.items()):
        print(f"left out, {why}: {count}")
    for address in report.unmatched:
        print(f"no article for {address}")


async def republish() -> None:
    """Have the running service send every comment's newest state to comments.v1 again; shows progress until it is done."""
    with _open_store() as store:
        total = await store.comments.count() + len(await sent_states(store))
        await republish_all(store.outbox, total, print_progress)
    print("comments.v1 has every comment again")


def _data_of(store: Store) -> PersonalData:
    return PersonalData(store, personal_rows(store), PageReader(CommentsSettings.load().rendering_urls))


@contextmanager
def _open_store() -> Iterator[Store]:
    settings = CommentsSettings.load()
    store = Store(Mongo(settings.mongo), starts_as=settings.comments_mode)
    try:
        yield store
    finally:
        store.mongo.close()
