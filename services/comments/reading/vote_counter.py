"""Counts stored votes into their comments, in the background: a comment's counts change at most every few seconds.

A vote is durable as one document before its answer. A turn adds the votes that wait to the comment's counts, in one transaction
with the comment's next version and its event, so each vote counts once, however many instances and crashes there are.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import structlog

from services.comments.model.records import Comment, VoteCount
from services.comments.model.store import Store
from services.comments.reading.comments import note_published_change, publish_change
from services.comments.reading.ranking import with_vote
from services.comments.reading.reaction_store import StoredVote, VoteStore
from shared.errors import Unavailable
from shared.mongo.collections import Session
from shared.outbox.lease import Lease
from shared.process.process import start_task, stop_task
from shared.times import now

_log = structlog.get_logger(__name__)

EVERY_S = 5.0
_LEASE = timedelta(seconds=20)
_MOST_READ = 5000
# Votes of one transaction.
_MOST_AT_ONCE = 500


class VoteCounter:
    """Of all instances, the holder of a lease counts. Methods raise Unavailable."""

    def __init__(self, store: Store, votes: VoteStore) -> None:
        self._store = store
        self._votes = votes
        self._lease = Lease(store.database["reading"], _LEASE)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Count for the length of a block."""
        task = start_task(self._run(), "vote counter")
        try:
            yield
        finally:
            await stop_task(task)
            with suppress(Unavailable):
                await self._lease.release(is_settled=True)

    async def _run(self) -> None:
        while True:
            try:
                if await self._lease.take():
                    await self.turn()
            except Unavailable as error:
                _log.warning("votes.wait", reason=str(error))
            await asyncio.sleep(EVERY_S)

    async def turn(self) -> None:
        """Count all votes that wait now."""
        # Left by an instance that was killed between the commit and the notes.
        await self._finish(await self._votes.in_state("counted", _MOST_READ))
        for comment_id, votes in _by_comment(await self._votes.in_state("waiting", _MOST_READ)).items():
            for first in range(0, len(votes), _MOST_AT_ONCE):
                await self._count(comment_id, [vote.id for vote in votes[first : first + _MOST_AT_ONCE]])

    async def _count(self, comment_id: str, vote_ids: Sequence[str]) -> None:
        at = now()

        async def work(session: Session) -> Comment | None:
            votes = await self._votes.waiting(vote_ids, session)
            await self._votes.note_counted(votes, at, session)
            before = await self._store.comments.find(comment_id, session)
            after = None if before is None else _counted(before, votes, at)
            if before is None or after is None or after.votes == before.votes:
                return None
            if after.status != "published":
                # Readers do not see it. A later publication sends the counts.
                await self._store.comments.replace(replace(after, version=before.version), session)
                return None
            await publish_change(self._store, after, session)
            return after

        changed = await self._store.mongo.transaction(work)
        if changed is not None:
            await note_published_change(self._store, changed)
        await self._votes.note_done(vote_ids)

    async def _finish(self, votes: Sequence[StoredVote]) -> None:
        for comment_id, counted in _by_comment(votes).items():
            comment = await self._store.comments.find(comment_id)
            if comment is not None:
                await self._store.discussions.note(comment.article_id, comment_id)
            await self._votes.note_done([vote.id for vote in counted])


def _counted(comment: Comment, votes: Sequence[StoredVote], at: datetime) -> Comment:
    """The next version of the comment, with these votes in its counts."""

    def add(counts: VoteCount, vote: StoredVote) -> VoteCount:
        return with_vote(counts, vote.counted, vote.value)

    return replace(comment, votes=reduce(add, votes, comment.votes), version=comment.version + 1)


def _by_comment(votes: Sequence[StoredVote]) -> dict[str, list[StoredVote]]:
    found: defaultdict[str, list[StoredVote]] = defaultdict(list)
    for vote in votes:
        found[vote.comment].append(vote)
    return dict(found)
