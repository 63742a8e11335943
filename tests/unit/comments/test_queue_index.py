"""The index of queues against a plain model: any order of changes leaves each comment in the queues of its last state."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.comments.model.days import FIRST_DAY, day_of
from services.comments.model.rules import QUEUES, STATUSES
from services.comments.moderation.queue_index import GROWING, QueueEntry, QueueIndex, queues_of
from tests.support.comments import id_of

_MOMENT = datetime(2026, 11, 30, 12, tzinfo=UTC)
_IDS = [id_of(_MOMENT - timedelta(days=age)) for age in range(8)]
_entries = st.builds(
    QueueEntry, st.sampled_from(_IDS), st.sampled_from(STATUSES), st.booleans(), st.integers(min_value=0, max_value=2)
)


@given(st.lists(st.lists(_entries, max_size=5), max_size=8), st.integers(0, 9), st.booleans())
def test_comments_are_in_the_queues_of_their_last_state(
    batches: list[list[QueueEntry]], days_known: int, at_once: bool
) -> None:
    index, last = QueueIndex(), dict[str, QueueEntry]()
    known_from = day_of(_IDS[0]) - timedelta(days=days_known - 1)
    index.known_from = dict.fromkeys(set(GROWING.values()), known_from)

    for batch in batches:
        unique = {entry.id: entry for entry in batch}
        last |= unique
        if at_once:
            index.put_all(unique.values())
        else:
            for entry in batch:
                index.put(entry)

    for queue in QUEUES:
        expected = sorted(
            one.id
            for one in last.values()
            if queue in queues_of(one) and (queue not in GROWING or day_of(one.id) >= known_from)
        )
        assert index.after(queue, "oldest", None, 100) == expected
        assert index.after(queue, "newest", None, 100) == expected[::-1]
        assert (index.count(queue), index.newest(queue)) == (len(expected), expected[-1] if expected else None)
        for number, cursor in enumerate(expected):
            assert index.after(queue, "oldest", cursor, 2) == expected[number + 1 : number + 3]
            assert index.after(queue, "newest", cursor, 100) == expected[:number][::-1]


def test_comment_that_leaves_all_queues_is_forgotten() -> None:
    index = QueueIndex()
    index.known_from = {"published": FIRST_DAY}
    index.put(QueueEntry(_IDS[0], "published", False, 1))

    index.put(QueueEntry(_IDS[0], "removed", False, 0))

    assert len(index) == 0
    assert [index.count(queue) for queue in QUEUES] == [0] * 5
