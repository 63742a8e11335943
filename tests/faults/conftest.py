"""One platform for all fault tests. `WM_FAULT_SECONDS` sets the length of each fault."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.faults import FAULT_SECONDS
from tests.support.running import Platform, running_platform

SCALE = "comments=2,ingestion=2,popularity=2,popularity-counter=2,rendering=1,rendering-projector=2"


@pytest.fixture(scope="session")
def fault_seconds() -> float:
    """Seconds for which a fault is repeated: few in `make test`, many in `make faults`."""
    return FAULT_SECONDS


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """The platform under test. It must recover by itself before the next test."""
    data: Path = tmp_path_factory.mktemp("faults") / "data"
    async with running_platform(data, SCALE=SCALE) as running:
        yield running
