"""The filters in the library's address, and links that keep them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

PATH = "/desk/media"
# Checkboxes, with the value that each sends. Names and values are media's.
SWITCHES: Mapping[str, str] = {"unused": "true", "mine": "true", "missing_alt": "true"}


@dataclass(frozen=True)
class LibraryQuery:
    """The filters that are set, by the names of media's parameters, and the place in the list."""

    filters: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""

    def value(self, name: str) -> str:
        """A filter's value, empty without one."""
        return self.filters.get(name, "")

    def older(self, cursor: object) -> str:
        """The parameters of the next page."""
        return urlencode({**self.filters, "cursor": str(cursor)})

    @property
    def newest(self) -> str:
        """The parameters of the first page."""
        return urlencode(self.filters)

    @property
    def params(self) -> Mapping[str, str]:
        """The parameters as media reads them."""
        return {**self.filters, "cursor": self.cursor}


def read_query(query: Mapping[str, str]) -> LibraryQuery:
    """The filters of an address. Unknown parameters do not count, nor empty ones."""
    filters = {"q": query.get("q", "").strip()}
    filters |= {name: value for name, value in SWITCHES.items() if query.get(name) == value}
    return LibraryQuery({name: value for name, value in filters.items() if value}, query.get("cursor", ""))
