"""The phases of the moderation pipeline, in order. Each is a pure function of the facts and the settings.

The name of a phase is stored with a comment and chooses the author's sentence (`author_message.py`): do not rename one.
"""

import math
from collections.abc import Callable, Sequence

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Facts, Finding
from services.comments.pipeline.links import find_links
from services.comments.pipeline.words import find_banned_words, find_suspect_words

Phase = Callable[[Facts, ModerationRule], Finding | None]

# Shorter texts such as "Well said, thank you!" are written under many stories by honest readers.
_SHORTEST_REPEAT = 40
_MOST_REPEATS = 4
# A person with a filled-in browser can paste a short text faster than this.
_FASTEST_S = 2.0
_LONG_TEXT = 200
# One or two rejected comments are no habit, whatever their share.
_FEWEST_REJECTED = 3


def hold_repeats(facts: Facts, _: ModerationRule) -> Finding | None:
    """Hold a text that the author sent under other stories, too. From the fifth copy on it is spam."""
    if not facts.repeats or (len(facts.body) < _SHORTEST_REPEAT and not _has_address(facts)):
        return None
    reason = Reason("repeat", f"The author wrote the same under {_stories(facts.repeats)}.")
    return Finding("spam" if facts.repeats >= _MOST_REPEATS else "hold", (reason,))


def reject_trapped(facts: Facts, _: ModerationRule) -> Finding | None:
    """Reject a comment with text in the field that people do not see."""
    if not facts.trap.strip():
        return None
    return Finding("spam", (Reason("trap", "The hidden field of the form was filled in.", facts.trap.strip()[:80]),))


def hold_too_fast(facts: Facts, _: ModerationRule) -> Finding | None:
    """Hold a long text or one with an address that was sent faster than a person can."""
    seconds = facts.seconds_on_form
    if facts.is_edit or seconds is None or math.isnan(seconds) or seconds >= _FASTEST_S:
        return None
    if len(facts.body) < _LONG_TEXT and not _has_address(facts):
        return None
    return _held("too-fast", f"Sent {max(seconds, 0):.1f} s after the form was shown.")


def hold_muted(facts: Facts, _: ModerationRule) -> Finding | None:
    """Hold all comments of a muted author."""
    if facts.muted_until is None:
        return None
    return _held("muted", f"The author is muted until {facts.muted_until:%Y-%m-%d %H:%M} UTC.")


def hold_by_record(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold the comments of an author of whose last fifty too many were rejected."""
    author, limit = facts.author, rule.hold_rejection_rate
    if limit is None or author.recent_rejected < _FEWEST_REJECTED or author.recent_rejected / author.recent < limit:
        return None
    return _held("record", f"{author.recent_rejected} of the author's last {author.recent} comments were rejected.")


def hold_first_comment(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold the comments of a writer without an approved one, where the mode says so."""
    if (facts.mode or rule.mode) != "first-comment" or facts.trusted:
        return None
    return _held("first-comment", "The author has no approved comment yet.")


def hold_reply_to_pending(facts: Facts, _: ModerationRule) -> Finding | None:
    """Hold a reply to a comment that waits itself."""
    return _held("reply-to-pending", "The comment replied to waits, too.") if facts.parent == "pending" else None


def hold_all(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold every comment, where the mode of the story or of the site says so."""
    if (facts.mode or rule.mode) != "pre":
        return None
    return _held("mode", f"All comments {'on this story' if facts.mode else 'of the site'} wait for a moderator.")


def _held(phase: str, detail: str) -> Finding:
    return Finding("hold", (Reason(phase, detail),))


def _stories(count: int) -> str:
    return "another story" if count == 1 else f"{count} other stories"


def _has_address(facts: Facts) -> bool:
    return bool(facts.website) or "://" in facts.body or "www." in facts.body.casefold()


PHASES: Sequence[tuple[str, Phase]] = (
    ("repeat", hold_repeats),
    ("links", find_links),
    ("banned-word", find_banned_words),
    ("suspect-word", find_suspect_words),
    ("trap", reject_trapped),
    ("too-fast", hold_too_fast),
    ("muted", hold_muted),
    ("record", hold_by_record),
    ("first-comment", hold_first_comment),
    ("reply-to-pending", hold_reply_to_pending),
    ("mode", hold_all),
)
