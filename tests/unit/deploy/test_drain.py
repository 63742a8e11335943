"""The drain waits while the counters' lag shrinks, and no longer."""

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
    """A counter that reports these lags one after another, then the last one for ever; with its reports."""
    reported: list[int | None] = []

    def values() -> Iterator[int | None]:
        yield from lags
        while True:
            yield lags[-1]

    iterator = values()

    async def lag() -> int | None:
        reported.append(next(iterator))
        return reported[-1]

    return lag, reported


async def test_shrinking_lag_is_awaited_until_zero() -> None:
    slow, reported = _counter([None, *range(2000, 0, -1), 0])
    idle, _ = _counter([0])

    assert await drain([slow, idle])
    assert reported.count(0) > 8


async def test_late_record_is_awaited() -> None:
    lag, reported = _counter([0, 0, 0, 0, 2, 1, 0])

    assert await drain([lag])
    assert reported[:7] == [0, 0, 0, 0, 2, 1, 0]


@pytest.mark.parametrize("lags", [[7, 6, 5], [0, 0, None], [None]])
async def test_constant_or_unknown_lag_is_given_up(lags: Sequence[int | None]) -> None:
    lag, _ = _counter(lags)

    assert not await drain([lag])


async def test_without_counters_drain_returns_at_once() -> None:
    assert await drain([])


async def test_endlessly_changing_lag_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_module, "_AT_MOST_S", 0.2)
    lag, _ = _counter(list(range(1, 100_000)))

    assert not await drain([lag])
