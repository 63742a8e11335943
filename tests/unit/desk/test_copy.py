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
