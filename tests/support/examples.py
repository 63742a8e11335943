"""The number of examples that hypothesis generates: a third in `make test`, all of them by night (`WM_EXAMPLES=all`)."""

import os

_SHARE = 1.0 if os.environ.get("WM_EXAMPLES") == "all" else 1 / 3


def examples(whole: int) -> int:
    """How many of a test's `whole` number of examples this run tries."""
    return max(1, round(whole * _SHARE))
