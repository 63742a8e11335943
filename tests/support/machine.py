"""The machine of a test run."""

import os


def cores() -> int:
    """Number of cores that this process may use. Respects `taskset`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
