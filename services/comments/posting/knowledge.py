"""Reads the facts that the pipeline needs, for several comments in a few commands."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.comments.model.moderation_records import AuthorRecord
from services.comments.model.records import Comment
from services.comments.model.store import Store
from services.comments.posting.batches import Batches
from services.comments.posting.repeat_store import RepeatStore
from services.comments.posting.repeats import Repeat
from shared.times import now

# The same text under another story counts for so long.
_SAME_TEXT_FOR = timedelta(days=7)
_MOST_TOGETHER = 32


@dataclass(frozen=True)
class Question:
    """A comment whose facts are wanted. `text` is `text_of`, `keys` are `repeat_keys`; an edit has none.

    `writer` is empty for a browser whose token is new: nobody can have approved a comment of it.
    """

    article_id: str
    parent_id: str | None
    author: str
    writer: str
    text: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Knowledge:
    """The facts that the stores have about a comment. `stored`: answers under its keys, perhaps old ones."""

    parent: Comment | None
    is_trusted: bool
    record: AuthorRecord
    repeats: int
    stored: Sequence[Repeat]

    def repeat(self, now: datetime) -> Repeat | None:
        """The same comment of a moment ago."""
        return next((repeat for repeat in self.stored if repeat.counts(now)), None)


class KnowledgeReader:
    """Reads by key, outside of transactions. Questions that wait at the same moment are read together."""

    def __init__(self, store: Store, repeats: RepeatStore) -> None:
        self._store = store
        self._repeats = repeats
        self._batches = Batches[Question, Knowledge]("facts of comments", self._read, most=_MOST_TOGETHER)

    async def read(self, question: Question) -> Knowledge:
        """The facts for one question. Raises Unavailable."""
        return await self._batches.do(question)

    async def _read(self, questions: Sequence[Question]) -> Sequence[Knowledge]:
        store = self._store
        parents, trusted, records, texts, repeats = await asyncio.gather(
            store.comments.by_ids({each.parent_id for each in questions if each.parent_id is not None}),
            store.contacts.trusted({each.writer for each in questions if each.writer}),
            store.authors.records({each.author for each in questions}),
            store.contacts.places_of_texts({each.text for each in questions}, now() - _SAME_TEXT_FOR),
            self._repeats.find({key for each in questions for key in each.keys}),
        )
        places = Counter(texts)
        return [
            Knowledge(
                parent=None if each.parent_id is None else parents.get(each.parent_id),
                is_trusted=each.writer in trusted,
                record=records.get(each.author) or AuthorRecord(),
                repeats=sum(
                    count
                    for (text, article), count in places.items()
                    if text == each.text and article != each.article_id
                ),
                stored=[repeats[key] for key in each.keys if key in repeats],
            )
            for each in questions
        ]
