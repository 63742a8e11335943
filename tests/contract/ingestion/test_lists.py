"""Lists of articles and revisions: filters, pages, wrong parameters."""

from uuid import uuid4

import pytest

from tests.support.ingestion import IngestionClient, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_revisions_are_paged_without_gaps(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Many revisions")
    for number in range(6):
        article = await ingestion.edit(article, headline=f"Many revisions {number}")

    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        page = await ingestion.ask("GET", f"/v1/articles/{article['id']}/revisions?limit=3&cursor={cursor}")
        assert isinstance(page["items"], list)
        seen += [item["version"] for item in page["items"]]
        cursor = page["next_cursor"]  # type: ignore[assignment]

    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_list_filters_and_pages_newest_first(ingestion: IngestionClient) -> None:
    tag = f"Tag {uuid4().hex[:8]}"
    made = [
        await ingestion.create(headline=f"Listed {n}", tags=[tag], section=["world", "africa"][n % 2]) for n in range(7)
    ]
    await ingestion.act(made[3], "publish")

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor: object = ""
        while cursor is not None:
            page = await ingestion.ask("GET", f"/v1/articles?tag={tag.lower()}&{query}&cursor={cursor}")
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
async def test_wrong_list_parameter_is_named(ingestion: IngestionClient, query: str, status: int, pointer: str) -> None:
    problem = await ingestion.ask("GET", f"/v1/articles?{query}", wanted=status)

    assert pointers(problem) == [pointer]


@pytest.mark.parametrize("query", ["tag=%ff", "q=%ff", "q=%ED%A0%80", "tag=%00", "section=%ff", "q=(%5B"])
async def test_undecodable_query_is_no_server_error(ingestion: IngestionClient, query: str) -> None:
    answer = await ingestion.call("GET", f"/v1/articles?{query}")

    assert answer.status in (200, 400, 422)
