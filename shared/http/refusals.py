"""Security events: answers 401, 403 and 429 as log records, at a bounded rate and without addresses, names or tokens.

The middleware notes them, and fast paths that run before it. A flood must not fill the log, and must not hide what happens to
others: each route, status and principal has one record a second, and one with the number of the rest.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from shared.process import metrics

_log = structlog.get_logger(__name__)

REFUSED = frozenset({401, 403, 429})
# Keys of `web.Request`: the problem's text (always ours), and the id of a token or person that was recognised.
REASON = web.RequestKey("refusal_reason", str)
PRINCIPAL = web.RequestKey("principal", str)

_WINDOW_S = 1.0
# Routes and statuses are few; principals are an office's tokens and people. A guard, not a rule.
_MOST_KEYS = 200
_LONGEST = 200


@dataclass(frozen=True)
class Refusal:
    """One refused request. `route` is a pattern, never a path. `principal`: an id, empty for strangers."""

    route: str
    status: int
    reason: str = ""
    request_id: str = ""
    principal: str = ""


@dataclass
class Refusals:
    """Counts refusals within a second; `write` gets the event's name and its values."""

    write: Callable[[str, dict[str, object]], None]
    _repeated: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def note(self, refusal: Refusal) -> bool:
        """Log the first refusal of its kind in this second, count the others. True when a second begins: flush after it."""
        begins = not self._repeated
        key = refusal.route, refusal.status, refusal.principal
        if key not in self._repeated and len(self._repeated) >= _MOST_KEYS:
            key = _REST
            self._repeated.setdefault(key, 0)
        if key in self._repeated:
            self._repeated[key] += 1
            return begins
        self._repeated[key] = 0
        self.write("security.refused", _facts(refusal))
        return begins

    def flush(self) -> None:
        """End the second: log how many more there were of each kind."""
        for (route, status, principal), count in self._repeated.items():
            if count:
                more: dict[str, object] = {"route": route, "status": status, "count": count}
                self.write("security.refused_more", more | ({"principal": principal} if principal else {}))
        self._repeated.clear()


_REST = ("other", 0, "")


def _facts(refusal: Refusal) -> dict[str, object]:
    facts: dict[str, object] = {"route": refusal.route, "status": refusal.status}
    texts = {"reason": refusal.reason, "request_id": refusal.request_id, "principal": refusal.principal}
    return facts | {name: _printable(text) for name, text in texts.items() if text}


def _printable(text: str) -> str:
    """A header may hold any bytes; the log's encoder refuses some of them."""
    return text[:_LONGEST].encode("ascii", "replace").decode()


@dataclass
class _Timer:
    """The event loop that ends the current second."""

    loop: asyncio.AbstractEventLoop | None = None


_timer = _Timer()
_refusals = Refusals(lambda name, values: _log.warning(name, **values))


def note_refusal(refusal: Refusal) -> None:
    """Count a refused request and log it within the limit. Call it on the event loop."""
    metrics.REFUSALS.labels(refusal.route, refusal.status).inc()
    begins, loop = _refusals.note(refusal), asyncio.get_running_loop()
    # A loop that ended within a second took its timer with it: the next loop ends that second.
    if begins or _timer.loop is not loop:
        _timer.loop = loop
        loop.call_later(_WINDOW_S, _refusals.flush)


def note_answer(request: web.Request, status: int, route: str, request_id: str) -> None:
    """The same, from a request and its answer's status."""
    note_refusal(Refusal(route, status, request.get(REASON, ""), request_id, request.get(PRINCIPAL, "")))
