"""The overlay with digests: one for each public image, and none for an image that was made here."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
_DIGEST = "sha256:" + "ab" * 32
# Answers `docker image inspect -f FORMAT NAME:TAG` as Docker does, for an image that was pulled, or made here.
_DOCKER = """#!/bin/sh
for last; do :; done
case $last in {made_here}) ;; *) echo "${{last%:*}}@{digest}" ;; esac
"""


def _pin(folder: Path, made_here: str = "none") -> "subprocess.CompletedProcess[str]":
    docker = folder / "docker"
    docker.write_text(_DOCKER.format(made_here=made_here, digest=_DIGEST))
    docker.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        [ROOT / "deploy" / "pin-images"], env={"PATH": path}, capture_output=True, text=True, timeout=30, check=False
    )


def test_each_public_image_is_pinned(tmp_path: Path) -> None:
    done = _pin(tmp_path)

    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    of_trials = {"mail"}
    public = {
        name: one["image"] for name, one in services.items() if "WM_IMAGE" not in one["image"] and name not in of_trials
    }
    overlay = yaml.safe_load(done.stdout)["services"]
    assert overlay == {name: {"image": f"{image}@{_DIGEST}"} for name, image in public.items()}
    assert re.search(r"^# .*WM_PYTHON_IMAGE=python:\S+@sha256:[0-9a-f]{64}$", done.stdout, re.M)


def test_image_that_was_made_here_cannot_be_pinned(tmp_path: Path) -> None:
    done = _pin(tmp_path, made_here="redis:*")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "redis" in done.stderr


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Docker on this machine")
def test_compose_accepts_the_overlay(tmp_path: Path) -> None:
    overlay = tmp_path / "pinned.yml"
    overlay.write_text(_pin(tmp_path).stdout)

    argv = ["docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "-f", str(overlay), "config", "--images"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    if "unknown" in done.stderr:
        pytest.skip("Docker without Compose")
    assert f"@{_DIGEST}" in done.stdout, done.stderr
