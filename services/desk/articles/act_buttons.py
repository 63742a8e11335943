"""The editor's buttons: which acts a person may choose, and the article's states that show them. `static/acts.js` does the same."""

from dataclasses import dataclass

from services.desk.articles.copy import ArticleFacts


@dataclass(frozen=True)
class ActButton:
    """An act, and the states that must all hold for its button to be there, separated by spaces."""

    name: str
    when: str = ""
    # Editors and admins (True), or those who may only write (False).
    decides: bool = True


BUTTONS = (
    ActButton("schedule"),
    ActButton("unschedule", "scheduled"),
    ActButton("correct", "published"),
    ActButton("withdraw", "published"),
    ActButton("embargo", "free"),
    ActButton("lift-embargo", "embargoed"),
    ActButton("return", "submitted"),
    ActButton("submit", "draft unsubmitted", decides=False),
)


def states_of(article: ArticleFacts | None) -> frozenset[str]:
    """The states of an article; of a new one, those that it will have when it is stored."""
    if article is None:
        return frozenset({"draft", "unscheduled", "unsubmitted", "free"})
    return frozenset(
        {
            "stored",
            article.status,
            "unscheduled" if article.scheduled_for is None else "scheduled",
            "unsubmitted" if article.submitted_at is None else "submitted",
            "free" if article.embargo_until is None else "embargoed",
        }
    )


def is_there(when: str, states: frozenset[str]) -> bool:
    """Whether a button with these states is there."""
    return states.issuperset(when.split())
