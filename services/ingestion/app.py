"""The service's table of contents: connections, routes, background tasks."""

from collections.abc import AsyncIterator
from functools import partial
from socket import gethostname

from aiohttp import web

from services.ingestion.articles.desk_routes import ROUTES as DESK_LIST_ROUTES
from services.ingestion.articles.picture_routes import ROUTES as PICTURE_ROUTES
from services.ingestion.articles.presence_routes import PRESENCE
from services.ingestion.articles.presence_routes import ROUTES as PRESENCE_ROUTES
from services.ingestion.articles.presence_store import KEPT_FOR as PRESENCE_KEPT_FOR
from services.ingestion.articles.preview_routes import PREVIEWS
from services.ingestion.articles.preview_routes import ROUTES as PREVIEW_ROUTES
from services.ingestion.articles.preview_store import KEPT_FOR as PREVIEWS_KEPT_FOR
from services.ingestion.articles.requests import ARTICLES, SITE
from services.ingestion.articles.revision_routes import ROUTES as REVISION_ROUTES
from services.ingestion.articles.routes import ROUTES as ARTICLE_ROUTES
from services.ingestion.articles.schedule_routes import ROUTES as SCHEDULE_ROUTES
from services.ingestion.articles.scheduler import scheduling
from services.ingestion.articles.trace import Gateways
from services.ingestion.articles.trace_routes import GATEWAYS, SENT_TIMES
from services.ingestion.articles.trace_routes import ROUTES as TRACE_ROUTES
from services.ingestion.people.access import CLOCK, GUESSES, PEOPLE, SESSIONS, TOKENS, TRUSTS_EDGE
from services.ingestion.people.account import Account
from services.ingestion.people.account_routes import ACCOUNT
from services.ingestion.people.account_routes import ROUTES as ACCOUNT_ROUTES
from services.ingestion.people.act_routes import ROUTES as ACT_ROUTES
from services.ingestion.people.audit_routes import AUDIT
from services.ingestion.people.audit_routes import ROUTES as AUDIT_ROUTES
from services.ingestion.people.credential_guesses import CredentialGuesses
from services.ingestion.people.factors import FACTORS, Factor
from services.ingestion.people.first_admin import FirstAdmin, provide_first_admin
from services.ingestion.people.invitation_routes import ACCEPTANCE
from services.ingestion.people.invitation_routes import ROUTES as INVITATION_ROUTES
from services.ingestion.people.invitation_store import KEPT_FOR as INVITATIONS_KEPT_FOR
from services.ingestion.people.invitations import Acceptance
from services.ingestion.people.limit_store import KEPT_FOR as LIMITS_KEPT_FOR
from services.ingestion.people.passkey_checks import relying_party
from services.ingestion.people.passkey_routes import PASSKEYS
from services.ingestion.people.passkey_routes import ROUTES as PASSKEY_ROUTES
from services.ingestion.people.passkey_store import CHALLENGES_LAST
from services.ingestion.people.passkeys import PasskeyFactor, Passkeys
from services.ingestion.people.passwords import Passwords
from services.ingestion.people.people_changes import PeopleChanges
from services.ingestion.people.people_routes import PEOPLE_CHANGES, PEOPLE_STORES
from services.ingestion.people.people_routes import ROUTES as PERSON_ROUTES
from services.ingestion.people.second_factors import SecondFactors
from services.ingestion.people.session_routes import ROUTES as SESSION_ROUTES
from services.ingestion.people.session_routes import SECOND_FACTORS, SIGN_IN
from services.ingestion.people.session_store import KEPT_FOR as SESSIONS_KEPT_FOR
from services.ingestion.people.sign_in import SignIn
from services.ingestion.people.sign_in_limits import SignInLimits
from services.ingestion.people.ticket_store import KEPT_FOR as TICKETS_KEPT_FOR
from services.ingestion.people.token_changes import TokenChanges
from services.ingestion.people.token_routes import ROUTES as TOKEN_ROUTES
from services.ingestion.people.token_routes import TOKEN_CHANGES
from services.ingestion.people.tokens import TokenOwner
from services.ingestion.people.totp import TotpFactor
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.errors import SettingsError
from shared.http.app import SETTINGS, create_service
from shared.http.health import HEALTH
from shared.http.idempotency import KEPT_FOR
from shared.ids import new_id
from shared.mongo.client import Mongo, once_available
from shared.mongo.expiry import expiring
from shared.outbox.relay import relaying
from shared.process.process import end_for_settings, start_task, stop_task
from shared.site.site import load_site
from shared.times import Clock, now

# The longest body with each character escaped as two surrogates, and room for the other fields.
LARGEST_BODY_BYTES = 3 * 1024 * 1024
FILE_TOKEN_NAME = "admin"

STORE = web.AppKey("store", Store)
PASSWORDS = web.AppKey("passwords", Passwords)
TOGETHER_ROUTES = (*PREVIEW_ROUTES, *PICTURE_ROUTES, *PRESENCE_ROUTES, *TRACE_ROUTES)
ROUTES = (
    *ARTICLE_ROUTES,
    *REVISION_ROUTES,
    *SCHEDULE_ROUTES,
    *DESK_LIST_ROUTES,
    *TOGETHER_ROUTES,
    *TOKEN_ROUTES,
    *AUDIT_ROUTES,
    *ACT_ROUTES,
    *SESSION_ROUTES,
    *PERSON_ROUTES,
    *INVITATION_ROUTES,
    *ACCOUNT_ROUTES,
    *PASSKEY_ROUTES,
)


def create_app(
    settings: IngestionSettings, *, clock: Clock = now, passwords: Passwords | None = None
) -> web.Application:
    """Build the application. Raises SettingsError for a wrong setting.

    `clock` is the time for people and sessions; `passwords` replaces the usual cost of a hash, for tests.
    """
    settings.admin_token()
    settings.desk_admin_password()
    app = create_service(settings, ROUTES, largest_body_bytes=LARGEST_BODY_BYTES)
    site = load_site(settings.site)
    store = Store(
        Mongo(settings.mongo), settings.ingestion_database, keeps_history=site.public_history, media=settings.media_urls
    )
    app[STORE] = store
    app[ARTICLES] = store.articles
    app[SITE] = site
    _add_together(app, settings)
    app[PASSWORDS] = passwords or Passwords()
    _add_people(app, settings, clock)
    app[HEALTH].add("mongodb", store.mongo.check)
    # Never a reason to be unready: the outbox is durable and waits for Kafka.
    app[HEALTH].add("outbox", store.outbox.facts)
    app.cleanup_ctx.append(_prepare_store)
    app.cleanup_ctx.append(_relay)
    app.cleanup_ctx.append(_schedule)
    app.cleanup_ctx.append(_warm_lists)
    return app


def _add_together(app: web.Application, settings: IngestionSettings) -> None:
    store = app[STORE]
    app[PREVIEWS], app[PRESENCE], app[SENT_TIMES] = store.previews, store.presence, store.sent_times
    app[GATEWAYS] = Gateways(settings.rendering_urls)


def _add_people(app: web.Application, settings: IngestionSettings, clock: Clock) -> None:
    store = app[STORE]
    app[CLOCK] = clock
    app[TRUSTS_EDGE] = settings.forwarded_for
    app[GUESSES] = CredentialGuesses(enabled=settings.rate_limits == "on")
    app[TOKENS], app[PEOPLE], app[SESSIONS] = store.tokens, store.people, store.sessions
    app[AUDIT] = store.audit
    app[TOKEN_CHANGES] = TokenChanges(store.mongo, store.answers, store.tokens, store.audit)
    app[PEOPLE_STORES] = store.of_people
    app[PEOPLE_CHANGES] = PeopleChanges(store.of_people)
    _add_sign_in(app, SignInLimits(store.limits, enabled=settings.rate_limits == "on"))


def _add_sign_in(app: web.Application, limits: SignInLimits) -> None:
    stores, passwords, site_name = app[PEOPLE_STORES], app[PASSWORDS], app[SITE].name
    app[PASSKEYS] = passkeys = Passkeys(stores, relying_party(app[SETTINGS].site_url, site_name))
    factors: dict[str, Factor] = {"totp": TotpFactor(stores.people), "passkey": PasskeyFactor(passkeys)}
    app[FACTORS] = factors
    app[SIGN_IN] = sign_in = SignIn(stores.people, stores.sessions, passwords, limits, stores.audit)
    app[SECOND_FACTORS] = SecondFactors(stores.people, stores.tickets, limits, factors, stores.audit)
    app[ACCEPTANCE] = Acceptance(stores, passwords, factors, site_name)
    app[ACCOUNT] = Account(stores, sign_in, passwords, limits, site_name)


async def _prepare_store(app: web.Application) -> AsyncIterator[None]:
    store, settings = app[STORE], app[SETTINGS]
    assert isinstance(settings, IngestionSettings)
    await once_available(partial(store.mongo.take_over, settings.ingestion_database, f"ingestion-{settings.instance}"))
    await once_available(store.prepare)
    token = settings.admin_token()
    if token is not None:
        await store.tokens.add(token, TokenOwner(new_id(), FILE_TOKEN_NAME, "admin"), now(), from_file=True)
        await store.tokens.keep_one_from_file(token, now())
    await _provide_first_admin(app, settings)
    async with (
        expiring(store.answers.collection, KEPT_FOR),
        expiring(store.sessions.collection, SESSIONS_KEPT_FOR),
        expiring(store.passkeys.challenges, CHALLENGES_LAST),
        expiring(store.previews.collection, PREVIEWS_KEPT_FOR),
        expiring(store.invitations.collection, INVITATIONS_KEPT_FOR),
        expiring(store.tickets.collection, TICKETS_KEPT_FOR),
        expiring(store.limits.collection, LIMITS_KEPT_FOR),
        expiring(store.presence.collection, PRESENCE_KEPT_FOR),
    ):
        yield
    await app[GATEWAYS].close()
    await store.pictures.close()
    app[PASSWORDS].close()
    store.mongo.close()


async def _provide_first_admin(app: web.Application, settings: IngestionSettings) -> None:
    wanted = FirstAdmin(
        settings.desk_admin_email, f"{settings.site_url}/desk", settings.desk_login_file, settings.desk_admin_password()
    )
    try:
        await once_available(partial(provide_first_admin, wanted, app[PEOPLE], app[PASSWORDS], app[CLOCK]()))
    except SettingsError as error:
        end_for_settings("ingestion", error)


async def _relay(app: web.Application) -> AsyncIterator[None]:
    store = app[STORE]
    async with relaying(app[SETTINGS], store.outbox, store.articles, store.sent_times):
        yield


async def _schedule(app: web.Application) -> AsyncIterator[None]:
    async with scheduling(app[ARTICLES], f"ingestion-{app[SETTINGS].instance}@{gethostname()}"):
        yield


async def _warm_lists(app: web.Application) -> AsyncIterator[None]:
    task = start_task(app[ARTICLES].lists.keep_complete(), "lists")
    yield
    await stop_task(task)
