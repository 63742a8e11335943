"""Kafka in: `articles.v1` keeps this service's own copy of which articles there are."""

from collections.abc import Mapping

from services.comments.records import ArticleCopy
from services.comments.store import ArticleStore
from shared.events import ArticleCorrected, ArticlePublished, ArticleState, ArticleWithdrawn, Erased, Event
from shared.kafka.dispatch import Handler


async def keep_article(articles: ArticleStore, event: ArticleState) -> None:
    """Keep what readers' comments depend on: whether the article is there, where, and whether it takes comments."""
    article = ArticleCopy(
        id=event.id,
        version=event.version,
        url=event.url,
        status=event.status,
        comments_open=event.comments_open,
        section=event.section,
        headline=event.headline,
        language=event.language,
    )
    await articles.keep(article)


async def forget_article(articles: ArticleStore, event: Erased) -> None:
    """An erased article is as if it had never been."""
    await articles.forget(event.id)


def subscriptions(articles: ArticleStore) -> Mapping[type[Event], Handler]:
    """Which event is handled by which function."""

    async def keep(event: Event) -> None:
        if isinstance(event, ArticleState):
            await keep_article(articles, event)

    async def forget(event: Event) -> None:
        if isinstance(event, Erased):
            await forget_article(articles, event)

    return {ArticlePublished: keep, ArticleCorrected: keep, ArticleWithdrawn: keep, Erased: forget}
