"""A managed process that cannot be used, that ends, or that never starts."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local import managed_process as module
from deploy.local.children import Children, Command
from deploy.local.logs import Logs
from deploy.local.managed_process import ManagedProcess, Spec
from shared.errors import Unavailable
from tests.support.polling import PATIENCE_S, until
from tests.support.running import ROOT

LONG = "import time; time.sleep(300)"
REFUSES = "import sys; print('engine: WM_X: must be 1', file=sys.stderr); sys.exit(78)"


def _python(program: str) -> Command:
    return Command(argv=[sys.executable, "-S", "-c", program])


async def _always() -> bool:
    return True


async def _never() -> bool:
    return False


class Recorded:
    """The lines and failures that a managed process reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[str] = []
        self.process: ManagedProcess


@asynccontextmanager
async def running(folder: Path, make_spec: Callable[[Recorded], Spec]) -> AsyncIterator[Recorded]:
    """Runs a managed process for the length of a block."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    recorded = Recorded()
    logs = Logs(folder / "logs", recorded.lines.append)
    async with Children(ROOT, lock) as children:
        recorded.process = ManagedProcess(
            make_spec(recorded), children, logs, recorded.lines.append, lambda: None, recorded.failures.append
        )
        recorded.process.start()
        yield recorded
        await recorded.process.stop(5)
    await logs.close()
    os.close(lock)


@pytest.mark.parametrize("error", [Unavailable("wrong partitions"), KeyError("partitions")])
async def test_process_that_cannot_be_prepared_is_restarted(tmp_path: Path, error: Exception) -> None:
    pids: list[int] = []

    def spec(recorded: Recorded) -> Spec:
        async def prepare() -> None:
            assert recorded.process.child is not None
            pids.append(recorded.process.child.pid)
            if len(pids) == 1:
                raise error

        return Spec("engine", 1, "engine://", lambda: _python(LONG), _always, prepare=prepare)

    async with running(tmp_path, spec) as recorded:
        async with asyncio.timeout(PATIENCE_S):
            await recorded.process.ready.wait()

    assert len(set(pids)) == 2
    assert recorded.lines[0] == f"engine-1 cannot be used ({error}); killing it"


async def test_refused_setting_is_final_and_reported_once(tmp_path: Path) -> None:
    async with running(tmp_path, lambda _: Spec("engine", 1, "", lambda: _python(REFUSES), _never)) as recorded:
        await until(lambda: recorded.failures, "it gives up")

    assert recorded.failures == ["WM_X: must be 1"]
    assert recorded.lines == []
    assert (tmp_path / "logs" / "engine-1.log").read_text() == "engine: WM_X: must be 1\n"


async def test_process_that_never_answers_is_given_up_with_its_output(tmp_path: Path) -> None:
    ends = "print('the disk is full'); raise SystemExit(3)"

    def spec(_: Recorded) -> Spec:
        return Spec("engine", 1, "", lambda: _python(ends), _never, most_first_starts=3)

    async with running(tmp_path, spec) as recorded:
        await until(lambda: recorded.failures, "it gives up")

    begins = "engine-1 ended 3 times before it answered, with exit code 3; its output:\n  the disk is full"
    assert recorded.failures[0].startswith(begins)
    assert recorded.lines.count("engine-1 ended with exit code 3; restarting it") == 2


async def test_idle_process_that_does_not_answer_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_LIMIT_S", 1.0)

    def spec(_: Recorded) -> Spec:
        return Spec("engine", 1, "", lambda: _python(LONG), _never, most_first_starts=2)

    async with running(tmp_path, spec) as recorded:
        await until(lambda: recorded.failures, "it gives up")

    assert recorded.lines[0] == "engine-1 does not answer and was idle for 1 s; killing it"
    assert "ended 2 times before it answered, with signal 9; its output: nothing" in recorded.failures[0]


async def test_process_that_answered_once_is_restarted_without_limit(tmp_path: Path) -> None:
    programs = [LONG, REFUSES, REFUSES, LONG]

    def spec(_: Recorded) -> Spec:
        return Spec("engine", 1, "", lambda: _python(programs.pop(0)), _always, most_first_starts=1)

    async with running(tmp_path, spec) as recorded:
        await until(recorded.process.ready.is_set, "the first one answers")
        assert recorded.process.child is not None
        recorded.process.child.kill()
        await until(lambda: not programs or recorded.failures, "it was started three times more")

    assert recorded.failures == []
