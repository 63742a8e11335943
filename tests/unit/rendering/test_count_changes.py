"""Numbers of comments in lists change at once, then once a second."""

from services.rendering.gateway.count_changes import EVERY_S, CountChanges


class Floors:
    """The raised floors, and a clock that stands still."""

    def __init__(self) -> None:
        self.raised: list[tuple[str, int]] = []
        self.now = 100.0
        self.changes = CountChanges(lambda name, version: self.raised.append((name, version)), lambda: self.now)


def test_first_change_counts_at_once_and_further_ones_together() -> None:
    floors = Floors()

    for version in (1, 2, 3):
        floors.changes.note("count:a", version)
    floors.changes.note("count:b", 4)
    at_once = list(floors.raised)
    floors.changes.flush()
    floors.now += EVERY_S
    floors.changes.note("count:a", 5)

    assert at_once == [("count:a", 1)]
    assert floors.raised == [("count:a", 1), ("count:a", 3), ("count:b", 4), ("count:a", 5)]


def test_cleared_changes_are_forgotten() -> None:
    floors = Floors()
    floors.changes.note("count:a", 1)
    floors.changes.note("count:a", 2)

    floors.changes.clear()
    floors.changes.flush()

    assert floors.raised == [("count:a", 1)]
