"""Withdrawn articles over HTTP: 410 in the language of the article."""

import re

import pytest

from shared.events import ArticleState
from tests.support.gateway import Gateway, Page, ProjectorHarness, an_article, next_version, withdrawn

ENGLISH = ("en", "ltr")
ARABIC = ("ar", "rtl")


async def test_withdrawn_article_is_410_and_may_return(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article)
    await gateway.until_shown("/", article.url)

    await projector.apply(withdrawn(article))

    page = await gateway.until(article.url, lambda page: page.status == 410)
    assert article.headline not in page.text
    await gateway.until("/", lambda page: article.url not in page.text)
    await projector.apply(next_version(withdrawn(article), status="published", body_html="<p>It is back.</p>"))
    await gateway.until_shown(article.url, "It is back.")


def _language(page: Page) -> tuple[str, ...]:
    found = re.search(r'<html lang="(.*?)" dir="(.*?)">', page.text)
    assert found is not None, page
    return found.groups()


async def _publish(projector: ProjectorHarness, gateway: Gateway, language: str) -> ArticleState:
    article = an_article(language=language)
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)
    return article


async def _withdraw(projector: ProjectorHarness, gateway: Gateway, article: ArticleState) -> Page:
    await projector.apply(withdrawn(article))
    return await gateway.until(article.url, lambda page: page.status == 410)


@pytest.mark.parametrize(
    ("language", "expected", "title"),
    [
        ("ar", ARABIC, "سُحب هذا المقال."),
        ("ar-EG", ARABIC, "سُحب هذا المقال."),
        ("en", ENGLISH, "This article has been withdrawn."),
        ("fr", ENGLISH, "This article has been withdrawn."),
    ],
)
async def test_410_page_is_in_the_language_of_the_article(
    projector: ProjectorHarness, gateway: Gateway, language: str, expected: tuple[str, str], title: str
) -> None:
    article = await _publish(projector, gateway, language)

    page = await _withdraw(projector, gateway, article)

    assert _language(page) == expected
    assert f"<h1>{title}</h1>" in page.text
    assert article.headline not in page.text


async def test_two_withdrawn_articles_keep_their_languages(projector: ProjectorHarness, gateway: Gateway) -> None:
    arabic, english = [await _publish(projector, gateway, language) for language in ("ar", "en")]
    for article in (arabic, english):
        await _withdraw(projector, gateway, article)

    pages = [await gateway.get(article.url) for article in (arabic, english, arabic, english)]

    assert [page.status for page in pages] == [410] * 4
    assert [_language(page) for page in pages] == [ARABIC, ENGLISH] * 2
    assert _language(await gateway.get("/world/no-such-thing")) == ENGLISH
