"""One decode child, seen from the worker: started, given jobs, ended when it dies, hangs or talks nonsense."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from services.media.worker.answers import Answer, Made, parse_answer
from services.media.worker.jobs import LONGEST_LINE_BYTES, Job, to_line
from services.media.worker.metrics import DECODER_DEATHS

_log = structlog.get_logger(__name__)

_MODULE = "services.media.worker.child"
_ROOT = Path(__file__).resolve().parents[3]
# Nothing of the worker's own environment: it names engines. One arena, so that freed memory is used again.
_ENVIRONMENT: Mapping[str, str] = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "VIPS_WARNING": "0"}

DeathReason = Literal["time", "crash", "protocol"]


class DecoderDied(Exception):
    """The child ended in the middle of a job. `reason`: out of time, crashed, or answered with nonsense."""

    def __init__(self, reason: DeathReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class DecodeLimits:
    """A child's limits: MiB of memory, seconds of processor time for each step of a job, and seconds in all.

    `wall_s` is for children that hang. One that waits for a busy processor is not at fault.
    """

    memory_mb: int
    seconds: int
    wall_s: float
    niceness: int


class Decoder:
    """A child process. It takes one job at a time."""

    def __init__(self, process: Process, limits: DecodeLimits) -> None:
        self._process = process
        self._wall_s = limits.wall_s
        self.jobs = 0

    @classmethod
    async def start(cls, limits: DecodeLimits) -> "Decoder":
        """Start a child."""
        arguments = (str(limits.memory_mb), str(limits.seconds), str(limits.niceness))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE, *arguments),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=_ROOT,
            env=_ENVIRONMENT,
            limit=LONGEST_LINE_BYTES,
        )
        return cls(process, limits)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the child can take a job."""
        return self._process.returncode is None

    async def run(self, job: Job) -> AsyncIterator[Answer]:
        """Give a job, and yield its answers. Raises DecoderDied. Ends the child when the caller stops in the middle."""
        self.jobs += 1
        is_over = False
        try:
            await self._send(job)
            while not is_over:
                answer = await self._receive()
                is_over = not isinstance(answer, Made)
                yield answer
        finally:
            if not is_over:
                await self.end()

    async def _send(self, job: Job) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(to_line(job))
        # A child that is dead already says so at the first answer.
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()

    async def _receive(self) -> Answer:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(self._wall_s):
                line = await self._process.stdout.readline()
            return parse_answer(line) if line else await self._died(None)
        except TimeoutError:
            return await self._died("time")
        except ValueError:
            return await self._died("protocol")

    async def _died(self, reason: DeathReason | None) -> Answer:
        """Make sure that the child is dead, and raise DecoderDied."""
        status = await self._status()
        found = reason or ("time" if status == -signal.SIGXCPU else "crash")
        DECODER_DEATHS.labels(found).inc()
        _log.warning("decoder.died", pid=self.pid, reason=found, status=status)
        raise DecoderDied(found)

    async def _status(self) -> int:
        """The exit status. A child that closed its answers is ending, one that still runs is killed."""
        try:
            async with asyncio.timeout(1.0):
                return await self._process.wait()
        except TimeoutError:
            await self.end()
            return self._process.returncode or 0

    async def end(self) -> None:
        """Kill the child and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
