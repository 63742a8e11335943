"""Distribution of tests over processes: by file, except for folders whose tests share a platform."""

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support.machine import cores

# The tests of each folder share a platform, and run one after the other in one process.
SHARED_FOLDERS = ("tests/e2e/", "tests/faults/")
# Slowest first, so that all processes end at about the same time.
_FIRST = ("tests/e2e/", "tests/faults/", "tests/integration/", "tests/contract/")


class ByFile(LoadScopeScheduling):
    """Distributes whole files and whole shared folders."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return next((folder for folder in SHARED_FOLDERS if path.startswith(folder)), path)


def workers() -> int:
    """One process a core and up to two more: tests wait for engines half of their time. A process takes 1 GB with its engines."""
    return cores() + min(cores(), 2)


def order(items: list[pytest.Item]) -> None:
    """Sort tests by folder, slow folders first. In a folder, tests without the platform come before those that start and
    share it, because an idle platform uses a fifth of a core, and `untidy` tests come last."""
    items.sort(key=lambda item: (_folder(item), _uses_platform(item), item.get_closest_marker("untidy") is not None))


def _uses_platform(item: pytest.Item) -> bool:
    return "platform" in getattr(item, "fixturenames", ())


def _folder(item: pytest.Item) -> int:
    return next((number for number, folder in enumerate(_FIRST) if item.nodeid.startswith(folder)), len(_FIRST))
