"""Every route of the running service with every kind of credential: the answer follows the table of rights."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio

from services.ingestion.people.records import ABSOLUTE, IDLE, DeskSession, Person
from services.ingestion.people.roles import ALLOWED, ROLES, Role
from services.ingestion.people.session_store import make_session_token
from services.ingestion.people.tokens import TokenOwner, make_token
from services.ingestion.route_rights import ROUTE_RIGHTS, Need
from services.ingestion.settings import IngestionSettings
from shared.http.bearer import hash_token
from shared.ids import new_id
from shared.times import now
from tests.support.ingestion import running_ingestion
from tests.support.people import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "https://news.example"
COOKIE = "__Host-wm_session"
# Things that do not exist: a route that looked for them before it asked for rights would answer 404 to everybody.
UNKNOWN = {"id": "0" * 26, "version": "1", "token": "x" * 43}
LET_THROUGH = frozenset(range(200, 500)) - {401, 403}


@dataclass(frozen=True)
class Caller:
    """One kind of credential. `role` None: it is not valid."""

    role: Role | None
    is_session: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cross_site: bool = False


Make = Callable[[Desk], Awaitable[Caller]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(ingestion_settings: IngestionSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The desk at a running service of a site with TLS."""
    settings = ingestion_settings.model_copy(update={"site_url": SITE})
    async with running_ingestion(settings, tmp_path_factory.mktemp("ingestion")) as running:
        yield Desk(running)


async def _member(desk: Desk, role: Role) -> Person:
    """A new person. Without a password: making one takes long, and the session is made here."""
    return await desk.person(role, password=None)


async def _session(desk: Desk, person: Person, age: timedelta = timedelta(), idle: timedelta = timedelta()) -> str:
    """The token of a new session, `age` old and `idle` long not used."""
    token, at = make_session_token(), now()
    made = DeskSession(new_id(), person.id, at - age, at - idle, person.rights_version, "192.0.2.0/24", "a browser")
    await desk.ingestion.store.sessions.add(token, made)
    return token


async def _token(desk: Desk, role: Role, **ends: timedelta) -> str:
    token, at = make_token(), now()
    expires_at = at + ends["after"] if "after" in ends else None
    await desk.ingestion.store.tokens.add(token, TokenOwner(new_id(), role, role), at, expires_at=expires_at)
    return token


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _with_token(role: Role) -> Make:
    async def make(desk: Desk) -> Caller:
        return Caller(role, headers=_bearer(await _token(desk, role, after=timedelta(hours=1))))

    return make


def _with_session(role: Role) -> Make:
    async def make(desk: Desk) -> Caller:
        return Caller(role, is_session=True, headers=_bearer(await _session(desk, await _member(desk, role))))

    return make


def _with_cookie(role: Role, **headers: str) -> Make:
    async def make(desk: Desk) -> Caller:
        cookie = {"Cookie": f"{COOKIE}={await _session(desk, await _member(desk, role))}"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        is_cross_site = sent != {"Sec-Fetch-Site": "same-origin"}
        return Caller(role, is_session=True, headers={**cookie, **sent}, is_cross_site=is_cross_site)

    return make


def _invalid(make_header: Callable[[Desk], Awaitable[Mapping[str, str]]]) -> Make:
    async def make(desk: Desk) -> Caller:
        return Caller(None, headers=await make_header(desk))

    return make


async def _nothing(_: Desk) -> Mapping[str, str]:
    return {}


async def _unknown_token(_: Desk) -> Mapping[str, str]:
    return _bearer(make_token())


async def _unknown_session(_: Desk) -> Mapping[str, str]:
    return _bearer(make_session_token())


async def _basic(_: Desk) -> Mapping[str, str]:
    return {"Authorization": "Basic YWRtaW46YWRtaW4="}


async def _idle_session(desk: Desk) -> Mapping[str, str]:
    return _bearer(await _session(desk, await _member(desk, "admin"), age=IDLE, idle=IDLE))


async def _old_session(desk: Desk) -> Mapping[str, str]:
    return _bearer(await _session(desk, await _member(desk, "admin"), age=ABSOLUTE))


async def _ended_session(desk: Desk) -> Mapping[str, str]:
    token = await _session(desk, await _member(desk, "admin"))
    await desk.ingestion.store.sessions.end(token)
    return _bearer(token)


async def _session_of_a_deactivated_person(desk: Desk) -> Mapping[str, str]:
    return _bearer(await _session(desk, await desk.person("admin", password=None, is_active=False)))


async def _expired_token(desk: Desk) -> Mapping[str, str]:
    return _bearer(await _token(desk, "admin", after=timedelta()))


async def _revoked_token(desk: Desk) -> Mapping[str, str]:
    token = await _token(desk, "admin")
    found = await desk.ingestion.store.tokens.find(token, now())
    assert found is not None
    await desk.ingestion.store.tokens.revoke(found.token_id, now())
    return _bearer(token)


async def _hashed_token(desk: Desk) -> Mapping[str, str]:
    """The text that the database has instead of a token."""
    return _bearer(hash_token(await _token(desk, "admin")))


async def _cookie_of_http(desk: Desk) -> Mapping[str, str]:
    """The cookie's name without TLS, which another host of the same domain could set."""
    token = await _session(desk, await _member(desk, "admin"))
    return {"Cookie": f"wm_session={token}", "Sec-Fetch-Site": "same-origin"}


async def _bad_header_beside_a_cookie(desk: Desk) -> Mapping[str, str]:
    cookie = f"{COOKIE}={await _session(desk, await _member(desk, 'admin'))}"
    return {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **_bearer(make_token())}


CALLERS: Mapping[str, Make] = {
    **{f"token of {role}": _with_token(role) for role in ROLES},
    **{f"session of {role}": _with_session(role) for role in ROLES},
    **{f"cookie of {role}": _with_cookie(role, Sec_Fetch_Site="same-origin") for role in ROLES},
    "cookie, cross-site": _with_cookie("admin", Sec_Fetch_Site="cross-site"),
    "cookie, same site": _with_cookie("admin", Sec_Fetch_Site="same-site"),
    "cookie, another origin": _with_cookie("admin", Origin="https://news.example.evil.example"),
    "cookie, opaque origin": _with_cookie("admin", Origin="null"),
    "cookie, no origin": _with_cookie("admin"),
    "no credential": _invalid(_nothing),
    "unknown token": _invalid(_unknown_token),
    "unknown session": _invalid(_unknown_session),
    "basic credentials": _invalid(_basic),
    "session without use": _invalid(_idle_session),
    "session of 14 days": _invalid(_old_session),
    "ended session": _invalid(_ended_session),
    "session of a deactivated person": _invalid(_session_of_a_deactivated_person),
    "expired token": _invalid(_expired_token),
    "revoked token": _invalid(_revoked_token),
    "hash of a token": _invalid(_hashed_token),
    "cookie under its name without TLS": _invalid(_cookie_of_http),
    "unknown token beside a cookie": _invalid(_bad_header_beside_a_cookie),
}


def expected(need: Need, method: str, caller: Caller) -> frozenset[int] | None:
    """The statuses that a caller may get: 401 or 403; None where it is let through, and neither may come."""
    if caller.role is None:
        return frozenset({401})
    if caller.is_cross_site and method not in ("GET", "HEAD"):
        return frozenset({403})
    if need == "signed in":
        return None
    if need == "own session":
        return None if caller.is_session else frozenset({401})
    return None if need in ALLOWED[caller.role] else frozenset({403})


def routes_of(desk: Desk) -> list[tuple[str, str]]:
    """Method and path of every route of the running service."""
    router = desk.ingestion.client.app.router
    return [(route.method, route.resource.canonical) for route in router.routes() if route.resource is not None]


async def _status(desk: Desk, method: str, path: str, headers: Mapping[str, str]) -> int:
    body: object = None if method in ("GET", "HEAD") else {}
    answer = await desk.ingestion.client.request(method, path.format(**UNKNOWN), json=body, headers=headers)
    await answer.read()
    return answer.status


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def without(desk: Desk) -> Mapping[tuple[str, str], int]:
    """The status of each route for anyone, without a credential."""
    return {
        (method, path): await _status(desk, method, path, {})
        for method, path in routes_of(desk)
        if _need(method, path) == "anyone"
    }


def _need(method: str, path: str) -> Need:
    return ROUTE_RIGHTS[f"{'GET' if method == 'HEAD' else method} {path}"]


@pytest.mark.parametrize("name", CALLERS)
async def test_every_route_answers_by_the_table_of_rights(
    desk: Desk, without: Mapping[tuple[str, str], int], name: str
) -> None:
    caller, wrong = await CALLERS[name](desk), list[str]()
    for method, path in routes_of(desk):
        status = await _status(desk, method, path, caller.headers)
        need = _need(method, path)
        wanted = {without[method, path]} if need == "anyone" else expected(need, method, caller)
        if status not in (wanted or LET_THROUGH):
            wrong.append(f"{method} {path} ({need}): {status}")
        if method == "DELETE" and need == "own session":
            caller = await CALLERS[name](desk)  # the session may have ended

    assert wrong == []
