"""Views on their way to Kafka, and the ones among them that repeat another: one call of Redis for a batch."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic, time

import structlog

from services.popularity import metrics
from services.popularity.views.claim_store import CLAIMED, CROWD, REPEAT, ClaimStore
from shared.errors import Unavailable
from shared.events import DropReason, Message

_log = structlog.get_logger(__name__)

# Readers wait for it, and Redis answers in a millisecond. After a failure views count unclaimed for a second.
_WITHIN_S = 0.5
_PAUSE_AFTER_FAILURE_S = 1.0
# The end of a `PageViewed` that counts.
_COUNTS, _NULL = b'"dropped":null}', b"null}"
_REASONS: dict[int, DropReason] = {REPEAT: "repeat", CROWD: "crowd"}


@dataclass(slots=True)
class OutgoingView:
    """A view's record, the reason why it does not count, and its claim if it may be a repeat (`ClaimStore`)."""

    message: Message
    dropped: DropReason | None
    claim: bytes = b""
    is_claimed: bool = False

    def drop(self, reason: DropReason) -> None:
        """Mark the view as one that does not count."""
        value = self.message.value or b""
        if not value.endswith(_COUNTS):
            raise ValueError("The view is dropped already, or its last field is not `dropped`.")
        value = b'%s"%s"}' % (value.removesuffix(_NULL), reason.encode())
        self.message, self.dropped = replace(self.message, value=value), reason


class Claims:
    """Claims batches of views. Without Redis each view counts: readers' views are worth more than the exact half hour."""

    def __init__(self, store: ClaimStore, *, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._clock = clock
        self._paused_until = 0.0

    async def claim(self, views: Sequence[OutgoingView]) -> None:
        """Drop the repeats and crowds among the views. Returns within half a second."""
        asked = [view for view in views if view.claim]
        if not asked:
            return
        answers = await self._ask(asked) if monotonic() >= self._paused_until else None
        if answers is None:
            metrics.VIEWS_UNCLAIMED.inc(len(asked))
            return
        for view, answer in zip(asked, answers, strict=True):
            if answer in _REASONS:
                view.drop(_REASONS[answer])
            view.is_claimed = answer == CLAIMED

    async def _ask(self, asked: Sequence[OutgoingView]) -> bytes | None:
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._store.claim([view.claim for view in asked], int(self._clock()))
        except (Unavailable, TimeoutError) as error:
            self._pause("views.not_claimed", len(asked), error)
            return None

    async def release(self, views: Sequence[OutgoingView]) -> None:
        """Give back the claims of views that were not sent. Returns within half a second."""
        claims = [view.claim for view in views if view.is_claimed]
        if not claims:
            return
        try:
            async with asyncio.timeout(_WITHIN_S):
                await self._store.release(claims)
        except (Unavailable, TimeoutError) as error:
            self._pause("views.claims_not_released", len(claims), error)

    def _pause(self, event: str, count: int, error: Exception) -> None:
        _log.warning(event, count=count, reason=str(error) or "Redis did not answer in time")
        self._paused_until = monotonic() + _PAUSE_AFTER_FAILURE_S
