"""The audit log: what it notes, how it is read, and that nothing changes it."""

from datetime import timedelta

import pytest

from services.ingestion.people.actor import Actor
from shared.ids import new_id
from shared.times import now, rfc3339
from tests.support.ingestion import DRAFT, IngestionClient, Json
from tests.support.people import Desk
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _acts(ingestion: IngestionClient, query: str) -> list[Json]:
    items = (await ingestion.ask("GET", f"/v1/audit?limit=100&{query}"))["items"]
    assert isinstance(items, list)
    return items


async def test_making_and_revoking_a_token_is_noted_without_its_secret(ingestion: IngestionClient) -> None:
    sent = {"name": "Wire", "role": "reporter", "expires_at": "2099-01-01T00:00:00Z"}
    made = await ingestion.ask("POST", "/v1/tokens", sent, wanted=201, X_Forwarded_For="203.0.113.77")
    await ingestion.call("DELETE", f"/v1/tokens/{made['id']}")
    await ingestion.call("DELETE", f"/v1/tokens/{made['id']}")

    revoked, created = await _acts(ingestion, f"object={made['id']}")

    assert (revoked["action"], created["action"]) == ("token.revoke", "token.create")
    assert created["network"] == "203.0.113.0/24"
    assert created["details"] == {"name": "Wire", "role": "reporter", "expires_at": "2099-01-01T00:00:00.000Z"}
    actor = created["actor"]
    assert isinstance(actor, dict)
    assert (actor["name"], actor["via"]) == ("admin", "token")
    assert str(made["token"]) not in str([revoked, created])


async def test_log_is_searched_by_actor_action_and_object(ingestion: IngestionClient) -> None:
    store, thing = ingestion.store.audit, new_id()
    ann, bob = Actor(new_id(), "Ann", "editor", "session"), Actor(new_id(), "Bob", "editor", "session")
    for actor, action in ((ann, "story.tell"), (bob, "story.tell"), (ann, "story.end"), (ann, "storyboard.draw")):
        await store.note(actor, action, thing, "192.0.2.0/24", now(), {})

    async def found(query: str) -> list[str]:
        return [str(act["action"]) for act in await _acts(ingestion, f"object={thing}&{query}")]

    assert await found(f"actor={ann.id}") == ["storyboard.draw", "story.end", "story.tell"]
    assert await found("actor=Bob") == ["story.tell"]
    assert await found("action=story") == ["story.end", "story.tell", "story.tell"]
    assert await found("action=story.tell&actor=Ann") == ["story.tell"]
    assert await found("actor=&action=") == ["storyboard.draw", "story.end", "story.tell", "story.tell"]
    assert await found("actor=An") == []


async def test_pages_have_every_act_once_newest_first(ingestion: IngestionClient) -> None:
    thing, actor = new_id(), Actor(new_id(), "Cleo", "editor", "session")
    for number in range(300):
        await ingestion.store.audit.note(actor, "story.tell", thing if number % 3 == 0 else new_id(), "x", now(), {})

    for query, wanted in ((f"actor={actor.id}", 300), (f"object={thing}", 100), ("actor=Cleo&action=story", 300)):
        found: list[str] = []
        cursor: object = ""
        while cursor is not None:
            page = await ingestion.ask("GET", f"/v1/audit?{query}&limit=37&cursor={cursor}")
            assert isinstance(page["items"], list)
            found += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert len(found) == wanted
        assert found == sorted(set(found), reverse=True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("action=Publish", 422),
        ("action=.*", 422),
        ("action=article.", 422),
        (f"actor={'x' * 201}", 422),
        ("who=me", 422),
        ("limit=0", 422),
        ("cursor=abc", 400),
        ("cursor=WyItMSJd", 400),
    ],
)
async def test_wrong_parameter_is_refused(ingestion: IngestionClient, query: str, status: int) -> None:
    assert (await ingestion.call("GET", f"/v1/audit?{query}")).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_route_changes_the_log(ingestion: IngestionClient, method: str) -> None:
    acts = await _acts(ingestion, "")

    assert (await ingestion.call(method, "/v1/audit", {})).status == 405
    assert (await ingestion.call(method, f"/v1/audit/{new_id()}", {})).status == 404
    assert await _acts(ingestion, "") == acts


async def _of(ingestion: IngestionClient, article: Json) -> list[object]:
    return [act["action"] for act in await _acts(ingestion, f"object={article['id']}")][::-1]


async def test_each_change_of_an_article_is_noted_once(ingestion: IngestionClient) -> None:
    article, later = await ingestion.create(), rfc3339(now() + timedelta(days=1))
    edited = await ingestion.edit(article, headline="Second")
    submitted = await ingestion.act(edited, "submit")
    scheduled = await ingestion.act(submitted, "schedule", {"publish_at": later})
    unscheduled = await ingestion.act(scheduled, "unschedule")
    published = await ingestion.act(unscheduled, "publish")
    corrected = await ingestion.act(published, "correct", {"note": "n"})
    await ingestion.act(corrected, "withdraw", {"reason": "r"})
    await ingestion.act(corrected, "withdraw", {"reason": "r"}, wanted=412)

    names = ("create", "edit", "submit", "schedule", "unschedule", "publish", "correct", "withdraw")
    assert await _of(ingestion, article) == [f"article.{name}" for name in names]
    (act,) = await _acts(ingestion, f"object={article['id']}&action=article.schedule")
    assert act["details"] == {"version": 4, "headline": "Second", "publish_at": later}


async def test_repeated_request_is_noted_once(ingestion: IngestionClient) -> None:
    article = await ingestion.create()
    path, key = f"/v1/articles/{article['id']}", new_id()
    for _ in range(2):
        await ingestion.ask("POST", f"{path}/publish", {}, match=1, Idempotency_Key=key)
        await ingestion.ask("POST", f"{path}/preview", {}, Idempotency_Key=f"{key}p")

    assert await _of(ingestion, article) == ["article.create", "article.publish", "article.preview"]


async def test_automatic_save_without_a_revision_is_no_act(ingestion: IngestionClient) -> None:
    article = await ingestion.create()
    path = f"/v1/articles/{article['id']}?autosave=true"
    for version in (1, 2, 3):
        await ingestion.ask("PUT", path, {**DRAFT, "headline": f"Draft {version}"}, match=version)

    noted = await _of(ingestion, article)
    revisions = (await ingestion.ask("GET", f"/v1/articles/{article['id']}/revisions"))["items"]
    assert isinstance(revisions, list)
    assert noted == [f"article.{revision['action']}" for revision in revisions[::-1]]


async def test_embargo_is_noted_when_it_is_set_and_lifted(ingestion: IngestionClient) -> None:
    article = await ingestion.create(embargo_until="2099-01-01T00:00:00Z")
    await ingestion.edit(article, embargo_until=None)

    names = ("create", "embargo", "edit", "lift-embargo")
    assert await _of(ingestion, article) == [f"article.{name}" for name in names]


async def test_publication_by_the_schedule_names_the_person_who_set_it(ingestion: IngestionClient) -> None:
    article = await ingestion.create()
    soon = rfc3339(now() + timedelta(seconds=1))
    await ingestion.act(article, "schedule", {"publish_at": soon})

    async def published() -> bool:
        return "article.publish" in await _of(ingestion, article)

    await eventually(published)
    (act,) = await _acts(ingestion, f"object={article['id']}&action=article.publish")
    actor = act["actor"]
    assert isinstance(actor, dict)
    assert (actor["name"], actor["via"], act["network"]) == ("admin", "schedule", "local")


async def test_refused_sign_ins_are_noted_by_account(ingestion: IngestionClient) -> None:
    desk = Desk(ingestion, network="198.51.100.9")
    person = await desk.person()
    nobody = person.model_copy(update={"email": f"{new_id()}@newsroom.example"})
    await desk.sign_in(person, "wrong horse", wanted=401)
    await desk.sign_in(nobody, "wrong horse", wanted=401)

    (act,) = await _acts(ingestion, f"object={person.id}")
    assert (act["action"], act["network"], act["details"]) == (
        "session.refuse",
        "198.51.100.0/24",
        {"step": "password"},
    )
    strangers = await _acts(ingestion, "object=unknown&action=session.refuse")
    assert len(strangers) == 1
    assert nobody.email not in str(strangers)


async def test_sign_in_and_sign_out_are_noted(ingestion: IngestionClient) -> None:
    desk = Desk(ingestion)
    person = await desk.person()
    token = await desk.session(person)
    await desk.ask("DELETE", "/internal/session", token=token, wanted=204)

    acts = await _acts(ingestion, f"actor={person.id}")

    assert [act["action"] for act in acts] == ["session.sign-out", "session.sign-in"]
    assert token not in str(acts)


async def test_wrong_second_factor_is_noted(ingestion: IngestionClient) -> None:
    desk = Desk(ingestion)
    person = await desk.person(totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    ticket = (await desk.sign_in(person))["ticket"]
    sent = {"ticket": ticket, "code": "000000"}
    await desk.ask("POST", "/internal/sessions/second-factor", sent, wanted=401)

    (act,) = await _acts(ingestion, f"object={person.id}")

    assert (act["action"], act["details"]) == ("session.refuse", {"step": "second-factor"})
