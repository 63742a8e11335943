"""The verdict of the pipeline about a new or an edited comment, and its sentence for the writer."""

from services.comments.model.records import ModerationRule
from services.comments.model.store import Store
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts, Verdict


class Judge:
    """Applies the rule in force."""

    def __init__(self, store: Store) -> None:
        self._rules = store.rules

    async def verdict(self, facts: Facts, comment_id: str) -> tuple[ModerationRule, Verdict]:
        """The rule and what it says. Raises Unavailable."""
        rule = await self._rules.current()
        return rule, decide(facts, rule)


def told(verdict: Verdict, language: str) -> str:
    """The plain sentence for the writer; empty for a published comment."""
    if verdict.status == "published":
        return ""
    return "Your comment waits for a moderator."
