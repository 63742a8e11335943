"""Presence as pure functions: who counts as present, since when, and how."""

from datetime import UTC, datetime, timedelta

from services.ingestion.articles.presence_rules import Presence, State, present, reported

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def seen(known: Presence | None, state: State, seconds: float, person: str = "ines") -> Presence:
    """The presence after a report of a person, some seconds after noon."""
    return reported(known, Presence("a", person, person.title(), after(seconds)), state, after(seconds))


def test_report_counts_for_sixty_seconds() -> None:
    ines = seen(None, "viewing", 0)

    assert [one.name for one in present([ines], after(59))] == ["Ines"]
    assert present([ines], after(60)) == []


def test_person_who_edits_in_one_window_and_views_in_another_is_one_who_edits() -> None:
    ines = seen(seen(seen(None, "viewing", 0), "editing", 10), "viewing", 20)

    assert [(one.since, one.state(after(30))) for one in present([ines], after(30))] == [(NOON, "editing")]
    assert ines.state(after(70)) == "viewing"


def test_person_who_comes_back_after_a_pause_is_there_since_then() -> None:
    stayed = seen(seen(None, "viewing", 0), "viewing", 50)
    came_back = seen(seen(None, "editing", 0), "viewing", 90)

    assert (stayed.since, came_back.since) == (NOON, after(90))
    assert came_back.state(after(91)) == "viewing"


def test_first_comer_stands_first() -> None:
    people = [seen(None, "viewing", 5, "omar"), seen(None, "editing", 0), seen(None, "viewing", 5, "amal")]

    assert [one.name for one in present(people, after(6))] == ["Ines", "Amal", "Omar"]
