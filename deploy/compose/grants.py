"""Who may do what in Kafka, MongoDB and Redis, as data: an account a service, with no more than it uses."""

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
# Without a password one can ask whether Redis answers, which is what its health check does, and sign in.
REDIS_DEFAULT_USER = "user default on nopass resetkeys resetchannels -@all +ping +auth +hello +quit"
