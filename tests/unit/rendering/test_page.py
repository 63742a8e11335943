"""Encoded pages: bytes in each encoding, entity tags, short answers; and the rankings in them."""

import gzip
from datetime import UTC, datetime, timedelta
from functools import partial

import brotli
import pytest

from services.rendering.pages.assets import Assets
from services.rendering.pages.negotiation import ENCODINGS, Encoding, choose_encoding, is_unmodified_since
from services.rendering.pages.page import FOR_EVER, EncodedPage, Page, PageKind
from services.rendering.pages.popular import ENOUGH, MOST_LINES, MOST_RISING, Block, PopularNews
from services.rendering.pages.popular_models import PopularView
from services.rendering.pages.templates import POPULAR_SLOT
from shared.events import RankedArticle, RankingComputed, RankingName, RankingsChecked
from shared.http.ready_response import DateLine
from shared.http.requests import has_already

HTML = f"<html><main>{'A sentence of the text. ' * 50}</main><aside>{POPULAR_SLOT}</aside></html>".encode()
UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}
ASSETS = Assets()
NOON = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)


def a_page(content: bytes = HTML, kind: PageKind | None = None) -> Page:
    return Page(DateLine(), kind or PageKind("/"), content, key="/", block=Block(None, "en"))


def headers_of(answer: bytes) -> dict[str, str]:
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return dict(line.split(": ", 1) for line in head[1:])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_decodes_to_page_with_fragment(encoding: Encoding) -> None:
    answer = a_page().encode(encoding, b"<ol>popular</ol>").whole.as_bytes()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert UNPACK[encoding](body) == HTML.replace(POPULAR_SLOT.encode(), b"<ol>popular</ol>")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert headers_of(answer)["Content-Length"] == str(len(body))
    assert headers_of(answer).get("Content-Encoding", "identity") == encoding


def test_same_page_has_same_bytes_and_etag_at_every_gateway() -> None:
    one, other = (a_page().encode("br", b"popular") for _ in range(2))

    assert one.etag == other.etag
    assert one.content == other.content


def test_immutable_file_is_compressed_at_highest_level() -> None:
    script = ASSETS.by_url[ASSETS.url("scripts.js")].content

    once, often = (
        a_page(script, kind).encode("br", b"") for kind in (PageKind("/", cache_control=FOR_EVER), PageKind("/"))
    )

    assert brotli.decompress(once.content) == script
    assert len(once.content) < 0.95 * len(often.content)


def test_etags_differ_by_encoding_and_by_fragment() -> None:
    page = a_page()

    tags = {page.encode(encoding, fragment).etag for encoding in ENCODINGS for fragment in (b"one", b"two")}

    assert len(tags) == 6
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


def test_page_is_encoded_once_for_each_fragment() -> None:
    page, fragment, newer = a_page(), b"one", b"two"

    composed = page.encode("br", fragment)

    assert page.encoded("br", fragment) is composed
    assert page.encoded("br", newer) is None
    assert page.encoded("gzip", fragment) is None


def test_answers_have_security_headers_and_no_server_header() -> None:
    form = a_page(kind=PageKind("/", style_source="'sha256-x'")).encode("br", b"")
    for answer in (form.whole, form.closing(), form.head(keeps_open=True), form.not_modified(keeps_open=True)):
        headers = headers_of(answer.as_bytes())

        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert headers["Content-Security-Policy"].endswith("; style-src 'sha256-x'")
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
        assert headers["ETag"] == form.etag
        assert "Referrer-Policy" in headers
        assert "Cross-Origin-Opener-Policy" in headers
        assert "Server" not in headers


def test_csp_allows_pictures_from_any_http_address() -> None:
    policy = headers_of(a_page().encode("br", b"").whole.as_bytes())["Content-Security-Policy"]

    pictures = next(directive for directive in policy.split("; ") if directive.startswith("img-src "))

    assert pictures.split()[1:] == ["'self'", "https:", "http:", "data:"]


def test_head_and_304_have_no_body() -> None:
    form = a_page().encode("br", b"")

    head, unchanged = form.head(keeps_open=True).as_bytes(), form.not_modified(keeps_open=False).as_bytes()

    assert head.endswith(b"\r\n\r\n")
    assert headers_of(head)["Content-Length"] == str(len(form.content))
    assert unchanged.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert unchanged.endswith(b"\r\n\r\n")
    assert headers_of(unchanged)["Connection"] == "close"


def test_date_header_changes_without_new_encoding() -> None:
    date = DateLine()
    form: EncodedPage = Page(date, PageKind("/"), HTML).encode("identity", b"")
    before = form.whole.as_bytes()

    date.line = b"Date: Mon, 02 Mar 2026 12:00:00 GMT\r\n"
    after = form.whole.as_bytes()

    assert headers_of(after)["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert after.partition(b"\r\nContent-Type")[2] == before.partition(b"\r\nContent-Type")[2]


def test_compressed_media_is_sent_unencoded() -> None:
    kind = PageKind("/static/{file}", media_type="font/woff2", cache_control=FOR_EVER, compressible=False)

    headers = headers_of(a_page(b"wOF2", kind).encode("br", b"").whole.as_bytes())

    assert "Content-Encoding" not in headers
    assert "Vary" not in headers
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *;q=0.5", "gzip"),
        ("identity", "identity"),
        ("identity;q=0.5, gzip;q=0.2", "identity"),
        ("identity;q=0, *;q=0", "identity"),
        ("deflate", "identity"),
        ("", "identity"),
        ("br;q=nonsense, gzip", "gzip"),
        (";;;,,,=,q=", "identity"),
        ("gzip;q=0.5," + " x," * 1000 + "br", "gzip"),
        (" x," * 84 + "br,gzip;q=0", "br"),
    ],
)
def test_client_gets_its_preferred_encoding(accepted: str, chosen: str) -> None:
    assert choose_encoding(accepted) == chosen


def test_date_of_a_client_is_short() -> None:
    date = "Sun, 29 Nov 2026 10:00:00 GMT"

    assert is_unmodified_since(date, 1)
    assert not is_unmodified_since("29 Nov 2026 10:00:00 GMT" + " a" * 3000, 1)


@pytest.mark.parametrize(
    ("known", "matches"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_if_none_match_is_compared_weakly_over_a_list(known: str, matches: bool) -> None:
    assert has_already(known, '"a"') is matches


def a_ranking(count: int, window: RankingName = "24h", section: str | None = None, views: int = 9) -> RankingComputed:
    items = tuple(
        RankedArticle(article_id=f"{number}", headline=f"H{number}", url=f"/w/{number}", section="world", views=views)
        for number in range(count)
    )
    return RankingComputed(window=window, section=section, computed_at=NOON, items=items)


def shown(popular: PopularNews, section: str | None = None) -> tuple[str, int]:
    window, count = popular.fragment(Block(section, "en")).decode().split()
    return window, int(count)


def popular_news() -> PopularNews:
    return PopularNews(lambda view: f"{view.window} {len(view.items)}")


def test_popular_news_falls_back_to_longer_window() -> None:
    popular = popular_news()
    popular.take(a_ranking(ENOUGH - 1))
    popular.take(a_ranking(ENOUGH, "30d"))
    popular.take(a_ranking(50, "all"))

    assert shown(popular) == ("30d", ENOUGH)

    popular.take(a_ranking(20))
    assert shown(popular) == ("24h", MOST_LINES)


def test_longest_ranking_is_shown_when_all_are_short() -> None:
    popular = popular_news()
    popular.take(a_ranking(1))
    popular.take(a_ranking(1, "all"))

    assert shown(popular) == ("24h", 1)


def test_section_without_views_shows_ranking_of_whole_site() -> None:
    popular = popular_news()
    popular.take(a_ranking(6))
    popular.take(a_ranking(0, section="sports"))
    popular.take(a_ranking(5, section="world"))

    assert shown(popular, "sports") == ("24h", 6)
    assert shown(popular, "world") == ("24h", 5)


def _note(views: list[PopularView], view: PopularView) -> str:
    views.append(view)
    return ""


def view_of(block: Block, *rankings: RankingComputed) -> PopularView:
    """The view of a block after these rankings."""
    views: list[PopularView] = []
    popular = PopularNews(partial(_note, views))
    for ranking in rankings:
        popular.take(ranking)
    popular.fragment(block)
    return views[0]


def test_trending_is_a_tab_and_a_page_without_numbers_of_views() -> None:
    view = view_of(Block(None, "en", "trending"), a_ranking(6), a_ranking(3, "trending"))

    assert [(tab.window, tab.url, tab.shown) for tab in view.tabs][-1] == ("trending", "/popular?window=trending", True)
    assert [item.views for item in view.items] == [None] * 3


def test_rising_articles_are_on_the_front_page_alone() -> None:
    rankings = (a_ranking(6), a_ranking(9, "rising"), a_ranking(2, "rising", section="world"))

    assert len(view_of(Block(None, "en", front=True), *rankings).rising) == MOST_RISING
    assert view_of(Block(None, "en"), *rankings).rising == ()
    assert view_of(Block(None, "en", front=True), a_ranking(6)).rising == ()


def test_block_names_the_section_only_when_the_ranking_is_that_of_the_section() -> None:
    rankings = (a_ranking(6), a_ranking(5, section="world"), a_ranking(0, section="sports"))

    assert view_of(Block("world", "en"), *rankings).section == "world"
    assert view_of(Block("sports", "en"), *rankings).section == ""


def test_block_is_as_of_the_last_check_and_says_when_ten_seconds_passed_without_one() -> None:
    views: list[PopularView] = []
    popular = PopularNews(partial(_note, views))
    block = Block(None, "en", front=True)
    minute = NOON.replace(second=0)
    checked_at = minute + timedelta(minutes=7)
    popular.take(a_ranking(6))
    popular.take(a_ranking(6, "rising"))

    def after(waited: timedelta) -> tuple[datetime | None, str, int]:
        popular.look(checked_at + waited)
        popular.fragment(block)
        return views[-1].computed_at, views[-1].lateness, len(views[-1].rising)

    assert after(timedelta(hours=1)) == (minute, "", MOST_RISING)  # an older counter sends no checks
    popular.check(RankingsChecked(checked_at=checked_at))
    assert after(timedelta(seconds=10)) == (checked_at, "", MOST_RISING)
    assert after(timedelta(seconds=11)) == (checked_at, "stale", 0)
    assert after(timedelta(hours=13)) == (checked_at, "old", 0)
    popular.check(RankingsChecked(checked_at=checked_at + timedelta(hours=13)))
    assert after(timedelta(hours=13)) == (checked_at + timedelta(hours=13), "", MOST_RISING)


def test_site_without_views_has_empty_block() -> None:
    assert shown(popular_news()) == ("24h", 0)


def test_ranking_that_is_later_in_the_log_wins_though_another_is_dated_ahead() -> None:
    popular = popular_news()
    popular.take(a_ranking(6).model_copy(update={"computed_at": NOON.replace(hour=14)}))

    popular.take(a_ranking(8))

    assert shown(popular) == ("24h", 8)


def test_fragment_is_rendered_again_only_for_visible_changes() -> None:
    rendered: list[PopularView] = []

    def render(view: PopularView) -> str:
        rendered.append(view)
        return str(len(rendered))

    popular = PopularNews(render)
    popular.take(a_ranking(6))
    first = popular.fragment(Block(None, "en"))

    popular.take(a_ranking(6).model_copy(update={"computed_at": NOON.replace(second=40)}))
    popular.take(a_ranking(9, "7d"))
    same = popular.fragment(Block(None, "en"))
    popular.take(a_ranking(6, views=10).model_copy(update={"computed_at": NOON.replace(second=50)}))
    newer = popular.fragment(Block(None, "en"))

    assert same is first
    assert newer is not first
    assert len(rendered) == 2
