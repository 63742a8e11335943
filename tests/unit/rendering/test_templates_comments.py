"""Comments on an article's page: forms, links between pages of comments, removed and closed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from xml.etree.ElementTree import Element

import pytest

from services.comments.model import fields
from services.comments.privacy.proof import shows_text
from services.rendering.pages.comment_models import CommentsView
from services.rendering.pages.templates import Templates
from shared.site.site import load_site
from tests.support import look_samples as samples
from tests.support.html_pages import TEMPLATES, elements, parsed, texts


def test_reply_form_posts_the_fields_of_the_contract() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    forms = root.findall(".//form[@class='reply-form']")

    assert len(forms) == 1 + 12
    for form in forms:
        assert form.get("action") == "/v1/articles/01JD0000000000000000000001/comments"
        assert form.get("method") == "post"
        named = [field.get("name") for field in elements(form) if field.get("name")]
        assert sorted(filter(None, named)) == [
            "body",
            "contact_me",
            "email",
            "name",
            "parent_id",
            "website",
            "without_script",
        ]
    parents = [field.get("value") for field in root.findall(".//input[@name='parent_id']")]
    assert parents[:3] == ["c0", "c1", "c2"]
    assert parents[-1] == ""
    assert "Your e-mail address will not be published." in texts(root, ".//p[@class='form-note']")[0]


def test_reply_forms_are_noscript_until_the_script_places_them() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    forms = root.findall(".//details[@class='reply']/noscript/form")

    assert len(forms) == 12
    assert [form for form in forms if form.find(".//noscript") is not None] == [], "HTML forbids nested noscript"
    assert root.find(".//section[@id='comments']/form//noscript/input[@name='without_script']") is not None


def test_reply_returns_to_its_page_and_new_comment_to_newest() -> None:
    def actions(page: int) -> list[str]:
        view = replace(samples.article(), comments=CommentsView(9, samples.comments(1).threads, page=page, pages=3))
        forms = parsed(TEMPLATES.article(view)).findall(".//form[@class='reply-form']")
        return [(form.get("action") or "").partition("/comments")[2] for form in forms]

    assert actions(2) == ["?comments=2"] * 4 + [""]
    assert set(actions(3)) == {""}


def test_reply_form_has_the_lengths_of_the_comments_service() -> None:
    form = parsed(TEMPLATES.article(samples.article())).findall(".//form")[-1]

    lengths = {
        field.get("name"): int(field.get("maxlength") or 0) for field in elements(form) if field.get("maxlength")
    }

    assert lengths == {
        "body": fields.LONGEST_BODY,
        "name": fields.LONGEST_NAME,
        "email": fields.LONGEST_EMAIL,
        "website": fields.LONGEST_WEBSITE,
    }


def test_removed_comment_is_a_placeholder_without_text() -> None:
    thread = samples.comments(1).threads[0]
    removed = replace(thread, opener=replace(thread.opener, name="Salma K.", body_html="<p>gone</p>", removed=True))

    page = TEMPLATES.article(replace(samples.article(), comments=CommentsView(3, (removed,))))

    assert "<p>gone</p>" not in page
    assert texts(parsed(page), ".//div[@id='comment-c0']") == ["A moderator has removed this comment."]


def test_closed_discussion_has_no_form() -> None:
    page = TEMPLATES.article(replace(samples.article(), comments=replace(samples.comments(2), open=False)))

    assert not parsed(page).findall(".//form[@class='reply-form']")
    assert "This discussion is closed." in page


def test_closed_discussion_says_since_when() -> None:
    closed = replace(samples.comments(2), open=False, closed_at=samples.NOW)
    page = TEMPLATES.article(replace(samples.article(), comments=closed))

    assert "This discussion has been closed since 23 November 2026." in page


def test_trap_is_hidden_from_everyone() -> None:
    traps = parsed(TEMPLATES.article(samples.article())).findall(".//p[@hidden]/label/input[@name='contact_me']")

    assert len(traps) == 1 + 12
    assert {(trap.get("tabindex"), trap.get("autocomplete")) for trap in traps} == {("-1", "off")}


def test_box_for_mails_about_replies_stands_where_the_site_sends_mails() -> None:
    with_mails = Templates(load_site(None), "http://127.0.0.1:8080", notifies=True)

    boxes = parsed(with_mails.article(samples.article())).findall(".//form/label/input[@name='notify']")

    assert {(box.get("type"), box.get("value"), box.get("checked")) for box in boxes} == {("checkbox", "1", None)}
    assert "notify" not in TEMPLATES.article(samples.article())


def test_comment_says_that_it_was_edited_and_picked_and_links_to_itself() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    assert len(root.findall(".//span[@class='comment-edited']")) == 3
    assert texts(root, ".//div[@id='comment-c2']//span[@class='comment-pick']") == ["Editors’ pick"]
    assert root.find(".//div[@id='comment-c1']//a[@class='comment-at']/time") is not None
    assert [link.get("href") for link in root.findall(".//a[@class='comment-at']")][:2] == [
        "?comment=c0",
        "?comment=c1",
    ]


def test_vote_buttons_name_the_comment_and_show_counts_from_one_on() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    buttons = root.findall(".//div[@id='comment-c11']//button[@form='act']")
    assert [(button.get("formaction"), button.get("name"), button.get("value")) for button in buttons] == [
        ("/v1/comments/c11/vote", "value", "1"),
        ("/v1/comments/c11/vote", "value", "-1"),
    ]
    assert texts(root, ".//div[@id='comment-c11']//button[@form='act']") == [
        "Agree with Tom 1,204",
        "Disagree with Tom 3",
    ]
    assert texts(root, ".//div[@id='comment-c1']//button[@form='act']")[0] == "Agree with يوسف"
    assert root.find(".//form[@id='act']") is not None


def test_page_without_votes_shows_old_counts_alone() -> None:
    view = replace(samples.comments(1), can_vote=False)
    root = parsed(TEMPLATES.article(replace(samples.article(), comments=view)))

    assert not root.findall(".//button[@form='act']")
    assert texts(root, ".//div[@id='comment-c0']//span[@class='act']") == ["Agree 12"]


def test_thanks_without_scripts_lead_to_the_readers_own_comment() -> None:
    root = parsed(TEMPLATES.article(replace(samples.article(), received=True)))

    thanks = root.find(".//p[@id='received']")
    assert thanks is not None
    assert thanks.get("hidden") is None
    assert [link.get("href") for link in thanks.iter("a")] == ["/v1/comments/last/edit"]


def test_vote_and_report_without_scripts_are_acknowledged() -> None:
    expected: Sequence[tuple[Literal["vote", "report"], str]] = (
        ("vote", "your vote is counted"),
        ("report", "an editor will look at that comment"),
    )
    for noted, words in expected:
        root = parsed(TEMPLATES.article(replace(samples.article(), noted=noted)))
        assert words in texts(root, ".//p[@id='received']")[0]


def test_orders_are_links_with_the_current_one_marked() -> None:
    view = replace(samples.comments(2), sort="best")
    root = parsed(TEMPLATES.article(replace(samples.article(), comments=view)))

    links = root.findall(".//nav[@class='orders']/a")
    assert [(link.get("href"), link.get("aria-current")) for link in links] == [
        ("/world/ports-of-the-gulf#comments", None),
        ("/world/ports-of-the-gulf?sort=newest#comments", None),
        ("/world/ports-of-the-gulf?sort=best#comments", "true"),
    ]
    assert root.find(".//section[@data-live-comments]") is None


def test_report_without_scripts_is_a_link_and_with_them_a_form() -> None:
    root = parsed(TEMPLATES.article(samples.article()))

    assert root.findall(".//a[@rel='nofollow']")
    links = [link.get("href") for link in root.findall(".//a[@class='act report']")]
    assert links[:2] == ["/v1/comments/c0/report", "/v1/comments/c1/report"]
    reasons = [option.get("value") for option in root.findall(".//template//option")]
    assert reasons == ["spam", "abuse", "off-topic", "other"]


def test_links_to_older_comments_are_above_and_to_newer_below() -> None:
    def around(page: int) -> list[str]:
        view = replace(samples.article(), comments=CommentsView(99, samples.comments(1).threads, page=page, pages=3))
        sections = parsed(TEMPLATES.article(view)).findall(".//section[@id='comments']/*")
        before, after = (
            [a.get("href") or "" for part in parts for a in part.iter("a") if "pages" in str(part.get("class"))]
            for parts in _split(sections, "threads")
        )
        return [*before, "…", *after]

    assert around(3) == ["/world/ports-of-the-gulf?comments=2#comments", "…"]
    assert around(2) == ["/world/ports-of-the-gulf?comments=1#comments", "…", "/world/ports-of-the-gulf#comments"]
    assert around(1) == ["…", "/world/ports-of-the-gulf?comments=2#comments"]


def test_newest_first_has_links_to_older_comments_below() -> None:
    view = replace(CommentsView(99, samples.comments(1).threads, page=2, pages=3), sort="newest")
    root = parsed(TEMPLATES.article(replace(samples.article(), comments=view)))

    assert [link.get("href") for link in root.findall(".//a[@class='pages-back']")] == [
        "/world/ports-of-the-gulf?sort=newest#comments"
    ]
    assert [link.get("href") for link in root.findall(".//a[@class='pages-on']")] == [
        "/world/ports-of-the-gulf?sort=newest&comments=1#comments"
    ]


def test_thread_without_its_replies_links_to_the_whole() -> None:
    thread = replace(samples.comments(1).threads[0], replies=(), path="/world/ports-of-the-gulf?comment=c0")
    root = parsed(TEMPLATES.article(replace(samples.article(), comments=CommentsView(9, (thread,), sort="best"))))

    assert [link.get("href") for link in root.findall(".//p[@class='thread-whole']/a")] == [thread.path]


def _split(parts: list[Element], name: str) -> tuple[list[Element], list[Element]]:
    place = next(number for number, part in enumerate(parts) if part.get("class") == name)
    return parts[:place], parts[place + 1 :]


@pytest.mark.parametrize(("language", "words"), [("en", "Page 2 of 3"), ("ar", "صفحة ٢ من ٣")])
def test_page_of_long_discussion_shows_its_number(language: str, words: str) -> None:
    discussion = CommentsView(99, samples.comments(1).threads, page=2, pages=3)
    page = TEMPLATES.article(replace(samples.article(), language=language, comments=discussion))

    assert texts(parsed(page), ".//*[@class='pages-here']") == [words]
    assert texts(parsed(TEMPLATES.article(samples.article())), ".//*[@class='pages-here']") == []


def test_website_of_commenter_is_linked_for_http_only() -> None:
    thread = samples.comments(1).threads[0]
    evil = replace(thread, opener=replace(thread.opener, website="javascript:alert(1)"))

    page = TEMPLATES.article(replace(samples.article(), comments=CommentsView(1, (evil,))))

    assert "javascript:" not in page


def test_proof_of_an_erasure_finds_texts_of_comments_on_pages() -> None:
    first, *others = samples.comments(2).threads
    erased = replace(first.opener, removed=True, name="", body_html="")
    view = replace(samples.article(), comments=CommentsView(7, (replace(first, opener=erased), *others)))
    page = TEMPLATES.article(view)

    assert [shows_text(page, one) for one in ("c0", "c1", "c10", "c99")] == [False, True, True, False]
