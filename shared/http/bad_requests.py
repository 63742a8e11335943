"""Answers to requests that aiohttp cannot parse, in the service's own form instead of aiohttp's plain text.

aiohttp would also log the client's address; our services log no addresses.
"""

from collections.abc import Callable

import structlog
from aiohttp import web

from shared.http.quirks import replace_plain_errors
from shared.process import metrics

_log = structlog.get_logger(__name__)

Refuse = Callable[[int], web.StreamResponse]


def answer_bad_requests(app: web.Application, refuse: Refuse) -> None:
    """Answer each bad request with a new `refuse(status)`; its connection then closes."""

    def count_and_refuse(status: int, error: BaseException | None) -> web.StreamResponse:
        metrics.REQUESTS.labels("other", "unreadable", status).inc()
        if status >= 500:
            _log.error("connection.failed", status=status, exc_info=error)
        return refuse(status)

    replace_plain_errors(app, count_and_refuse)
