"""The moderation pipeline: each phase, their order, and the sentences for the author."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.comments.model.moderation_records import AuthorRecord
from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts, Verdict
from services.comments.pipeline.phases import PHASES
from services.comments.pipeline.told import told

RULE = ModerationRule("post", 1, banned_words=("viagra",), suspect_words=("lottery",), most_links=1)
PLAIN = Facts(name="Ada", website=None, body="The lake came back, and so did the herons.")
LONG = "A longer text that nobody types under two stories by chance."
LATER = datetime(2027, 1, 1, tzinfo=UTC)

HELD: dict[str, dict[str, object]] = {
    "repeat": {"body": LONG, "repeats": 1},
    "links": {"body": "See https://a.example and https://b.example"},
    "suspect-word": {"body": "Win the Lottery now"},
    "too-fast": {"body": "See https://a.example", "seconds_on_form": 0.3},
    "muted": {"muted_until": LATER},
    "record": {"author": AuthorRecord(published=7, rejected=3, recent=10, recent_rejected=3)},
    "first-comment": {"mode": "first-comment"},
    "reply-to-pending": {"parent": "pending"},
    "mode": {"mode": "pre"},
}
REJECTED: dict[str, dict[str, object]] = {
    "repeat": {"body": LONG, "repeats": 4},
    "banned-word": {"body": "Buy VIAGRA here"},
    "trap": {"trap": "me@spam.example"},
}


def _facts(changes: dict[str, object]) -> Facts:
    return replace(PLAIN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", HELD)
def test_each_phase_holds_and_says_so(phase: str) -> None:
    verdict = decide(_facts(HELD[phase]), RULE)

    assert verdict.status == "pending"
    assert [reason.phase for reason in verdict.reasons] == [phase]
    assert verdict.reasons[0].detail.endswith(".")


@pytest.mark.parametrize("phase", REJECTED)
def test_each_phase_rejects_and_says_so(phase: str) -> None:
    verdict = decide(_facts(REJECTED[phase]), RULE)

    assert (verdict.status, verdict.reasons[0].phase) == ("rejected", phase)
    assert verdict.spam is (phase != "banned-word")


def test_plain_comment_is_published_and_holds_collect_until_a_rejection() -> None:
    held = _facts({**HELD["links"], "mode": "pre"})

    assert decide(PLAIN, RULE) == Verdict("published")
    assert [reason.phase for reason in decide(held, RULE).reasons] == ["links", "mode"]
    rejected = decide(replace(held, trap="x"), RULE)
    assert [reason.phase for reason in rejected.reasons] == ["trap", "links"]


def test_author_is_told_in_both_languages_without_the_matched_text() -> None:
    verdicts = [decide(_facts(changes), RULE) for changes in (*HELD.values(), *REJECTED.values())]
    verdicts += [Verdict("pending", (Reason("webhook", "x"),)), Verdict("rejected", (Reason("webhook", "x"),))]

    for language in ("en", "ar"):
        sentences = [told(verdict, language) for verdict in verdicts]
        assert len(set(sentences)) == len(verdicts)
        assert not [sentence for sentence in sentences if "viagra" in sentence.casefold() or "lottery" in sentence]
    assert told(Verdict("published"), "en") == ""
    assert told(verdicts[0], "fr") == told(verdicts[0], "en")
    assert told(verdicts[0], "ar-EG") == told(verdicts[0], "ar")


@pytest.mark.parametrize(
    ("rejected", "recent", "rate", "status"),
    [
        (2, 2, 0.3, "published"), (3, 3, 0.3, "pending"), (3, 10, 0.3, "pending"), (3, 11, 0.3, "published"),
        (15, 50, 0.3, "pending"), (3, 30, 0.1, "pending"),
        (50, 50, None, "published"), (3, 50, 0.0, "pending"), (0, 0, 0.0, "published"), (49, 50, 1.0, "published"),
    ],
)  # fmt: skip
def test_record_holds_from_its_share_and_three_rejections(
    rejected: int, recent: int, rate: float | None, status: str
) -> None:
    author = AuthorRecord(recent=recent, recent_rejected=rejected)

    assert decide(replace(PLAIN, author=author), replace(RULE, hold_rejection_rate=rate)).status == status


def test_names_of_phases_are_stable() -> None:
    assert [name for name, _ in PHASES] == [
        "repeat", "links", "banned-word", "suspect-word", "trap", "too-fast", "muted", "record",
        "first-comment", "reply-to-pending", "mode",
    ]  # fmt: skip
