"""Engines for the measures: those that the environment names, otherwise embedded ones that end with the measure."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support import engines


@contextmanager
def running_engines() -> Iterator[Mapping[str, str]]:
    """Yield the environment of a service that uses the engines."""
    with TemporaryDirectory() as folder, engines.running_engines(Path(folder)) as urls:
        yield {
            **os.environ,
            **{f"WM_{name.upper()}": url for name, url in urls.items()},
            "WM_KAFKA_IDEMPOTENCE": "on" if os.environ.get("WM_KAFKA") else "off",
            "WM_KAFKA_ADOPT_NEW_LOG": "on",
        }
