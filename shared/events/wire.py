"""Events on the wire: CloudEvents 1.0 in Kafka's binary mode.

Headers `ce_*`, `content-type` and `traceparent`; the value is the event's JSON; the key is the topic's key.
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md)
"""

from collections.abc import Sequence

from pydantic import ValidationError

from shared.errors import InvalidMessage
from shared.events.catalogue import CATALOGUE, Erased, Event
from shared.events.records import Message, Record
from shared.process.tracing import current_traceparent
from shared.times import now, rfc3339
from shared.topics import Topic

_BY_TYPE = {event.ce_type: event for event in CATALOGUE}


def encode(event: Event) -> Message:
    """The event as a message of the current trace."""
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", event.event_id().encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.ce_type.encode()),
        ("ce_subject", event.key().encode()),
        ("ce_time", rfc3339(now()).encode()),
        ("content-type", b"application/json"),
        ("traceparent", current_traceparent().encode()),
    )
    return Message(event.topic.name, event.key().encode(), event.model_dump_json().encode(), headers)


def tombstone(topic: Topic, key: str) -> Message:
    """The message that erases a key from a compacted topic."""
    return Message(topic.name, key.encode(), None, (("traceparent", current_traceparent().encode()),))


def decode(record: Record) -> Event:
    """The event in a record; `Erased` for a tombstone. Raises InvalidMessage with the reason."""
    if record.value is None:
        return Erased(id=record.key.decode("utf-8", "replace"))
    kind = record.header("ce_type")
    model = _BY_TYPE.get(kind or "")
    if model is None:
        raise InvalidMessage(f"unknown event type {kind!r}")
    if model.topic.name != record.topic:
        raise InvalidMessage(f"{kind} does not belong on {record.topic}")
    try:
        return model.model_validate_json(record.value)
    except ValidationError as error:
        first: Sequence[object] = error.errors()[0]["loc"]
        raise InvalidMessage(f"{kind}: {'/'.join(map(str, first))}: {error.errors()[0]['msg']}") from error
