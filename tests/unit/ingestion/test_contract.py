"""Fields of an article: accepted and tidied, or refused by name."""

import pytest

from services.ingestion.articles.contract import SentArticle, SentCorrection, SentPublication, SentWithdrawal
from shared.errors import Problem
from shared.http.requests import validate

GOOD = {"headline": "A headline", "section": "world", "body_markdown": "A body."}
PICTURE = {"url": "/media/a.jpg", "alt": "A ferry"}


def test_texts_are_kept_in_one_form() -> None:
    sent = validate(
        SentArticle,
        {
            **GOOD,
            "headline": "  Cafe\u0301\u00a0 noir ",
            "body_markdown": "\r\n    code\r\nb\u2028c \n",
            "tags": [" Café ", "CAFE\u0301", "b"],
            "bylines": ["A", "a", "B"],
        },
    )

    assert sent.headline == "Café noir"
    assert sent.body_markdown == "    code\nb\nc"
    assert sent.tags == ("Café", "b")
    assert sent.bylines == ("A", "B")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"headline": None}, "/headline"),
        ({"headline": ""}, "/headline"),
        ({"headline": " \u200b\u00a0"}, "/headline"),
        ({"headline": "\u2800\u3164\u115f\u1160\uffa0"}, "/headline"),
        ({"headline": "News\u202e"}, "/headline"),
        ({"standfirst": "\u2066News"}, "/standfirst"),
        ({"bylines": ["Ines", "\u202bIn\u202des\u202c"]}, "/bylines/1"),
        ({"tags": ["a\u2069"]}, "/tags/0"),
        ({"tags": ["\u2800"]}, "/tags/0"),
        ({"headline": "x" * 201}, "/headline"),
        ({"headline": 1}, "/headline"),
        ({"headline": "a\x00b"}, "/headline"),
        ({"headline": "a\nb"}, "/headline"),
        ({"headline": "a\x9bb"}, "/headline"),
        ({"headline": "a\ufffeb"}, "/headline"),
        ({"section": 7}, "/section"),
        ({"body_markdown": ""}, "/body_markdown"),
        ({"body_markdown": "x" * 200_001}, "/body_markdown"),
        ({"body_markdown": "a\x00"}, "/body_markdown"),
        ({"body_markdown": ["a"]}, "/body_markdown"),
        ({"standfirst": "x" * 501}, "/standfirst"),
        ({"standfirst": None}, "/standfirst"),
        ({"bylines": "Ines"}, "/bylines"),
        ({"bylines": [f"B{n}" for n in range(11)]}, "/bylines"),
        ({"bylines": ["ok", ""]}, "/bylines/1"),
        ({"bylines": ["x" * 101]}, "/bylines/0"),
        ({"tags": [f"t{n}" for n in range(21)]}, "/tags"),
        ({"tags": ["a", "x" * 51]}, "/tags/1"),
        ({"tags": [1]}, "/tags/0"),
        ({"slug": "No Slug"}, "/slug"),
        ({"slug": ""}, "/slug"),
        ({"language": "english"}, "/language"),
        ({"language": "EN"}, "/language"),
        ({"lead_image": {"url": "/media/a.jpg"}}, "/lead_image/alt"),
        ({"lead_image": {**PICTURE, "alt": " "}}, "/lead_image/alt"),
        ({"lead_image": {**PICTURE, "alt": "\u3164"}}, "/lead_image/alt"),
        ({"lead_image": {**PICTURE, "alt": "a\u2067"}}, "/lead_image/alt"),
        ({"lead_image": {**PICTURE, "caption": "a\u202a"}}, "/lead_image/caption"),
        ({"lead_image": {**PICTURE, "credit": "\u202ca"}}, "/lead_image/credit"),
        ({"body_markdown": "\u2800"}, "/body_markdown"),
        ({"lead_image": {**PICTURE, "url": "//evil.example/a.jpg"}}, "/lead_image/url"),
        ({"lead_image": {**PICTURE, "url": "javascript:alert(1)"}}, "/lead_image/url"),
        ({"lead_image": {**PICTURE, "url": "media/a.jpg"}}, "/lead_image/url"),
        ({"lead_image": {**PICTURE, "url": "https://"}}, "/lead_image/url"),
        ({"lead_image": {**PICTURE, "url": "https://[a"}}, "/lead_image/url"),
        ({"lead_image": {**PICTURE, "size": 1}}, "/lead_image/size"),
        ({"lead_image": "/media/a.jpg"}, "/lead_image"),
        ({"status": "published"}, "/status"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_wrong_field_is_refused_by_name(fields: dict[str, object], pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        validate(SentArticle, GOOD | fields)

    assert caught.value.status == 422
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_paired_marks_stay_and_blank_optional_fields_become_empty() -> None:
    sent = validate(SentArticle, {**GOOD, "headline": "\u2067\u0645\u2069 \u200e", "standfirst": " \u2800\u3164"})

    assert (sent.headline, sent.standfirst) == ("\u2067\u0645\u2069 \u200e", "")


def test_refused_direction_mark_is_named() -> None:
    with pytest.raises(Problem) as caught:
        validate(SentArticle, {**GOOD, "headline": "News\u202e"})

    assert "U+202E (RIGHT-TO-LEFT OVERRIDE)" in caught.value.errors[0].detail


@pytest.mark.parametrize("value", [None, 1, "a", [], [GOOD]])
def test_body_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(Problem) as caught:
        validate(SentArticle, value)

    assert caught.value.status == 422


@pytest.mark.parametrize("url", ["/media/a.jpg", "https://a.example/b.jpg", "http://a.example:8080/b.jpg?c=1"])
@pytest.mark.parametrize("language", ["en", "ar", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "haw"])
def test_valid_picture_urls_and_languages_are_accepted(url: str, language: str) -> None:
    sent = validate(SentArticle, {**GOOD, "lead_image": {**PICTURE, "url": url}, "language": language})

    assert sent.lead_image is not None
    assert (sent.lead_image.url, sent.language) == (url, language)


@pytest.mark.parametrize(
    "value",
    [0, 1700000000, "1700000000", "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "yesterday", "",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", ["2024-01-01T00:00:00Z"]],
)  # fmt: skip
def test_malformed_time_is_refused(value: object) -> None:
    with pytest.raises(Problem) as caught:
        validate(SentPublication, {"published_at": value})

    assert [error.pointer for error in caught.value.errors] == ["/published_at"]


def test_publication_needs_nothing_correction_a_note_withdrawal_a_reason() -> None:
    assert validate(SentPublication, {}).published_at is None
    for model, pointer in ((SentCorrection, "/note"), (SentWithdrawal, "/reason")):
        for body in ({}, {pointer[1:]: " "}, {pointer[1:]: "x" * 1001}, {pointer[1:]: "a\u202e"}):
            with pytest.raises(Problem) as caught:
                validate(model, body)
            assert [error.pointer for error in caught.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("mark", "allowed"), [("[", 5_000), ("http://a.b ", 2_000), ("|", 10_000), ("*", 20_000), ("`_", 10_000)]
)
def test_text_with_more_marks_than_any_article_is_refused(mark: str, allowed: int) -> None:
    def validated(body: str) -> SentArticle:
        return validate(SentArticle, GOOD | {"body_markdown": body})

    assert validated(f"a {mark * allowed} b").body_markdown
    with pytest.raises(Problem) as raised:
        validated(f"a {mark * (allowed + 1)} b")
    assert [error.pointer for error in raised.value.errors] == ["/body_markdown"]


def test_list_far_too_long_is_refused_before_its_texts_are_read() -> None:
    with pytest.raises(Problem) as raised:
        validate(SentArticle, GOOD | {"tags": ["\u202e"] * 1_000})
    assert [error.pointer for error in raised.value.errors] == ["/tags"]
