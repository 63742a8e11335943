"""A change that is ready for its transaction. `changes.py` makes it, `store.py` commits one or several together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.ingestion.articles.acts import Origin, acts_of
from services.ingestion.articles.records import Change
from services.ingestion.people.audit import NewEntry
from shared.events import Message, encode
from shared.http.idempotency import Answer, Claim
from shared.kafka.producer import check_size


@dataclass(frozen=True)
class KeptAnswer:
    """The answer to store for an `Idempotency-Key`."""

    claim: Claim
    answer: Answer


def encoded_event(change: Change) -> Message | None:
    """The change's event as a message; None when nothing changes for readers. Raises InvalidMessage when it is too large."""
    if change.event is None:
        return None
    message = encode(change.event)
    check_size(message)
    return message


@dataclass(frozen=True)
class Commit:
    """A change with its encoded event (None when nothing changes for readers), its origin, and the answer to store."""

    change: Change
    message: Message | None
    origin: Origin
    kept: KeptAnswer | None = None

    @property
    def text_length(self) -> int:
        """The characters of the article's text, which the transaction writes several times."""
        working = self.change.after.working
        return len(working.body_markdown) + len(working.body_html)


def entries_of(commits: Sequence[Commit]) -> Iterator[NewEntry]:
    """The entries of the audit log."""
    for commit in commits:
        after, origin = commit.change.after, commit.origin
        for act in acts_of(commit.change):
            yield NewEntry(origin, act.action, after.id, origin.network, after.updated_at, act.details)


def grouped(commits: Sequence[Commit], most: int, longest: int) -> Iterator[list[Commit]]:
    """The commits in groups of at most `most` with at most `longest` characters of text together; a longer one is alone."""
    group: list[Commit] = []
    length = 0
    for commit in commits:
        if group and (len(group) == most or length + commit.text_length > longest):
            yield group
            group, length = [], 0
        group.append(commit)
        length += commit.text_length
    if group:
        yield group
