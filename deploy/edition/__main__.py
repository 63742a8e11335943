"""`python -m deploy.edition` loads the sample edition into a running platform. Exit status 1 after a failure."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from deploy.edition.articles import EditionError, read_edition
from deploy.edition.loader import load_edition
from deploy.edition.settings import EditionSettings
from shared.errors import SettingsError
from shared.times import now


def _arguments(settings: EditionSettings, argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.edition", description="Loads the sample edition.")
    parser.add_argument("--edge", default=settings.site_url, help="the public address (WM_SITE_URL)")
    parser.add_argument(
        "--token-file", type=Path, default=settings.admin_token_file, help="an admin's token (WM_ADMIN_TOKEN_FILE)"
    )
    parser.add_argument("--kafka", default=settings.kafka, help="host:port[,host:port] (WM_KAFKA)")
    return parser.parse_args(argv)


def _token(path: Path | None) -> str:
    if path is None:
        raise SettingsError("name a file with an admin's token: --token-file or WM_ADMIN_TOKEN_FILE")
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the token in {path} cannot be read: {error}") from error


def main(argv: Sequence[str]) -> int:
    """Load the edition. Returns 1, and prints the reason, when it could not be loaded."""
    started = monotonic()
    # aiokafka warns of an unencrypted network at each connection (docs/OPERATIONS.md).
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        settings = EditionSettings.load()
        given = _arguments(settings, argv)
        loading = load_edition(
            given.edge,
            _token(given.token_file),
            given.kafka,
            read_edition(),
            now(),
            idempotence=settings.kafka_idempotence,
            report=_report,
        )
        asyncio.run(loading)
    except (EditionError, SettingsError) as error:
        _report(f"not loaded: {error}")
        return 1
    _report(f"loaded in {monotonic() - started:.1f} s")
    return 0


def _report(line: str) -> None:
    print(f"edition: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
