"""Decisions about mails: who is asked to confirm, which replies are mailed, when to try again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.comments.model.records import Comment
from services.comments.model.rules import Status
from services.comments.notifications.records import Mail, Recipient, Subscription
from services.comments.notifications.rules import (
    MAILS_WAIT,
    MOST_UNCONFIRMED,
    REPLIES_WAIT,
    VERIFICATION_EVERY,
    ReplyFacts,
    asked,
    confirmed,
    excerpt,
    fate_of,
    mailed,
    next_day,
    next_digest,
    one_line,
    plan_verification,
    retry_at,
    stopped,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WISH = Subscription("c", "r", "ada@example.org", "en", AT, "w", confirmed=True)


def steps_of(recipient: Recipient | None, *wishes: tuple[str, timedelta]) -> list[str]:
    """The steps for wishes of writers at times after AT. A `send` is remembered as the planner does."""
    steps: list[str] = []
    for writer, after in wishes:
        plan = plan_verification(recipient, writer, AT + after)
        steps.append(plan.step)
        if plan.step == "send":
            recipient = asked(recipient, WISH, writer, AT + after)
    return steps


def a_comment(status: Status) -> Comment:
    return Comment("r", 1, "a", "c", "c", "Bo", None, "Yes.", "", status, AT)


def test_address_is_asked_once_an_hour_and_three_times_a_month_by_anybody() -> None:
    wishes = [
        ("w1", 0 * HOUR),
        ("w1", HOUR / 2),
        ("w2", HOUR / 2),
        ("w2", HOUR),
        ("w3", DAY),
        ("w4", 2 * DAY),
        ("w5", 31 * DAY),
    ]

    assert steps_of(None, *wishes) == ["send", "drop", "wait", "send", "send", "drop", "send"]
    assert MOST_UNCONFIRMED == 3
    plan = plan_verification(asked(None, WISH, "w1", AT), "w2", AT + HOUR / 2)
    assert plan.due_at == AT + VERIFICATION_EVERY


def test_confirmed_writer_needs_no_further_mail_and_another_writer_does() -> None:
    recipient = confirmed(asked(None, WISH, "w1", AT), "w1", AT + HOUR)

    assert steps_of(recipient, ("w1", 2 * HOUR), ("w2", 2 * HOUR)) == ["confirm", "send"]


def test_address_that_stopped_without_confirming_is_never_asked_again() -> None:
    never = stopped(asked(None, WISH, "w1", AT), AT + HOUR)
    once = stopped(confirmed(asked(None, WISH, "w1", AT), "w1", AT), AT + HOUR)

    assert steps_of(never, ("w2", 40 * DAY)) == ["drop"]
    assert steps_of(once, ("w1", 2 * DAY), ("w1", 3 * DAY), ("w1", 40 * DAY)) == ["send", "drop", "send"]


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({}, "mail"),
        ({"subscription": None}, "drop"),
        ({"subscription": replace(WISH, confirmed=False)}, "wait"),
        ({"reply": a_comment("removed")}, "drop"),
        ({"reply": None}, "drop"),
        ({"parent": a_comment("removed")}, "drop"),
        ({"author": "r"}, "drop"),
        ({"author": None}, "mail"),
        ({"waits_since": AT - REPLIES_WAIT - HOUR}, "drop"),
    ],
)
def test_reply_is_mailed_when_it_is_public_and_wanted(changes: dict[str, object], fate: str) -> None:
    facts = ReplyFacts(AT, WISH, a_comment("published"), a_comment("published"), "someone")

    assert fate_of(replace(facts, **changes), AT) == fate  # type: ignore[arg-type]


def test_digests_are_an_hour_apart() -> None:
    recipient = asked(None, WISH, "w1", AT)

    assert next_digest(recipient, AT) == AT
    assert next_digest(mailed(recipient, AT), AT + HOUR / 3) == AT + HOUR
    assert next_digest(mailed(recipient, AT), AT + DAY) == AT + DAY


def test_attempts_end_after_seven_or_three_days() -> None:
    mail = Mail("m", "digest", "r", AT)
    waits = [retry_at(replace(mail, attempts=attempts), AT) for attempts in range(7)]

    assert waits[-1] is None
    moments = [moment for moment in waits if moment is not None]
    assert len(moments) == 6
    assert moments == sorted(moments)
    assert retry_at(mail, AT + MAILS_WAIT + HOUR) is None
    assert next_day(AT) == datetime(2026, 3, 2, tzinfo=UTC)


def test_text_for_a_header_is_one_line_without_control_characters() -> None:
    assert one_line("The lake\r\nBcc: x@y.example\x00\u202e ", 80) == "The lake Bcc: x@y.example"
    assert excerpt("one two " * 50, 30) == "one two one two one two one…"
    assert len(excerpt("x" * 500, 30)) == 30
