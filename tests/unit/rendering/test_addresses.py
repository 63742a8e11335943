"""Addresses: each page has one, and any target can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.pages.addresses import Address, Redirect, Refused, read_address

_ARABIC_WORLD = (("section", "world"), ("language", "ar"))


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("/", Address("home", "/")),
        ("/world", Address("top", "/world")),
        ("/about", Address("top", "/about")),
        ("/world/a-headline", Address("article", "/world/a-headline")),
        ("/tag/lake", Address("tag", "/tag/lake")),
        ("/world/a-headline/history", Address("history", "/world/a-headline/history")),
        ("/world/history", Address("article", "/world/history")),
        ("/corrections?page=2", Address("corrections", "/corrections", 2)),
        ("/author/ada-byrne", Address("author", "/author/ada-byrne")),
        ("/world?page=3", Address("top", "/world", 3)),
        ("/popular/2026-11-28?window=1h&utm_source=x", Address("archive", "/popular/2026-11-28")),
        ("/popular/2026-W48?language=ar&section=world", Address("archive", "/popular/2026-W48", query=_ARABIC_WORLD)),
        ("/popular/2026-13-28", Address("article", "/popular/2026-13-28")),
        ("/tag/lake?page=12", Address("tag", "/tag/lake", 12)),
        ("/world/a-headline?comments=2", Address("article", "/world/a-headline", 2)),
        ("/world?utm_source=x&page=3&fbclid=y", Address("top", "/world", 3)),
        ("/world?utm_source=x", Address("top", "/world")),
        ("/world/a-headline?page=2", Address("article", "/world/a-headline")),
        ("/?page=2", Address("home", "/")),
        ("/world?subpage=2", Address("top", "/world")),
        ("http://site.example/world?page=2", Address("top", "/world", 2)),
        ("/world#part", Address("top", "/world")),
    ],
)
def test_target_is_read_as_address(target: str, address: Address) -> None:
    assert read_address(target) == address


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/world/", "/world"),
        ("/Popular/2026-w48/?section=world", "/popular/2026-W48?section=world"),
        ("/World/A-Headline", "/world/a-headline"),
        ("//world", "/world"),
        ("/world/?page=2&utm_source=x", "/world?page=2"),
        ("/w%6Frld", "/world"),
        ("//", "/"),
        ("/world/a-headline.", "/world/a-headline"),
        ("/world/a-headline,", "/world/a-headline"),
        ("/world/a-headline).", "/world/a-headline"),
        ("/world/a-headline%20", "/world/a-headline"),
        ("/world/a-headline/).", "/world/a-headline"),
        ("/world,?page=2", "/world?page=2"),
        ("/feed.xml.", "/feed.xml"),
        ("/Search?q=ledger&section=world", "/search?q=ledger&section=world"),
        ("/search/?q=a%0db", "/search?q=a%0db"),
        ("/search.", "/search"),
        ("/V1/Popular?window=1h", "/v1/popular?window=1h"),
        ("/.", "/"),
    ],
)
def test_variant_of_address_redirects_to_canonical_one(target: str, location: str) -> None:
    assert read_address(target) == Redirect(location)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/world?page=0", 400),
        ("/world?page=", 400),
        ("/world?page=abc", 400),
        ("/world?page=-1", 400),
        ("/world?page=1e3", 400),
        ("/world?page=%D9%A3", 400),
        ("/world?page=99999999999999999999", 400),
        ("/world/a?comments=x", 400),
        ("/world/a%0d%0aSet-Cookie:x", 400),
        ("/world/a%0a", 400),
        ("/world/a.b", 404),
        ("/world/a).b", 404),
        ("/world/%00", 400),
        ("/world/%ff%fe", 400),
        ("/a/b/c", 404),
        ("/popular/2026-11-28?section=%3Cb%3E", 400),
        ("/tag/lake/history", 404),
        ("/author/ada-byrne/history", 404),
        ("/../etc/passwd", 404),
        ("//evil.example/", 404),
        ("/world/<script>", 404),
        ("/مرحبا", 404),
        ("/" + "a" * 400, 404),
        ("/?" + "a" * 5000, 414),
    ],
)
def test_impossible_address_is_refused(target: str, status: int) -> None:
    assert read_address(target) == Refused(status)  # type: ignore[arg-type]


def test_thank_you_page_for_comment_has_its_own_key() -> None:
    found = read_address("/world/a?utm_source=x&received=1&comments=2")

    assert isinstance(found, Address)
    assert (found.received, found.number, found.key) == (True, 2, "/world/a?comments=2&received=1")
    assert read_address("/world/a?received=2") == read_address("/world/a")
    assert read_address("/world?received=1") == read_address("/world")


def test_thanks_for_a_vote_or_report_are_pages_of_their_own() -> None:
    found = read_address("/world/a?noted=vote")

    assert isinstance(found, Address)
    assert (found.noted, found.key) == ("vote", "/world/a?noted=vote")
    assert read_address("/world/a?noted=love") == read_address("/world/a")
    assert read_address("/world?noted=vote") == read_address("/world")


def test_permalink_of_a_comment_has_its_own_key_and_no_page_number() -> None:
    found = read_address("/world/a?comments=2&noted=vote&comment=01K_x-9")

    assert isinstance(found, Address)
    assert (found.comment, found.number, found.key) == ("01K_x-9", None, "/world/a?comment=01K_x-9&noted=vote")
    assert read_address("/world/a?comment=%3Cb%3E") == read_address("/world/a")
    assert read_address("/world?comment=1") == read_address("/world")


@given(st.text(max_size=200))
def test_any_text_is_address_redirect_or_refused(text: str) -> None:
    found = read_address("/" + text)

    if isinstance(found, Redirect):
        there = read_address(found.location)
        assert isinstance(there, Address)
        assert there.key == found.location or there.path == "/search" or there.path.startswith("/v1/")
        assert not found.location.startswith("//")
    if isinstance(found, Address):
        assert read_address(found.key) == found


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/popular", "/popular"),
        ("/popular?window=24h", "/popular"),
        ("/popular?section=world&window=7d&utm_source=x", "/popular?window=7d&section=world"),
        ("/popular?language=ar&window=all", "/popular?window=all&language=ar"),
        ("/popular?window=trending", "/popular?window=trending"),
        ("/popular?window=rising", "/popular?window=rising"),
    ],
)
def test_ranking_has_one_canonical_address(target: str, key: str) -> None:
    address = read_address(target)

    assert isinstance(address, Address)
    assert (address.kind, address.key) == ("popular", key)


@pytest.mark.parametrize("query", ["window=2h", "window=", "section=a%20b", "language=en%0a", "window=7d;all"])
def test_impossible_ranking_query_is_refused(query: str) -> None:
    assert read_address(f"/popular?{query}") == (Address("popular", "/popular") if query == "window=" else Refused(400))


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/world/a?sort=newest&comments=2", "/world/a?comments=2&sort=newest"),
        ("/world/a?sort=best&comments=2&received=1", "/world/a?sort=best&received=1"),
        ("/world/a?sort=oldest", "/world/a?comments=1"),
        ("/world/a?sort=oldest&comments=3", "/world/a?comments=3"),
        ("/world/a?sort=loudest", "/world/a"),
        ("/world/a?sort=best&comment=c1", "/world/a?comment=c1"),
        ("/world?sort=best", "/world"),
    ],
)
def test_order_of_comments_has_one_address(target: str, key: str) -> None:
    found = read_address(target)

    assert isinstance(found, Address)
    assert found.key == key
    assert read_address(key) == found
