"""Carries out a change of an article: from an editor's request to a committed answer. Called by `routes.py`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.articles import rules
from services.ingestion.articles.acts import Origin
from services.ingestion.articles.commits import Commit, KeptAnswer, encoded_event
from services.ingestion.articles.contract import ArticleAnswer, SentArticle, SentUnfinishedArticle
from services.ingestion.articles.history import next_history
from services.ingestion.articles.markdown import shows_nothing
from services.ingestion.articles.picture_changes import (
    follow_up,
    with_current_pictures,
    with_pictures,
    with_sent_pictures,
)
from services.ingestion.articles.records import Change, Revision
from services.ingestion.articles.revision_contract import RevisionContent
from services.ingestion.articles.rules import Article, Author, Content
from services.ingestion.articles.slugs import candidates, comes_from, make_slug
from services.ingestion.articles.store import ArticleStore, SlugTaken, Stale
from services.ingestion.people.roles import Action
from shared.errors import InvalidMessage, Problem
from shared.events import Message, encode
from shared.http.idempotency import Answer, Claim
from shared.http.problems import field_problem
from shared.http.requests import etag
from shared.ids import made_at, new_id
from shared.kafka.producer import MAX_MESSAGE_BYTES, check_size
from shared.mongo.client import TRANSACTION_S
from shared.site.site import Site

# Attempts while other requests take the slug between the look-up and the commit.
_SLUG_TRIES = 20

Decision = Callable[[Article], Article]


@dataclass(frozen=True)
class ChangeRequest:
    """The author, time, idempotency key and origin of one request."""

    by: Author
    at: datetime
    claim: Claim | None
    origin: Origin


async def create(store: ArticleStore, site: Site, request: ChangeRequest, sent: SentArticle) -> Answer:
    """Create an article as a draft."""
    content = await content_of(store, sent, site, None)
    article_id, number = new_id(), await store.next_number()

    def change(content: Content) -> Change:
        article = Article(
            id=article_id,
            number=number,
            version=1,
            status="draft",
            working=content,
            slug_is_chosen=sent.slug is not None,
            created_at=made_at(article_id),
            updated_at=made_at(article_id),
            embargo_until=sent.embargo_until,
            author_ids=(request.by.id,),
        )
        return Change("create", request.by, None, article)

    return await _commit_with_slug(store, request, content, sent.slug, change)


async def edit(store: ArticleStore, site: Site, request: ChangeRequest, article: Article, sent: SentArticle) -> Answer:
    """Replace the working copy: by an automatic save when the text was sent as unfinished."""
    content = await content_of(store, sent, site, article)
    slug_is_chosen = sent.slug is not None or article.slug_is_chosen

    def change(content: Content) -> Change:
        if isinstance(sent, SentUnfinishedArticle):
            after = rules.autosave(article, content, slug_is_chosen=slug_is_chosen, by=request.by, at=request.at)
            return Change("autosave", request.by, article, _with_embargo(after, sent))
        after = rules.edit(article, content, slug_is_chosen=slug_is_chosen, by=request.by, at=request.at)
        return Change("edit", request.by, article, _with_embargo(after, sent))

    return await _commit_with_slug(store, request, content, sent.slug or _kept_slug(article, content), change)


async def restore(
    store: ArticleStore, site: Site, request: ChangeRequest, article: Article, revision: Revision
) -> Answer:
    """Make a revision's text the working copy. 422 when its section is gone.

    It gets its slug back unless another article has it now. The switch of the public history is no part of the text.
    A picture that the store no longer has stays named, and no publication accepts it.
    """
    fields = RevisionContent.model_validate(revision.content)
    check_section(fields.section, site)
    same = {"body_html": "", "history_public": article.working.history_public}
    content = await with_pictures(store, Content.model_validate(fields.model_dump() | same))

    def change(slug: str) -> Change:
        slug_is_chosen = article.slug_is_chosen or slug != article.working.slug
        text = content.model_copy(update={"slug": slug})
        after = rules.edit(article, text, slug_is_chosen=slug_is_chosen, by=request.by, at=request.at)
        return Change("restore", request.by, article, after, str(revision.version))

    try:
        return await _commit(store, request, change(content.slug))
    except SlugTaken:
        return await _commit(store, request, change(article.working.slug))


def _with_embargo(article: Article, sent: SentArticle) -> Article:
    """The article with the embargo of the request. A request that does not name it leaves it as it is."""
    if "embargo_until" not in sent.model_fields_set:
        return article
    return article.model_copy(update={"embargo_until": sent.embargo_until})


async def apply(
    store: ArticleStore, request: ChangeRequest, action: Action, article: Article, decide: Decision, note: str | None
) -> Answer:
    """Make a change that leaves the text as it is. `decide` returns the article after the change."""
    return await _commit(store, request, await _decided(store, request, action, article, decide, note))


async def prepare(
    store: ArticleStore, request: ChangeRequest, action: Action, article: Article, decide: Decision, note: str | None
) -> Commit:
    """The same change, ready to be committed together with others by `commit`."""
    return _ready(request, await _decided(store, request, action, article, decide, note))


async def commit(store: ArticleStore, commits: Sequence[Commit], within_s: float = TRANSACTION_S) -> None:
    """Commit changes of different articles in one transaction. Raises as `ArticleStore.commit`."""
    await store.commit(commits, within_s)
    for done in commits:
        if done.change.action in _PUBLISHES:
            await follow_up(store, done.change.after, done.change.after.updated_at)


async def _decided(
    store: ArticleStore, request: ChangeRequest, action: Action, article: Article, decide: Decision, note: str | None
) -> Change:
    if action in _SHOWS_TEXT:
        article = await with_current_pictures(store, article)
    after = decide(article)
    if after.status == "published" and after.public_version != article.public_version:
        after = await _with_history(store, article, after)
    return Change(action, request.by, article, after, note)


# Acts that need a complete text, and those of them that show it to readers.
_PUBLISHES: frozenset[Action] = frozenset({"publish", "correct"})
_SHOWS_TEXT: frozenset[Action] = _PUBLISHES | {"schedule", "submit"}


async def _with_history(store: ArticleStore, before: Article, after: Article) -> Article:
    """The article with its public history, unless the site keeps none."""
    if not store.histories.is_kept:
        return after
    if before.edition is None:
        history = next_history(before, after, ())
    else:
        history = await asyncio.to_thread(next_history, before, after, await store.histories.of(before))
    return after.model_copy(update={"history": history})


async def content_of(store: ArticleStore, sent: SentArticle, site: Site, article: Article | None) -> Content:
    """The new working copy of an article (None: of a new one), without its slug.

    422 for an unknown section or lead picture, or for a body with nothing to see unless it was sent as unfinished.
    """
    check_section(sent.section, site)
    content = await with_sent_pictures(store, _content_sent(sent, site, article))
    if shows_nothing(content.body_html) and not isinstance(sent, SentUnfinishedArticle):
        raise field_problem("/body_markdown", "There is nothing to read in it.")
    return content


def _content_sent(sent: SentArticle, site: Site, article: Article | None) -> Content:
    """The working copy as it was sent, without slug and HTML."""
    history_public = article is None or article.working.history_public
    made = {
        "slug": "",
        "body_html": "",
        "lead_image": None if sent.lead_image is None else sent.lead_image.lead_image,
        "language": sent.language or site.language,
        "history_public": history_public if sent.history_public is None else sent.history_public,
    }
    return Content(**(sent.model_dump() | made))


def check_section(section: str, site: Site) -> None:
    """422 for a section that the site does not have."""
    if site.section(section) is None:
        known = ", ".join(section.slug for section in site.sections)
        raise field_problem("/section", f"There is no such section; the sections are: {known}.")


def _kept_slug(article: Article, content: Content) -> str | None:
    """The slug to keep when the request has none. A generated slug follows the headline until the first publication."""
    current = article.working.slug
    if article.slug_is_chosen or article.public_slugs or comes_from(current, make_slug(content.headline)):
        return current
    return None


async def _commit_with_slug(
    store: ArticleStore, request: ChangeRequest, content: Content, slug: str | None, change: Callable[[Content], Change]
) -> Answer:
    if slug is not None:
        try:
            return await _commit(store, request, change(content.model_copy(update={"slug": slug})))
        except SlugTaken as error:
            raise field_problem("/slug", "Another article has, or had, this slug.") from error
    for _ in range(_SLUG_TRIES):
        free = await _free_slug(store, make_slug(content.headline))
        try:
            return await _commit(store, request, change(content.model_copy(update={"slug": free})))
        except SlugTaken:
            continue
    raise Problem(
        503, "Too many articles with this headline are being created; try again.", headers={"Retry-After": "1"}
    )


async def _free_slug(store: ArticleStore, base: str) -> str:
    for batch in candidates(base):
        free = await store.free_slugs(batch)
        if free:
            return free[0]
    raise AssertionError("the candidates never end")


async def _commit(store: ArticleStore, request: ChangeRequest, change: Change) -> Answer:
    answer = _answer(change)
    try:
        await commit(store, [_ready(request, change, answer)])
    except Stale as error:
        raise Problem(412, "Someone else has changed the article; read it again.") from error
    return answer


def _ready(request: ChangeRequest, change: Change, answer: Answer | None = None) -> Commit:
    """The change with its encoded event, and the answer if the request has a key."""
    message = _message(change)
    claim = request.claim
    kept = None if claim is None or answer is None else KeptAnswer(claim, answer)
    return Commit(change, message, request.origin, kept)


def _message(change: Change) -> Message | None:
    """The encoded event. 422 when the article is too large for Kafka: the editor learns it on saving, not on publishing."""
    try:
        if change.event is None and not _is_small(change.after.working):
            check_size(encode(rules.event_if_published(change.after)))
        return encoded_event(change)
    except InvalidMessage as error:
        raise field_problem("/body_markdown", f"The article is too large to publish: {error}.") from error


def _is_small(content: Content) -> bool:
    """Whether no event of this text can be too large: a character takes four bytes at most, and the other fields are short."""
    return 4 * (len(content.body_markdown) + len(content.body_html)) < MAX_MESSAGE_BYTES // 2


def _answer(change: Change) -> Answer:
    article = change.after
    headers = {"ETag": etag(article.version)}
    if change.before is None:
        headers["Location"] = f"/v1/articles/{article.id}"
    body = ArticleAnswer.of(article).model_dump_json().encode()
    return Answer(201 if change.before is None else 200, body, headers)
