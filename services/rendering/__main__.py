"""`python -m services.rendering gateway|projector` runs a process."""

from services.rendering.app import PROCESSES
from services.rendering.settings import RenderingSettings
from shared.http.processes import run_process

if __name__ == "__main__":
    run_process("rendering", RenderingSettings, PROCESSES)
