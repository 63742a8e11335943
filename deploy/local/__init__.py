"""The embedded stack: every engine and service of the platform under one supervisor, without Docker, JVM or root."""

import os

# Read before anything else is imported: a parent that dies meanwhile is seen to have changed.
STARTED_BY = os.getppid()
