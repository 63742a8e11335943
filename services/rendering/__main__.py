"""`python -m services.rendering gateway|projector` runs a process; `rebuild` makes the read model anew and ends."""

import asyncio
import sys

from services.rendering.app import PROCESSES
from services.rendering.readmodel.names import DATABASE, PROJECTOR_GROUP
from services.rendering.settings import RenderingSettings
from shared.errors import SettingsError, Unavailable
from shared.http.app import run_service

if __name__ == "__main__":
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb in PROCESSES:
        run_service(PROCESSES[verb].name, RenderingSettings, PROCESSES[verb].create)
    elif verb == "rebuild":
        from services.rendering.projector.rebuild import rebuild

        try:
            asyncio.run(rebuild(RenderingSettings.load(), database=DATABASE, group=PROJECTOR_GROUP))
        except (SettingsError, Unavailable) as error:
            sys.exit(f"rebuild: {error}")
    else:
        sys.exit(f"usage: python -m services.rendering {'|'.join((*PROCESSES, 'rebuild'))}")
