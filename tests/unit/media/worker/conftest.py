"""One decode child for all tests of a module, since its start takes a second."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.upload_checks import UploadBench, upload_bench


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UploadBench]:
    """A checker with the settings of production."""
    async with upload_bench(tmp_path_factory.mktemp("objects")) as bench:
        yield bench
