"""The commands in README.md return the responses that it shows."""

import asyncio
import json
import re
import subprocess

import pytest

from tests.support.running import ROOT, Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


async def test_readme_commands_return_the_responses_it_shows(platform: Platform) -> None:
    reading, writing = [block for block in _blocks("sh") if block.startswith("curl")]

    def run(command: str) -> dict[str, object]:
        adapted = command.replace("http://127.0.0.1:8080", platform.edge).replace(".data", str(platform.data))
        found: dict[str, object] = json.loads(subprocess.check_output(adapted, shell=True, text=True))
        return found

    ranking = await asyncio.to_thread(run, reading)
    draft = await asyncio.to_thread(run, writing)

    shown = json.loads(_blocks("json")[0])
    assert ranking.keys() >= shown.keys()
    assert ranking["window"] == shown["window"]
    assert (draft["status"], draft["headline"]) == ("draft", "Lighthouse shines again")
