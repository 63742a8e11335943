"""The steps of a publication, from what the outbox and the gateways know."""

from datetime import UTC, datetime, timedelta

from services.ingestion.articles.trace import RenderedVersion, Steps, steps_of
from shared.outbox.sent_times import SentTime

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


def after(milliseconds: float) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


def rendered(version: int, projected: float | None, visible: float | None) -> RenderedVersion:
    """A gateway's answer, times in milliseconds after noon."""
    times = [None if milliseconds is None else after(milliseconds) for milliseconds in (projected, visible)]
    return RenderedVersion(version=version, projected_at=times[0], visible_at=times[1])


def test_steps_of_the_wanted_version_count() -> None:
    assert steps_of(4, NOON, SentTime(4, after(8)), [rendered(4, 20, 30)]) == Steps(
        NOON, after(8), after(20), after(30)
    )


def test_steps_of_an_earlier_version_are_none() -> None:
    assert steps_of(4, NOON, SentTime(2, after(-9)), [rendered(2, -8, -7)]) == Steps(NOON, None, None, None)
    assert steps_of(4, NOON, None, []) == Steps(NOON, None, None, None)


def test_story_is_visible_when_the_last_gateway_shows_it() -> None:
    gateways = [rendered(4, 20, 30), rendered(4, None, None), rendered(4, 20, 45), rendered(3, 1, 2)]

    assert steps_of(4, NOON, SentTime(4, after(8)), gateways) == Steps(NOON, after(8), after(20), after(45))


def test_acknowledgement_noted_after_the_projection_is_no_later_than_it() -> None:
    assert steps_of(4, NOON, SentTime(4, after(25)), [rendered(4, 20, 30)]).sent_at == after(20)
