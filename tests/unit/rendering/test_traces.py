"""Traces of changes at a gateway."""

from datetime import UTC, datetime, timedelta

from services.rendering.gateway import traces as module
from services.rendering.gateway.traces import Trace, Traces
from services.rendering.readmodel.names import article_name, path_name
from shared.events import DocumentChanged

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=1)


def change_of(name: str, version: int) -> DocumentChanged:
    return DocumentChanged(dependency=name, version=version, changed_at=NOON, projected_at=NOON)


def test_trace_has_the_first_announcement_of_the_newest_version() -> None:
    traces = Traces()
    traces.note(change_of(article_name("a"), 7), NOON)
    traces.note(change_of(article_name("a"), 7), LATER)
    traces.note(change_of(article_name("a"), 6), LATER)

    assert traces.find("a", 7) == Trace(7, NOON, NOON)


def test_version_that_was_not_announced_has_no_trace() -> None:
    traces = Traces()
    traces.note(change_of(article_name("a"), 7), NOON)

    assert traces.find("a", 8) is None
    assert traces.find("b", 1) is None


def test_other_documents_leave_no_trace() -> None:
    traces = Traces()
    traces.note(change_of(path_name("/world/a"), 7), NOON)

    assert traces.find("/world/a", 1) is None


def test_longest_unchanged_article_goes_first() -> None:
    traces = Traces()
    names = [str(number) for number in range(module.MOST_TRACES)]
    for name in names:
        traces.note(change_of(article_name(name), 1), NOON)
    traces.note(change_of(article_name("0"), 2), NOON)

    traces.note(change_of(article_name("more"), 1), NOON)

    assert traces.find("1", 1) is None
    assert traces.find("0", 2) is not None
    assert traces.find("more", 1) is not None
