"""A store's preparation waits for MongoDB, logs the wait, and ends it after a limit."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from shared.errors import Unavailable
from shared.mongo import client as mongo
from shared.mongo.client import once_available


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Advances by four seconds with each call."""
    monkeypatch.setattr(mongo, "_PREPARE_AGAIN_S", 0.0)
    now = 0.0

    def read() -> float:
        nonlocal now
        now += 4.0
        return now

    return read


async def test_late_server_is_awaited_and_the_wait_is_logged(clock: Callable[[], float]) -> None:
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


async def test_missing_server_ends_the_wait(clock: Callable[[], float]) -> None:
    async def prepare() -> None:
        raise Unavailable("MongoDB is away")

    with pytest.raises(Unavailable, match="away"):
        await once_available(prepare, clock=clock)
