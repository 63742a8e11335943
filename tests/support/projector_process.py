"""A projector process with its own database and group: `python -m tests.support.projector_process DATABASE GROUP`."""

import sys
from functools import partial

from services.rendering.projector.wiring import create_projector
from services.rendering.settings import RenderingSettings
from shared.http.app import run_service

if __name__ == "__main__":
    database, group = sys.argv[1:]
    run_service("rendering-projector", RenderingSettings, partial(create_projector, database=database, group=group))
