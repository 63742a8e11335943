"""Schemathesis over the edge: no response is a 5xx or differs from the OpenAPI contract."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE_S
from tests.support.running import Platform

# Untidy, because its odd articles would appear in the lists of other tests. The long form is 1,400 sequential requests, each
# with its own time limit; the test's limit is for a hanging run.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.untidy, pytest.mark.timeout(1800)]

# oEmbed requires a 501 for an unsupported format. Elsewhere a 5xx is a failure.
CONFIGURATION = """
[[operations]]
include-path = "/v1/oembed"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "501"]
"""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


# The short form sends valid requests at the bounds of the contract (about 340). The long form also exceeds each bound and adds
# random requests (about 1,400). The tests of wrong input of each service exceed the bounds that matter.
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
    # One worker: the generators call Python 3.11's parser, which counts its depth wrong with two threads.
    command += [*effort, "--seed", "7", "--workers", "1", "--request-timeout", f"{PATIENCE_S:g}"]

    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, cwd=tmp_path)

    assert run.returncode == 0, run.stdout[-6000:] + platform.output()
