"""Reads documents newest first by days: the embedded MongoDB engine reads a whole collection for a sort or a limit."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from shared.ids import made_at

T = TypeVar("T")

DAY = timedelta(days=1)
# No document is older. A walk over empty years takes a dozen reads.
FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)


def day_of(made_id: str) -> datetime:
    """The midnight before an id was made, so that an index on a day can find its document."""
    return midnight(made_at(made_id))


def midnight(moment: datetime) -> datetime:
    """The midnight before a time, in UTC. Stores keep it beside a time: an index finds only equal values."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def read_back(
    read: Callable[[datetime, datetime], Awaitable[Sequence[T]]], end: datetime, count: int
) -> tuple[list[T], datetime]:
    """Read what is older than the day `end`, in spans of days that double, until there are `count`.

    Also returns the first day that was read. `read` gets the first day of a span and the day after its last, and returns
    the newest first.
    """
    found: list[T] = []
    days = 1
    while len(found) < count and end > FIRST_DAY:
        start = max(end - days * DAY, FIRST_DAY)
        found += await read(start, end)
        end, days = start, days * 2
    return found, end
