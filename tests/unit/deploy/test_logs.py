"""The one readable stream, and files that do not grow without end."""

import asyncio
import os
from pathlib import Path

import pytest

from deploy.local.logs import LogFile, Logs, readable


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            b'{"service":"comments","instance":1,"timestamp":"2026-11-24T00:03:34.945Z","level":"info","event":"a.b","n":2}',
            "00:03:34.945 info    a.b n=2",
        ),
        (b"plain words", "plain words"),
        (b'{"not": "a record"}', '{"not": "a record"}'),
        (b"{broken", "{broken"),
        (b"\xff", "\ufffd"),
    ],
)
def test_a_record_is_shown_as_time_level_event_and_anything_else_as_it_is(line: bytes, shown: str) -> None:
    assert readable(line) == shown


def test_a_full_file_is_moved_aside_once(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "edge-1.log", limit_bytes=100)

    for number in range(100):
        file.write(f"line {number}".encode())
    file.close()

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["edge-1.log", "edge-1.log.1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 300
    assert (tmp_path / "edge-1.log").read_text().endswith("line 99\n")


async def test_what_a_process_says_reaches_the_stream_and_its_file_also_in_overlong_lines(tmp_path: Path) -> None:
    said: list[str] = []
    logs = Logs(tmp_path, said.append)
    descriptor = await logs.pipe("ingestion-1")

    await asyncio.to_thread(os.write, descriptor, b"first\n" + b"x" * 200_000 + b"\nlast, without an end")
    os.close(descriptor)
    await logs.close()

    assert said[0].split() == ["ingestion-1", "first"]
    assert said[-1].endswith("last, without an end")
    assert (tmp_path / "ingestion-1.log").read_bytes().count(b"x") == 200_000
