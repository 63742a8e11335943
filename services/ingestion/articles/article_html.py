"""Renders Markdown beside the event loop: few texts at once, and a bounded number that wait.

A render cannot be ended. So `fields.py` bounds the marks of a text, and with them the time of its render (about a second).
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from services.ingestion.articles.markdown import RenderedBody, render_body
from shared.errors import Unavailable
from shared.pictures import PictureRecord

_AT_ONCE = 2
_MOST_WAITING = 32


class MarkdownThreads:
    """The threads of one process."""

    def __init__(self, at_once: int = _AT_ONCE, most_waiting: int = _MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="markdown")
        self._most = at_once + most_waiting
        self._pending = 0
        self._counting = Lock()

    async def html_of(self, markdown: str) -> str:
        """The sanitised HTML of a text without pictures of the store. Raises Unavailable when too many texts wait."""
        return (await self.render(markdown, {})).html

    async def render(self, markdown: str, pictures: Mapping[str, PictureRecord]) -> RenderedBody:
        """The text with these pictures of the store. Raises Unavailable when too many texts wait."""
        with self._counting:
            if self._pending >= self._most:
                raise Unavailable("too many texts wait to be rendered")
            self._pending += 1
        made = self._threads.submit(render_body, markdown, pictures)
        made.add_done_callback(self._done)
        return await asyncio.wrap_future(made)

    def _done(self, _: object) -> None:
        # In the thread, or in the loop for a cancelled one. A thread that still renders counts, even if nobody waits for it.
        with self._counting:
            self._pending -= 1


THREADS = MarkdownThreads()
