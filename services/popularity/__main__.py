"""`python -m services.popularity api|counter` runs a process."""

import sys

from services.popularity.app import create_api, create_counter
from services.popularity.settings import PopularitySettings
from shared.http.app import run_service

_PROCESSES = {"api": ("popularity", create_api), "counter": ("popularity-counter", create_counter)}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in _PROCESSES:
        sys.exit(f"usage: python -m services.popularity {'|'.join(_PROCESSES)}")
    name, create_app = _PROCESSES[sys.argv[1]]
    run_service(name, PopularitySettings, create_app)
