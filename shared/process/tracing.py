"""W3C trace context: one trace from an editor's request to the page that shows it.

The context travels in `traceparent` headers of HTTP and of Kafka records (https://www.w3.org/TR/trace-context/).
"""

import re
from contextvars import ContextVar
from random import getrandbits

_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[str] = ContextVar("traceparent", default="")


def new_traceparent() -> str:
    """The start of a trace, sampled."""
    # Identifiers are to differ, not to be secret: the module's own generator, seeded anew in a forked process, is 5 us a request
    # cheaper than the system's.
    return f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-01"


def continue_trace(traceparent: str | None) -> str:
    """Make this task part of the caller's trace, under a span of its own; a missing or malformed one starts a new trace."""
    found = _FORM.fullmatch(traceparent or "")
    span = f"00-{found[1]}-{getrandbits(64):016x}-{found[3]}" if found else new_traceparent()
    _current.set(span)
    return span


def current_traceparent() -> str:
    """The trace context of this task; a new trace where there is none."""
    return _current.get() or new_traceparent()


def trace_id() -> str:
    """The 32 hex digits that logs carry; empty outside a trace."""
    return _current.get()[3:35]
