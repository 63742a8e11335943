"""The pace of fetches: long waits at rest, short waits while records arrive."""

from shared.kafka.pace import AWAKE_S, Pace


class Clock:
    """A clock that only tests advance."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_waits_start_short_and_become_long_without_records() -> None:
    clock = Clock()
    pace = Pace(20, 500, clock)

    awake = pace.wait_ms
    clock.now += AWAKE_S + 0.1

    assert (awake, pace.wait_ms, pace.is_at_rest) == (20, 500, True)


def test_record_makes_waits_short_for_the_same_time() -> None:
    clock = Clock()
    pace = Pace(20, 500, clock)
    clock.now += 3600

    pace.note_activity()
    waits = [pace.wait_ms]
    clock.now += AWAKE_S - 0.1
    waits.append(pace.wait_ms)
    clock.now += 0.2
    waits.append(pace.wait_ms)

    assert waits == [20, 20, 500]


def test_wait_at_rest_is_never_shorter_than_the_usual_one() -> None:
    clock = Clock()
    pace = Pace(250, 100, clock)
    clock.now += 3600

    assert pace.wait_ms == 250
