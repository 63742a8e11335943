"""A running desk before a running ingestion, both in this process, and people who are signed in at it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from aiohttp import DummyCookieJar, FormData, web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict, CIMultiDictProxy
from playwright.async_api import BrowserContext

from services.desk.app import create_app
from services.desk.settings import DeskSettings
from services.ingestion.people.roles import Role
from services.ingestion.settings import IngestionSettings
from tests.support.ingestion import IngestionClient, Json, running_ingestion
from tests.support.people import PASSWORD, Desk

COOKIE = "wm_session"
# The newsroom's zone in the shipped site file.
RIYADH = ZoneInfo("Asia/Riyadh")


@dataclass(frozen=True)
class DeskAnswer:
    """An answer of the desk. Redirects are not followed."""

    status: int
    text: str
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: CIMultiDictProxy(CIMultiDict()))

    @property
    def location(self) -> str:
        """The target of a redirect."""
        return self.headers.get("Location", "")

    def hidden(self, name: str) -> str:
        """The value of the first hidden field with this name."""
        found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', self.text)
        assert found is not None, f"no hidden field {name}: {self.text[:2000]}"
        return found[1]


@dataclass(frozen=True)
class DeskClient:
    """A person's browser at the desk, without JavaScript. Empty `session`: nobody is signed in."""

    ingestion: IngestionClient
    client: TestClient[web.Request, web.Application]
    session: str = ""
    person: Mapping[str, object] = field(default_factory=dict)
    cookie: str = ""

    @property
    def url(self) -> str:
        """The desk's address, for a real browser."""
        return str(self.client.make_url("")).rstrip("/")

    async def get(self, path: str, *, wanted: int = 200, **headers: str) -> DeskAnswer:
        """A page, whose status must be `wanted`."""
        return await self._request("GET", path, None, wanted, headers)

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, wanted: int = 303, **headers: str
    ) -> DeskAnswer:
        """Send a form from the desk's own page. The usual answer is a redirect."""
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        return await self._request("POST", path, fields or {}, wanted, sent)

    async def upload(self, path: str, file: bytes, file_name: str, *, wanted: int = 303) -> DeskAnswer:
        """Send a form with a file."""
        form = FormData(quote_fields=False, default_to_multipart=True)
        form.add_field("file", file, filename=file_name, content_type="application/octet-stream")
        return await self._request("POST", path, form, wanted, {"Sec-Fetch-Site": "same-origin"})

    async def confirm(self, path: str, fields: Mapping[str, str] | None = None, *, wanted: int = 303) -> DeskAnswer:
        """Open the page that asks before an act, and send its form with the hidden fields that it shows."""
        asked = await self.get(path)
        hidden = {name: asked.hidden(name) for name in ("key", "version")}
        return await self.post(path.partition("?")[0], {**hidden, **(fields or {})}, wanted=wanted)

    async def as_role(self, role: Role, *, password: str = PASSWORD, **fields: object) -> "DeskClient":
        """The browser of a new person of this role, signed in. `fields` are of the person, such as `language`."""
        desk = Desk(self.ingestion)
        person = await desk.person(role, password=password, **fields)
        return replace(self, session=str((await desk.sign_in(person, password))["token"]), person=person.model_dump())

    def with_cookie(self, cookie: str) -> "DeskClient":
        """The same browser with a further cookie, `name=value`."""
        return replace(self, cookie=cookie)

    async def ask(self, method: str, path: str, body: object = None, *, wanted: int = 200, **headers: str) -> Json:
        """A call to ingestion as the person who is signed in here; see `Desk.ask`."""
        return await Desk(self.ingestion).ask(method, path, body, token=self.session, wanted=wanted, **headers)

    async def article(self, article: Json) -> Json:
        """The article as it is now."""
        return await self.ask("GET", f"/v1/articles/{article['id']}")

    async def enter(self, context: BrowserContext) -> None:
        """Sign a real browser in as this person."""
        await context.add_cookies([{"name": COOKIE, "value": self.session, "url": self.url}])

    async def _request(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | FormData | None,
        wanted: int,
        headers: Mapping[str, str],
    ) -> DeskAnswer:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if self.session:
            sent["Cookie"] = "; ".join(filter(None, (f"{COOKIE}={self.session}", self.cookie)))
        async with self.client.request(method, path, data=fields, headers=sent, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == wanted, f"{method} {path}: {answer.status} {text[:3000]}"
            return DeskAnswer(answer.status, text, answer.headers)


@asynccontextmanager
async def open_desk(ingestion: IngestionClient, /, **settings: object) -> AsyncIterator[DeskClient]:
    """A desk before a running ingestion, with nobody signed in. `settings` are the desk's."""
    given = {
        "ingestion": str(ingestion.client.make_url("")),
        "rendering": "http://127.0.0.1:9",
        "media": "http://127.0.0.1:9",
        **settings,
    }
    app = create_app(DeskSettings.model_validate({"popularity": "http://127.0.0.1:9", **given}))
    # Cookies belong to people, not to the client that they share.
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield DeskClient(ingestion, client)


@asynccontextmanager
async def running_desk(
    kafka: str, mongo: str, folder: Path, *, is_embedded: bool, **desk: object
) -> AsyncIterator[DeskClient]:
    """A running ingestion with a new database, and a desk before it, with nobody signed in."""
    settings = IngestionSettings(
        kafka=kafka, mongo=mongo, kafka_idempotence=not is_embedded, ingestion_database=f"test_{uuid4().hex[:12]}"
    )
    async with running_ingestion(settings, folder) as ingestion, open_desk(ingestion, **desk) as client:
        yield client
