"""The phase of links: how many a comment has, and where they lead."""

from services.comments.model.records import ModerationRule, Reason
from services.comments.pipeline.facts import Facts, Finding
from shared.links import AddressFinder

_addresses = AddressFinder()


def find_links(facts: Facts, rule: ModerationRule) -> Finding | None:
    """Hold a comment with more links than the settings allow."""
    found = [facts.body[start:end] for start, end in _addresses.spans(facts.body)]
    if len(found) <= rule.most_links:
        return None
    detail = f"It has {len(found)} links; more than {rule.most_links} are held."
    return Finding("hold", (Reason("links", detail, found[rule.most_links]),))
