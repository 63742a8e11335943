"""Sends mails about replies in the background. Every process of the service runs one; the one with the lease works.

The lease saves work. It guards nothing: the claim of a mail lets one process send it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import structlog

from services.comments.notifications.mail_store import NotificationStore
from services.comments.notifications.metrics import MAIL_SERVER_DOWN
from services.comments.notifications.notifications import Notifications
from services.comments.notifications.planner import MailPlanner
from services.comments.notifications.sender import MailSender
from services.comments.notifications.smtp import MailFailed, MailServerDown
from shared.errors import Unavailable
from shared.outbox.lease import Lease
from shared.process.process import start_task, stop_task
from shared.times import now

_log = structlog.get_logger(__name__)

# Between two looks without a call of `wake`. A look without work is three small reads.
LOOK_EVERY_S = 3.0
# A killed process's work waits so long.
_LEASE = timedelta(seconds=15)
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 300.0
# A mail that is being handed over may finish. The supervisor kills the service after 2.5 s.
_STOP_WITHIN_S = 2.0


class Notifier:
    """Looks for work, until `stop`."""

    def __init__(
        self, rows: NotificationStore, planner: MailPlanner, sender: MailSender, notifications: Notifications
    ) -> None:
        self._rows = rows
        self._planner = planner
        self._sender = sender
        self._notifications = notifications
        self._lease = Lease(rows.control, _LEASE)
        self._stopping = False
        self._pause_s = 0.0
        self._down_until = float("-inf")

    async def run(self) -> None:
        """Make and send mails as they are due."""
        while not self._stopping:
            try:
                await self._look()
            except Unavailable as error:
                _log.warning("mail.waits", reason=str(error))
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._notifications.woken.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End `run` after the mail in hand."""
        self._stopping = True
        self._notifications.wake()

    async def _look(self) -> None:
        self._notifications.woken.clear()
        if not await self._rows.has_due(now()) or not await self._lease.take():
            return
        try:
            await self._planner.look(now(), self._keeps_turn)
            await self._send()
            await self._sender.measure()
        finally:
            await self._lease.release(is_settled=True)

    async def _send(self) -> None:
        if monotonic() < self._down_until:
            return
        try:
            await self._sender.look(self._keeps_turn)
        except MailServerDown as error:
            MAIL_SERVER_DOWN.inc()
            # After a failure over one recipient others need not wait for long: many addresses of one bad host would stop all mails.
            grown = 0.0 if isinstance(error, MailFailed) else 2 * self._pause_s
            self._pause_s = min(max(grown, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._down_until = monotonic() + self._pause_s
            _log.warning("mail.server_down", reason=str(error), again_in_s=self._pause_s)
        else:
            self._pause_s = 0.0

    async def _keeps_turn(self) -> bool:
        await self._lease.renew_when_due()
        return not self._stopping and self._lease.fence is not None


@asynccontextmanager
async def notifying(notifier: Notifier) -> AsyncIterator[None]:
    """Run a notifier for the length of a block."""
    task = start_task(notifier.run(), "notifier")
    try:
        yield
    finally:
        notifier.stop()
        await asyncio.wait([task], timeout=_STOP_WITHIN_S)
        await stop_task(task)
