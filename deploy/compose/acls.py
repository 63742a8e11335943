"""Who may do what in Kafka, MongoDB and Redis, as data: an account a service, with no more than it uses."""

import hashlib
from dataclasses import dataclass

from shared.topics import ARTICLES, COMMENTS, PAGES, RANKINGS, VIEWS, Topic, dead_letter_topic


@dataclass(frozen=True)
class Account:
    """One service's rights. `groups` are prefixes: a rebuild runs in a group with a number behind the name."""

    name: str
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    groups: tuple[str, ...] = ()
    database: str = ""
    role: str = "readWrite"
    redis_prefix: str = ""

    @property
    def uses_kafka(self) -> bool:
        """Whether it has a principal there."""
        return bool(self.reads or self.writes)


def _with_dead_letters(*topics: Topic) -> tuple[Topic, ...]:
    return tuple(dead_letter_topic(topic.name) for topic in topics)


ACCOUNTS = (
    Account("ingestion", writes=(ARTICLES,), database="ingestion"),
    Account(
        "comments",
        reads=(ARTICLES,),
        writes=(COMMENTS, *_with_dead_letters(ARTICLES)),
        groups=("comments",),
        database="comments",
        redis_prefix="comments:",
    ),
    Account("popularity", reads=(RANKINGS,), writes=(VIEWS,), redis_prefix="popularity:"),
    Account(
        "popularity-counter",
        reads=(VIEWS, ARTICLES),
        writes=(RANKINGS, *_with_dead_letters(VIEWS, ARTICLES)),
        groups=("popularity-counter",),
        redis_prefix="popularity:",
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
    # The sample edition's loader writes a month of views into the log; all else it does as an editor, at the edge.
    Account("edition", writes=(VIEWS,)),
)

# Redis: what the services call, their scripts included; nothing that looks at or drops other keys (`-@dangerous`).
REDIS_COMMANDS = "-@all +@read +@write +@connection +eval +evalsha +script|load -@dangerous"
# Redis loads its append-only file as the default user: with fewer rights it would leave out every transaction in it, and come
# back without counts. So that user has all rights, and a password that no service is given.
REDIS_DEFAULT_RIGHTS = "resetkeys ~* resetchannels &* +@all"
# For the health check, which has no password: it may ask whether Redis answers, and nothing else.
REDIS_HEALTH_USER = "user health on nopass resetkeys resetchannels -@all +ping"


def accounts_revision() -> str:
    """Changes whenever Kafka or Redis must start anew to know its accounts, which they read when they start.

    docker-compose.yml has it as a label of both, where a test holds it, so that `docker compose up -d` does that after an update.
    """
    kafka = [account.name for account in ACCOUNTS if account.uses_kafka]
    redis = [(account.name, account.redis_prefix) for account in ACCOUNTS if account.redis_prefix]
    known = repr((kafka, redis, REDIS_COMMANDS, REDIS_DEFAULT_RIGHTS, REDIS_HEALTH_USER))
    return hashlib.sha256(known.encode()).hexdigest()[:12]
