"""The edition's files: the parser's errors, and the completeness of the committed files."""

import re
from datetime import timedelta
from itertools import chain

import pytest

from deploy.edition.articles import Article, Comment, EditionError, age_of, parse_article, read_edition
from deploy.edition.loader import fields
from services.comments.posting.contract import NewComment
from services.ingestion.articles.contract import SentArticle, SentCorrection
from shared.site.site import load_site

_FRONT = """+++
headline = "A headline"
section = "world"
standfirst = "A standfirst."
bylines = ["A Reporter"]
tags = ["rivers"]
age = "3h"
+++
Some text with 23 metres in it.
"""


@pytest.fixture(scope="module")
def edition() -> list[Article]:
    return read_edition()


def all_comments(articles: list[Article]) -> list[Comment]:
    found = list(chain.from_iterable(article.comments for article in articles))
    for comment in found:
        found.extend(comment.replies)
    return found


def test_article_is_read_with_its_age_and_path() -> None:
    article = parse_article("a-headline", _FRONT)

    assert article.path == "/world/a-headline"
    assert age_of(article) == timedelta(hours=3)
    assert article.body == "Some text with 23 metres in it."


@pytest.mark.parametrize(
    ("found", "instead", "named"),
    [
        ('age = "3h"', 'age = "three hours"', "age"),
        ('age = "3h"', "", "age"),
        ('age = "3h"', 'age = "3h"\nmood = "calm"', "mood"),
        ("headline = ", "heading = ", "headline"),
        ('"A headline"', f'"{"x" * 201}"', "headline"),
        ("+++\nSome", '[correction]\nnote = "n"\nwas = "1"\nnow = "24 metres"\n+++\nSome', "correction"),
    ],
)
def test_error_in_front_matter_names_file_and_field(found: str, instead: str, named: str) -> None:
    with pytest.raises(EditionError, match=rf"^a-headline\.md: .*{named}"):
        parse_article("a-headline", _FRONT.replace(found, instead, 1))


def test_error_in_a_comment_names_file_and_field() -> None:
    with pytest.raises(EditionError, match=r"^a-headline\.toml: comments\.0\.email"):
        parse_article("a-headline", _FRONT, '[[comments]]\nname = "N"\nemail = "n@real.com"\nbody = "Yes."\n')


def test_missing_or_invalid_front_matter_is_refused() -> None:
    with pytest.raises(EditionError, match=r"a-headline\.md: the front matter"):
        parse_article("a-headline", "Only text.")
    with pytest.raises(EditionError, match=r"^a-headline\.md: Expected"):
        parse_article("a-headline", "+++\nheadline\n+++\nText.")


def test_every_article_is_valid_for_the_platform(edition: list[Article]) -> None:
    for article in edition:
        SentArticle.model_validate(
            fields(article, article.body, {article.slug: "01jd0000000000000000000001"} if article.picture else {})
        )
        if article.correction:
            SentCorrection.model_validate({"note": article.correction.note})


def test_every_comment_is_valid_for_the_platform(edition: list[Article]) -> None:
    for comment in all_comments(edition):
        NewComment.model_validate({"name": comment.name, "email": comment.email, "body": comment.body})


def test_edition_covers_every_case_of_the_pages(edition: list[Article]) -> None:
    sections = [section.slug for section in load_site(None).sections]
    ages = [age_of(article) for article in edition]
    headlines = [len(article.headline) for article in edition]

    assert len(edition) >= 50
    assert all(sum(article.section == section for article in edition) >= 6 for section in sections)
    assert {article.section for article in edition} == set(sections)
    assert sum(age <= timedelta(hours=12) for age in ages) >= 6
    assert sum(age <= timedelta(days=7) for age in ages) >= 20
    assert sum(age > timedelta(days=365) for age in ages) >= 4
    assert min(headlines) == 12
    assert 135 <= max(headlines) <= 145
    assert sum(article.language == "ar" for article in edition) == 2
    assert sum(article.picture is None for article in edition) == 2
    assert sum(article.correction is not None for article in edition) == 2
    assert sum(len(article.bylines) > 1 for article in edition) >= 8


def test_articles_have_realistic_length(edition: list[Article]) -> None:
    for article in edition:
        assert 250 <= len(article.body.split()) <= 600, article.slug


def test_links_between_articles_resolve(edition: list[Article]) -> None:
    paths = {article.path for article in edition}
    links = {link for article in edition for link in re.findall(r"\]\((/[^)]*)\)", article.body)}

    assert len(links) >= 10
    assert links <= paths


def test_comments_form_threads_and_a_few_are_held(edition: list[Article]) -> None:
    comments = all_comments(edition)

    assert len(comments) >= 60
    assert sum(bool(article.comments) for article in edition) >= 18
    assert any(reply.replies for comment in comments for reply in comment.replies)
    assert 0 < sum(comment.held for comment in comments) <= 5
