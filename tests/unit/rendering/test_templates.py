"""Every kind of page: complete, valid, in its language, and safe for any text."""

from dataclasses import replace

import html5lib
import pytest

from services.rendering.pages.models import ErrorView, HomeView, ListView
from services.rendering.pages.popular_models import PopularView
from services.rendering.pages.templates import POPULAR_SLOT
from tests.support import look_samples as samples
from tests.support.html_pages import TEMPLATES, elements, parsed, rendered, texts, with_texts
from tests.support.look_preview import pages

PAGES = pages(TEMPLATES)
HOSTILE = f"</script></title></textarea><img src=x onerror=alert(1)>\"'><b onclick=evil()>&amp;<{POPULAR_SLOT}"


def test_privacy_page_names_sources_of_pictures() -> None:
    (text,) = texts(parsed(PAGES["privacy"]), ".//main")

    assert "typefaces and our own pictures come from our own servers" in text
    assert "A picture that belongs to another site comes from there" in text


@pytest.mark.parametrize(("status", "forms", "filled"), [(404, 1, 1), (410, 1, 0), (503, 0, 0)])
def test_error_page_offers_the_search(status: int, forms: int, filled: int) -> None:
    main = parsed(PAGES[str(status)]).find(".//main")

    assert main is not None
    assert len(main.findall(".//form[@action='/search']")) == forms
    assert len(main.findall(".//input[@data-of-address]")) == filled


@pytest.mark.parametrize("name", PAGES)
def test_page_with_ranking_is_valid_html(name: str) -> None:
    page = PAGES[name].replace(POPULAR_SLOT, TEMPLATES.popular(samples.popular()))

    root = parsed(page)

    assert len(root.findall(".//h1")) == 1
    assert len(root.findall(".//main")) == 1
    ids = [element.get("id") for element in elements(root) if element.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", PAGES)
def test_page_has_one_slot_for_the_ranking(name: str) -> None:
    assert PAGES[name].count(POPULAR_SLOT) == 1


@pytest.mark.parametrize("name", PAGES)
def test_page_has_one_style_and_no_inline_script_or_handler(name: str) -> None:
    root = parsed(PAGES[name])

    assert [style.text for style in root.findall(".//style")] == [TEMPLATES.assets.style]
    scripts = [script for script in root.findall(".//script") if script.get("src")]
    assert all(script.get("async") == "" for script in scripts)
    others = [script.get("type") for script in root.findall(".//script") if not script.get("src")]
    assert set(others) <= {"application/ld+json", "application/json"}, "a script that is not data"
    attributes = {attribute for element in elements(root) for attribute in element.attrib}
    assert not {attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")}


@pytest.mark.parametrize("name", PAGES)
def test_assets_of_page_exist(name: str) -> None:
    root = parsed(PAGES[name])
    named = [element.get("href") or element.get("src") or "" for element in elements(root)]

    assets = [url for url in named if url.startswith("/static/")]

    assert {url.rpartition(".")[2] for url in assets} == {"woff2", "svg", "png", "js"}
    assert all(url in TEMPLATES.assets.by_url for url in assets)


def test_same_view_gives_same_page() -> None:
    assert TEMPLATES.article(samples.article()) == TEMPLATES.article(samples.article())


def test_markup_in_texts_is_escaped() -> None:
    for page in rendered(HOSTILE):
        root = html5lib.parse(page, namespaceHTMLElements=False)

        assert not [element for element in elements(root) if element.tag == "b" or element.get("src") == "x"]
        assert page.count(POPULAR_SLOT) <= 1


def test_only_sanitised_bodies_are_rendered_as_html() -> None:
    taken_as_html = {
        element.get("data-field")
        for page in rendered('<i data-field="{field}"></i>')
        for element in elements(html5lib.parse(page, namespaceHTMLElements=False))
        if element.tag == "i"
    }

    assert taken_as_html == {"body_html"}


def test_article_has_every_part_of_the_reference_page() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    assert texts(root, ".//nav/ol/li") == ["Home", "World"]
    assert texts(root, ".//h1") == ["Ports of the Gulf agree on one clock for ships that wait"]
    assert texts(root, ".//p[@class='bylines']") == ["By Amina Odhiambo, Karim al-Rashid"]
    assert texts(root, ".//p[@class='dates']") == [
        "Published 23 November 2026, 09:05 UTC",
        "Corrected 23 November 2026, 13:05 UTC What changed",
    ]
    assert "There are twelve." in texts(root, ".//aside[@class='correction']")[0]
    assert texts(root, ".//figcaption")[0].endswith("Drawing: World Monitor")
    assert texts(root, ".//a[@rel='tag']") == ["Gulf", "Shipping", "خليج"]
    assert texts(root, ".//ul[@class='share']/li") == [
        "Share on Facebook",
        "Share on X",
        "Share on WhatsApp",
        "E-mail",
        "Copy link",
    ]
    assert texts(root, ".//p[@class='kicker']") == ["Previous post", "Next post"]
    headings = texts(root, ".//h2")
    assert [word for word in ("Recommended", "Follow us", "12 comments", "Leave a Reply") if word not in headings] == []
    assert "© 2023 World Monitor" in texts(root, ".//footer/p")


def test_share_links_hold_encoded_public_address() -> None:
    page = TEMPLATES.article(replace(samples.article(), headline="War & peace? 100%"))

    hrefs = [link.get("href") or "" for link in parsed(page).findall(".//ul[@class='share']//a")]

    assert hrefs[0] == "https://www.facebook.com/sharer/sharer.php?u=https%3A//monitor.example/world/ports-of-the-gulf"
    assert hrefs[3].startswith("mailto:?subject=War%20%26%20peace%3F%20100%25&body=https%3A//")


def test_own_picture_has_sizes_and_foreign_one_has_not() -> None:
    foreign = replace(samples.picture(0), url="https://pictures.example/a.jpg", media=None)

    own = parsed(TEMPLATES.article(samples.article())).find(".//figure")
    other = parsed(TEMPLATES.article(replace(samples.article(), picture=foreign))).find(".//figure")

    assert own is not None
    assert other is not None
    assert [source.get("type") for source in own.findall(".//source")] == ["image/avif", "image/webp"]
    assert ".avif 800w" in (own.findall(".//source")[0].get("srcset") or "")
    assert other.findall(".//source") == []
    assert all(
        image.get("width") and image.get("height") for image in (own.findall(".//img") + other.findall(".//img"))
    )


def test_page_of_arabic_article_is_arabic_throughout() -> None:
    page = TEMPLATES.article(samples.arabic_article())
    root = parsed(page)

    html = root if root.tag == "html" else root.find("html")
    assert html is not None
    assert (html.get("lang"), html.get("dir")) == ("ar", "rtl")
    assert texts(root, ".//nav/ol/li") == ["الرئيسية", "الشرق الأوسط"]
    assert "٢٣ نوفمبر ٢٠٢٦" in texts(root, ".//p[@class='dates']")[0]
    assert "noto-naskh-arabic" in page
    assert root.findall(".//aside//div[@lang='en'][@dir='ltr']")


def test_untranslated_language_is_marked_on_article_texts_only() -> None:
    root = parsed(TEMPLATES.article(replace(samples.article(), language="fr")))

    assert root.findall(".//h1[@lang='fr'][@dir='ltr']")
    assert root.findall(".//div[@class='body'][@lang='fr']")
    assert not [element for element in elements(root) if element.tag == "html" and element.get("lang") != "en"]


def test_notice_on_old_article_is_hidden_in_first_year() -> None:
    fresh = parsed(TEMPLATES.article(samples.article())).find(".//p[@class='old']")
    old = parsed(TEMPLATES.article(replace(samples.article(), years_old=1))).find(".//p[@class='old']")

    assert fresh is not None
    assert old is not None
    assert fresh.get("hidden") == ""
    assert old.get("hidden") is None


def test_list_links_older_and_newer_pages_and_front() -> None:
    def links(view: ListView) -> list[str]:
        return [a.get("href") or "" for a in parsed(TEMPLATES.list_page(view)).findall(".//nav[@class='pages']/a")]

    assert links(samples.section_list()) == ["/africa?page=7"]
    assert links(samples.tag_list()) == ["/tag/gulf", "/tag/gulf?page=4", "/tag/gulf?page=2"]
    assert links(ListView("tag", "/tag/new", "New")) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "There is no such page."), (410, "withdrawn"), (503, "presses are busy"), (500, "This did not work.")],
)
def test_error_page_has_words_for_its_status(status: int, words: str) -> None:
    assert words in texts(parsed(TEMPLATES.error(ErrorView(status))), ".//h1")[0]


def test_ranking_lists_articles_or_says_that_it_is_empty() -> None:
    full = html5lib.parseFragment(TEMPLATES.popular(samples.popular()), namespaceHTMLElements=False)
    empty = TEMPLATES.popular(PopularView("24h"))
    arabic = TEMPLATES.popular(samples.popular("ar"))

    assert texts(full, ".//ol/li")[0] == "Ports of the Gulf agree on one clock for ships that wait 12,431 views"
    assert texts(full, ".//time") == ["14:05 UTC"]
    assert "The counting has just begun." in empty
    assert "الأكثر قراءة" in arabic
    assert "١٢٬٤٣١" in arabic


def test_rising_articles_follow_popular_news_and_a_section_is_named() -> None:
    view = samples.popular()
    items = tuple(replace(item, views=None) for item in view.items[:3])
    shown = TEMPLATES.popular(replace(view, section="africa", rising=items))

    assert texts(html5lib.parseFragment(shown, namespaceHTMLElements=False), ".//ul/li/a")[-3:] == [
        item.headline for item in items
    ]
    assert "Most read in the last 24 hours – Africa" in shown
    assert "rising" not in TEMPLATES.popular(view)


def test_late_ranking_says_that_newer_views_are_not_counted() -> None:
    view = samples.popular()

    assert "not counted yet" not in TEMPLATES.popular(view)
    assert "14:05 UTC</time>. Newer views are not counted yet." in TEMPLATES.popular(replace(view, lateness="stale"))
    assert "23 November 2026, 14:05 UTC</time>. Newer" in TEMPLATES.popular(replace(view, lateness="old"))


def test_front_page_without_articles_has_a_notice() -> None:
    assert "The first edition is being set." in TEMPLATES.home(HomeView())


def test_article_of_removed_section_is_still_rendered() -> None:
    gone = replace(samples.article(), section="gone", recommended=(replace(samples.card(1), section="gone"),))

    assert "/gone" in TEMPLATES.article(gone)
    assert TEMPLATES.home(with_texts(samples.home(), "gone"))
