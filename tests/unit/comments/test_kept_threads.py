"""Threads in memory as they were written: found for their reading and time, bounded in bytes."""

import pytest

from services.comments.reading import kept_threads
from services.comments.reading.kept_threads import KeptThreads


class Clock:
    """A clock that the test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_thread_is_found_for_its_reading_until_it_changes_or_gets_old() -> None:
    clock = Clock()
    threads = KeptThreads(clock)
    threads.put("a", 1, b"one")
    threads.put("b", 1, b"")

    assert (threads.get("a", 1), threads.get("b", 1), threads.get("c", 1)) == (b"one", b"", None)
    assert threads.get("a", 2) is None, "the discussion was read again"
    threads.drop(["a", "unknown"])
    assert (threads.get("a", 1), threads.get("b", 1)) == (None, b"")
    clock.now_s += 5
    assert threads.get("b", 1) is None


def test_threads_are_bounded_and_the_oldest_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_threads, "_MOST_BYTES", 1100)
    clock = Clock()
    threads = KeptThreads(clock)
    for root in ("a", "b", "c", "a", "d"):
        threads.put(root, 1, b"x" * 100)

    assert [threads.get(root, 1) is not None for root in "abcd"] == [True, False, True, True]
    assert threads.size_bytes == 3 * 350
    threads.put("e", 1, b"x" * 2000)
    assert threads.size_bytes == 0, "a text above the bound is not kept"
    for root in ("a", "b"):
        threads.put(root, 1, b"x" * 100)
        clock.now_s += 3
    threads.put("c", 1, b"x" * 100)
    assert threads.size_bytes == 2 * 350, "what is too old gives way"
