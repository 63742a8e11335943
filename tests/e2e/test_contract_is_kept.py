"""Schemathesis against the written contract, over the edge: nothing answers 5xx or what the contract does not say."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE_S
from tests.support.running import Platform

# Its odd articles would be in the other tests' lists. The long form is 1,400 requests one after the other; the limit is for
# one that hangs, and each request has one of its own.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.untidy, pytest.mark.timeout(1800)]

# oEmbed asks for a 501 where a format is not spoken; everywhere else a 5xx is a failure.
CONFIGURATION = """
[[operations]]
include-path = "/v1/oembed"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "501"]
"""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


# The short form asks for what the contract allows, at its bounds (some 340 requests); the long one also crosses each bound, and
# draws more (some 1,400). Each service's own tests of wrong input cross the bounds that matter.
SHORT = ["--phases", "coverage", "--mode", "positive", "--max-examples", "1"]
LONG = ["--phases", "coverage,fuzzing", "--max-examples", "5"]


@pytest.mark.parametrize(
    "effort", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.long)]
)
async def test_no_generated_request_breaks_the_contract(platform: Platform, tmp_path: Path, effort: list[str]) -> None:
    contract = tmp_path / "openapi.json"
    async with platform.http.get(f"{platform.edge}/v1/openapi.json") as answer:
        assert answer.status == 200
        contract.write_bytes(await answer.read())
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(contract), "--url", platform.edge]
    command += ["--header", f"Authorization: {platform.editor['Authorization']}", "--checks", CHECKS]
    # One worker: Python 3.11's parser, which its generators call, counts its depth wrong when two threads are in it.
    command += [*effort, "--seed", "7", "--workers", "1", "--request-timeout", f"{PATIENCE_S:g}"]

    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, cwd=tmp_path)

    assert run.returncode == 0, run.stdout[-6000:] + platform.output()
