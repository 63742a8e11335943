"""`world-monitor rebuild search`."""

from services.search.rebuild import rebuild as rebuild_index
from services.search.settings import SearchSettings


async def rebuild() -> None:
    """Build the search index of WM_INSTANCE again from the beginning of the log, while the present one serves.

    Interrupted, it continues where it was when it is called again.
    """
    await rebuild_index(SearchSettings.load())
