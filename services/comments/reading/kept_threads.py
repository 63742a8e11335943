"""Threads of comments as they were written for an answer, in memory. Bounded; pure."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# For so long a change whose note was lost can stay unseen.
_THREAD_KEPT_S = 5.0
_MOST_BYTES = 16 * 1024 * 1024
# What a thread takes besides its text.
_BESIDES = 250


@dataclass(frozen=True, slots=True)
class _Thread:
    reading: int
    until: float
    text: bytes

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return _BESIDES + len(self.text)


class KeptThreads:
    """Texts of threads by their root, for _THREAD_KEPT_S each.

    `reading`: number of the reading of the discussion that a thread belongs to. A discussion that is read again has no threads.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._threads: OrderedDict[str, _Thread] = OrderedDict()
        self.size_bytes = 0

    def get(self, root_id: str, reading: int) -> bytes | None:
        """The text of a thread, None when it has to be read."""
        found = self._threads.get(root_id)
        return found.text if found is not None and found.reading == reading and self._clock() < found.until else None

    def put(self, root_id: str, reading: int, text: bytes) -> None:
        """Keep a text. The oldest give way."""
        self.drop([root_id])
        thread = self._threads[root_id] = _Thread(reading, self._clock() + _THREAD_KEPT_S, text)
        self.size_bytes += thread.size
        # The first of them ends first.
        while self._threads and self._is_too_much(next(iter(self._threads.values()))):
            self.size_bytes -= self._threads.popitem(last=False)[1].size

    def drop(self, root_ids: Iterable[str]) -> None:
        """Forget these threads: their comments changed."""
        for root_id in root_ids:
            dropped = self._threads.pop(root_id, None)
            if dropped is not None:
                self.size_bytes -= dropped.size

    def _is_too_much(self, oldest: _Thread) -> bool:
        return self.size_bytes > _MOST_BYTES or oldest.until <= self._clock()
