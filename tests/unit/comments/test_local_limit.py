"""The limit of one process without Redis."""

from limits import parse_many

from services.comments.access.local_limit import LocalLimit


def test_visitor_is_limited_by_each_rate_and_others_are_not() -> None:
    limit = LocalLimit(parse_many("2/minute;3/hour"))

    first = [limit.wait_s("ada", at) for at in (0.0, 1.0, 2.0)]
    other = limit.wait_s("bob", 2.0)
    later = [limit.wait_s("ada", at) for at in (61.0, 122.0)]

    assert first == [None, None, 58]
    assert other is None
    assert later == [None, 3478]


def test_all_visitors_together_are_limited_and_memory_is_bounded() -> None:
    limit = LocalLimit(parse_many("30/minute;300/hour"), most_a_minute=10)

    passed = sum(limit.wait_s(f"visitor {number}", number / 10) is None for number in range(2 * 36_000))

    assert passed == 2 * 600
    assert len(limit._visitors) <= 600 + 10
