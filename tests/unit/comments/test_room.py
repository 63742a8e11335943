"""Bounds in total: refused at the bound, counted at most once in half a minute."""

import pytest

from services.comments.access.room import Room
from shared.errors import Problem


class Counted:
    """A number that is stored, and how often it was counted."""

    def __init__(self) -> None:
        self.number = 0
        self.times = 0

    async def count(self) -> int:
        self.times += 1
        return self.number


async def test_last_place_is_given_and_the_next_one_is_refused() -> None:
    letters, now = Counted(), [0.0]
    room = Room({"letters": letters.count}, {"letters": 3}, lambda: now[0])

    letters.number = 2
    await room.check("letters")
    letters.number, now[0] = 3, 31.0

    with pytest.raises(Problem, match="too many letters") as raised:
        await room.check("letters")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (503, "600")


async def test_number_is_counted_once_in_half_a_minute() -> None:
    answers, now = Counted(), [0.0]
    room = Room({"answers": answers.count}, {"answers": 3}, lambda: now[0])

    for now[0] in (0.0, 10.0, 29.0, 31.0, 40.0):
        assert await room.has("answers")

    assert answers.times == 2
