"""Late sends: a relay that was paused may send an old state after its successor's newer one, and die before it corrects it.

The log shows neither a pause nor a death. So a successor notes which aggregates its predecessor may have in hand, and sends
their newest states again, less and less often, for a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.mongo.collections import Collection, Document, available

# The first repetition, and the age of the last. Each wait is twice the one before: 14 repetitions in all.
REPEAT_AFTER = timedelta(seconds=10)
_FORGET_AFTER = timedelta(days=1)
# A document's limit is 16 MB; an id has 36 bytes. A relay has at most 500 rows in hand, the oldest ones.
MOST_AGGREGATES = 20_000


@dataclass(frozen=True)
class LateSend:
    """What the holder before `fence` may still send. `since`: the take-over."""

    fence: int
    aggregates: Sequence[str]
    since: datetime
    due: datetime


def next_repetition(late: LateSend, moment: datetime) -> datetime | None:
    """When to send again after a repetition at this moment; None when a day has passed."""
    age = moment - late.since
    return None if age > _FORGET_AFTER else moment + age


class LateSends:
    """The notes, in `control`. Read once after a take-over, so that a relay at work pays nothing."""

    def __init__(self, control: Collection, repeat_after: timedelta = REPEAT_AFTER) -> None:
        self._control = control
        self._repeat_after = repeat_after
        self._known: dict[int, LateSend] = {}

    async def note(self, fence: int, aggregates: Sequence[str], moment: datetime) -> None:
        """Note the aggregates before the first send of this fence. Raises Unavailable."""
        late = LateSend(fence, tuple(aggregates)[:MOST_AGGREGATES], moment, moment + self._repeat_after)
        if aggregates:
            await self._write(late)

    async def load(self) -> None:
        """Read the notes of all take-overs. Raises Unavailable."""
        async with available("late sends"):
            found = await self._control.find({"kind": "late"}).to_list(None)
        self._known = {late.fence: late for late in map(_late_of, found)}

    def due(self, moment: datetime) -> LateSend | None:
        """A note whose aggregates are to be sent again now. From memory."""
        return next((late for late in self._known.values() if late.due <= moment), None)

    async def note_repetition(self, late: LateSend, moment: datetime) -> None:
        """Plan the next repetition, or forget the note. Raises Unavailable."""
        due = next_repetition(late, moment)
        if due is not None:
            await self._write(LateSend(late.fence, late.aggregates, late.since, due))
            return
        async with available("late sends"):
            await self._control.delete_one({"_id": _id(late.fence)})
        self._known.pop(late.fence, None)

    async def _write(self, late: LateSend) -> None:
        noted = {"kind": "late", "fence": late.fence, "aggregates": list(late.aggregates)}
        async with available("late sends"):
            await self._control.update_one(
                {"_id": _id(late.fence)}, {"$set": noted | {"since": late.since, "due": late.due}}, upsert=True
            )
        self._known[late.fence] = late


def _id(fence: int) -> str:
    return f"late:{fence}"


def _late_of(found: Document) -> LateSend:
    return LateSend(int(found["fence"]), tuple(found["aggregates"]), found["since"], found["due"])
