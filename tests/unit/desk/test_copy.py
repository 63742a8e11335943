"""Lists of a working copy in one line, and back."""

import pytest

from services.desk.articles.copy import line_of, parts_of, sent_of, values_of


@pytest.mark.parametrize(
    "parts",
    [
        [],
        ["sea"],
        ["Martin Luther King, Jr.", "Ines Okafor"],
        ["Washington, D.C."],
        ['The "Times"'],
        ["بيروت، لبنان", "بحر"],
    ],
)
def test_list_survives_its_line(parts: list[str]) -> None:
    assert parts_of(line_of(parts)) == parts


def test_commas_of_both_scripts_separate() -> None:
    assert parts_of("sea, ، harbour، sand ,") == ["sea", "harbour", "sand"]


def test_article_survives_a_form() -> None:
    article = {"headline": "H", "section": "world", "body_markdown": "B", "tags": ["A, b"], "bylines": ["C"]}

    sent = sent_of(values_of(article))

    assert (sent["tags"], sent["bylines"]) == (["A, b"], ["C"])


def test_texts_that_a_picture_of_the_library_lends_are_not_the_articles() -> None:
    lead = {"media_id": "p1", "url": "/media/a/original-1.jpg", "alt": "A pier", "caption": "Mine", "credit": "Ines"}
    article = {"headline": "H", "lead_image": {**lead, "inherited": ["alt", "credit"]}}

    values = values_of(article)

    assert (values["picture_media_id"], values["picture_url"], values["picture_alt"]) == ("p1", "", "")
    assert sent_of(values)["lead_image"] == {"media_id": "p1", "alt": "", "caption": "Mine", "credit": ""}


def test_typed_address_takes_the_place_of_a_picture_of_the_library() -> None:
    sent = sent_of({"picture_media_id": "p1", "picture_url": "/a.jpg", "picture_alt": "A pier"})

    assert sent["lead_image"] == {"url": "/a.jpg", "alt": "A pier", "caption": "", "credit": ""}
