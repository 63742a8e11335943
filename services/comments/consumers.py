"""Kafka in: `articles.v1` maintains this service's copy of the articles."""

from services.comments.model.article_store import ArticleStore
from services.comments.model.records import ArticleCopy
from shared.events import ArticleCorrected, ArticlePublished, ArticleState, ArticleWithdrawn, Erased
from shared.kafka.dispatch import Subscriptions


async def keep_article(articles: ArticleStore, event: ArticleState) -> None:
    """Store the fields that comments need: status, address, and whether the article takes comments."""
    article = ArticleCopy(
        id=event.id,
        version=event.version,
        url=event.url,
        status=event.status,
        comments_open=event.comments_open,
        section=event.section,
        headline=event.headline,
        language=event.language,
        published_at=event.published_at,
    )
    await articles.keep(article)


async def forget_article(articles: ArticleStore, event: Erased) -> None:
    """Delete an erased article."""
    await articles.forget(event.id)


SUBSCRIPTIONS: Subscriptions[ArticleStore] = {
    ArticlePublished: keep_article,
    ArticleCorrected: keep_article,
    ArticleWithdrawn: keep_article,
    Erased: forget_article,
}
