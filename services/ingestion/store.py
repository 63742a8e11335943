"""The service's database: the stores of both rooms. `app.py` and `commands.py` open it."""

from collections.abc import Sequence

from services.ingestion.articles.presence_store import PresenceStore
from services.ingestion.articles.preview_store import PreviewStore
from services.ingestion.articles.store import ArticleStore
from services.ingestion.people.audit import AuditLog
from services.ingestion.people.invitation_store import InvitationStore
from services.ingestion.people.limit_store import LimitStore
from services.ingestion.people.passkey_store import PasskeyStore
from services.ingestion.people.person_store import PersonStore
from services.ingestion.people.session_store import SessionStore
from services.ingestion.people.stores import PeopleStores
from services.ingestion.people.ticket_store import TicketStore
from services.ingestion.people.token_store import TokenStore
from services.ingestion.pictures.lookup import Pictures
from services.ingestion.pictures.media_client import MediaClient
from services.ingestion.pictures.picture_store import PictureStore
from shared.http.idempotency import Answers
from shared.mongo.client import Mongo
from shared.mongo.expiry import index_by_age
from shared.outbox.sent_times import SentTimes
from shared.outbox.store import Outbox


class Store:
    """All stores of the service. `keeps_history`: the site shows readers the versions of an article. `media`: its URLs."""

    def __init__(self, mongo: Mongo, database: str, *, keeps_history: bool = True, media: Sequence[str] = ()) -> None:
        self.mongo = mongo
        opened = mongo.database(database)
        self.answers = Answers(opened)
        self.outbox = Outbox(opened)
        self.audit = AuditLog(opened)
        self.pictures = Pictures(PictureStore(opened), MediaClient(media))
        self.articles = ArticleStore(
            mongo, opened, self.answers, self.outbox, self.audit, self.pictures, keeps_history=keeps_history
        )
        self.previews = PreviewStore(opened)
        self.presence = PresenceStore(opened)
        self.sent_times = SentTimes(opened)
        self.tokens = TokenStore(opened)
        self.people = PersonStore(opened)
        self.sessions = SessionStore(opened)
        self.invitations = InvitationStore(opened)
        self.tickets = TicketStore(opened)
        self.limits = LimitStore(opened)
        self.passkeys = PasskeyStore(opened)
        self.of_people = PeopleStores(
            mongo,
            self.answers,
            self.people,
            self.sessions,
            self.invitations,
            self.tickets,
            self.limits,
            self.passkeys,
            self.audit,
        )

    async def prepare(self) -> None:
        """Create missing indexes and counters. Raises Unavailable."""
        await index_by_age(self.answers.collection)
        await index_by_age(self.previews.collection)
        await self.presence.prepare()
        await self.articles.prepare()
        await self.of_people.prepare()
        await self.audit.prepare()
