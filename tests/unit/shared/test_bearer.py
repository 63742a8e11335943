"""Bearer tokens are read from the Authorization header, or refused with a challenge."""

import pytest
from aiohttp.test_utils import make_mocked_request

from shared.errors import Problem
from shared.http.bearer import Credential, hash_token, is_same_origin, read_bearer_token, read_credential, unknown_token


@pytest.mark.parametrize("header", ["Bearer wm_a", "bearer wm_a", "Bearer   wm_a "])
def test_token_is_read_in_any_case_and_spacing(header: str) -> None:
    assert read_bearer_token(make_mocked_request("GET", "/", {"Authorization": header})) == "wm_a"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}])
def test_request_without_a_token_is_challenged(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        read_bearer_token(make_mocked_request("GET", "/", headers))

    assert (caught.value.status, caught.value.headers) == (401, unknown_token().headers)
    assert caught.value.headers["WWW-Authenticate"] == 'Bearer realm="editors"'


def test_token_that_is_not_utf8_can_be_hashed() -> None:
    odd = b"wm_\xff".decode("utf-8", "surrogateescape")

    assert len(hash_token(odd)) == 64
    assert hash_token(odd) != hash_token("wm_")


@pytest.mark.parametrize(
    ("site", "cookie", "token"),
    [
        ("https://paper.example", "__Host-wm_session=wms_a", "wms_a"),
        ("https://paper.example", "wm_session=wms_a", None),
        ("http://127.0.0.1:8080", "wm_session=wms_a", "wms_a"),
        ("http://127.0.0.1:8080", "__Host-wm_session=wms_a", None),
    ],
)
def test_cookie_has_the_prefix_of_its_host_with_tls(site: str, cookie: str, token: str | None) -> None:
    request = make_mocked_request("GET", "/", {"Cookie": cookie})

    if token is None:
        with pytest.raises(Problem, match="token"):
            read_credential(request, site)
    else:
        assert read_credential(request, site) == Credential(token, is_cookie=True)


def test_header_comes_before_the_cookie_and_needs_no_origin() -> None:
    headers = {"Authorization": "Bearer wm_b", "Cookie": "wm_session=wms_a", "Sec-Fetch-Site": "cross-site"}

    assert read_credential(make_mocked_request("POST", "/", headers), "http://a.example") == Credential("wm_b", False)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "https://Paper.example", "Host": "inside:8000"}, True),
        ({"Origin": "http://inside:8000", "Host": "inside:8000"}, True),
        ({"Origin": "https://paper.example.evil.example", "Host": "inside:8000"}, False),
        ({"Origin": "http://paper.example", "Host": "inside:8000"}, False),
        ({"Origin": "", "Host": ""}, False),
        ({}, False),
    ],
)
def test_origin_is_the_site_or_the_host_of_the_request(headers: dict[str, str], expected: bool) -> None:
    assert is_same_origin(headers, "https://paper.example") is expected
