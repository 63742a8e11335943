"""The readable stream, and log files of limited size."""

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
def test_json_record_is_shown_readably_and_other_lines_unchanged(line: bytes, shown: str) -> None:
    assert readable(line) == shown


def test_full_log_file_is_rotated_once(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "edge-1.log", limit_bytes=100)

    for number in range(100):
        file.write(f"line {number}".encode())
    file.close()

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["edge-1.log", "edge-1.log.1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 300
    assert (tmp_path / "edge-1.log").read_text().endswith("line 99\n")


async def test_output_reaches_stream_and_file_even_in_overlong_lines(tmp_path: Path) -> None:
    printed: list[str] = []
    logs = Logs(tmp_path, printed.append)
    descriptor = await logs.pipe("ingestion-1")

    await asyncio.to_thread(os.write, descriptor, b"first\n" + b"x" * 200_000 + b"\nlast, without an end")
    os.close(descriptor)
    await logs.close()

    assert printed[0].split() == ["ingestion-1", "first"]
    assert printed[-1].endswith("last, without an end")
    assert (tmp_path / "ingestion-1.log").read_bytes().count(b"x") == 200_000
