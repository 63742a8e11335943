"""`python -m services.media api|worker` runs a process."""

import sys

from services.media.app import PROCESSES
from services.media.settings import MediaSettings
from shared.http.app import run_service

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PROCESSES:
        sys.exit(f"usage: python -m services.media {'|'.join(PROCESSES)}")
    process = PROCESSES[sys.argv[1]]
    run_service(process.name, MediaSettings, process.create)
