"""Counts stored votes into their comments, in the background: a comment's counts change at most every few seconds.

A vote is durable as one document before its answer. A turn adds the votes that wait to the comment's counts, in one transaction
with the comment's next version and its event, so each vote counts once, however many instances and crashes there are.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic

from services.comments.model.records import Comment, PastVotes, VoteCount
from services.comments.model.store import Store
from services.comments.reading.comments import publish_change
from services.comments.reading.ranking import pause_s, with_count, with_vote
from services.comments.reading.reaction_store import StoredVote, VoteStore
from shared.mongo.collections import DuplicateKeyError, Session
from shared.times import now

_MOST_READ = 5000
# Votes of one transaction.
_MOST_AT_ONCE = 1000


class VoteCounter:
    """Its turns raise Unavailable. Two instances that count at the same moment conflict, and one tries again."""

    def __init__(self, store: Store, votes: VoteStore, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._votes = votes
        self._clock = clock
        self._paused: dict[str, float] = {}

    async def turn(self) -> None:
        """Count all votes that wait now, but those of a comment that was counted a moment ago.

        One comment after another, and its note before the next: so the discussion's version has the counts in their order.
        """
        # Left by an instance that was killed between the commit and the note.
        await self._finish(await self._votes.in_state("counted", _MOST_READ))
        self._paused = {comment: until for comment, until in self._paused.items() if until > self._clock()}
        for comment_id, votes in _by_comment(await self._votes.in_state("waiting", _MOST_READ)).items():
            if comment_id not in self._paused:
                await self._count(comment_id, [vote.id for vote in votes[:_MOST_AT_ONCE]])

    async def _count(self, comment_id: str, vote_ids: Sequence[str]) -> None:
        at = now()

        async def work(session: Session) -> Comment | None:
            votes = await self._votes.waiting(vote_ids, session)
            await self._votes.note_counted(votes, at, session)
            before = await self._store.comments.find(comment_id, session)
            counts = None if before is None else _with_votes(before.votes, votes)
            if before is None or counts is None:
                return None
            if counts == before.votes:
                # Noted again: the instance that counted them may have been killed before its note.
                return before
            number = await self._votes.next_number(before.article_id, session)
            after = _counted(before, counts, number, at)
            if after.status == "published":
                await publish_change(self._store, after, session)
            else:
                # Readers do not see it: no event. A later publication sends the counts.
                await self._store.comments.replace(after, session)
            return after

        try:
            changed = await self._store.mongo.transaction(work)
        except DuplicateKeyError:
            return  # another instance counted them at the same moment; what is left waits for the next turn
        if changed is not None:
            self._paused[comment_id] = self._clock() + pause_s(changed.past_votes)
            await self._note(changed)
        await self._votes.note_done(vote_ids)

    async def _note(self, comment: Comment) -> None:
        if comment.status == "published":
            self._store.outbox.note_committed(comment.event(), follows=comment.version - 1)
        number = max((past.number for past in comment.past_votes), default=0)
        await self._store.discussions.note_votes(comment.article_id, comment.id, number)

    async def _finish(self, votes: Sequence[StoredVote]) -> None:
        for comment_id, counted in _by_comment(votes).items():
            comment = await self._store.comments.find(comment_id)
            if comment is not None:
                await self._note(comment)
            await self._votes.note_done([vote.id for vote in counted])


def _with_votes(counts: VoteCount, votes: Sequence[StoredVote]) -> VoteCount:
    for vote in votes:
        counts = with_vote(counts, vote.counted, vote.value)
    return counts


def _counted(comment: Comment, counts: VoteCount, number: int, at: datetime) -> Comment:
    """The comment with new counts: the next version, unless readers do not see it."""
    newest = PastVotes(number, int(at.timestamp() // 60), counts.up, counts.down)
    version = comment.version + (comment.status == "published")
    return replace(comment, votes=counts, past_votes=with_count(comment.past_votes, newest), version=version)


def _by_comment(votes: Sequence[StoredVote]) -> dict[str, list[StoredVote]]:
    found: defaultdict[str, list[StoredVote]] = defaultdict(list)
    for vote in votes:
        found[vote.comment].append(vote)
    return dict(found)
