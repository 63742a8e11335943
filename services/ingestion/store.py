"""The service's database: the stores of both rooms. `app.py` and `commands.py` open it."""

from services.ingestion.articles.preview_store import PreviewStore
from services.ingestion.articles.store import ArticleStore
from services.ingestion.people.audit import AuditLog
from services.ingestion.people.passkey_store import PasskeyStore
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.session_store import SessionStore
from services.ingestion.people.token_store import TokenStore
from shared.http.idempotency import Answers
from shared.mongo.client import Mongo
from shared.mongo.expiry import index_by_age
from shared.outbox.store import Outbox


class Store:
    """All stores of the service."""

    def __init__(self, mongo: Mongo, database: str) -> None:
        self.mongo = mongo
        opened = mongo.database(database)
        self.answers = Answers(opened)
        self.outbox = Outbox(opened)
        self.audit = AuditLog(opened)
        self.articles = ArticleStore(mongo, opened, self.answers, self.outbox, self.audit)
        self.previews = PreviewStore(opened)
        self.tokens = TokenStore(opened)
        self.people = PersonStore(opened)
        self.sessions = SessionStore(opened)
        self.passkeys = PasskeyStore(opened)

    async def prepare(self) -> None:
        """Create missing indexes and counters. Raises Unavailable."""
        await index_by_age(self.answers.collection)
        await index_by_age(self.previews.collection)
        await self.articles.prepare()
        await self.people.prepare()
        await self.sessions.prepare()
        await self.passkeys.prepare()
        await self.audit.prepare()
