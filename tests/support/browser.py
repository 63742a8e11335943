"""The Chromium of the tests: the machine's, or Playwright's. `python -m tests.support.browser` installs one if none is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell first: a page in a context of its own costs it a quarter of the processor time.
_NAMES = (
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)
_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_DOWNLOAD_TIMEOUT_S = 180


def find_chromium() -> Path | None:
    """Path of the program, if any. `WM_CHROMIUM` overrides the search."""
    named = os.environ.get("WM_CHROMIUM")
    if named:
        return Path(named)
    for name in _NAMES:
        if path := shutil.which(name):
            return Path(path)
    if _MACOS.exists():
        return _MACOS
    return _playwrights_chromium()


def _playwrights_chromium() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def main() -> None:
    """Install Playwright's Chromium if the machine has none. Never fails: without a browser, its tests are skipped."""
    if find_chromium() is None:
        print("setup: no Chromium on this machine; downloading Playwright's")
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        try:
            subprocess.run(command, timeout=_DOWNLOAD_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"setup: the download failed ({error}); tests in a browser will be skipped")


if __name__ == "__main__":
    main()
