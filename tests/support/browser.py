"""The Chromium that tests drive: one that the machine has, or Playwright's own. `python -m tests.support.browser` provides one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_DOWNLOAD_TIMEOUT_S = 180


def find_chromium() -> Path | None:
    """The program, or None where there is none. `WM_CHROMIUM` names one that is somewhere else."""
    named = os.environ.get("WM_CHROMIUM")
    if named:
        return Path(named)
    for name in _NAMES:
        if path := shutil.which(name):
            return Path(path)
    if _MACOS.exists():
        return _MACOS
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def main() -> None:
    """Say which Chromium tests will use; fetch Playwright's own where there is none. Never fails: tests go on without."""
    if find_chromium() is None:
        print("setup: no Chromium on this machine; fetching Playwright's own")
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        try:
            subprocess.run(command, timeout=_DOWNLOAD_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"setup: it could not be fetched ({error}); tests in a browser will be left out")


if __name__ == "__main__":
    main()
