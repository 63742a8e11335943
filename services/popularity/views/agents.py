"""Which user agents are programs: by the list of crawler-user-agents, judged once each and off the request path."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from crawleruseragents import is_crawler

# Longer agents are cut: each character costs time in 1,500 patterns.
MOST_CHARACTERS = 512
_MOST_HELD = 10_000
# Agents that wait for their judgement. Beyond these an agent counts as a person's, so that a flood of invented agents, which
# could as well copy a browser's, delays nobody.
_MOST_WAITING = 256


def is_program(agent: str) -> bool:
    """Whether a `User-Agent` is a program's. An empty one is: every browser sends one."""
    return not agent.strip() or is_crawler(agent[:MOST_CHARACTERS])


class Agents:
    """Remembers the judgements of the last agents. One thread judges, so that the event loop goes on."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agents")

    def known(self, agent: str) -> bool | None:
        """The judgement of an agent, None when it must be judged first."""
        return self._known.get(agent[:MOST_CHARACTERS])

    async def judge(self, agent: str) -> bool:
        """Whether the agent is a program. Concurrent questions about one agent are merged."""
        agent = agent[:MOST_CHARACTERS]
        found = self._known.get(agent)
        if found is not None:
            return found
        if agent not in self._waiting and len(self._waiting) >= _MOST_WAITING:
            return False
        return await asyncio.shield(self._waiting.get(agent) or self._start(agent))

    def _start(self, agent: str) -> "asyncio.Future[bool]":
        waiting = asyncio.get_running_loop().run_in_executor(self._thread, is_program, agent)
        self._waiting[agent] = waiting
        waiting.add_done_callback(lambda done: self._hold(agent, done))
        return waiting

    def _hold(self, agent: str, done: "asyncio.Future[bool]") -> None:
        self._waiting.pop(agent, None)
        if done.cancelled() or done.exception() is not None:
            return
        # The oldest goes: agents that are in use come back at the cost of one judgement.
        if len(self._known) >= _MOST_HELD:
            del self._known[next(iter(self._known))]
        self._known[agent] = done.result()

    @contextmanager
    def judging(self, *, warm_up: bool) -> Iterator[None]:
        """At the end of the block the thread ends. With `warm_up` it compiles the patterns at once (0.2 s)."""
        if warm_up:
            self._thread.submit(is_program, "warm-up")
        try:
            yield
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)
