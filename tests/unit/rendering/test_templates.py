"""Every kind of page: whole, valid, in its language, and safe whatever texts it is given."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from services.comments import fields as comment_fields
from services.rendering.pages.models import CommentsView, ErrorView, HomeView, ListView, PopularView
from services.rendering.pages.templates import POPULAR_SLOT, Templates
from shared.site.site import load_site
from tests.support import look_samples as samples
from tests.support.look_preview import pages

BASE_URL = "https://monitor.example"
TEMPLATES = Templates(load_site(None), BASE_URL)
PAGES = pages(TEMPLATES)
HOSTILE = f"</script></title></textarea><img src=x onerror=alert(1)>\"'><b onclick=evil()>&amp;<{POPULAR_SLOT}"
# Fields that choose among fixed words; everything else is text from people.
CHOICES = {"kind", "window", "path"}


@cache
def parsed(page: str) -> Element:
    """The page as a tree; any parse error of the HTML standard is an exception."""
    root: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return root


def texts(root: Element, path: str) -> list[str]:
    return [" ".join("".join(found.itertext()).split()) for found in root.findall(path)]


def elements(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if isinstance(element.tag, str))


def with_texts(view: Any, text: str) -> Any:
    """The view with every text replaced by `text`; where that holds `{field}`, the field's name, HTML fields too."""
    if isinstance(view, tuple):
        return tuple(with_texts(part, text) for part in view)
    if is_dataclass(view) and not isinstance(view, type):
        return replace(view, **{f.name: _replaced(f.name, getattr(view, f.name), text) for f in fields(view)})
    return view


def _replaced(name: str, value: Any, text: str) -> Any:
    if not isinstance(value, str):
        return with_texts(value, text)
    is_kept = name in CHOICES or (name.endswith("_html") and "{field}" not in text)
    return value if is_kept else text.replace("{field}", name)


def rendered(text: str) -> list[str]:
    """Every kind of page with all its texts replaced."""
    article = with_texts(samples.article(), text)
    return [
        TEMPLATES.home(with_texts(samples.home(), text)),
        TEMPLATES.article(article),
        TEMPLATES.article(replace(article, language="ar")),
        TEMPLATES.list_page(with_texts(samples.section_list(), text)),
        TEMPLATES.list_page(with_texts(samples.tag_list(), text)),
        TEMPLATES.static_page(with_texts(samples.static_page(), text)),
        TEMPLATES.error(with_texts(samples.lost(), text)),
        TEMPLATES.popular(with_texts(samples.popular(), text)),
    ]


def test_the_privacy_page_says_from_where_pictures_may_come() -> None:
    (text,) = texts(parsed(PAGES["privacy"]), ".//main")

    assert "typefaces and our own pictures come from our own servers" in text
    assert "A picture that belongs to another site comes from there" in text


@pytest.mark.parametrize(("status", "forms", "filled"), [(404, 1, 1), (410, 1, 0), (503, 0, 0)])
def test_where_nothing_is_readers_are_offered_the_search(status: int, forms: int, filled: int) -> None:
    main = parsed(PAGES[str(status)]).find(".//main")

    assert main is not None
    assert len(main.findall(".//form[@action='/search']")) == forms
    assert len(main.findall(".//input[@data-of-address]")) == filled


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_its_ranking_parses_without_an_error(name: str) -> None:
    page = PAGES[name].replace(POPULAR_SLOT, TEMPLATES.popular(samples.popular()))

    root = parsed(page)

    assert len(root.findall(".//h1")) == 1
    assert len(root.findall(".//main")) == 1
    ids = [element.get("id") for element in elements(root) if element.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_exactly_one_place_for_the_ranking(name: str) -> None:
    assert PAGES[name].count(POPULAR_SLOT) == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_carries_the_one_style_and_no_inline_script_or_handler(name: str) -> None:
    root = parsed(PAGES[name])

    assert [style.text for style in root.findall(".//style")] == [TEMPLATES.assets.style]
    scripts = [script for script in root.findall(".//script") if script.get("src")]
    assert all(script.get("async") == "" for script in scripts)
    others = [script.get("type") for script in root.findall(".//script") if not script.get("src")]
    assert set(others) <= {"application/ld+json", "application/json"}, "data is no script: nothing runs it"
    attributes = {attribute for element in elements(root) for attribute in element.attrib}
    assert not {attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")}


@pytest.mark.parametrize("name", PAGES)
def test_every_asset_that_a_page_names_is_there(name: str) -> None:
    root = parsed(PAGES[name])
    named = [element.get("href") or element.get("src") or "" for element in elements(root)]

    assets = [url for url in named if url.startswith("/static/")]

    assert {url.rpartition(".")[2] for url in assets} == {"woff2", "svg", "png", "js"}
    assert all(url in TEMPLATES.assets.by_url for url in assets)


def test_a_page_is_a_pure_function_of_its_view() -> None:
    assert TEMPLATES.article(samples.article()) == TEMPLATES.article(samples.article())


def test_hostile_texts_stay_texts() -> None:
    for page in rendered(HOSTILE):
        root = html5lib.parse(page, namespaceHTMLElements=False)

        assert not [element for element in elements(root) if element.tag == "b" or element.get("src") == "x"]
        assert page.count(POPULAR_SLOT) <= 1


def test_only_sanitised_bodies_are_taken_as_html() -> None:
    taken_as_html = {
        element.get("data-field")
        for page in rendered('<i data-field="{field}"></i>')
        for element in elements(html5lib.parse(page, namespaceHTMLElements=False))
        if element.tag == "i"
    }

    assert taken_as_html == {"body_html"}


def test_an_article_has_every_part_of_the_reference_page() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    assert texts(root, ".//nav/ol/li") == ["Home", "World"]
    assert texts(root, ".//h1") == ["Ports of the Gulf agree on one clock for ships that wait"]
    assert texts(root, ".//p[@class='bylines']") == ["By Amina Odhiambo, Karim al-Rashid"]
    assert texts(root, ".//p[@class='dates']") == [
        "Published 23 November 2026, 09:05 UTC",
        "Corrected 23 November 2026, 13:05 UTC",
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


def test_share_links_carry_the_public_address_encoded() -> None:
    page = TEMPLATES.article(replace(samples.article(), headline="War & peace? 100%"))

    hrefs = [link.get("href") or "" for link in parsed(page).findall(".//ul[@class='share']//a")]

    assert hrefs[0] == "https://www.facebook.com/sharer/sharer.php?u=https%3A//monitor.example/world/ports-of-the-gulf"
    assert hrefs[3].startswith("mailto:?subject=War%20%26%20peace%3F%20100%25&body=https%3A//")


def test_a_picture_of_our_own_is_offered_in_sizes_and_a_foreign_one_as_it_is() -> None:
    foreign = replace(samples.picture(0), url="https://pictures.example/a.jpg")

    own = parsed(TEMPLATES.article(samples.article())).find(".//figure")
    other = parsed(TEMPLATES.article(replace(samples.article(), picture=foreign))).find(".//figure")

    assert own is not None
    assert other is not None
    assert [source.get("type") for source in own.findall(".//source")] == ["image/avif", "image/webp"]
    assert "/media/edition/story-0-800.avif 800w" in (own.findall(".//source")[0].get("srcset") or "")
    assert other.findall(".//source") == []
    assert all(
        image.get("width") and image.get("height") for image in (own.findall(".//img") + other.findall(".//img"))
    )


def test_an_arabic_article_turns_the_whole_page() -> None:
    page = TEMPLATES.article(samples.arabic_article())
    root = parsed(page)

    html = root if root.tag == "html" else root.find("html")
    assert html is not None
    assert (html.get("lang"), html.get("dir")) == ("ar", "rtl")
    assert texts(root, ".//nav/ol/li") == ["الرئيسية", "الشرق الأوسط"]
    assert "٢٣ نوفمبر ٢٠٢٦" in texts(root, ".//p[@class='dates']")[0]
    assert "noto-naskh-arabic" in page
    assert root.findall(".//aside//div[@lang='en'][@dir='ltr']")


def test_a_language_that_the_chrome_does_not_speak_is_marked_on_the_article_alone() -> None:
    root = parsed(TEMPLATES.article(replace(samples.article(), language="fr")))

    assert root.findall(".//h1[@lang='fr'][@dir='ltr']")
    assert root.findall(".//div[@class='body'][@lang='fr']")
    assert not [element for element in elements(root) if element.tag == "html" and element.get("lang") != "en"]


def test_the_line_on_old_articles_waits_in_the_page_until_it_is_true() -> None:
    fresh = parsed(TEMPLATES.article(samples.article())).find(".//p[@class='old']")
    old = parsed(TEMPLATES.article(replace(samples.article(), years_old=1))).find(".//p[@class='old']")

    assert fresh is not None
    assert old is not None
    assert fresh.get("hidden") == ""
    assert old.get("hidden") is None


def test_the_reply_form_posts_the_fields_of_the_contract() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    forms = root.findall(".//form[@method='post']")

    assert len(forms) == 1 + 12
    for form in forms:
        assert form.get("action") == "/v1/articles/01JD0000000000000000000001/comments"
        assert form.get("method") == "post"
        named = [field.get("name") for field in elements(form) if field.get("name")]
        assert sorted(filter(None, named)) == ["body", "email", "name", "parent_id", "website", "without_script"]
    parents = [field.get("value") for field in root.findall(".//input[@name='parent_id']")]
    assert parents[:3] == ["c0", "c1", "c2"]
    assert parents[-1] == ""
    assert "Your e-mail address will not be published." in texts(root, ".//p[@class='form-note']")[0]


def test_replies_on_an_older_page_of_comments_lead_back_to_it_and_new_comments_to_the_newest() -> None:
    def actions(page: int) -> list[str]:
        view = replace(samples.article(), comments=CommentsView(9, samples.comments(1).threads, page=page, pages=3))
        forms = parsed(TEMPLATES.article(view)).findall(".//form[@method='post']")
        return [(form.get("action") or "").partition("/comments")[2] for form in forms]

    assert actions(2) == ["?comments=2"] * 4 + [""]
    assert set(actions(3)) == {""}


def test_the_reply_form_allows_the_lengths_that_the_comments_service_takes() -> None:
    form = parsed(TEMPLATES.article(samples.article())).findall(".//form")[-1]

    lengths = {
        field.get("name"): int(field.get("maxlength") or 0) for field in elements(form) if field.get("maxlength")
    }

    assert lengths == {
        "body": comment_fields.LONGEST_BODY,
        "name": comment_fields.LONGEST_NAME,
        "email": comment_fields.LONGEST_EMAIL,
        "website": comment_fields.LONGEST_WEBSITE,
    }


def test_a_removed_comment_keeps_its_place_above_its_replies_and_says_nothing() -> None:
    thread = samples.comments(1).threads[0]
    removed = replace(thread, opener=replace(thread.opener, name="Salma K.", body_html="<p>gone</p>", removed=True))

    page = TEMPLATES.article(replace(samples.article(), comments=CommentsView(3, (removed,))))

    assert "<p>gone</p>" not in page
    assert texts(parsed(page), ".//div[@id='comment-c0']") == ["A moderator has removed this comment."]


def test_a_closed_discussion_offers_no_form() -> None:
    page = TEMPLATES.article(replace(samples.article(), comments=replace(samples.comments(2), open=False)))

    assert not parsed(page).findall(".//form[@method='post']")
    assert "This discussion is closed." in page


def test_older_comments_are_linked_above_newer_ones_below_and_the_newest_live_at_the_plain_address() -> None:
    def around(page: int) -> list[str]:
        view = replace(samples.article(), comments=CommentsView(99, samples.comments(1).threads, page=page, pages=3))
        talk = parsed(TEMPLATES.article(view)).findall(".//section[@id='comments']/*")
        before, after = (
            [a.get("href") or "" for part in parts for a in part.iter("a") if "pages" in str(part.get("class"))]
            for parts in _split(talk, "threads")
        )
        return [*before, "…", *after]

    assert around(3) == ["/world/ports-of-the-gulf?comments=2#comments", "…"]
    assert around(2) == ["/world/ports-of-the-gulf?comments=1#comments", "…", "/world/ports-of-the-gulf#comments"]
    assert around(1) == ["…", "/world/ports-of-the-gulf?comments=2#comments"]


def _split(parts: list[Element], name: str) -> tuple[list[Element], list[Element]]:
    place = next(number for number, part in enumerate(parts) if part.get("class") == name)
    return parts[:place], parts[place + 1 :]


@pytest.mark.parametrize(("language", "says"), [("en", "Page 2 of 3"), ("ar", "صفحة ٢ من ٣")])
def test_a_long_discussion_says_which_of_its_pages_this_is(language: str, says: str) -> None:
    talk = CommentsView(99, samples.comments(1).threads, page=2, pages=3)
    page = TEMPLATES.article(replace(samples.article(), language=language, comments=talk))

    assert texts(parsed(page), ".//*[@class='pages-here']") == [says]
    assert texts(parsed(TEMPLATES.article(samples.article())), ".//*[@class='pages-here']") == []


def test_a_commenters_website_is_linked_only_where_it_is_a_web_address() -> None:
    thread = samples.comments(1).threads[0]
    evil = replace(thread, opener=replace(thread.opener, website="javascript:alert(1)"))

    page = TEMPLATES.article(replace(samples.article(), comments=CommentsView(1, (evil,))))

    assert "javascript:" not in page


def test_a_list_links_older_and_newer_pages_and_the_front() -> None:
    def links(view: ListView) -> list[str]:
        return [a.get("href") or "" for a in parsed(TEMPLATES.list_page(view)).findall(".//nav[@class='pages']/a")]

    assert links(samples.section_list()) == ["/africa?page=7"]
    assert links(samples.tag_list()) == ["/tag/gulf", "/tag/gulf?page=4", "/tag/gulf?page=2"]
    assert links(ListView("tag", "/tag/new", "New")) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "There is no such page."), (410, "withdrawn"), (503, "presses are busy"), (500, "This did not work.")],
)
def test_a_missing_page_speaks_for_its_status(status: int, words: str) -> None:
    assert words in texts(parsed(TEMPLATES.error(ErrorView(status))), ".//h1")[0]


def test_a_ranking_lists_its_articles_and_an_empty_one_says_so() -> None:
    full = html5lib.parseFragment(TEMPLATES.popular(samples.popular()), namespaceHTMLElements=False)
    empty = TEMPLATES.popular(PopularView("24h"))
    arabic = TEMPLATES.popular(samples.popular("ar"))

    assert texts(full, ".//ol/li")[0] == "Ports of the Gulf agree on one clock for ships that wait 12,431 views"
    assert texts(full, ".//time") == ["14:05 UTC"]
    assert "The counting has just begun." in empty
    assert "الأكثر قراءة" in arabic
    assert "١٢٬٤٣١" in arabic


def test_an_empty_site_says_that_it_is_empty() -> None:
    assert "The first edition is being set." in TEMPLATES.home(HomeView())


def test_a_section_that_was_taken_from_the_site_leaves_its_articles_readable() -> None:
    gone = replace(samples.article(), section="gone", recommended=(replace(samples.card(1), section="gone"),))

    assert "/gone" in TEMPLATES.article(gone)
    assert TEMPLATES.home(with_texts(samples.home(), "gone"))
