"""Access control of Kafka, MongoDB and Redis, as data: one account a service, with the least rights that it needs."""

import hashlib
from dataclasses import dataclass

from shared.topics import ARTICLES, COMMENTS, PAGES, RANKINGS, VIEWS, Topic, dead_letter_topic


@dataclass(frozen=True)
class Account:
    """One service's rights. `groups` are prefixes: a rebuild appends a number to its group's name."""

    name: str
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    empties: tuple[Topic, ...] = ()
    """Topics whose records it deletes; Kafka has no narrower right than that to delete the topic."""
    groups: tuple[str, ...] = ()
    database: str = ""
    role: str = "readWrite"
    redis_prefix: str = ""
    redis_commands: str = ""
    """Rights beside those that all services have."""

    @property
    def uses_kafka(self) -> bool:
        """Whether the account has a principal in Kafka."""
        return bool(self.reads or self.writes)


def _with_dead_letters(*topics: Topic) -> tuple[Topic, ...]:
    return tuple(dead_letter_topic(topic.name) for topic in topics)


ACCOUNTS = (
    Account("ingestion", writes=(ARTICLES,), database="ingestion"),
    Account(
        "comments",
        reads=(ARTICLES,),
        writes=(COMMENTS, *_with_dead_letters(ARTICLES)),
        # At the erasure of a person's data.
        empties=_with_dead_letters(COMMENTS),
        groups=("comments",),
        database="comments",
        redis_prefix="comments:",
    ),
    Account(
        "popularity",
        reads=(RANKINGS,),
        writes=(VIEWS,),
        database="popularity",
        redis_prefix="popularity:",
        # The append-only file is rewritten without yesterday's key of visitors' names.
        redis_commands="+bgrewriteaof",
    ),
    Account(
        "popularity-counter",
        reads=(VIEWS, ARTICLES),
        writes=(RANKINGS, *_with_dead_letters(VIEWS, ARTICLES)),
        groups=("popularity-counter",),
        database="popularity",
        redis_prefix="popularity:",
        # The script that counts asks for Redis' own time, for readers of the last minutes.
        redis_commands="+time",
    ),
    Account("rendering", reads=(PAGES, RANKINGS), database="rendering", role="read"),
    Account(
        "rendering-projector",
        reads=(ARTICLES, COMMENTS),
        writes=(PAGES, *_with_dead_letters(ARTICLES, COMMENTS)),
        groups=("rendering-projector",),
        database="rendering",
    ),
    Account("search", reads=(ARTICLES,)),
    Account("media", database="media"),
    Account("media-worker", database="media"),
    # The sample edition's loader writes a month of views to the log; the rest it does through the edge, as an editor.
    Account("edition", writes=(VIEWS,)),
)

# Redis: the commands of the services and of their scripts; none that lists or drops other keys (`-@dangerous`).
# `info` tells how full Redis is.
REDIS_COMMANDS = "-@all +@read +@write +@connection +eval +evalsha +script|load -@dangerous +info"
# Redis loads its append-only file as the default user: with fewer rights it would skip every transaction in it and lose
# counts. So this user has all rights, and a password that no service gets.
REDIS_DEFAULT_RIGHTS = "resetkeys ~* resetchannels &* +@all"
# The health check has no password and may only ping.
REDIS_HEALTH_USER = "user health on nopass resetkeys resetchannels -@all +ping"


def accounts_revision() -> str:
    """A digest that changes whenever Kafka or Redis must restart, since they read their accounts when they start.

    docker-compose.yml has it as a label of both (a test compares), so that `docker compose up -d` restarts them after an update.
    """
    kafka = [account.name for account in ACCOUNTS if account.uses_kafka]
    redis = [
        (account.name, account.redis_prefix, account.redis_commands) for account in ACCOUNTS if account.redis_prefix
    ]
    known = repr((kafka, redis, REDIS_COMMANDS, REDIS_DEFAULT_RIGHTS, REDIS_HEALTH_USER))
    return hashlib.sha256(known.encode()).hexdigest()[:12]
