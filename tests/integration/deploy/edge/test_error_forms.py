"""The form of the edge's own errors: a page for readers, problem details for programs."""

import pytest
from aiohttp import ClientSession

from tests.support.edge import StartEdge, send_at_once

_BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Content-Type": "application/x-www-form-urlencoded",
}


_PAGE = "text/html; charset=utf-8"


_PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/v1/articles/01J/comments", "/v1/messages", "/v1/messages?from=contact", "/v1/comments/01K/report"]
)
@pytest.mark.parametrize(
    ("headers", "type_"),
    [
        (_BROWSER, _PAGE),
        ({**_BROWSER, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}, _PAGE),
        ({**_BROWSER, "Content-Type": "multipart/form-data; boundary=x"}, _PAGE),
        ({**_BROWSER, "Content-Type": "application/json"}, _PROBLEM),
        ({**_BROWSER, "Accept": "*/*"}, _PROBLEM),
        ({**_BROWSER, "Accept": "application/json"}, _PROBLEM),
    ],
)
async def test_browser_form_gets_a_page_and_other_clients_problem_details(
    path: str, headers: dict[str, str], type_: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True, down=("comments",))

    async with client.post(edge + path, data=b"body=" + b"x" * 70_000, headers=headers) as answer:
        too_large = (answer.status, answer.headers["Content-Type"])
    async with client.post(edge + path, data=b"body=x", headers=headers) as answer:
        away = (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"])

    async def post() -> tuple[int, str, str]:
        async with client.post(edge + path, data=b"body=x", headers=headers) as answer:
            return answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]

    at_once = set(await send_at_once(post))

    assert too_large == (413, type_)
    assert away == (503, type_, "2")
    assert at_once == {(503, type_, "2"), (429, type_, "1")}


@pytest.mark.parametrize("path", ["/v1/views", "/v1/articles", "/v1/messages/further", "/v1/comments/01K/approve"])
async def test_form_to_a_path_without_forms_gets_problem_details(
    path: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(down=("comments", "ingestion", "popularity"))

    async with client.post(edge + path, data=b"body=x", headers=_BROWSER) as answer:
        assert (answer.status in (401, 404, 503), answer.headers["Content-Type"]) == (True, _PROBLEM)
