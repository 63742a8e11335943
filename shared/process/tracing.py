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
    # Ids must be unique, not secret. Python reseeds its generator after a fork; the system's costs 5 us more a request.
    return f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-01"


def continue_trace(traceparent: str | None) -> str:
    """Put this task into the caller's trace, with a new span. A missing or malformed `traceparent` starts a new trace."""
    found = _FORM.fullmatch(traceparent or "")
    span = f"00-{found[1]}-{getrandbits(64):016x}-{found[3]}" if found else new_traceparent()
    _current.set(span)
    return span


def current_traceparent() -> str:
    """This task's trace context, or a new trace."""
    return _current.get() or new_traceparent()


def trace_id() -> str:
    """The trace id of this task for logs, 32 hex digits; empty outside a trace."""
    return _current.get()[3:35]
