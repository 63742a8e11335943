"""The index of a discussion: the same threads as from all comments, pages without gaps, bounds."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.model.records import IndexEntry, PastVotes
from services.comments.model.rules import STATUSES, Sort, Status, ThreadEntry, ThreadNode, arrange
from services.comments.reading import discussion_index
from services.comments.reading.discussion_index import DiscussionIndex


def _comments(drawn: Sequence[tuple[int, Status]]) -> list[tuple[IndexEntry, Status]]:
    """Comments with older parents, oldest first."""
    made: list[tuple[IndexEntry, Status]] = []
    for number, (choice, status) in enumerate(drawn):
        parent = made[choice % (number + 1)][0] if choice % (number + 1) < number else None
        place = IndexEntry(
            f"{number:03d}",
            parent.root_id if parent else f"{number:03d}",
            parent.id if parent else None,
            status == "published",
        )
        made.append((place, status))
    return made


def _index(comments: Sequence[tuple[IndexEntry, Status]]) -> DiscussionIndex:
    index = DiscussionIndex()
    for place, _ in comments:
        index.put(place)
    return index


def _as_lists(nodes: Sequence[ThreadNode]) -> list[object]:
    return [(node.id, _as_lists(node.replies)) for node in nodes]


def _walk(index: DiscussionIndex, sort: Sort, limit: int) -> list[str]:
    found: list[str] = []
    more = True
    while more:
        roots, more = index.page(sort, found[-1] if found else None, limit)
        assert len(roots) <= limit
        assert roots or not found
        found += roots
    return found


DISCUSSIONS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(STATUSES)), max_size=30).map(_comments)


@given(DISCUSSIONS, st.data(), st.integers(1, 5), st.sampled_from(["oldest", "newest"]))
def test_pages_have_the_threads_of_all_comments_after_any_changes(
    comments: list[tuple[IndexEntry, Status]], data: st.DataObject, limit: int, sort: Sort
) -> None:
    index = _index(comments)
    statuses = dict(comments)
    for place, _ in data.draw(st.lists(st.sampled_from(comments), max_size=10) if comments else st.just([])):
        statuses[place] = data.draw(st.sampled_from(STATUSES))
        index.put(IndexEntry(place.id, place.root_id, place.parent_id, statuses[place] == "published"))
    entries = {place.id: ThreadEntry(place.id, place.parent_id, status) for place, status in statuses.items()}

    roots = _walk(index, sort, limit)
    shown = [arrange([entries[one] for one in index.comments_of(root)]) for root in roots]

    whole = arrange(list(entries.values()))
    assert _as_lists([node for thread in shown for node in thread]) == _as_lists(
        whole if sort == "oldest" else whole[::-1]
    )
    assert index.total == sum(status == "published" for status in statuses.values())


def test_long_thread_shows_its_oldest_comments_and_ends_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discussion_index, "MOST_IN_AN_ANSWER", 5)
    index = _index(_comments([(number, "published") for number in range(4)]))
    for number in range(4, 12):
        index.put(IndexEntry(f"{number:03d}", "001", "001", True))

    first, more = index.page("oldest", None, 10)
    second, _ = index.page("oldest", first[-1], 10)

    assert (first, more) == (["000"], True)
    assert second == ["001"]
    assert index.comments_of("001") == {"001", "004", "005", "006", "007"}
    assert _walk(index, "newest", 10) == ["003", "002", "001", "000"]
    assert index.total == 12


def test_comments_above_the_limit_of_a_discussion_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discussion_index, "MOST_IN_A_DISCUSSION", 3)
    index = _index(_comments([(number, "published") for number in range(6)]))

    assert (index.total, _walk(index, "oldest", 10)) == (3, ["000", "001", "002"])


class CountedId(str):
    """An id that counts how often any of them is looked at."""

    __slots__ = ()
    looks = 0

    def __hash__(self) -> int:
        CountedId.looks += 1
        return super().__hash__()

    def __lt__(self, other: str) -> bool:
        CountedId.looks += 1
        return super().__lt__(other)


def _looks_of_a_change(size: int) -> int:
    """The looks at ids that a new reply and the page with it take in a discussion of this size."""
    ids = [CountedId(f"{number:06d}") for number in range(size + 1)]
    index = DiscussionIndex()
    for number, comment_id in enumerate(ids[:-1]):
        past = (PastVotes(number, 0, number % 7, 0),) if number % 2 else ()
        index.put(IndexEntry(comment_id, comment_id, None, True, past))
    index.best_page(size, None, 20)
    reply = IndexEntry(ids[-1], ids[-2], ids[-2], True)
    before = CountedId.looks
    assert index.missing_parents([reply]) == set()
    index.put(reply)
    assert index.roots_of([reply.id]) == {ids[-2]}
    for roots, _ in (index.page("oldest", None, 20), index.page("newest", None, 20), index.best_page(size, None, 20)):
        for root in roots:
            index.comments_of(root)
    return CountedId.looks - before


def test_work_of_a_change_does_not_grow_with_the_discussion() -> None:
    few, many = _looks_of_a_change(100), _looks_of_a_change(10_000)

    # Places in sorted lists take some comparisons more.
    assert many < few * 1.3
