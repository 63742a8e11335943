"""The embedded stack: every engine and service of the platform under one supervisor, without Docker, JVM or root."""

import os

# Read before the other imports, so that the death of the parent during them is noticed.
STARTED_BY = os.getppid()
