"""The keeper of one process: what it does when the process is there but cannot be used."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from deploy.local.children import Children, Command
from deploy.local.keeper import Keeper, Spec
from deploy.local.logs import Logs
from shared.errors import Unavailable
from tests.polling import PATIENCE_S
from tests.running import ROOT


@pytest.mark.parametrize("error", [Unavailable("its topics are astray"), KeyError("astray")])
async def test_a_process_that_cannot_be_prepared_is_started_anew(tmp_path: Path, error: Exception) -> None:
    said: list[str] = []
    pids: list[int] = []
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    logs = Logs(tmp_path / "logs", said.append)

    async def answers() -> bool:
        return True

    async def prepare() -> None:
        assert keeper.child is not None
        pids.append(keeper.child.pid)
        if len(pids) == 1:
            raise error

    command = Command(argv=[sys.executable, "-S", "-c", "import time; time.sleep(300)"])
    spec = Spec("engine", 1, "engine://", lambda: command, answers, prepare=prepare)
    async with Children(ROOT, lock) as children:
        keeper = Keeper(spec, children, logs, said.append, lambda: None)
        keeper.start()
        async with asyncio.timeout(PATIENCE_S):
            await keeper.ready.wait()
        await keeper.stop(5)
    await logs.close()
    os.close(lock)

    assert len(set(pids)) == 2
    assert said[0] == f"engine-1 cannot be used ({error}); it is killed"
