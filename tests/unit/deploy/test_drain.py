"""The drain follows the counters' lag: it waits while that shrinks, and no longer."""

from collections.abc import Iterator, Sequence

import pytest

from deploy.local import drain as drain_module
from deploy.local.drain import Lag, drain


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_module, "_POLL_S", 0.001)
    monkeypatch.setattr(drain_module, "_QUIET_S", 0.05)
    monkeypatch.setattr(drain_module, "_STALLED_S", 1.0)


def _counter(lags: Sequence[int | None]) -> tuple[Lag, list[int | None]]:
    """A counter that tells these lags one after the other, and the last one for ever; with what it has told."""
    told: list[int | None] = []

    def values() -> Iterator[int | None]:
        yield from lags
        while True:
            yield lags[-1]

    iterator = values()

    async def lag() -> int | None:
        told.append(next(iterator))
        return told[-1]

    return lag, told


async def test_a_lag_that_shrinks_is_waited_for_to_its_end() -> None:
    slow, told = _counter([None, *range(2000, 0, -1), 0])
    idle, _ = _counter([0])

    assert await drain([slow, idle])
    assert told.count(0) > 8


async def test_a_record_that_is_learned_of_late_is_waited_for() -> None:
    lag, told = _counter([0, 0, 0, 0, 2, 1, 0])

    assert await drain([lag])
    assert told[:7] == [0, 0, 0, 0, 2, 1, 0]


@pytest.mark.parametrize("lags", [[7, 6, 5], [0, 0, None], [None]])
async def test_a_lag_that_stands_still_or_is_not_told_is_given_up(lags: Sequence[int | None]) -> None:
    lag, _ = _counter(lags)

    assert not await drain([lag])


async def test_without_a_counter_there_is_nothing_to_wait_for() -> None:
    assert await drain([])


async def test_a_lag_that_changes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_module, "_AT_MOST_S", 0.2)
    lag, _ = _counter(list(range(1, 100_000)))

    assert not await drain([lag])
