"""Fixtures for tests that need engines: those that `WM_KAFKA`, `WM_MONGO`, `WM_REDIS` name, otherwise embedded ones.

Each pytest process starts its embedded engines once, in a folder of its own. All its tests share them: use
`mongo_database` and `redis_prefix`, and your own group ids and keys, and delete nothing that other tests wrote.

`tests/support/plugin.py` has the hooks: distribution of tests over processes, time limits, and clean-up.
"""

import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.browser import find_chromium
from tests.support.engines import running_engines
from tests.support.examples import examples

pytest_plugins = ["tests.support.plugin"]

# The duration of an example depends more on the machine's other work than on the code.
settings.register_profile("world-monitor", deadline=None, max_examples=examples(100))
settings.load_profile("world-monitor")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Addresses of `kafka`, `mongo` and `redis`."""
    with running_engines(tmp_path_factory.mktemp("engines")) as urls:
        yield urls


@pytest.fixture(scope="session")
def kafka_url(engines: Mapping[str, str]) -> str:
    """Bootstrap servers of a Kafka that has the platform's topics."""
    return engines["kafka"]


@pytest.fixture(scope="session")
def mongo_url(engines: Mapping[str, str]) -> str:
    """Address of a MongoDB with transactions."""
    return engines["mongo"]


@pytest.fixture(scope="session")
def redis_url(engines: Mapping[str, str]) -> str:
    """Address of a Redis with persistence."""
    return engines["redis"]


@pytest.fixture(scope="session")
def embedded_kafka() -> bool:
    """Whether this run uses the embedded Kafka: no idempotent producer, no transactions, memory only."""
    return not os.environ.get("WM_KAFKA")


@pytest.fixture
def mongo_database() -> str:
    """A database name for this test alone."""
    return f"test_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def redis_prefix() -> str:
    """A key prefix for this test alone."""
    return f"test:{uuid.uuid4().hex[:12]}:"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser. Without one, the test is skipped and listed at the end of the run."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: install one, or set WM_CHROMIUM to its path")
    return path
