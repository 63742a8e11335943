"""What readers of a withdrawn article get from a gateway: 410, in the language that the article was in."""

import re

import pytest

from shared.events import ArticleState, ArticleWithdrawn
from tests.support.gateway import Gateway, Page, ProjectorHarness, an_article

ENGLISH = ("en", "ltr")
ARABIC = ("ar", "rtl")


def _spoken(page: Page) -> tuple[str, ...]:
    found = re.search(r'<html lang="(.*?)" dir="(.*?)">', page.text)
    assert found is not None, page
    return found.groups()


async def _publish(projector: ProjectorHarness, gateway: Gateway, language: str) -> ArticleState:
    article = an_article(language=language)
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)
    return article


async def _withdraw(projector: ProjectorHarness, gateway: Gateway, article: ArticleState) -> Page:
    await projector.apply(
        ArticleWithdrawn.model_validate({**article.model_dump(), "version": 2, "status": "withdrawn"})
    )
    return await gateway.until(article.url, lambda page: page.status == 410)


@pytest.mark.parametrize(
    ("language", "chrome", "title"),
    [
        ("ar", ARABIC, "سُحب هذا المقال."),
        ("ar-EG", ARABIC, "سُحب هذا المقال."),
        ("en", ENGLISH, "This article has been withdrawn."),
        ("fr", ENGLISH, "This article has been withdrawn."),
    ],
)
async def test_a_withdrawn_article_is_gone_in_its_own_language(
    projector: ProjectorHarness, gateway: Gateway, language: str, chrome: tuple[str, str], title: str
) -> None:
    article = await _publish(projector, gateway, language)

    page = await _withdraw(projector, gateway, article)

    assert _spoken(page) == chrome
    assert f"<h1>{title}</h1>" in page.text
    assert article.headline not in page.text


async def test_each_of_two_withdrawn_articles_keeps_its_language(projector: ProjectorHarness, gateway: Gateway) -> None:
    arabic, english = [await _publish(projector, gateway, language) for language in ("ar", "en")]
    for article in (arabic, english):
        await _withdraw(projector, gateway, article)

    pages = [await gateway.get(article.url) for article in (arabic, english, arabic, english)]

    assert [page.status for page in pages] == [410] * 4
    assert [_spoken(page) for page in pages] == [ARABIC, ENGLISH] * 2
    assert _spoken(await gateway.get("/world/no-such-thing")) == ENGLISH
