"""Articles as documents of MongoDB, with the fields that only look-ups need."""

from typing import Any

from services.ingestion.articles.rules import Article
from shared.mongo.collections import Document
from shared.text import fold


def article_document(article: Article) -> Document:
    """The document of an article."""
    fields: dict[str, Any] = article.model_dump(exclude={"history"})
    working = article.working
    return {
        "_id": fields.pop("id"),
        **fields,
        "changed": article.changed,
        "picture_ids": list(article.picture_ids),
        "lead_picture_ids": list(article.lead_picture_ids),
        "text_folded": fold(f"{working.headline}\n{working.standfirst}"),
    }


def read_article(document: Document) -> Article:
    """The article of a document."""
    return Article.model_validate({"id": document["_id"], **document})
