"""Republishing by command: the command requests it, the relay of the running service does it."""

import asyncio
from collections.abc import Callable
from time import monotonic

from shared.errors import Unavailable
from shared.outbox.store import Outbox

# The relay looks for requests four times a second.
_POLL_S = 0.25
_SILENCE_LIMIT_S = 30.0


async def republish_all(outbox: Outbox, total: int, on_progress: Callable[[str], None]) -> None:
    """Have the relay send every aggregate's newest event again; return when it has. `total` is for the progress lines.

    Raises Unavailable after 30 s without progress. The request stays, and the next relay takes it up.
    """
    await outbox.request_republish()
    reported, changed_at = -1, monotonic()
    while (sent := await outbox.republish_progress()) is not None:
        if sent != reported:
            on_progress(f"{sent} of about {total} sent again")
            reported, changed_at = sent, monotonic()
        if monotonic() - changed_at > _SILENCE_LIMIT_S:
            raise Unavailable(
                "no relay makes progress; check that the service runs and that Kafka answers (the request stays)"
            )
        await asyncio.sleep(_POLL_S)
