"""A request to the desk: the person, their language, and calls to other services on their behalf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from services.desk.api import Json, ServiceClient, SignedOut
from services.desk.keys import DESK_SETTINGS, INGESTION, LANGUAGES, PAGES
from services.desk.words import Words
from shared.http.bearer import refuse_other_origins, session_cookie
from shared.http.instances import Answer
from shared.http.problems import SECURITY_HEADERS

_log = structlog.get_logger(__name__)

SIGN_IN = "/desk/sign-in"
# Anyone may open these.
OPEN = (SIGN_IN, "/desk/static/", "/desk/invitation/", "/desk/preview/", "/health/", "/metrics")
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' https: http: data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_SESSION_S = 14 * 86_400
_WRITERS = frozenset({"reporter", "editor", "admin"})
_MODERATORS = frozenset({"moderator", "editor", "admin"})
_ADMINS = frozenset({"admin"})
# Rooms: name, address, roles.
_ROOMS = (
    ("articles", "/desk", _WRITERS),
    ("calendar", "/desk/calendar", _WRITERS),
    ("pictures", "/desk/media", _WRITERS),
    ("comments", "/desk/comments", _MODERATORS),
    ("now", "/desk/now", _WRITERS),
    ("numbers", "/desk/numbers", _WRITERS | _MODERATORS),
    ("people", "/desk/people", _ADMINS),
    ("tokens", "/desk/tokens", _ADMINS),
    ("audit", "/desk/audit", _ADMINS),
)


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    id: str
    name: str
    email: str
    role: str
    language: str | None = None
    has_totp: bool = False

    @property
    def publishes(self) -> bool:
        """Whether the role may publish."""
        return self.role in ("editor", "admin")

    @property
    def writes(self) -> bool:
        """Whether the role may write drafts."""
        return self.role in _WRITERS

    @property
    def moderates(self) -> bool:
        """Whether the role decides about readers' comments."""
        return self.role in _MODERATORS

    @property
    def rooms(self) -> Sequence[tuple[str, str]]:
        """The rooms of the desk for the role, the first page first: their names and addresses."""
        return [(name, address) for name, address, roles in _ROOMS if self.role in roles]

    @property
    def administers(self) -> bool:
        """Whether the role manages people and tokens."""
        return self.role == "admin"


@dataclass(frozen=True)
class Visit:
    """One request of a signed-in person."""

    person: Person
    words: Words
    token: str
    ingestion: ServiceClient
    headers: Mapping[str, str]

    async def get(self, path: str, **params: str | None) -> Answer:
        """Read from ingestion. Parameters without a value are left out."""
        given = {name.rstrip("_"): value for name, value in params.items() if value}
        return await self.ingestion.call("GET", path, params=given, headers=self.credentials())

    async def send(
        self, method: str, path: str, json: object = None, *, version: object = None, key: str = ""
    ) -> Answer:
        """Write to ingestion. `version` is for If-Match; `key` for Idempotency-Key."""
        headers = self.credentials()
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if key:
            headers["Idempotency-Key"] = key
        return await self.ingestion.call(method, path, json={} if json is None else json, headers=headers)

    def credentials(self) -> dict[str, str]:
        """Headers of a call on the person's behalf."""
        return {"Authorization": f"Bearer {self.token}", **self.headers}


VISIT: web.RequestKey[Visit] = web.RequestKey("visit", Visit)
# The token that replaces the one in the browser. Every answer must carry it: the old one ends in half a minute.
_FRESH: web.RequestKey[str] = web.RequestKey("fresh token", str)


async def call(
    request: web.Request,
    service: web.AppKey[ServiceClient],
    method: str,
    path: str,
    *,
    json: object = None,
    params: Mapping[str, str | None] | None = None,
    key: str = "",
    version: str = "",
    timeout_s: float | None = None,
) -> Answer:
    """Call a service on behalf of the request's person. Errors and `timeout_s` as `ServiceClient.call`.

    Parameters without a value are left out. `key` is for Idempotency-Key, `version` for If-Match.
    """
    headers = request[VISIT].credentials()
    if key:
        headers["Idempotency-Key"] = key
    if version:
        headers["If-Match"] = f'"{version}"'
    given = {name: value for name, value in (params or {}).items() if value}
    return await request.app[service].call(method, path, json=json, params=given, headers=headers, timeout_s=timeout_s)


def forwarded(request: web.Request) -> dict[str, str]:
    """Headers that name the visitor's address to the next service, for limits and the audit."""
    address = request.headers.get("X-Forwarded-For") or request.remote or ""
    found = {"X-Forwarded-For": address}
    if "User-Agent" in request.headers:
        found["User-Agent"] = request.headers["User-Agent"]
    return found


def cookie_name(request: web.Request) -> str:
    """The name of the session's cookie."""
    return session_cookie(request.app[DESK_SETTINGS].site_url)


def set_session(request: web.Request, answer: web.StreamResponse, token: str) -> None:
    """Give the browser a session."""
    secure = request.app[DESK_SETTINGS].is_secure
    answer.set_cookie(
        cookie_name(request), token, max_age=_SESSION_S, path="/", httponly=True, samesite="Lax", secure=secure
    )


def words_of(request: web.Request) -> Words:
    """The language of a page: the person's, else the newsroom's."""
    visit = request.get(VISIT)
    return visit.words if visit is not None else request.app[LANGUAGES].choose(None)


def page(request: web.Request, template: str, *, status: int = 200, **view: object) -> web.Response:
    """A page of the desk. It is never stored."""
    visit = request.get(VISIT)
    person = None if visit is None else visit.person
    shown = {"person": person, "path": request.path, "problem": None, **view}
    html = request.app[PAGES].render(template, words_of(request), shown)
    return web.Response(
        status=status,
        text=html,
        content_type="text/html",
        headers={**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": PAGE_POLICY},
    )


def see_other(path: str) -> web.Response:
    """303 to a page of the desk."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


def wants_json(request: web.Request) -> bool:
    """Whether a script asks, not a person."""
    return "application/json" in request.headers.get("Accept", "")


@web.middleware
async def replace_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the browser the token that replaces its own, also with an answer that tells of a problem."""
    answer = await handler(request)
    fresh = request.get(_FRESH)
    # A page that set a session itself knows better.
    if fresh is not None and not answer.prepared and cookie_name(request) not in answer.cookies:
        set_session(request, answer, fresh)
    return answer


@web.middleware
async def sign_in_first(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse writes from other sites, and let only signed-in people pass."""
    if request.path.startswith("/desk"):
        refuse_other_origins(request, request.app[DESK_SETTINGS].site_url)
    if request.path.startswith(OPEN):
        return await handler(request)
    token = request.cookies.get(cookie_name(request), "")
    if not token:
        raise SignedOut(401, "Sign in.")
    headers = forwarded(request)
    found = await request.app[INGESTION].call(
        "GET", "/internal/session", headers={**headers, "Authorization": f"Bearer {token}"}
    )
    fresh = found.json.get("replace_with")
    used = fresh if isinstance(fresh, str) else token
    person = person_of(found.json["person"])
    words = request.app[LANGUAGES].choose(person.language)
    request[VISIT] = Visit(person, words, used, request.app[INGESTION], headers)
    if used != token:
        request[_FRESH] = used
    return await handler(request)


def person_of(found: object) -> Person:
    """A person in an answer of ingestion."""
    assert isinstance(found, dict)
    return Person(
        id=str(found["id"]),
        name=str(found["name"]),
        email=str(found["email"]),
        role=str(found["role"]),
        language=found.get("language"),
        has_totp=bool(found.get("has_totp")),
    )


def moment_of(value: object) -> datetime | None:
    """A time in an answer; None where there is none."""
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def items_of(found: Json) -> list[dict[str, object]]:
    """The items of a list."""
    items = found.get("items")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
