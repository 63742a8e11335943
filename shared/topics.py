"""The topics, as data: names, partitions, retention."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_DAY_MS = 24 * 60 * 60 * 1000
_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True)
class Topic:
    """A topic's name, how many partitions it has for ever (keys hash over them), and its configuration."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


# Kept for ever, the newest record of each key; what it replaced is gone after a day at most, so that the disk holds the state
# and a day. Small segments, since the newest one is never compacted.
_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": str(_DAY_MS),
    "segment.bytes": str(64 * _MIB),
}


def _kept(days: int, size_bytes: int) -> dict[str, str]:
    """Deleted when too old or too much: `size_bytes` are those of one partition."""
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
    """Where bad records of a topic go; 14 days."""
    return Topic(f"{source}.dlq", 1, _kept(14, _GIB))


TOPICS = SOURCES + tuple(dead_letter_topic(topic.name) for topic in SOURCES)
