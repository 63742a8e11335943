"""The filters in the list's address, and links that keep them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

PATH = "/desk"
# Views: what the list shows, by name, with the parameters of ingestion for each. `counts` of ingestion have the same names.
VIEWS: Mapping[str, Mapping[str, str]] = {
    "all": {},
    "draft": {"status": "draft"},
    "submitted": {"submitted": "true"},
    "scheduled": {"scheduled": "true"},
    "published": {"status": "published"},
    "changed": {"changed": "true"},
    "withdrawn": {"status": "withdrawn"},
}
_OF_VIEWS = ("status", "submitted", "scheduled", "changed")
# Filters within a view.
WITHIN = ("q", "section", "language", "tag", "byline", "by")
# A longer address is not remembered.
_LONGEST_MEMORY = 1_000


@dataclass(frozen=True)
class ListQuery:
    """The filters that are set, by the names of ingestion's parameters, and the place in the list."""

    filters: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""

    @property
    def view(self) -> str:
        """The name of the view; empty for a combination that has none."""
        chosen = {name: value for name, value in self.filters.items() if name in _OF_VIEWS}
        return next((name for name, wanted in VIEWS.items() if wanted == chosen), "")

    @property
    def within(self) -> Mapping[str, str]:
        """The filters besides the view."""
        return {name: value for name, value in self.filters.items() if name in WITHIN}

    @property
    def of_view(self) -> Mapping[str, str]:
        """The filters of the view."""
        return {name: value for name, value in self.filters.items() if name in _OF_VIEWS}

    def value(self, name: str) -> str:
        """A filter's value, empty without one."""
        return self.filters.get(name, "")

    def to_view(self, name: str) -> str:
        """The address of another view with the same filters within it."""
        return _path({**VIEWS[name], **self.within})

    @property
    def cleared(self) -> str:
        """The address of the view without further filters."""
        return _path(self.of_view)

    def older(self, cursor: object) -> str:
        """The address of the next page."""
        return _path({**self.filters, "cursor": str(cursor)})

    @property
    def newest(self) -> str:
        """The address of the first page."""
        return _path(self.filters)


def read_query(query: Mapping[str, str]) -> ListQuery:
    """The filters of an address. Unknown parameters do not count, nor empty ones."""
    filters = {name: query[name].strip() for name in (*_OF_VIEWS, *WITHIN) if query.get(name, "").strip()}
    return ListQuery(filters, query.get("cursor", ""))


def remember(person_id: str, query: ListQuery) -> str:
    """A cookie's value for a person's last filters; empty when there are none, or too many to keep."""
    text = urlencode(query.filters)
    return f"{person_id}.{text}" if text and len(text) <= _LONGEST_MEMORY else ""


def recall(person_id: str, cookie: str) -> str:
    """The address of the person's last filters; empty without any, or when the cookie is another person's."""
    owner, _, text = cookie.partition(".")
    return f"{PATH}?{text}" if owner == person_id and text else ""


def _path(filters: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(filters)}" if filters else PATH
