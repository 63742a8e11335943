"""A store's preparation waits for its server, says so now and then, and does not wait for ever."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from shared.errors import Unavailable
from shared.mongo import client as mongo
from shared.mongo.client import once_available


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Goes on by four seconds with each look at it."""
    monkeypatch.setattr(mongo, "_PREPARE_AGAIN_S", 0.0)
    now = 0.0

    def look() -> float:
        nonlocal now
        now += 4.0
        return now

    return look


async def test_a_server_that_comes_late_is_waited_for(clock: Callable[[], float]) -> None:
    tries = 0

    async def prepare() -> None:
        nonlocal tries
        tries += 1
        if tries < 20:
            raise Unavailable("MongoDB is away")

    with capture_logs() as logs:
        await once_available(prepare, clock=clock)

    assert tries == 20
    assert {entry["reason"] for entry in logs} == {"MongoDB is away"}
    assert 2 <= len(logs) < 10


async def test_a_server_that_never_comes_is_given_up(clock: Callable[[], float]) -> None:
    async def prepare() -> None:
        raise Unavailable("MongoDB is away")

    with pytest.raises(Unavailable, match="away"):
        await once_available(prepare, clock=clock)
