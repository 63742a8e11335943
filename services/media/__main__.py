"""`python -m services.media api|worker` runs a process."""

from services.media.app import PROCESSES
from services.media.settings import MediaSettings
from shared.http.processes import run_process

if __name__ == "__main__":
    run_process("media", MediaSettings, PROCESSES)
