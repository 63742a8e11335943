"""Rules for events about a whole discussion: it was closed or opened. Pure."""

from services.rendering.projector.article_rules import Touched
from services.rendering.readmodel.documents import StoredArticle, StoredDiscussion
from services.rendering.readmodel.names import article_name, discussion_name
from services.rendering.readmodel.snapshot import ChangeSet
from shared.events import DiscussionChanged


def project_discussion(change_set: ChangeSet, event: DiscussionChanged) -> Touched:
    """Apply a discussion's event unless it is outdated or its article was erased. A redelivery announces it again."""
    name = discussion_name(event.article_id)
    change_set.need({name: StoredDiscussion, article_name(event.article_id): StoredArticle})
    article = change_set.get(article_name(event.article_id), StoredArticle)
    known = change_set.get(name, StoredDiscussion) or StoredDiscussion()
    if event.version > known.seen and not (article is not None and article.erased):
        update = {"seen": event.version, "open": event.open, "closes_at": event.closes_at, "votes": event.votes}
        change_set.put(name, known.model_copy(update=update), StoredDiscussion)
    return (name,)


def erase_discussion(change_set: ChangeSet, article_id: str) -> Touched:
    """Forget the state of a discussion: its log has a tombstone. Its version stays, so that no late event restores it."""
    name = discussion_name(article_id)
    known = change_set.get(name, StoredDiscussion)
    if known is not None:
        change_set.put(
            name, known.model_copy(update={"open": True, "closes_at": None, "votes": True}), StoredDiscussion
        )
    return (name,)
