"""Events on the wire: CloudEvents attributes, round trip, and invalid records."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.errors import InvalidMessage
from shared.events import (
    CATALOGUE,
    ArticlePublished,
    DocumentChanged,
    Erased,
    PageViewed,
    Record,
    decode,
    encode,
    tombstone,
)
from shared.topics import ARTICLES, TOPICS, VIEWS, dead_letter_topic

MOMENT = datetime(2026, 2, 8, 7, 30, 0, 123456, tzinfo=UTC)


def _article() -> ArticlePublished:
    return ArticlePublished(
        id="01", version=3, status="published", slug="a", url="/world/a", headline="A", section="world",
        created_at=MOMENT, updated_at=MOMENT, published_at=MOMENT,
    )  # fmt: skip


def _record(topic: str, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = (), key: bytes = b"01") -> Record:
    return Record(topic, 0, 7, key, value, headers, 0)


def test_decoded_event_equals_the_encoded_one() -> None:
    message = encode(_article())

    again = decode(_record(message.topic, message.value, message.headers))

    assert again == _article()
    assert again.key() == "01"


def test_message_has_all_cloudevents_attributes_and_the_trace() -> None:
    headers = dict(encode(_article()).headers)

    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"world-monitor.article.published.v1"
    assert headers["ce_id"] == b"01:3"
    assert headers["ce_source"] == b"/ingestion"
    assert headers["content-type"] == b"application/json"
    assert headers["traceparent"].startswith(b"00-")


def test_repeated_event_has_the_same_id() -> None:
    first, second = encode(_article()), encode(_article())

    assert dict(first.headers)["ce_id"] == dict(second.headers)["ce_id"]


def test_times_have_milliseconds_and_end_in_z() -> None:
    value = encode(_article()).value

    assert value is not None
    assert b'"published_at":"2026-02-08T07:30:00.123Z"' in value


def test_announcement_without_a_read_model_is_decoded() -> None:
    changed = DocumentChanged(dependency="article:1", version=7, changed_at=MOMENT, projected_at=MOMENT)
    message = encode(changed)
    value = message.value
    assert value is not None

    again = decode(_record(message.topic, value.replace(b',"read_model":null', b""), message.headers))

    assert again == changed


def test_tombstone_decodes_to_erased() -> None:
    message = tombstone(ARTICLES, "01")

    assert decode(_record(message.topic, message.value)) == Erased(id="01")


def test_unknown_fields_are_ignored() -> None:
    message = encode(PageViewed(id=uuid4(), article_id="01", section="world", viewed_at=MOMENT))
    assert message.value is not None

    event = decode(_record(VIEWS.name, message.value[:-1] + b',"later":1}', message.headers))

    assert isinstance(event, PageViewed)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        (b"{", b"world-monitor.article.published.v1", "article.published"),
        (b"{}", b"world-monitor.article.published.v1", "id"),
        (b"{}", b"world-monitor.article.sung.v1", "unknown event type"),
        (b"{}", b"world-monitor.page.viewed.v1", "does not belong on articles.v1"),
        (b"\xff", b"world-monitor.article.published.v1", "article.published"),
    ],
)
def test_bad_record_is_invalid_with_its_reason(value: bytes, kind: bytes, reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        decode(_record(ARTICLES.name, value, (("ce_type", kind),)))


def test_every_event_has_a_description_a_type_and_a_known_topic() -> None:
    for event in CATALOGUE:
        assert event.__doc__, event
        assert event.topic in TOPICS
        assert event.ce_type.startswith("world-monitor.")
        assert event.ce_type.endswith(".v1")
    assert len({event.ce_type for event in CATALOGUE}) == len(CATALOGUE)


def test_every_topic_has_a_retention_and_a_dead_letter_topic() -> None:
    names = {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert "cleanup.policy" in topic.config, topic.name
        assert "_" not in topic.name
        if not topic.name.endswith(".dlq"):
            assert dead_letter_topic(topic.name).name in names
