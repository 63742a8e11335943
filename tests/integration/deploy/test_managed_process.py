"""The keeper of one process: what it does when the process cannot be used, ends, or can never start."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local import managed_process as keeper_module
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


class Kept:
    """What a keeper and the logs have said, and why the keeper has given up."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.given_up: list[str] = []
        self.keeper: ManagedProcess


@asynccontextmanager
async def keeping(folder: Path, make_spec: Callable[[Kept], Spec]) -> AsyncIterator[Kept]:
    """A keeper at work, for the length of a block."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    kept = Kept()
    logs = Logs(folder / "logs", kept.said.append)
    async with Children(ROOT, lock) as children:
        kept.keeper = ManagedProcess(
            make_spec(kept), children, logs, kept.said.append, lambda: None, kept.given_up.append
        )
        kept.keeper.start()
        yield kept
        await kept.keeper.stop(5)
    await logs.close()
    os.close(lock)


@pytest.mark.parametrize("error", [Unavailable("its topics are astray"), KeyError("astray")])
async def test_a_process_that_cannot_be_prepared_is_started_anew(tmp_path: Path, error: Exception) -> None:
    pids: list[int] = []

    def spec(kept: Kept) -> Spec:
        async def prepare() -> None:
            assert kept.keeper.child is not None
            pids.append(kept.keeper.child.pid)
            if len(pids) == 1:
                raise error

        return Spec("engine", 1, "engine://", lambda: _python(LONG), _always, prepare=prepare)

    async with keeping(tmp_path, spec) as kept:
        async with asyncio.timeout(PATIENCE_S):
            await kept.keeper.ready.wait()

    assert len(set(pids)) == 2
    assert kept.said[0] == f"engine-1 cannot be used ({error}); it is killed"


async def test_a_refused_setting_is_final_and_its_sentence_is_not_shown_twice(tmp_path: Path) -> None:
    async with keeping(tmp_path, lambda _: Spec("engine", 1, "", lambda: _python(REFUSES), _never)) as kept:
        await until(lambda: kept.given_up, "the keeper gives up")

    assert kept.given_up == ["WM_X: must be 1"]
    assert kept.said == []
    assert (tmp_path / "logs" / "engine-1.log").read_text() == "engine: WM_X: must be 1\n"


async def test_a_process_that_never_answers_is_given_up_with_its_last_lines(tmp_path: Path) -> None:
    ends = "print('the disk is full'); raise SystemExit(3)"

    def spec(_: Kept) -> Spec:
        return Spec("engine", 1, "", lambda: _python(ends), _never, most_first_starts=3)

    async with keeping(tmp_path, spec) as kept:
        await until(lambda: kept.given_up, "the keeper gives up")

    begins = "engine-1 ended 3 times without an answer, with exit code 3, and said:\n  the disk is full"
    assert kept.given_up[0].startswith(begins)
    assert kept.said.count("engine-1 ended with exit code 3; it is started again") == 2


async def test_a_process_that_does_nothing_and_does_not_answer_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "_IDLE_LIMIT_S", 1.0)

    def spec(_: Kept) -> Spec:
        return Spec("engine", 1, "", lambda: _python(LONG), _never, most_first_starts=2)

    async with keeping(tmp_path, spec) as kept:
        await until(lambda: kept.given_up, "the keeper gives up")

    assert kept.said[0] == "engine-1 does not answer, and has done nothing for 1 s; it is killed"
    assert "ended 2 times without an answer, with signal 9, and said: nothing" in kept.given_up[0]


async def test_a_process_that_has_answered_once_is_started_as_often_as_it_ends(tmp_path: Path) -> None:
    programs = [LONG, REFUSES, REFUSES, LONG]

    def spec(_: Kept) -> Spec:
        return Spec("engine", 1, "", lambda: _python(programs.pop(0)), _always, most_first_starts=1)

    async with keeping(tmp_path, spec) as kept:
        await until(kept.keeper.ready.is_set, "the first one answers")
        assert kept.keeper.child is not None
        kept.keeper.child.kill()
        await until(lambda: not programs or kept.given_up, "it was started three times more")

    assert kept.given_up == []
