"""JSON logs on standard output."""

import logging
import sys

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.process.tracing import trace_id


def set_up_logs(service: str, instance: int, level: str) -> None:
    """Write JSON lines to standard output, including the libraries' records."""
    processors: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _name(service, instance),
                structlog.processors.JSONRenderer(
                    serializer=lambda event, **_: orjson.dumps(event, default=str).decode()
                ),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # aiokafka logs each reconnection attempt; our records report an outage once (calfkit-sdk#328).
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if trace := trace_id():
        event["trace_id"] = trace
    return event


def _name(service: str, instance: int) -> structlog.typing.Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"service": service, "instance": instance, **event}

    return add
