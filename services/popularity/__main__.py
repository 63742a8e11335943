"""`python -m services.popularity api|counter` runs a process."""

from services.popularity.settings import PopularitySettings
from shared.http.processes import ServiceProcess, run_process

_PROCESSES = {
    "api": ServiceProcess("popularity", "services.popularity.app:create_api"),
    "counter": ServiceProcess("popularity-counter", "services.popularity.app:create_counter"),
}

if __name__ == "__main__":
    run_process("popularity", PopularitySettings, _PROCESSES)
