"""The newest ranking of each window and section, in memory, as rankings.v1 tells it."""

from collections import OrderedDict
from collections.abc import Callable

import orjson

from services.popularity.contract import PopularItem
from shared.events import WINDOWS, Record, Window

_MOST_ANSWERS = 4_096


class Board:
    """Rankings by window and section, and the bytes of each answer made from them. `moved` is told of news.

    What the log said stays until it says something newer: a broker that came back empty is filled again by the counter,
    and until then the last ranking is truer than none.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._newest: dict[str, tuple[str, bytes]] = {}
        self._answers: OrderedDict[tuple[Window, str | None, int], bytes] = OrderedDict()

    def apply(self, record: Record) -> None:
        """Take in a record of rankings.v1. It is read when somebody asks: most are outdated before anyone does."""
        key = record.key.decode("utf-8", "replace")
        made = record.header("ce_id") or ""
        known = self._newest.get(key)
        if record.value is None or (known is not None and made < known[0]):
            return
        self._newest[key] = (made, record.value)
        window, _, section = key.partition(":")
        for answer in [made for made in self._answers if made[0] == window and (made[1] or "") == section]:
            del self._answers[answer]
        self._moved()

    def answer(self, window: Window, section: str | None, limit: int) -> bytes:
        """The JSON of `GET /v1/popular`."""
        wanted = (window, section, limit)
        found = self._answers.get(wanted)
        if found is None:
            found = self._answers[wanted] = orjson.dumps(self._compose(window, section, limit))
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def _compose(self, window: Window, section: str | None, limit: int) -> dict[str, object]:
        newest = self._newest.get(f"{window}:{section or ''}")
        ranking = orjson.loads(newest[1]) if newest else {"computed_at": None, "items": []}
        items = [{name: item[name] for name in PopularItem.model_fields} for item in ranking["items"][:limit]]
        return {"window": window, "section": section, "computed_at": ranking["computed_at"], "items": items}

    @property
    def complete(self) -> bool:
        """Whether each window of the whole site has been heard of."""
        return all(f"{window}:" in self._newest for window in WINDOWS)
