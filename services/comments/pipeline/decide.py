"""The moderation pipeline: phases in order decide about a comment. Pure."""

from services.comments.model.records import ModerationRule, Reason
from services.comments.model.rules import first_status
from services.comments.pipeline.facts import Facts, Verdict


def decide(facts: Facts, rule: ModerationRule) -> Verdict:
    """The verdict of the phases."""
    if first_status(facts.mode or rule.mode, trusted=facts.trusted, parent=facts.parent) == "published":
        return Verdict("published")
    return Verdict("pending", (Reason("mode", "Comments wait for a moderator."),))
