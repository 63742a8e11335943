"""Runs a member of a Kafka consumer group by every rule that aiokafka leaves to its user (FIELD-NOTES 0 and 1).

A `Sink` says where to go on and applies batches. The runner owns the log's identity and the watchdog, and replaces a member
(`shared.kafka.member`: the client, offsets, rebalances, time-outs) that failed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic

import structlog
from aiohttp import web

from shared.errors import LogReplaced, Unavailable
from shared.kafka.client import LogIdentity
from shared.kafka.member import Member, Membership
from shared.kafka.sinks import Sink
from shared.process.process import end_process, start_task
from shared.settings import Settings

_log = structlog.get_logger(__name__)

_REBUILD_AFTER_S = 0.5
_READY_WITHIN_S = 10.0


class GroupRunner:
    """One member of a consumer group; `run` until `stop`. Any error but Unavailable and a replaced log comes out of `run`.

    `is_urgent` is for a consumer that a publication passes on its way to readers: its waits stay shorter at rest.
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
            moved=self.moved,
            waits=self.waits,
        )
        self._member: Member | None = None
        self._moved_at = self._excused_at = monotonic()

    async def run(self) -> None:
        """Consume until stopped; a client that failed is replaced by a new one after a pause."""
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
            self._member = None  # before the good-bye, which may take its time: a member that ended is not ready
            await member.close()

    async def _pause_after(self, error: Exception) -> None:
        _log.warning("consumer.restarts", group=self._group, reason=str(error), kind=type(error).__name__)
        self.waits()  # a server that is away is not a consumer that stalls: a new process would wait as well
        with suppress(TimeoutError):
            async with asyncio.timeout(_REBUILD_AFTER_S):
                await self._stopping.wait()

    async def stop(self) -> None:
        """Take no more; what is being applied is finished and committed by `run`."""
        self._stopping.set()

    async def live(self, _: web.Application) -> AsyncIterator[None]:
        """As long as an application runs (`cleanup_ctx`); what is being applied when it ends is finished."""
        task = start_task(self.run(), f"group {self._group}")
        yield
        await self.stop()
        await task

    async def check(self) -> Mapping[str, object]:
        """For readiness: raises Unavailable while the member has no partitions or does not get on."""
        if not self.ready:
            raise Unavailable(f"{self._group}: no partitions, or nothing applied for {self.stalled_for_s():.0f} s")
        return {"lag": self.lag, "partitions": [f"{topic}/{number}" for topic, number in self.partitions]}

    @property
    def lag(self) -> int | None:
        """Records in the log that are not applied, over the partitions held; None while that is not known."""
        return self._member.lag() if self._member else None

    @property
    def partitions(self) -> tuple[tuple[str, int], ...]:
        """The partitions this member holds now."""
        return self._member.held() if self._member else ()

    @property
    def ready(self) -> bool:
        """Whether the member has its assignment and gets on."""
        return self._member is not None and self._member.placed and self.stalled_for_s() < _READY_WITHIN_S

    def stalled_for_s(self) -> float:
        """Seconds since the member last got on (applied something, or saw that there was nothing to apply)."""
        return monotonic() - self._moved_at

    def moved(self) -> None:
        """Note progress, for the watchdog and for health."""
        self._moved_at = monotonic()

    def waits(self) -> None:
        """Note that a neighbour is waited for: no stall for the watchdog, and no progress for health."""
        self._excused_at = monotonic()

    async def _watch(self) -> None:
        limit = self._stall_timeout_s
        while monotonic() - max(self._moved_at, self._excused_at) < limit:
            await asyncio.sleep(limit / 10)
        _log.critical("consumer.stalled", group=self._group, seconds=round(self.stalled_for_s()), lag=self.lag)
        end_process(f"consumer group {self._group} made no progress for {limit:g} s")
