"""Brings an article's pictures of the store up to date: on each save and publication, and when media announces a change."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic

import structlog

from services.ingestion.articles import rules
from services.ingestion.articles.acts import Origin
from services.ingestion.articles.article_html import THREADS
from services.ingestion.articles.commits import Commit, encoded_event
from services.ingestion.articles.history import fitting_history
from services.ingestion.articles.metrics import PICTURES_REPUBLISHED
from services.ingestion.articles.records import Change
from services.ingestion.articles.rules import Article, Author, Content
from services.ingestion.articles.store import ArticleStore, Stale
from services.ingestion.pictures.figures import MOST_PICTURES
from services.ingestion.pictures.lookup import FoundPictures
from services.ingestion.pictures.records import LeadImage
from services.ingestion.pictures.references import mentioned_ids
from shared.errors import InvalidMessage, Unavailable
from shared.http.problems import field_problem
from shared.pictures import PictureRecord
from shared.times import Clock

_log = structlog.get_logger(__name__)

# The actor of a version that shows a picture's new facts.
MEDIA = Origin("media", "media", "media", "local")
# Attempts while others change the article between our read and our commit.
_TRIES = 5
# media asks again after a 503, and the next request goes on where this one ended.
_LONGEST_S = 15.0


async def with_pictures(store: ArticleStore, content: Content) -> Content:
    """The content with its HTML and its lead picture, both with the pictures as they are now.

    422 with more than MOST_PICTURES in the text. Raises Unavailable when media does not answer about a new lead picture;
    pictures in the text then count as unknown: a save must not depend on media.
    """
    found = await store.pictures.find(_ids_of(content))
    if content.lead_picture_id is not None:
        found.demand([content.lead_picture_id])
    return await _shown_with(content, found)


async def html_with_pictures(store: ArticleStore, markdown: str) -> str:
    """The HTML of a text with the pictures as they are now."""
    found = await store.pictures.find(mentioned_ids(markdown))
    return (await THREADS.render(markdown, found.records)).html


async def with_sent_pictures(store: ArticleStore, content: Content) -> Content:
    """As `with_pictures`, for a text that an editor sent; 422 for a lead picture that the store does not have."""
    shown = await with_pictures(store, content)
    if shown.lead_image is not None and shown.lead_image.is_gone:
        raise field_problem("/lead_image/media_id", "There is no such picture.")
    return shown


async def with_known_pictures(store: ArticleStore, article: Article) -> Article:
    """The article as an editor reads it: a draft follows its pictures without a new version. Unknown pictures stay so."""
    if not article.working.picture_ids:
        return article
    found = await store.pictures.find(article.working.picture_ids)
    return article.model_copy(update={"working": await _refreshed(article.working, found)})


async def with_current_pictures(store: ArticleStore, article: Article) -> Article:
    """The article before a publication: its working copy with the pictures as they are now.

    Raises Unavailable when it has a picture that only media can know, and media does not answer.
    """
    if not article.working.picture_ids:
        return article
    found = await store.pictures.find(article.working.picture_ids)
    found.demand(article.working.picture_ids)
    return article.model_copy(update={"working": await _refreshed(article.working, found)})


async def follow_up(store: ArticleStore, article: Article, at: datetime) -> None:
    """After the commit of a publication: show a picture's change that was announced since its facts were read.

    The announcement's list of articles may have been made before the commit. The publication is done in any case.
    """
    if article.edition is None or not article.edition.content.picture_ids:
        return
    try:
        await _republish(store, article.id, at)
    except Unavailable as error:
        _log.warning("pictures.not_compared", article=article.id, reason=str(error))


async def take_record(store: ArticleStore, record: PictureRecord, clock: Clock, within_s: float = _LONGEST_S) -> None:
    """Keep an announced picture, and republish the articles that show it with the facts of an earlier version.

    Idempotent. Raises Unavailable when it cannot be finished now: the same announcement then goes on.
    """
    await store.pictures.store.keep(record)
    left = await store.pictures.store.left(record)
    if not left:
        return
    until = monotonic() + within_s
    for row in await store.lists.using(record.id):
        if row.number >= left:
            continue
        if monotonic() > until:
            await store.pictures.store.note_progress(record, row.number + 1)
            raise Unavailable("not all articles with the picture are republished yet")
        if row.status == "published":
            await _republish(store, row.article_id, clock())
    await store.pictures.store.note_applied(record)


async def _republish(store: ArticleStore, article_id: str, at: datetime) -> None:
    """Show readers the article with its pictures as they are now. Nothing happens when they see them so."""
    for _ in range(_TRIES):
        article = await store.find(article_id)
        if article is None or article.edition is None or article.status != "published":
            return
        change = await _change_of(store, article, at)
        if change is None:
            return
        try:
            await store.commit([Commit(change, encoded_event(change), MEDIA)])
        except Stale:
            continue
        except InvalidMessage as error:
            # Readers go on with the earlier facts, whose addresses lead to the present ones.
            _log.warning("pictures.too_large", article=article.id, reason=str(error))
            return
        PICTURES_REPUBLISHED.inc()
        _log.info("pictures.republished", article=article.id, version=change.after.version)
        return
    raise Unavailable("the article is being changed by others")


async def _change_of(store: ArticleStore, article: Article, at: datetime) -> Change | None:
    assert article.edition is not None
    public = article.edition.content
    found = await store.pictures.find((*public.picture_ids, *article.working.picture_ids))
    found.demand(public.picture_ids)
    shown = await _refreshed(public, found)
    if shown == public:
        return None
    after = rules.show_pictures(article, await _refreshed(article.working, found), shown, at=at)
    if store.histories.is_kept:
        known = await store.histories.of(article)
        after = after.model_copy(update={"history": fitting_history(after, known)})
    return Change("picture", Author(id=MEDIA.id, name=MEDIA.name), article, after)


async def _refreshed(content: Content, found: FoundPictures) -> Content:
    """The content with its pictures as they are now; the same one, without a rendering, when nothing differs.

    While media does not answer about one of them, the content stays as it was.
    """
    if found.unanswered.intersection(content.picture_ids):
        return content
    versions = {picture.id: picture.version for picture in content.body_pictures}
    is_same_text = all(version == _version_of(found, picture_id) for picture_id, version in versions.items())
    if not is_same_text:
        return await _shown_with(content, found)
    return content.model_copy(update={"lead_image": _lead_of(content, found)})


async def _shown_with(content: Content, found: FoundPictures) -> Content:
    body = await THREADS.render(content.body_markdown, found.records)
    if len(body.pictures) > MOST_PICTURES:
        raise field_problem("/body_markdown", f"It has more than {MOST_PICTURES} pictures.")
    return content.model_copy(
        update={"body_html": body.html, "body_pictures": body.pictures, "lead_image": _lead_of(content, found)}
    )


def _lead_of(content: Content, found: FoundPictures) -> LeadImage | None:
    lead = content.lead_image
    return None if lead is None else lead.resolved(found.records.get(lead.media_id or ""))


def _version_of(found: FoundPictures, picture_id: str) -> int | None:
    record = found.records.get(picture_id)
    return None if record is None else record.version


def _ids_of(content: Content) -> Sequence[str]:
    lead = [] if content.lead_picture_id is None else [content.lead_picture_id]
    return (*lead, *mentioned_ids(content.body_markdown))
