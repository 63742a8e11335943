"""An article's life over HTTP and in the log: what each change answers, and what readers' side is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.ingestion.settings import IngestionSettings
from shared.ids import made_at
from shared.times import now, rfc3339
from tests.support.ingestion import DRAFT, Desk, Json, running_desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    settings = IngestionSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        kafka_idempotence=not embedded_kafka,
        ingestion_database=f"test_{uuid4().hex[:12]}",
    )
    async with running_desk(settings, tmp_path_factory.mktemp("desk")) as running:
        yield running


def pointers(problem: Json) -> list[str]:
    errors = problem["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]


async def test_a_draft_is_answered_whole_with_its_address_and_version(desk: Desk) -> None:
    answer = await desk.call("POST", "/v1/articles", {**DRAFT, "headline": "A draft"})

    article = await answer.json()
    assert answer.status == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/v1/articles/{article['id']}"
    assert list(article)[:19] == [
        *("id", "version", "status", "slug", "url", "headline", "section", "standfirst", "body_markdown", "body_html"),
        *("bylines", "tags", "language", "lead_image", "created_at", "updated_at", "published_at", "corrected_at"),
        "former_urls",
    ]
    assert (article["version"], article["status"], article["slug"], article["url"]) == (1, "draft", "a-draft", None)
    assert article["body_html"] == "<p>They rise in <em>March</em>.</p>\n"
    assert article["created_at"] == article["updated_at"]
    assert article["created_at"].endswith("Z")
    assert (article["language"], article["lead_image"], article["published_at"]) == ("en", None, None)
    shown = await desk.call("GET", answer.headers["Location"])
    assert (await shown.json(), shown.headers["ETag"]) == (article, '"1"')


async def test_a_published_article_is_whole_in_the_log(desk: Desk) -> None:
    picture = {"url": "/media/edition/ferry.jpg", "alt": "A ferry", "caption": "At dawn", "credit": "W. M."}
    draft = await desk.create(
        standfirst="From March on.", bylines=["Ines Halloran"], tags=["Harbours", "fares"], lead_image=picture
    )

    published = await desk.act(draft, "publish")

    assert (published["status"], published["version"]) == ("published", 2)
    assert published["url"] == f"/world/{draft['slug']}"
    assert published["published_at"] == published["updated_at"]
    (event,) = await desk.events(published, 1)
    assert event.ce_type == "world-monitor.article.published.v1"
    told = event.model_dump(mode="json")
    assert {name: told[name] for name in published if name in told} == dict(published)
    assert told["lead_image"] == picture


async def test_an_article_goes_its_whole_way_and_the_log_tells_of_what_readers_see(desk: Desk) -> None:
    draft = await desk.create(headline="Whole way")
    published = await desk.act(draft, "publish")
    edited = await desk.edit(published, headline="Whole way, edited", body_markdown="Unseen.")
    assert (edited["status"], edited["url"], edited["slug"]) == ("published", "/world/whole-way", "whole-way")
    corrected = await desk.act(edited, "correct", {"note": "It was another way."})
    assert corrected["corrected_at"] == corrected["updated_at"]
    withdrawn = await desk.act(corrected, "withdraw", {"reason": "It never was."})
    assert (withdrawn["status"], withdrawn["url"]) == ("withdrawn", "/world/whole-way")
    back = await desk.act(withdrawn, "publish")

    events = await desk.events(draft, 4)
    assert [(event.version, event.ce_type.split(".")[2]) for event in events] == [
        (2, "published"),
        (4, "corrected"),
        (5, "withdrawn"),
        (6, "published"),
    ]
    assert [event.headline for event in events] == ["Whole way", "Whole way, edited", "", "Whole way, edited"]
    assert events[2].body_html == events[2].body_markdown == ""
    assert [item.note for item in events[3].corrections] == ["It was another way."]
    assert {rfc3339(event.published_at) for event in events} == {published["published_at"]}
    assert back["published_at"] == published["published_at"]
    revisions = await desk.ask("GET", f"/v1/articles/{draft['id']}/revisions")
    items = revisions["items"]
    assert isinstance(items, list)
    assert revisions["next_cursor"] is None
    assert [(item["version"], item["action"], item["by"], item["note"]) for item in items] == [
        (6, "publish", "admin", None),
        (5, "withdraw", "admin", "It never was."),
        (4, "correct", "admin", "It was another way."),
        (3, "edit", "admin", None),
        (2, "publish", "admin", None),
        (1, "create", "admin", None),
    ]
    assert [item["content"]["headline"] for item in items[2:]] == ["Whole way, edited"] * 2 + ["Whole way"] * 2
    assert items[3]["content"]["body_markdown"] == "Unseen."
    assert items[5]["at"] == draft["created_at"]


async def test_revisions_are_paged_without_a_gap(desk: Desk) -> None:
    article = await desk.create(headline="Many revisions")
    for number in range(6):
        article = await desk.edit(article, headline=f"Many revisions {number}")

    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        page = await desk.ask("GET", f"/v1/articles/{article['id']}/revisions?limit=3&cursor={cursor}")
        assert isinstance(page["items"], list)
        seen += [item["version"] for item in page["items"]]
        cursor = page["next_cursor"]  # type: ignore[assignment]

    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("history", "action", "body"),
    [
        ([], "correct", {"note": "n"}),
        ([], "withdraw", {"reason": "r"}),
        ([("publish", {}), ("withdraw", {"reason": "r"})], "withdraw", {"reason": "again"}),
        ([("publish", {}), ("withdraw", {"reason": "r"})], "correct", {"note": "n"}),
    ],
)
async def test_a_transition_that_makes_no_sense_is_409_and_changes_nothing(
    desk: Desk, history: list[tuple[str, Json]], action: str, body: Json
) -> None:
    article = await desk.create()
    for done, sent in history:
        article = await desk.act(article, done, sent)

    problem = await desk.act(article, action, body, wanted=409)

    assert problem["status"] == 409
    assert await desk.ask("GET", f"/v1/articles/{article['id']}") == article


CHANGES: list[tuple[str, str, Json]] = [
    ("PUT", "", DRAFT),
    ("POST", "/publish", {}),
    ("POST", "/correct", {"note": "n"}),
    ("POST", "/withdraw", {"reason": "r"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_each_change_needs_the_current_version(desk: Desk, method: str, path: str, body: Json) -> None:
    article = await desk.act(await desk.create(), "publish")
    address = f"/v1/articles/{article['id']}{path}"

    missing = await desk.call(method, address, body)
    stale = await desk.call(method, address, body, match=1)
    malformed = await desk.call(method, address, body, If_Match='W/"2"')
    done = await desk.call(method, address, body, match=2)

    assert [missing.status, stale.status, malformed.status, done.status] == [428, 412, 412, 200]
    assert missing.content_type == stale.content_type == "application/problem+json"
    assert (done.headers["ETag"], (await done.json())["version"]) == ('"3"', 3)


async def test_ids_are_in_the_order_in_which_articles_were_made(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.create() for _ in range(8)))

    in_order = sorted(made, key=lambda article: article["id"])
    moments = [datetime.fromisoformat(str(article["created_at"])) for article in in_order]

    assert moments == [made_at(str(article["id"])) for article in in_order]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("given", "status"),
    [('"1", "2"', 200), ('"1","2"', 200), ("*", 200), ('"02"', 412), ("2", 412), ('"1", W/"2"', 412), ('"1, 2"', 412)],
)
async def test_if_match_is_a_list_of_tags_that_are_compared_character_by_character(
    desk: Desk, given: str, status: int
) -> None:
    article = await desk.act(await desk.create(), "publish")

    answer = await desk.call("POST", f"/v1/articles/{article['id']}/publish", {}, If_Match=given)

    assert answer.status == status


async def test_who_has_an_article_already_is_told_so_and_no_more(desk: Desk) -> None:
    article = await desk.act(await desk.create(), "publish")
    address = f"/v1/articles/{article['id']}"

    answers = [await desk.call("GET", address, If_None_Match=tag) for tag in ('"2"', 'W/"2", "7"', "*", '"1"')]

    assert [answer.status for answer in answers] == [304, 304, 304, 200]
    assert {answer.headers["ETag"] for answer in answers} == {'"2"'}
    assert [await answer.read() for answer in answers[:3]] == [b"", b"", b""]


async def test_of_changes_at_once_one_is_taken_and_the_others_are_412(desk: Desk) -> None:
    article = await desk.create(headline="Everyone edits")
    path = f"/v1/articles/{article['id']}"

    answers = await asyncio.gather(
        *(desk.call("PUT", path, {**DRAFT, "headline": f"Edit {number}"}, match=1) for number in range(6))
    )

    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412, 412]
    taken = next(answer for answer in answers if answer.status == 200)
    assert await desk.ask("GET", path) == await taken.json()


async def test_a_new_slug_takes_effect_at_the_next_publication_and_the_old_path_stays(desk: Desk) -> None:
    article = await desk.act(await desk.create(headline="First path", slug="first-path"), "publish")

    edited = await desk.edit(article, slug="second-path", section="africa")
    assert (edited["slug"], edited["url"]) == ("second-path", "/world/first-path")
    published = await desk.act(edited, "publish")
    assert (published["url"], published["former_urls"]) == ("/africa/second-path", ["/world/first-path"])
    returned = await desk.act(await desk.edit(published, slug="first-path", section="world"), "publish")

    events = await desk.events(article, 3)
    assert [(event.url, event.former_urls) for event in events] == [
        ("/world/first-path", ()),
        ("/africa/second-path", ("/world/first-path",)),
        ("/world/first-path", ("/africa/second-path",)),
    ]
    for slug in ("first-path", "second-path"):
        problem = await desk.ask("POST", "/v1/articles", {**DRAFT, "slug": slug}, wanted=422)
        assert pointers(problem) == ["/slug"]
    assert (await desk.create(headline="Second path"))["slug"] == "second-path-2"
    assert returned["slug"] == "first-path"


async def test_a_slug_that_no_reader_was_given_is_free_again(desk: Desk) -> None:
    article = await desk.create(slug="given-up")
    await desk.ask("POST", "/v1/articles", {**DRAFT, "slug": "given-up"}, wanted=422)

    await desk.edit(article, slug="kept")

    assert (await desk.create(slug="given-up"))["slug"] == "given-up"


async def test_a_made_slug_follows_the_headline_until_readers_see_it(desk: Desk) -> None:
    draft = await desk.create(headline="Working title")
    retitled = await desk.edit(draft, headline="Better title")
    published = await desk.act(retitled, "publish")

    again = await desk.edit(published, headline="Best title")

    assert (retitled["slug"], again["slug"]) == ("better-title", "better-title")


async def test_articles_of_one_headline_made_at_once_get_slugs_of_their_own(desk: Desk) -> None:
    drafts = await asyncio.gather(*(desk.create(headline="Election night") for _ in range(8)))

    assert sorted(str(draft["slug"]) for draft in drafts) == [
        "election-night",
        *(f"election-night-{number}" for number in range(2, 9)),
    ]
    assert len({draft["id"] for draft in drafts}) == 8


async def test_an_import_keeps_its_date(desk: Desk) -> None:
    draft = await desk.create(headline="An import")

    published = await desk.act(draft, "publish", {"published_at": "2024-05-01T08:00:00+02:00"})

    assert published["published_at"] == "2024-05-01T06:00:00.000Z"
    (event,) = await desk.events(draft, 1)
    assert rfc3339(event.published_at) == rfc3339(event.updated_at) == "2024-05-01T06:00:00.000Z"
    problem = await desk.act(published, "publish", {"published_at": "2023-05-01T08:00:00Z"}, wanted=422)
    assert pointers(problem) == ["/published_at"]


async def test_a_future_date_is_refused(desk: Desk) -> None:
    draft = await desk.create()

    problem = await desk.act(draft, "publish", {"published_at": rfc3339(now() + timedelta(minutes=5))}, wanted=422)

    assert pointers(problem) == ["/published_at"]
    assert (await desk.ask("GET", f"/v1/articles/{draft['id']}"))["status"] == "draft"


async def test_a_publication_needs_no_body(desk: Desk) -> None:
    draft = await desk.create()
    headers = {"Authorization": f"Bearer {desk.token}", "If-Match": '"1"'}

    answer = await desk.client.post(f"/v1/articles/{draft['id']}/publish", headers=headers)

    assert answer.status == 200


async def test_lists_filter_and_page_the_newest_first(desk: Desk) -> None:
    tag = f"Tag {uuid4().hex[:8]}"
    made = [await desk.create(headline=f"Listed {n}", tags=[tag], section=["world", "africa"][n % 2]) for n in range(7)]
    await desk.act(made[3], "publish")

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor: object = ""
        while cursor is not None:
            page = await desk.ask("GET", f"/v1/articles?tag={tag.lower()}&{query}&cursor={cursor}")
            assert isinstance(page["items"], list)
            found += [item["headline"] for item in page["items"]]
            cursor = page["next_cursor"]
        return found

    assert await listed("") == [f"Listed {n}" for n in (6, 5, 4, 3, 2, 1, 0)]
    assert await listed("limit=2") == await listed("limit=7") == await listed("limit=100") == await listed("")
    assert await listed("section=africa") == ["Listed 5", "Listed 3", "Listed 1"]
    assert await listed("status=published") == ["Listed 3"]
    assert await listed("status=&section=&q=") == await listed("")
    assert await listed("q=LISTED+4") == ["Listed 4"]
    assert await listed("q=listed.*") == []
    assert await listed("status=withdrawn") == []


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("staus=draft", 422, "?staus"),
        ("status=gone", 422, "?status"),
        ("section=nowhere", 422, "?section"),
        ("limit=0", 422, "?limit"),
        ("limit=101", 422, "?limit"),
        ("cursor=%00", 400, "?cursor"),
        ("cursor=WzFd", 400, "?cursor"),
        ("cursor=WyJ4Il0", 400, "?cursor"),
        ("tag=" + "x" * 51, 422, "?tag"),
        ("q=" + "x" * 201, 422, "?q"),
        ("q=%00", 422, "?q"),
        ("q=harbour%00", 422, "?q"),
        ("q=%ff%00", 422, "?q"),
    ],
)
async def test_a_wrong_parameter_is_named(desk: Desk, query: str, status: int, pointer: str) -> None:
    problem = await desk.ask("GET", f"/v1/articles?{query}", wanted=status)

    assert pointers(problem) == [pointer]


@pytest.mark.parametrize("query", ["tag=%ff", "q=%ff", "q=%ED%A0%80", "tag=%00", "section=%ff", "q=(%5B"])
async def test_bytes_that_are_no_text_do_not_hurt(desk: Desk, query: str) -> None:
    answer = await desk.call("GET", f"/v1/articles?{query}")

    assert answer.status in (200, 400, 422)


@pytest.mark.parametrize("path", ["", "/publish", "/correct", "/withdraw", "/revisions"])
@pytest.mark.parametrize("identity", ["0" * 26, "%ff", "x", "$ne", "0" * 27])
async def test_what_is_not_there_is_404(desk: Desk, path: str, identity: str) -> None:
    method = {"": "GET", "/revisions": "GET"}.get(path, "POST")
    body = {"/correct": {"note": "n"}, "/withdraw": {"reason": "r"}, "/publish": {}}.get(path)

    answer = await desk.call(method, f"/v1/articles/{identity}{path}", body, match=1)

    assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_the_frame_refuses_wrong_bodies_and_methods(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {desk.token}"}
    json_headers = {**headers, "Content-Type": "application/json"}

    async def status(data: bytes, given: dict[str, str]) -> int:
        return (await desk.client.post("/v1/articles", data=data, headers=given)).status

    assert await status(b'{"headline":', json_headers) == 400
    assert await status(b"\xff\xfe", json_headers) == 400
    assert await status(b'{"headline": "\\ud800"}', json_headers) == 400
    assert await status(b"", json_headers) == 400
    assert await status(b"headline=a", {**headers, "Content-Type": "text/plain"}) == 415
    assert await status(b'"' + b"x" * 4_000_000 + b'"', json_headers) == 413
    assert (await desk.client.delete("/v1/articles", headers=headers)).status == 405


async def test_an_article_too_large_for_kafka_is_refused_on_saving(desk: Desk) -> None:
    refused = await desk.ask("POST", "/v1/articles", {**DRAFT, "body_markdown": "\u6771" * 200_000}, wanted=422)

    assert pointers(refused) == ["/body_markdown"]


async def test_the_largest_latin_article_reaches_the_log(desk: Desk) -> None:
    draft = await desk.create(headline="The largest", body_markdown=("word " * 39_999) + "done.")

    await desk.act(draft, "publish")

    (event,) = await desk.events(draft, 1)
    assert len(event.body_markdown) == 200_000


async def test_times_are_rfc_3339_in_utc(desk: Desk) -> None:
    article = await desk.act(await desk.create(), "publish")

    for name in ("created_at", "updated_at", "published_at"):
        text = str(article[name])
        assert text.endswith("Z")
        assert abs(datetime.fromisoformat(text) - now()) < timedelta(minutes=1)


async def test_ready_shows_the_outbox(desk: Desk) -> None:
    answer = await desk.client.get("/health/ready")

    report = await answer.json()
    assert answer.status == 200
    assert set(report) >= {"status", "outbox_pending", "outbox_oldest_s"}
