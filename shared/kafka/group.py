"""Runs a member of a Kafka consumer group, by the rules that aiokafka leaves to its user (`docs/ARCHITECTURE.md` 4.1).

The runner owns the log's identity and the watchdog, and replaces a member (`shared.kafka.member`) whose client failed. The
service's `Sink` applies batches.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic

import structlog
from aiohttp import web

from shared.errors import LogReplaced, Unavailable
from shared.kafka.client import LogIdentity
from shared.kafka.member import Member
from shared.kafka.membership import Membership
from shared.kafka.sinks import Sink
from shared.process.process import end_process, start_task
from shared.settings import Settings

_log = structlog.get_logger(__name__)

_REBUILD_AFTER_S = 0.5
_READY_WITHIN_S = 10.0


class GroupRunner:
    """One member of a consumer group; `run` until `stop`. `run` raises any error but Unavailable and LogReplaced.

    `is_urgent` shortens the waits at rest, for consumers on a publication's way to readers.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        topics: Sequence[str],
        sink: Sink,
        most_records: int = 500,
        is_urgent: bool = False,
    ) -> None:
        self._stall_timeout_s = settings.stall_timeout_s
        self._group = group
        self._identity = LogIdentity(settings.kafka)
        self._stopping = asyncio.Event()
        self._membership = Membership(
            settings=settings,
            group=group,
            topics=tuple(topics),
            sink=sink,
            most_records=most_records,
            rest_ms=settings.rest_wait_ms(is_urgent=is_urgent),
            identity=self._identity,
            stopping=self._stopping,
            on_progress=self.note_progress,
            on_waiting=self.note_waiting,
        )
        self._member: Member | None = None
        self._progress_at = self._waiting_at = monotonic()

    async def run(self) -> None:
        """Consume until stopped. A client that failed is replaced after a pause."""
        watchdog = asyncio.create_task(self._watch(), name=f"watchdog {self._group}")
        try:
            while not self._stopping.is_set():
                try:
                    await self._run_member()
                except (Unavailable, LogReplaced) as error:
                    await self._pause_after(error)
        finally:
            watchdog.cancel()
            await self._identity.close()

    async def _run_member(self) -> None:
        log_id = await self._identity.current()
        self._member = member = Member(self._membership, log_id)
        try:
            await member.run()
        finally:
            self._member = None  # before `close`, which may take seconds: a member that ended is not ready
            await member.close()

    async def _pause_after(self, error: Exception) -> None:
        _log.warning("consumer.restarts", group=self._group, reason=str(error), kind=type(error).__name__)
        self.note_waiting()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REBUILD_AFTER_S):
                await self._stopping.wait()

    async def stop(self) -> None:
        """Fetch no more. `run` finishes and commits the batch in progress."""
        self._stopping.set()

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """Consume while an application runs (`cleanup_ctx`); finish the batch in progress at its end."""
        task = start_task(self.run(), f"group {self._group}")
        yield
        await self.stop()
        await task

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the member has no partitions or makes no progress."""
        if not self.ready:
            raise Unavailable(f"{self._group}: no partitions, or no progress for {self.stalled_for_s():.0f} s")
        return {"lag": self.lag, "partitions": [f"{topic}/{number}" for topic, number in self.partitions]}

    @property
    def lag(self) -> int | None:
        """Records not yet applied, over the partitions held; None while unknown."""
        return self._member.lag() if self._member else None

    async def ends(self, topic: str) -> Mapping[int, int]:
        """The end of each partition of a subscribed topic, held or not. Raises Unavailable, also without a member."""
        if self._member is None:
            raise Unavailable(f"{self._group}: no member")
        return await self._member.ends(topic)

    @property
    def partitions(self) -> tuple[tuple[str, int], ...]:
        """The partitions held now."""
        return self._member.held() if self._member else ()

    @property
    def ready(self) -> bool:
        """Whether the member has its assignment and makes progress."""
        return self._member is not None and self._member.is_assigned and self.stalled_for_s() < _READY_WITHIN_S

    def stalled_for_s(self) -> float:
        """Seconds since the last progress: a batch applied, or the log's end reached."""
        return monotonic() - self._progress_at

    def note_progress(self) -> None:
        """Note progress, for the watchdog and for readiness."""
        self._progress_at = monotonic()

    def note_waiting(self) -> None:
        """Note a wait for a server that is away: not ready, but no stall, since a new process would wait too."""
        self._waiting_at = monotonic()

    def _last_sign(self) -> float:
        return max(self._progress_at, self._waiting_at)

    async def _watch(self) -> None:
        # A turn that took longer than two intervals was not a stall: the process was suspended (SIGSTOP, a laptop's sleep).
        interval_s, stalled_s = self._stall_timeout_s / 10, 0.0
        while stalled_s < self._stall_timeout_s:
            sign, slept_at = self._last_sign(), monotonic()
            await asyncio.sleep(interval_s)
            stalled_s += min(monotonic() - slept_at, 2 * interval_s)
            if self._last_sign() != sign:
                stalled_s = 0.0
        _log.critical("consumer.stalled", group=self._group, seconds=round(self.stalled_for_s()), lag=self.lag)
        end_process(f"consumer group {self._group} made no progress for {self._stall_timeout_s:g} s")
