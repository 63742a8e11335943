"""Signing in and out at the desk, and what nobody may do without it."""

import pytest

from tests.support.desk import COOKIE, DeskClient
from tests.support.people import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sign_in_leads_to_the_page_that_was_asked_for(desk: DeskClient, editor: DeskClient) -> None:
    asked = await desk.get("/desk/calendar?view=week", wanted=303)
    fields = {"email": str(editor.person["email"]), "password": PASSWORD, "next": "/desk/calendar?view=week"}

    answer = await desk.post("/desk/sign-in", fields)

    cookie = answer.headers["Set-Cookie"]
    assert asked.location == "/desk/sign-in?next=%2Fdesk%2Fcalendar%3Fview%3Dweek"
    assert answer.location == "/desk/calendar?view=week"
    assert f"{COOKIE}=wms_" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_sign_in_never_leads_to_another_site(desk: DeskClient, editor: DeskClient) -> None:
    fields = {"email": str(editor.person["email"]), "password": PASSWORD, "next": "https://evil.example/desk"}

    answer = await desk.post("/desk/sign-in", fields)

    assert answer.location == "/desk"


@pytest.mark.parametrize("email", ["nobody@example.com", "", "no address"])
async def test_wrong_sign_in_says_the_same_for_every_reason(desk: DeskClient, editor: DeskClient, email: str) -> None:
    known = {"email": str(editor.person["email"]), "password": "another password entirely"}

    wrong_password = await desk.post("/desk/sign-in", known, wanted=401)
    unknown = await desk.post("/desk/sign-in", {"email": email, "password": "x"}, wanted=401)

    for answer in (wrong_password, unknown):
        assert "Email or password is not right." in answer.text
        assert "Set-Cookie" not in answer.headers


async def test_script_that_signs_in_stays_on_its_page(desk: DeskClient, editor: DeskClient) -> None:
    fields = {"email": str(editor.person["email"]), "password": PASSWORD}

    answer = await desk.post("/desk/sign-in", fields, wanted=200, Accept="application/json")

    assert answer.text == '{"state":"signed-in"}'
    assert COOKIE in answer.headers["Set-Cookie"]


async def test_sign_out_ends_the_session(desk: DeskClient) -> None:
    person = await desk.as_role("reporter")

    out = await person.post("/desk/sign-out")

    again = await person.get("/desk", wanted=303)
    assert (out.location, again.location) == ("/desk/sign-in", "/desk/sign-in?next=%2Fdesk")


async def test_write_from_another_site_is_refused(editor: DeskClient) -> None:
    await editor.post("/desk/sign-out", wanted=403, Sec_Fetch_Site="cross-site")
    await editor.post("/desk/articles/new", {"headline": "x"}, wanted=403, Sec_Fetch_Site="same-site")

    await editor.get("/desk")


async def test_script_without_session_gets_a_problem(desk: DeskClient) -> None:
    answer = await desk.get("/desk", wanted=401, Accept="application/json")

    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_pages_are_never_stored_or_framed(editor: DeskClient) -> None:
    answer = await editor.get("/desk")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


async def test_unknown_page_speaks_like_the_desk(editor: DeskClient) -> None:
    answer = await editor.get("/desk/nowhere", wanted=404)

    assert "There is nothing at this address." in answer.text
    assert 'href="/desk"' in answer.text


async def test_page_is_in_the_persons_language(desk: DeskClient) -> None:
    arabic = await desk.as_role("editor", language="ar")

    answer = await arabic.get("/desk")

    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "المقالات" in answer.text


@pytest.mark.parametrize("path", ["/desk/people", "/desk/tokens", "/desk/audit"])
async def test_pages_for_admins_are_refused_to_others(editor: DeskClient, path: str) -> None:
    answer = await editor.get(path, wanted=403)

    assert "Only admins see this page." in answer.text


async def test_token_is_replaced_with_a_problem_page_too(desk: DeskClient) -> None:
    demoted, admin = await desk.as_role("admin"), await desk.as_role("admin")
    await admin.ask("PATCH", f"/v1/people/{demoted.person['id']}", {"role": "editor"})

    answer = await demoted.get("/desk/people", wanted=403)

    assert f"{COOKIE}=wms_" in answer.headers["Set-Cookie"]
