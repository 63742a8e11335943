"""Forms of the moderators' pages: the queue in the address, picked comments, bans, and settings between API and form."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from services.desk.comments.bans import ban_of, wanted_ban
from services.desk.comments.decisions import picks_of
from services.desk.comments.items import comment_of
from services.desk.comments.queue_query import read_queue
from services.desk.comments.settings_form import field_of, form_values, settings_of

NOW = datetime(2026, 2, 8, 12, tzinfo=UTC)


def test_queue_keeps_its_words_and_order_in_every_link() -> None:
    query = read_queue({"queue": "spam", "q": " ferry & co ", "sort": "oldest", "cursor": "c1"})

    assert parse_qs(urlsplit(query.older("c2")).query) == {
        "queue": ["spam"], "q": ["ferry & co"], "sort": ["oldest"], "cursor": ["c2"]
    }  # fmt: skip
    assert parse_qs(urlsplit(query.to_queue("pending")).query) == {"queue": ["pending"], "q": ["ferry & co"]}


@pytest.mark.parametrize(
    ("queue", "order"), [("pending", "oldest"), ("reported", "oldest"), ("spam", "newest"), ("gossip", "oldest")]
)
def test_queues_that_wait_start_with_the_oldest(queue: str, order: str) -> None:
    assert read_queue({"queue": queue}).order == order


def test_picked_comments_carry_the_version_that_the_page_showed() -> None:
    assert picks_of({"pick-01abc": "3", "pick-": "1", "pick-a/b": "1", "action": "approve"}) == {"01abc": "3"}


def test_comment_with_missing_facts_can_be_shown() -> None:
    comment = comment_of({"id": "1", "status": "published", "reports": 2, "article": {"url": "//evil.example"}})

    assert (comment.state, comment.article_url, comment.author, comment.parent) == ("reported", "", None, None)


def test_ban_of_a_comments_author_names_no_address() -> None:
    form = {"comment_id": "01abc", "what": "network", "kind": "ban", "days": "7", "reason": " Spam. "}

    assert wanted_ban(form, NOW) == {
        "comment_id": "01abc", "what": "network", "kind": "ban", "reason": "Spam.", "until": "2026-02-15T12:00:00.000Z"
    }  # fmt: skip
    assert wanted_ban({"whom": "a@b.example", "kind": "mute"}, NOW)["email"] == "a@b.example"
    assert wanted_ban({"whom": "192.0.2.0/24"}, NOW)["network"] == "192.0.2.0/24"


def test_ban_without_an_end_is_for_ever() -> None:
    assert ban_of({"id": "1", "until": None}).is_for_ever
    assert not ban_of({"id": "1", "until": "2026-02-15T12:00:00Z"}).is_for_ever


SETTINGS = {
    "mode": "pre", "banned_words": ["viagra", "casino*"], "suspect_words": [], "most_links": 2, "close_after_days": None,
    "edit_window_s": 300, "votes": True, "hold_rejection_rate": 0.3,
    "webhook": {"url": "https://judge.example/", "when_it_fails": "hold"},
}  # fmt: skip


def test_settings_pass_the_form_unchanged() -> None:
    assert settings_of(form_values(SETTINGS)) == SETTINGS
    assert settings_of(form_values({**SETTINGS, "webhook": None}))["webhook"] is None


def test_typed_settings_are_tidied_and_a_wrong_number_is_left_to_comments() -> None:
    found = settings_of(
        {"banned_words": " a \n\nb\na", "most_links": "٣", "edit_window_s": "soon", "webhook_secret": "s"}
    )

    assert (found["banned_words"], found["most_links"], found["edit_window_s"]) == (["a", "b"], 3, "soon")
    assert (found["votes"], found["webhook"]) == (False, None)


@pytest.mark.parametrize(
    ("pointer", "field"),
    [("/banned_words/3", "banned_words"), ("/webhook/secret", "webhook_secret"), ("/mode", "mode")],
)
def test_error_stands_beside_its_field(pointer: str, field: str) -> None:
    assert field_of(pointer) == field
