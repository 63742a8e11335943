"""Bearer tokens are read from the Authorization header, or refused with a challenge."""

import pytest
from aiohttp.test_utils import make_mocked_request

from shared.errors import Problem
from shared.http.bearer import hash_token, read_bearer_token, unknown_token


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
