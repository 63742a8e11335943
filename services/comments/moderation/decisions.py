"""Makes and undoes decisions: one transaction holds the comments, their audit, events, authors' records and mails about replies."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from services.comments.model.moderation_records import Decided, StatusChange
from services.comments.model.records import Comment
from services.comments.model.rules import AuditAction, DecisionAction
from services.comments.model.store import Store
from services.comments.moderation.decision_rules import DecidedChange, Planned, change_of, decided, undone
from services.comments.moderation.decision_store import DecisionRecord, DecisionStore
from services.comments.notifications.notifications import Notifications
from services.comments.reading.reaction_store import ReportStore
from shared.errors import Problem
from shared.http.token_checker import TokenOwner
from shared.ids import made_at
from shared.mongo.collections import Session


@dataclass(frozen=True)
class Wanted:
    """An action of a moderator. `seen`: the version of each comment that the moderator saw, where it is known."""

    ids: Sequence[str]
    action: DecisionAction
    reason: str = ""
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """The result of a decision. `id` is None when nothing changed. The comment of a conflict is None when it does not exist."""

    decision_id: str | None
    changed: Sequence[Comment]
    conflicts: Sequence[tuple[str, Comment | None]]


class Decisions:
    """Decides about comments inside the caller's transaction. Call `committed` after it."""

    def __init__(self, store: Store, reports: ReportStore, notifications: Notifications) -> None:
        self.store = store
        self._reports = reports
        self.records = DecisionStore(store.database)
        self._notifications = notifications

    async def decide(self, wanted: Wanted, decision_id: str, owner: TokenOwner, session: Session) -> Made:
        """Decide about several comments. Those in conflict stay as they are."""
        by = decided_by(decision_id, wanted.action, owner)
        found = await self.store.comments.by_ids(wanted.ids, session)
        planned: dict[str, Planned] = {
            comment_id: decided(found[comment_id], wanted.action, wanted.seen.get(comment_id), by)
            if comment_id in found
            else "conflict"
            for comment_id in wanted.ids
        }
        return await self._carry_out(planned, found, by, session, reason=wanted.reason)

    async def undo(self, of: str, decision_id: str, owner: TokenOwner, session: Session) -> Made:
        """Take back what nobody has changed since. 404 for an unknown decision."""
        record = await self.records.find(of, session)
        if record is None or (record.detail and not record.changes):
            raise Problem(404, "There is no such decision about comments.")
        by = decided_by(decision_id, "undo", owner)
        found = await self.store.comments.by_ids([change.id for change in record.changes], session)
        planned = {change.id: undone(found.get(change.id), change, of, by) for change in record.changes}
        made = await self._carry_out(planned, found, by, session, undoes=record)
        if made.changed:
            await self._reports.reopen([comment.id for comment in made.changed], of, session)
            await self.records.mark_undone(of, decision_id, session)
        return made

    async def change(self, before: Comment, after: Comment, by: Decided, session: Session) -> None:
        """Store the decision about one comment."""
        await self._store({before.id: before}, [after], by, session)

    async def committed(self, comments: Iterable[Comment]) -> None:
        """Make changed comments visible to readers and in queues, after the commit."""
        changed = list(comments)
        self.store.queues.note(*(comment.id for comment in changed))
        self.store.outbox.wake()
        self._notifications.wake()
        await self.store.discussions.note_all((comment.article_id, comment.id) for comment in changed)

    async def _carry_out(
        self,
        planned: Mapping[str, Planned],
        found: Mapping[str, Comment],
        by: Decided,
        session: Session,
        *,
        reason: str = "",
        undoes: DecisionRecord | None = None,
    ) -> Made:
        changed = [after for after in planned.values() if isinstance(after, Comment)]
        conflicts = [(comment_id, found.get(comment_id)) for comment_id, plan in planned.items() if plan == "conflict"]
        if changed:
            await self._store(found, changed, by, session, reason=reason, undoes=undoes)
        return Made(by.decision_id if changed else None, changed, conflicts)

    async def _store(
        self,
        found: Mapping[str, Comment],
        changed: Sequence[Comment],
        by: Decided,
        session: Session,
        *,
        reason: str = "",
        undoes: DecisionRecord | None = None,
    ) -> None:
        await self.store.change_all(changed, by.action, by.by, session)
        automatic = {change.id for change in undoes.changes if change.before.is_automatic} if undoes else set[str]()
        await self._follow(found, changed, automatic, session)
        published = [after for after in changed if after.status == "published" != found[after.id].status]
        await self._notifications.enqueue_all(published, session)
        reported = [after.id for after in changed if found[after.id].reports]
        if reported and undoes is None:
            await self._reports.close(reported, by.decision_id, session)
        changes: tuple[DecidedChange, ...] = tuple(change_of(found[after.id], after) for after in changed)
        record = DecisionRecord(by.decision_id, by.action, by.by, by.at, reason, changes, undoes.id if undoes else None)
        await self.records.add(record, session)

    async def _follow(
        self, found: Mapping[str, Comment], changed: Sequence[Comment], automatic: Set[str], session: Session
    ) -> None:
        contacts = await self.store.contacts.by_ids([after.id for after in changed], session)
        # Without a contact, the comment was erased, or is older than addresses are kept.
        await self.store.authors.follow_all(
            [
                StatusChange(
                    contacts[after.id].author, after.id, found[after.id].status, after.status, after.id in automatic
                )
                for after in changed
                if after.id in contacts
            ],
            session,
        )


def decided_by(decision_id: str, action: AuditAction, owner: TokenOwner) -> Decided:
    """The mark of a decision on its comments. Its time is that of its id."""
    return Decided(decision_id, action, owner.name, made_at(decision_id))
