"""A passkey in a real browser: added on the account page, then asked for at the next sign-in."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from services.desk.app import create_app
from services.desk.settings import DeskSettings
from services.ingestion.people.records import Person
from services.ingestion.settings import IngestionSettings
from tests.support.browsing import DESKTOP, open_page
from tests.support.desk import DeskClient
from tests.support.ingestion import running_ingestion
from tests.support.people import PASSWORD, Desk
from tests.support.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def people(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Desk]]:
    """A desk at `localhost`, where browsers allow passkeys without TLS: its address, and its people."""
    port, nowhere = free_port(), "http://127.0.0.1:9"
    site = f"http://localhost:{port}"
    settings = IngestionSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        kafka_idempotence=not embedded_kafka,
        ingestion_database=f"test_{uuid4().hex[:12]}",
        site_url=site,
    )
    async with running_ingestion(settings, tmp_path_factory.mktemp("passkeys")) as ingestion:
        given = {"ingestion": str(ingestion.client.make_url("")), "rendering": nowhere, "popularity": nowhere}
        app = create_app(DeskSettings.model_validate({**given, "site_url": site}))
        async with TestServer(app, port=port):
            yield site, Desk(ingestion)


async def _add_authenticator(page: Page) -> None:
    """Give the page's browser a device that holds passkeys and says that it verified its user."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def _sign_in(page: Page, site: str, person: Person) -> None:
    await page.goto(f"{site}/desk/sign-in")
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def _add_passkey(page: Page, password: str) -> None:
    form = page.locator("form[data-passkey-add]")
    await form.get_by_label("Name of the device").fill("Work laptop")
    await form.get_by_label("Password").fill(password)
    await form.get_by_role("button", name="Add a passkey").click()


async def test_passkey_that_was_added_is_asked_for_at_the_next_sign_in(
    people: tuple[str, Desk], browser: Browser
) -> None:
    site, desk = people
    person = await desk.person()
    async with open_page(browser, [], viewport=DESKTOP) as page:
        await _add_authenticator(page)
        await _sign_in(page, site, person)
        await page.wait_for_url(f"{site}/desk")
        await page.goto(f"{site}/desk/account")
        await _add_passkey(page, "another fine horse")
        await expect(page.get_by_role("alert")).to_have_text("The password is wrong.")
        await _add_passkey(page, PASSWORD)
        await expect(page.get_by_role("button", name="Remove Work laptop")).to_be_visible()

        await page.context.clear_cookies()
        await _sign_in(page, site, person)
        await page.get_by_role("button", name="Use a passkey").click()
        await page.wait_for_url(f"{site}/desk")

        assert (await desk.ingestion.store.passkeys.of_person(person.id))[0].last_used_at is not None
        await page.goto(f"{site}/desk/account")
        removal = page.locator("form", has=page.get_by_role("button", name="Remove Work laptop"))
        await removal.get_by_label("Password").fill(PASSWORD)
        await removal.get_by_role("button").click()
        await expect(page.get_by_role("button", name="Remove Work laptop")).to_have_count(0)


async def test_site_without_a_domain_name_says_why_it_has_no_passkeys(desk: DeskClient, browser: Browser) -> None:
    person = await desk.as_role("reporter")
    async with open_page(browser, [], viewport=DESKTOP) as page:
        await person.enter(page.context)
        await page.goto(f"{person.url}/desk/account")
        await _add_passkey(page, PASSWORD)

        await expect(page.get_by_role("alert")).to_contain_text("domain name")
