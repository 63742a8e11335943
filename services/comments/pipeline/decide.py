"""The moderation pipeline: phases in order decide about a comment. Pure."""

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Facts, Finding, Verdict
from services.comments.pipeline.phases import PHASES


def decide(facts: Facts, rule: ModerationRule) -> Verdict:
    """The verdict of the phases: the first rejection, else pending with the reasons of all phases that hold, else published."""
    held: list[Reason] = []
    for _, phase in PHASES:
        finding = phase(facts, rule)
        if finding is not None and finding.effect != "hold":
            return _rejected(finding, held)
        held.extend(() if finding is None else finding.reasons)
    return Verdict("pending", tuple(held)) if held else Verdict("published")


def _rejected(finding: Finding, held: list[Reason]) -> Verdict:
    return Verdict("rejected", (*finding.reasons, *held), spam=finding.effect == "spam")
