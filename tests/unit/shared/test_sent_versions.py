"""Which rows a relay may send from memory, before it reads all pending rows."""

from shared.mongo.collections import Document
from shared.outbox.store import Committed, SentVersions


def a_row(aggregate: str, version: int) -> Document:
    return {"_id": f"{aggregate}:{version}", "aggregate": aggregate, "version": version}


def committed(aggregate: str, version: int, follows: int | None) -> Committed:
    return Committed(a_row(aggregate, version), follows)


def test_first_event_of_an_aggregate_and_its_followers_are_ready() -> None:
    first, second = committed("a", 3, None), committed("a", 4, 3)

    rows = SentVersions().ready([first, second])

    assert rows == [first.row, second.row]


def test_event_waits_with_its_followers_for_its_predecessor() -> None:
    other = committed("b", 1, None)

    rows = SentVersions().ready([committed("a", 4, 3), other, committed("a", 5, 4)])

    assert rows == [other.row]


def test_event_after_a_sent_predecessor_is_ready_once() -> None:
    sent = SentVersions()
    sent.note([a_row("a", 3)])
    following = committed("a", 4, 3)

    first = sent.ready([following])
    sent.note(first)

    assert first == [following.row]
    assert sent.ready([following]) == []


def test_row_is_outdated_once_a_newer_one_was_sent() -> None:
    sent = SentVersions()
    sent.note([a_row("a", 3), a_row("a", 2)])

    assert [sent.is_outdated(a_row("a", version)) for version in (2, 3, 4)] == [True, False, False]
    assert not sent.is_outdated(a_row("b", 1))


def test_number_of_remembered_aggregates_is_bounded() -> None:
    sent = SentVersions(most=2)
    for aggregate in "abc":
        sent.note([a_row(aggregate, 1)])

    assert sent.ready([committed("a", 2, 1)]) == []
    assert sent.ready([committed("c", 2, 1)])
