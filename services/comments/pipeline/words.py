"""The phases of words: banned ones reject a comment, suspect ones hold it."""

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Effect, Facts, Finding
from services.comments.pipeline.word_list import compiled

_MOST_REASONS = 5


def find_banned_words(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Reject a comment with a banned word in its text, name or website."""
    return _find("banned-word", "reject", facts, rule.banned_words)


def find_suspect_words(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold a comment with a suspect word in its text, name or website."""
    return _find("suspect-word", "hold", facts, rule.suspect_words)


def prepare(rule: ModerationRule) -> None:
    """Make the lists of the settings ready, outside of the event loop: they are kept for the next comments."""
    for entries in (rule.banned_words, rule.suspect_words):
        compiled(entries)


def _find(phase: str, effect: Effect, facts: Facts, entries: tuple[str, ...]) -> Finding | None:
    if not entries:
        return None
    words = compiled(entries)
    reasons = [
        Reason(phase, f"The {place} has “{found.entry}” of the list.", found.match)
        for place, text in (("text", facts.body), ("name", facts.name), ("website", facts.website or ""))
        for found in words.find(text)
    ]
    return Finding(effect, tuple(reasons[:_MOST_REASONS])) if reasons else None
