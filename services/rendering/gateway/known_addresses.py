"""Tells addresses of the site from guessed ones, before a render.

Anyone can invent addresses, and each costs a render. So they share a part of the render queue (`single_flight.py`), and cannot
keep out the readers of pages that exist.
"""

from collections.abc import Iterable

from services.rendering.gateway.page_builder import ERROR_KEYS

# The longest-unused one gives way. Some 10 MB at most.
MOST_KNOWN = 50_000


class KnownAddresses:
    """The cache keys whose last render was a page, and those that are always known. Bounded in number."""

    def __init__(self, always: Iterable[str] = (), most: int = MOST_KNOWN) -> None:
        self._always = frozenset(always)
        self._most = most
        self._found: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def is_known(self, key: str) -> bool:
        """Whether the address has a page, as far as this gateway knows. Error pages are few, and known."""
        return key in self._found or key in self._always or key.startswith(ERROR_KEYS)

    def note(self, key: str, *, has_page: bool) -> None:
        """Remember whether there is a page at an address."""
        self._found.pop(key, None)
        if not has_page:
            return
        self._found[key] = None
        if len(self._found) > self._most:
            del self._found[next(iter(self._found))]
