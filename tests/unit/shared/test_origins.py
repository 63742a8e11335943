"""Which requests a browser says are another site's."""

import pytest

from shared.http.origins import is_cross_site, origin_of

SITE = "https://news.example"


@pytest.mark.parametrize(
    ("headers", "is_foreign"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://news.example"}, False),
        ({"Origin": "https://NEWS.example"}, False),
        ({"Origin": "http://127.0.0.1:8081", "Host": "127.0.0.1:8081"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://news.example"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://blog.example"}, True),
        ({"Origin": "https://evil.example", "Host": "news.example"}, True),
        ({"Origin": "https://news.example.evil.example", "Host": "news.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": ""}, True),
    ],
)
def test_request_of_another_sites_page_is_recognised(headers: dict[str, str], is_foreign: bool) -> None:
    assert is_cross_site(headers, origin_of(f"{SITE}/")) is is_foreign
