"""Carries a change of an article out: from what an editor sent to a committed answer. Called by `routes.py`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.ingestion import rules
from services.ingestion.contract import ArticleAnswer, SentArticle
from services.ingestion.markdown import render, shows_nothing
from services.ingestion.roles import Action
from services.ingestion.rules import Article, Content
from services.ingestion.slugs import candidates, comes_from, make_slug
from services.ingestion.store import Change, SlugTaken, Stale, Store
from shared.errors import InvalidMessage, Problem
from shared.events import encode
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.http.requests import etag
from shared.ids import made_at, new_id
from shared.kafka.producer import check_size
from shared.site.site import Site

# So many rivals may take a slug between the look and the commit before the request gives up.
_SLUG_TRIES = 20

Decision = Callable[[Article], Article]


@dataclass(frozen=True)
class Order:
    """One request to change something: by whom, when, and under which idempotency key."""

    by: str
    at: datetime
    claim: Claim | None


async def create(store: Store, site: Site, order: Order, sent: SentArticle) -> Answer:
    """Start an article as a draft."""
    content = await content_of(sent, site)
    article_id, number = new_id(), await store.articles.next_number()

    def drafted(content: Content) -> Change:
        article = Article(
            id=article_id,
            number=number,
            version=1,
            status="draft",
            working=content,
            slug_is_chosen=sent.slug is not None,
            created_at=made_at(article_id),
            updated_at=made_at(article_id),
        )
        return Change("create", order.by, None, article)

    return await _commit_with_slug(store, order, content, sent.slug, drafted)


async def edit(store: Store, site: Site, order: Order, article: Article, sent: SentArticle) -> Answer:
    """Replace the working copy."""
    content = await content_of(sent, site)
    slug_is_chosen = sent.slug is not None or article.slug_is_chosen

    def edited(content: Content) -> Change:
        after = rules.edit(article, content, slug_is_chosen=slug_is_chosen, at=order.at)
        return Change("edit", order.by, article, after)

    return await _commit_with_slug(store, order, content, sent.slug or _kept_slug(article, content), edited)


async def apply(
    store: Store, order: Order, action: Action, article: Article, decide: Decision, note: str | None
) -> Answer:
    """Publish, correct or withdraw: what `decide` makes of the article."""
    return await _commit(store, order, Change(action, order.by, article, decide(article), note))


async def content_of(sent: SentArticle, site: Site) -> Content:
    """The working copy of what was sent, its slug still open; 422 for a section that the site does not have."""
    if site.section(sent.section) is None:
        known = ", ".join(section.slug for section in site.sections)
        raise field_problem("/section", f"There is no such section; there are: {known}.")
    # A text made to be slow takes a second for every few thousand of its brackets: the relay must not wait for it.
    html = await asyncio.to_thread(render, sent.body_markdown)
    if shows_nothing(html):
        raise field_problem("/body_markdown", "There is nothing to read in it.")
    fields = sent.model_dump() | {"slug": "", "body_html": html, "language": sent.language or site.language}
    return Content(**fields)


def _kept_slug(article: Article, content: Content) -> str | None:
    """The slug that stays when none is sent. One that was made follows the headline until readers have seen it."""
    current = article.working.slug
    if article.slug_is_chosen or article.public_slugs or comes_from(current, make_slug(content.headline)):
        return current
    return None


async def _commit_with_slug(
    store: Store, order: Order, content: Content, slug: str | None, change: Callable[[Content], Change]
) -> Answer:
    if slug is not None:
        try:
            return await _commit(store, order, change(content.model_copy(update={"slug": slug})))
        except SlugTaken as error:
            raise field_problem("/slug", "Another article has, or had, this slug.") from error
    for _ in range(_SLUG_TRIES):
        free = await _free_slug(store, make_slug(content.headline))
        try:
            return await _commit(store, order, change(content.model_copy(update={"slug": free})))
        except SlugTaken:
            continue
    raise Problem(503, "Too many articles of this headline are being made; try again.", headers={"Retry-After": "1"})


async def _free_slug(store: Store, base: str) -> str:
    for handful in candidates(base):
        free = await store.articles.free_slugs(handful)
        if free:
            return free[0]
    raise AssertionError("there is no end of candidates")


async def _commit(store: Store, order: Order, change: Change) -> Answer:
    _check_size(change)
    answer = _answer(change)
    try:
        await store.articles.commit(change, order.claim, answer)
    except Stale as error:
        raise Problem(412, "Someone else has changed the article; read it again.") from error
    return answer


def _check_size(change: Change) -> None:
    """422 when Kafka would not take the article: an editor learns it on saving, not on publishing."""
    after = change.after
    event = change.event or rules.event_of(rules.publish(after, at=after.updated_at))
    assert event is not None
    try:
        check_size(encode(event))
    except InvalidMessage as error:
        raise field_problem("/body_markdown", f"The article is too large to publish: {error}.") from error


def _answer(change: Change) -> Answer:
    article = change.after
    headers = {"ETag": etag(article.version)}
    if change.before is None:
        headers["Location"] = f"/v1/articles/{article.id}"
    body = ArticleAnswer.of(article).model_dump_json().encode()
    return Answer(201 if change.before is None else 200, body, headers)
