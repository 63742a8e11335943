"""The output of all processes: one readable stream on the terminal, and a file for each, bounded in size."""

import asyncio
import contextlib
import json
import os
import queue
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from pathlib import Path

_LINE_BYTES = 64 * 1024
_FILE_BYTES = 8 * 1024 * 1024
_WAITING_LINES = 10_000
_FLUSH_TIMEOUT_S = 1.0
_LAST_LINES = 8
# Already in the line's prefix, or of use to programs only.
_NOT_SHOWN = ("timestamp", "level", "event", "service", "instance", "logger")


class Console:
    """Writes lines to the terminal from a thread of its own, so that a stalled terminal does not stall the supervisor."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def print(self, line: str) -> None:
        """Queue a line. When the queue is full, the line is dropped and counted."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write the queued lines, for a second at most."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(_FLUSH_TIMEOUT_S)

    def _write(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            while (line := self._lines.get()) is not None:
                dropped, self._dropped = self._dropped, 0
                if dropped:
                    sys.stdout.write(f"({dropped} lines were dropped: the terminal was not read)\n")
                sys.stdout.write(line + "\n")
                if self._lines.empty():
                    sys.stdout.flush()
            sys.stdout.flush()


class LogFile:
    """A log file with one rotation: at most twice `limit_bytes` on disk."""

    def __init__(self, path: Path, limit_bytes: int = _FILE_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._file = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        """Append a line."""
        if self._file.tell() > self._limit_bytes:
            self._file.close()
            self._path.replace(self._path.with_suffix(".log.1"))
            self._file = self._path.open("ab", buffering=0)
        self._file.write(line + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Logs:
    """Gives each process a pipe, and copies its output to a file and to the terminal."""

    def __init__(self, folder: Path, show: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._show = show
        self._pumps: set[asyncio.Task[None]] = set()
        self._last: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_LAST_LINES))

    async def pipe(self, name: str) -> int:
        """The writing end of a new pipe. The caller hands it to a process and closes it."""
        read_end, write_end = os.pipe()
        reader = asyncio.StreamReader(limit=_LINE_BYTES)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
        )
        pump = asyncio.create_task(self._copy(name, reader, transport), name=_pump_name(name))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        return write_end

    async def last_lines(self, name: str, timeout_s: float = 1.0) -> Sequence[str]:
        """The last lines of a process that has ended, after its pipe was read to the end."""
        pumps = [pump for pump in self._pumps if pump.get_name() == _pump_name(name)]
        if pumps:
            await asyncio.wait(pumps, timeout=timeout_s)
        return tuple(self._last[name])

    async def close(self, timeout_s: float = 1.0) -> None:
        """Wait until the pipes of ended processes are read to the end."""
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=timeout_s)
        for pump in self._pumps:
            pump.cancel()

    async def _copy(self, name: str, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        file = LogFile(self._folder / f"{name}.log")
        try:
            while line := await _next_line(reader):
                file.write(line.rstrip())
                text = readable(line.rstrip())
                self._last[name].append(text)
                if not _is_refusal(name, text):
                    self._show(f"{name:<22} {text}")
        finally:
            file.close()
            transport.close()


def _pump_name(name: str) -> str:
    return f"log of {name}"


def _is_refusal(name: str, text: str) -> bool:
    """Whether a service refused its settings (`end_for_settings`). The supervisor reports this once for all services."""
    service, dash, _ = name.rpartition("-")
    return bool(dash) and text.startswith(f"{service}: ")


async def _next_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await reader.read(overrun.consumed)


def readable(line: bytes) -> str:
    """A service's JSON line as `time level event key=value…`; any other line unchanged."""
    text = line.decode("utf-8", "replace")
    try:
        record = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return text
    if not isinstance(record, dict) or "event" not in record:
        return text
    head = [str(record.get("timestamp", ""))[11:23], f"{record.get('level', ''):<7}", str(record["event"])]
    rest = [f"{key}={value}" for key, value in record.items() if key not in _NOT_SHOWN]
    return " ".join(part for part in head + rest if part.strip())
