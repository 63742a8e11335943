"""Acts: the text that says what will happen, when an act makes no sense, and what is sent to set an embargo."""

from datetime import UTC, datetime, timedelta

import pytest

from services.desk.articles.act_rules import ACTS, ask_of, copy_of, hindrance_of, is_complete
from services.desk.articles.copy import ArticleFacts, facts_of
from services.desk.articles.states import states_of
from services.desk.words import DIRECTORY
from shared.site.words import read_words

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
ANSWER = {"id": "a", "version": 3, "status": "draft", "headline": "Ferry", "section": "world", "language": "en"}


def an_article(**changes: object) -> ArticleFacts:
    """An article of ingestion's answer."""
    return facts_of({**ANSWER, **changes})


@pytest.mark.parametrize(
    ("changes", "ask"),
    [
        ({}, "publish"),
        ({"status": "withdrawn"}, "publish_back"),
        ({"status": "published", "changed": True}, "publish_update"),
        ({"status": "published", "changed": False}, "publish_again"),
    ],
)
def test_publication_says_what_readers_will_see(changes: dict[str, object], ask: str) -> None:
    assert ask_of(ACTS["publish"], an_article(**changes)) == ask


@pytest.mark.parametrize(
    ("act", "changes", "hindrance"),
    [
        ("publish", {}, ""),
        ("publish", {"embargo_until": "2026-02-08T13:00:00Z"}, "embargo"),
        ("publish", {"embargo_until": "2026-02-08T11:00:00Z"}, ""),
        ("correct", {}, "not_published"),
        ("correct", {"status": "published", "embargo_until": "2026-02-08T13:00:00Z"}, "embargo"),
        ("withdraw", {"status": "published"}, ""),
        ("unschedule", {}, "not_scheduled"),
        ("submit", {"submitted_at": "2026-02-08T11:00:00Z"}, "submitted"),
        ("return", {}, "not_submitted"),
        ("lift-embargo", {}, "no_embargo"),
    ],
)
def test_act_that_makes_no_sense_is_hindered(act: str, changes: dict[str, object], hindrance: str) -> None:
    assert hindrance_of(ACTS[act], an_article(**changes), NOON) == hindrance


def test_every_act_has_its_texts() -> None:
    words = read_words(DIRECTORY / "en.toml")
    statuses = ("draft", "published", "withdrawn")
    asks = {ask_of(act, an_article(status=status, changed=change)) for act in ACTS.values() for status in statuses
            for change in (True, False)}  # fmt: skip

    wanted = {f"ask.{name}" for name in asks} | {f"act.{name}" for name in ACTS} | {f"do.{name}" for name in ACTS}
    wanted |= {f"do.{act.name}_later" for act in ACTS.values() if act.asks == "time"}
    wanted |= {f"ask.{act.name}_hint" for act in ACTS.values() if act.asks == "text"}
    wanted |= {f"editor.{act.field}" for act in ACTS.values() if act.field}
    assert wanted - set(words) == set()


def test_embargo_sends_the_working_copy_as_it_is() -> None:
    answer = {**ANSWER, "body_markdown": "B.", "tags": ["One, two"], "bylines": [], "slug": "ferry", "standfirst": "",
              "lead_image": {"url": "https://x/y.jpg", "alt": "Y", "caption": None, "credit": "Z", "width": 3},
              "history_public": False, "created_at": "…"}  # fmt: skip

    sent = copy_of(answer, "2026-02-09T12:00:00Z")

    assert sent == {
        "headline": "Ferry", "section": "world", "language": "en", "body_markdown": "B.", "tags": ["One, two"], "bylines": [],
        "slug": "ferry", "standfirst": "", "history_public": False, "embargo_until": "2026-02-09T12:00:00Z",
        "lead_image": {"url": "https://x/y.jpg", "alt": "Y", "caption": "", "credit": "Z"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "complete"),
    [({}, True), ({"headline": ""}, False), ({"lead_image": {"url": "u", "alt": ""}}, False)],
    ids=["whole", "no headline", "no alt text"],
)
def test_incomplete_copies_need_an_automatic_save(changes: dict[str, object], complete: bool) -> None:
    assert is_complete({**ANSWER, "body_markdown": "B.", **changes}) is complete


def test_states_name_what_waits_and_what_is_late() -> None:
    article = an_article(
        status="published",
        changed=True,
        scheduled_for=(NOON - timedelta(minutes=1)).isoformat(),
        embargo_until=(NOON - timedelta(hours=1)).isoformat(),
        submitted_at=NOON.isoformat(),
        submitted_by="Ines",
    )

    found = states_of(article, NOON)

    assert [state.name for state in found] == ["published", "changed", "overdue", "submitted"]
    assert [state.by for state in found if state.by] == ["Ines"]
    assert states_of(article, NOON - timedelta(minutes=2))[2].name == "scheduled"
