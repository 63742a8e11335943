"""How tests are spread over processes: by file, but for folders whose tests share one platform."""

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support.machine import cores

# The tests of each share one platform: they run in one process, one after the other.
SHARED_FOLDERS = ("tests/e2e/", "tests/faults/")
# Longest first, so that no process works alone at the end.
_FIRST = ("tests/e2e/", "tests/faults/", "tests/integration/", "tests/contract/")


class ByFile(LoadScopeScheduling):
    """Hands out whole files, and whole shared folders."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return next((folder for folder in SHARED_FOLDERS if path.startswith(folder)), path)


def workers() -> int:
    """One process for each core, and one more: tests wait for engines half of their time."""
    return cores() + 1


def order(items: list[pytest.Item]) -> None:
    """Order tests by folder, slow ones first; within a folder the order stays, but for tests that leave it untidy."""
    items.sort(key=lambda item: (_folder(item), item.get_closest_marker("untidy") is not None))


def _folder(item: pytest.Item) -> int:
    return next((number for number, folder in enumerate(_FIRST) if item.nodeid.startswith(folder)), len(_FIRST))
