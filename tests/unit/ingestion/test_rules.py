"""An article's states, events and times, as pure functions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.articles import rules
from services.ingestion.articles.rules import Article, event_of
from services.ingestion.people.roles import Action
from shared.errors import Problem
from tests.support.drafts import INES, NOON, a_draft, after

MADE_PUBLIC: tuple[Action, ...] = ("edit", "autosave", "publish", "correct", "withdraw")


def changed(article: Article, action: Action, at: datetime) -> Article:
    """The article after an action."""
    if action == "edit":
        content = article.working.model_copy(update={"headline": f"Headline {article.version}"})
        return rules.edit(article, content, slug_is_chosen=False, by=INES, at=at)
    if action == "autosave":
        content = article.working.model_copy(update={"headline": f"Autosaved {article.version}"})
        return rules.autosave(article, content, slug_is_chosen=False, by=INES, at=at)
    if action == "correct":
        return rules.correct(article, note="It was the other way round.", at=at)
    return {"publish": rules.publish, "withdraw": rules.withdraw}[action](article, at=at)


@pytest.mark.parametrize(
    ("history", "action", "status"),
    [
        ([], "edit", "draft"),
        ([], "publish", "published"),
        ([], "correct", None),
        ([], "withdraw", None),
        (["publish"], "edit", "published"),
        (["publish"], "publish", "published"),
        (["publish"], "correct", "published"),
        (["publish"], "withdraw", "withdrawn"),
        (["publish", "withdraw"], "edit", "withdrawn"),
        (["publish", "withdraw"], "publish", "published"),
        (["publish", "withdraw"], "correct", None),
        (["publish", "withdraw"], "withdraw", None),
    ],
)
def test_each_change_is_in_the_table_or_409(history: list[Action], action: Action, status: str | None) -> None:
    article = a_draft()
    for done in history:
        article = changed(article, done, after(1))

    if status is None:
        with pytest.raises(Problem) as caught:
            changed(article, action, after(2))
        assert caught.value.status == 409
    else:
        assert changed(article, action, after(2)).status == status


@given(st.lists(st.tuples(st.sampled_from(MADE_PUBLIC), st.integers(-30, 30))))
def test_versions_count_changes_and_times_never_go_back(steps: list[tuple[Action, int]]) -> None:
    article, accepted = a_draft(), 0
    for action, minutes in steps:
        try:
            following = changed(article, action, after(minutes))
        except Problem:
            continue
        accepted += 1
        assert following.version == 1 + accepted
        assert following.updated_at >= article.updated_at
        event = event_of(following)
        if event is not None:
            assert event.created_at <= event.published_at <= event.updated_at <= following.updated_at
            assert event.version <= following.version
            assert (event.version == following.version) == (action not in ("edit", "autosave"))
            assert event.url not in event.former_urls
        article = following


def test_edit_of_a_published_article_has_no_event() -> None:
    published = changed(a_draft(), "publish", after(1))

    edited = changed(published, "edit", after(2))

    assert edited.version == 3
    assert event_of(edited) == event_of(published)


def test_import_has_its_own_date_as_update_time() -> None:
    long_ago = NOON - timedelta(days=700)

    imported = rules.publish(a_draft(), at=after(5), published_at=long_ago)

    event = event_of(imported)
    assert event is not None
    assert (event.published_at, event.updated_at) == (long_ago, long_ago)
    assert (imported.published_at, imported.updated_at) == (long_ago, after(5))
    again = event_of(changed(imported, "correct", after(6)))
    assert again is not None
    assert (again.published_at, again.updated_at, again.corrected_at) == (long_ago, after(6), after(6))


def test_first_publication_date_never_changes() -> None:
    published = rules.publish(a_draft(), at=after(5))

    with pytest.raises(Problem) as caught:
        rules.publish(published, at=after(6), published_at=NOON - timedelta(days=1))

    assert [error.pointer for error in caught.value.errors] == ["/published_at"]
    assert rules.publish(published, at=after(6), published_at=after(5)).published_at == after(5)
    back = changed(changed(published, "withdraw", after(6)), "publish", after(7))
    assert back.published_at == after(5)


@pytest.mark.parametrize("date", [NOON + timedelta(seconds=1), datetime(1604, 12, 31, tzinfo=UTC)])
def test_impossible_publication_date_is_refused(date: datetime) -> None:
    with pytest.raises(Problem) as caught:
        rules.check_date(date, NOON)

    assert [error.pointer for error in caught.value.errors] == ["/published_at"]


def test_former_paths_are_kept_and_can_be_used_again() -> None:
    article = changed(a_draft(), "publish", after(1))
    paths = [article.url]
    for minutes, slug in enumerate(["second", "third", "ferry-fares-to-rise", "fourth"], start=2):
        content = article.working.model_copy(update={"slug": slug})
        edited = rules.edit(article, content, slug_is_chosen=True, by=INES, at=after(minutes))
        article = rules.publish(edited, at=after(minutes))
        paths.append(article.url)
        assert {article.url, *article.former_urls} == set(paths)
        assert article.url not in article.former_urls

    assert article.former_urls == ("/world/second", "/world/third", "/world/ferry-fares-to-rise")
    assert article.public_slugs == {"ferry-fares-to-rise", "second", "third", "fourth"}


def test_new_section_keeps_the_former_path() -> None:
    published = changed(a_draft(), "publish", after(1))
    content = published.working.model_copy(update={"section": "africa"})

    edited = rules.edit(published, content, slug_is_chosen=False, by=INES, at=after(2))
    published_again = rules.publish(edited, at=after(3))

    assert edited.url == "/world/ferry-fares-to-rise"
    assert (published_again.url, published_again.former_urls) == (
        "/africa/ferry-fares-to-rise",
        ("/world/ferry-fares-to-rise",),
    )


def test_withdrawal_event_has_no_text() -> None:
    published = changed(changed(a_draft(), "publish", after(1)), "correct", after(2))

    event = event_of(changed(published, "withdraw", after(3)))

    assert event is not None
    assert event.ce_type == "world-monitor.article.withdrawn.v1"
    assert (event.status, event.url, event.section) == ("withdrawn", "/world/ferry-fares-to-rise", "world")
    body = event.model_dump_json()
    assert not any(text in body for text in ("They", "Ferry", "From March", "Ines", "Harbours", "other way round"))


def test_withdrawal_event_has_the_language() -> None:
    arabic = a_draft()
    arabic = arabic.model_copy(update={"working": arabic.working.model_copy(update={"language": "ar"})})

    event = event_of(changed(changed(arabic, "publish", after(1)), "withdraw", after(2)))

    assert event is not None
    assert event.language == "ar"


def test_each_correction_stays_public() -> None:
    article = changed(a_draft(), "publish", after(1))
    for minutes in (2, 3):
        article = rules.correct(article, note=f"Note {minutes}.", at=after(minutes))

    event = event_of(changed(article, "publish", after(4)))

    assert event is not None
    assert [(item.note, item.at) for item in event.corrections] == [("Note 2.", after(2)), ("Note 3.", after(3))]
    assert event.corrected_at == after(3)
