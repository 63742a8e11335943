"""The topics, as data: names, partitions, retention."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_DAY_MS = 24 * 60 * 60 * 1000
_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True)
class Topic:
    """A topic's name, its number of partitions (never changed, since keys hash over it), and its configuration."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


# The newest record of each key is kept for ever, older ones for a day at most. Small segments, since the newest segment is
# never compacted.
_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": str(_DAY_MS),
    "segment.bytes": str(64 * _MIB),
}


def _kept(days: int, size_bytes: int) -> dict[str, str]:
    """Records are deleted by age and by size; `size_bytes` is per partition."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * _DAY_MS),
        "retention.bytes": str(size_bytes),
        "segment.bytes": str(64 * _MIB),
    }


ARTICLES = Topic("articles.v1", 3, _COMPACTED)
COMMENTS = Topic("comments.v1", 3, _COMPACTED)
VIEWS = Topic("views.v1", 6, _kept(7, 2 * _GIB))
RANKINGS = Topic("rankings.v1", 1, _COMPACTED)
PAGES = Topic("pages.v1", 1, _kept(1, _GIB))
SOURCES = (ARTICLES, COMMENTS, VIEWS, RANKINGS, PAGES)


def dead_letter_topic(source: str) -> Topic:
    """The topic for a topic's bad records; they are kept for 14 days."""
    return Topic(f"{source}.dlq", 1, _kept(14, _GIB))


TOPICS = SOURCES + tuple(dead_letter_topic(topic.name) for topic in SOURCES)
