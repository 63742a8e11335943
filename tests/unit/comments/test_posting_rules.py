"""Rules of posting: repetitions of a comment, and the comment after an edit."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.comments.access.visitors import Visitor
from services.comments.model.moderation_records import Decided
from services.comments.model.records import Comment, Reason
from services.comments.model.rules import Status
from services.comments.pipeline.facts import Verdict
from services.comments.posting.contract import NewComment
from services.comments.posting.edit_rules import check_editable, edited, emptied
from services.comments.posting.repeats import Repeat, Sender, repeat_keys, text_of
from shared.errors import Problem
from shared.ids import new_id
from shared.times import now

AT = now()
SENDER = Sender("t" * 43, True, Visitor("v", "203.0.113.0/24"), "203.0.113.9", "Firefox")
SENT = NewComment(name="Ada", email="ada@example.org", body="Yes.")
HELD = Verdict("pending", (Reason("links", "too many"),))


def _comment(status: Status = "published", **changes: object) -> Comment:
    comment_id = new_id()
    comment = Comment(comment_id, 1, "a", None, comment_id, "Ada", None, "Yes.", "<p>Yes.</p>", status, AT)
    return replace(comment, **changes)  # type: ignore[arg-type]


def test_repetition_is_found_before_and_after_the_browser_has_its_token() -> None:
    stored = repeat_keys(SENDER, "a", SENT)[0]
    double_click = repeat_keys(replace(SENDER, token="u" * 43, address="203.0.113.10"), "a", SENT)
    later = repeat_keys(replace(SENDER, is_new=False), "a", SENT)
    again = repeat_keys(replace(SENDER, is_new=False, agent="Another", visitor=Visitor("w", "192.0.2.0/24")), "a", SENT)

    assert stored in double_click
    assert stored in later
    assert later[0] in again, "a browser with a token may change its network"


@pytest.mark.parametrize(
    ("sender", "article", "sent"),
    [
        (SENDER, "b", SENT),
        (SENDER, "a", SENT.model_copy(update={"body": "yes."})),
        (SENDER, "a", SENT.model_copy(update={"email": "ben@example.org"})),
        (SENDER, "a", SENT.model_copy(update={"name": "Ben"})),
        (SENDER, "a", SENT.model_copy(update={"parent_id": "x"})),
        (replace(SENDER, agent="Chrome"), "a", SENT),
        (replace(SENDER, visitor=Visitor("v", "192.0.2.0/24")), "a", SENT),
    ],
)
def test_comment_of_somebody_else_or_somewhere_else_is_no_repetition(
    sender: Sender, article: str, sent: NewComment
) -> None:
    for known in (False, True):
        first, second = (replace(each, is_new=not known) for each in (SENDER, sender))
        stored = repeat_keys(first, "a", SENT)[0]
        is_same = known and (article, sent) == ("a", SENT)
        assert (stored in repeat_keys(second, article, sent)) == is_same


def test_browser_name_of_any_bytes_has_a_key() -> None:
    assert len(repeat_keys(replace(SENDER, agent="Browser \udcff"), "a", SENT)[0]) == 32


def test_repetition_counts_for_two_minutes() -> None:
    repeat = Repeat("k", "c", b"", AT)

    assert repeat.counts(AT + timedelta(seconds=119))
    assert not repeat.counts(AT + timedelta(seconds=120))


def test_text_of_an_author_is_the_same_whatever_its_case_and_spaces() -> None:
    assert text_of("a", "Buy  NOW\nhere") == text_of("a", "buy now here")
    assert text_of("a", "buy now") != text_of("b", "buy now")


@pytest.mark.parametrize(
    ("before", "verdict", "after"),
    [
        ("published", Verdict("published"), "published"),
        ("published", HELD, "pending"),
        ("pending", Verdict("published"), "published"),
        ("rejected", Verdict("published"), "pending"),
        ("rejected", HELD, "pending"),
        ("published", Verdict("rejected", (Reason("banned-word", "x"),), spam=True), "rejected"),
    ],
)
def test_edit_has_the_pipelines_status_but_a_rejected_comment_waits_at_least(
    before: Status, verdict: Verdict, after: Status
) -> None:
    comment = _comment(before, picked=True, reasons=(Reason("trap", "filled in"),) if before == "rejected" else ())

    changed = edited(comment, "No.", verdict, AT)

    assert (changed.status, changed.version, changed.settled, changed.edited_at) == (after, 2, 2, AT)
    assert (changed.body, changed.body_html, changed.spam) == ("No.", "<p>No.</p>", verdict.spam)
    assert not changed.picked, "an editor picked another text"
    assert bool(changed.reasons) == (after != "published"), "a moderator sees why it waits"


def test_removed_comment_and_one_that_a_moderator_rejected_cannot_be_edited() -> None:
    check_editable(_comment("rejected"))

    with pytest.raises(Problem) as removed:
        check_editable(_comment("removed"))
    with pytest.raises(Problem) as rejected:
        check_editable(_comment("rejected", decided=Decided("d", "reject", "m", AT)))
    assert (removed.value.status, rejected.value.status) == (410, 403)


def test_deleted_comment_has_no_text_and_no_name_left() -> None:
    after = emptied(_comment(name="Wilhelmina", body="Secret", website="https://w.example", picked=True))

    assert (after.status, after.version, after.picked) == ("removed", 2, False)
    assert not any((after.name, after.body, after.body_html, after.website, after.reasons))
