"""Search addresses and result pages."""

from dataclasses import replace
from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.gateway.search_results import SearchQuery, read_search
from services.rendering.pages.addresses import Refused
from services.rendering.pages.models import SearchView
from services.rendering.pages.templates import Templates
from shared.site.site import load_site
from tests.support import look_samples as samples


@pytest.mark.parametrize(
    ("target", "query"),
    [
        ("/search", SearchQuery()),
        ("/search?q=", SearchQuery()),
        ("/search?q=salt+%22the+tide%22&section=world&page=2", SearchQuery('salt "the tide"', "world", 2)),
        ("/search?q=%D9%85%D9%83%D8%AA%D8%A8%D8%A9&utm_source=x", SearchQuery("مكتبة")),
        ("/search?q=one&q=two", SearchQuery("one")),
        ("/search?q=%D9%85&language=ar&page=2", SearchQuery("م", page=2, language="ar")),
        ("/search?q=a&section=&from=&to=", SearchQuery("a")),
        ("/search?q=a&from=2026-02-08&to=", SearchQuery("a", from_day=date(2026, 2, 8))),
        (
            "/search?q=a&from=2024-02-29&to=2026-02-08",
            SearchQuery("a", from_day=date(2024, 2, 29), to_day=date(2026, 2, 8)),
        ),
    ],
)
def test_search_address_is_read(target: str, query: SearchQuery) -> None:
    assert read_search(target) == query


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/search?q=a&page=0", 400),
        ("/search?q=a&page=x", 400),
        ("/search?q=a&page=", 400),
        ("/search?q=a&page=%D9%A3", 400),
        ("/search?q=%ff", 400),
        ("/search?q=a&from=yesterday", 400),
        ("/search?to=yesterday", 400),
        ("/search?q=a&to=2026-02-30", 400),
        ("/search?q=a&from=2026-2-8", 400),
        ("/search?q=a&from=20260208", 400),
        ("/search?q=a&from=2026-W06-7", 400),
        ("/search?q=a&from=2026-02-08T10:00:00Z", 400),
        ("/search?q=a&from=%D9%A2%D9%A0%D9%A2%D9%A6-02-08", 400),
        ("/search?" + "a=1&" * 40, 400),
        ("/search?q=a&page=11", 404),
        ("/search?q=" + "a" * 10_000, 414),
    ],
)
def test_invalid_search_address_is_refused(target: str, status: Literal[400, 404, 414]) -> None:
    assert read_search(target) == Refused(status)


@given(st.text(max_size=300))
def test_any_query_is_read_or_refused(query: str) -> None:
    assert isinstance(read_search("/search?" + query), SearchQuery | Refused)


def test_results_of_a_search_from_an_arabic_page_are_in_arabic() -> None:
    templates = Templates(load_site(None), "")
    article = templates.article(samples.arabic_article())
    results = templates.search(replace(samples.results(), language="ar"))

    for page in (article, results):
        assert '<html lang="ar" dir="rtl">' in page
        assert page.count('<input type="hidden" name="language" value="ar">') == page.count('action="/search"')
    assert results.count("&amp;language=ar&amp;page=") == 2
    assert '<meta name="robots" content="noindex">' in results
    assert "canonical" not in results


@pytest.mark.parametrize("language", ["", "en", "xx"])
def test_other_results_are_in_the_sites_language_without_a_parameter(language: str) -> None:
    page = Templates(load_site(None), "").search(replace(samples.results(), language=language))

    assert '<html lang="en" dir="ltr">' in page
    assert "language=" not in page
    assert 'name="language"' not in page


@pytest.mark.parametrize(("language", "labels"), [("en", ("From", "To")), ("ar", ("من تاريخ", "إلى تاريخ"))])
def test_chosen_days_stay_in_the_form_and_in_page_links(language: str, labels: tuple[str, str]) -> None:
    view = replace(samples.results(), language=language, from_day=date(2026, 1, 31), to_day=date(2026, 2, 8))
    page = Templates(load_site(None), "").search(view)

    for name, label, day in (("from", labels[0], "2026-01-31"), ("to", labels[1], "2026-02-08")):
        assert f'<label class="field" for="search-{name}">{label}</label>' in page
        assert f'<input id="search-{name}" name="{name}" type="date" value="{day}">' in page
    assert page.count("&amp;section=world&amp;from=2026-01-31&amp;to=2026-02-08&amp;") == 2


def test_empty_days_are_in_no_address() -> None:
    page = Templates(load_site(None), "").search(samples.results())

    assert '<input id="search-from" name="from" type="date">' in page
    assert '<input id="search-to" name="to" type="date">' in page
    assert "from=" not in page
    assert "to=" not in page


def test_search_words_are_escaped_and_the_page_is_not_indexed() -> None:
    page = Templates(load_site(None), "").search(SearchView('"><script>alert(1)</script>'))

    assert "<script>alert" not in page
    assert '<meta name="robots" content="noindex">' in page
