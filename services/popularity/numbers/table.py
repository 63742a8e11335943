"""Numbers as CSV (RFC 4180). Pure functions."""

import csv
import io
from collections.abc import Iterable, Sequence

from services.popularity.numbers.contract import Numbers, NumbersArticle, NumbersItem, ReferredItem
from services.popularity.numbers.rules import CLASSES

# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_of(numbers: Numbers) -> str:
    """The items, one a line below a line of names. Texts that a spreadsheet would run begin with an apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_names(numbers))
    writer.writerows([_cell(value) for value in _row(item)] for item in numbers.items)
    return file.getvalue()


def _names(numbers: Numbers) -> Sequence[str]:
    more: Iterable[str] = ()
    if numbers.by in ("hour", "day"):
        more = CLASSES.values()
    elif numbers.by == "article":
        more = ("headline", "url", "section")
    return ("key", "views", "visitors", *more)


def _row(item: NumbersItem) -> Sequence[str | int | None]:
    more: Iterable[str | int | None] = ()
    if isinstance(item, ReferredItem):
        more = (item.referrers[name] for name in CLASSES.values())
    elif isinstance(item, NumbersArticle):
        more = (item.headline, item.url, item.section)
    return (item.key, item.views, item.visitors, *more)


def _cell(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
