"""`python -m services.rendering gateway|projector` runs a process."""

import sys

from services.rendering.app import PROCESSES
from services.rendering.settings import RenderingSettings
from shared.http.app import run_service

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PROCESSES:
        sys.exit(f"usage: python -m services.rendering {'|'.join(PROCESSES)}")
    process = PROCESSES[sys.argv[1]]
    run_service(process.name, RenderingSettings, process.create)
