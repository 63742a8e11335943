"""The machine that a test run may use."""

import os


def cores() -> int:
    """How many cores this process may run on; `taskset` counts."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
