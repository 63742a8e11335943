"""The phases of words: banned ones reject a comment, suspect ones hold it."""

import re
from functools import lru_cache

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Effect, Facts, Finding


def find_banned_words(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Reject a comment with a banned word."""
    return _find("banned-word", "reject", facts, rule.banned_words)


def find_suspect_words(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold a comment with a suspect word."""
    return _find("suspect-word", "hold", facts, rule.suspect_words)


def _find(phase: str, effect: Effect, facts: Facts, words: tuple[str, ...]) -> Finding | None:
    if not words:
        return None
    for text in (facts.body, facts.name, facts.website or ""):
        if found := _pattern(words).search(text):
            return Finding(effect, (Reason(phase, f"“{found[0]}” is in the list.", found[0]),))
    return None


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
