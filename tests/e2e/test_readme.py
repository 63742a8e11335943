"""The README's commands, typed as they stand there, give the answers that stand there."""

import asyncio
import json
import re
import subprocess

import pytest

from tests.support.running import ROOT, Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


async def test_the_readmes_commands_answer_as_it_says(platform: Platform) -> None:
    reading, writing = [block for block in _blocks("sh") if block.startswith("curl")]

    def typed(command: str) -> dict[str, object]:
        here = command.replace("http://127.0.0.1:8080", platform.edge).replace(".data", str(platform.data))
        found: dict[str, object] = json.loads(subprocess.check_output(here, shell=True, text=True))
        return found

    ranking = await asyncio.to_thread(typed, reading)
    draft = await asyncio.to_thread(typed, writing)

    promised = json.loads(_blocks("json")[0])
    assert ranking.keys() >= promised.keys()
    assert ranking["window"] == promised["window"]
    assert (draft["status"], draft["headline"]) == ("draft", "Lighthouse shines again")
