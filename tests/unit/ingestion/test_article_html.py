"""Renders beside the loop: a bounded number waits, and a place is free again after each."""

import asyncio

from services.ingestion.articles.article_html import MarkdownThreads
from shared.errors import Unavailable


async def test_texts_above_the_bound_are_refused_and_places_become_free() -> None:
    threads = MarkdownThreads(at_once=1, most_waiting=2)

    answers = await asyncio.gather(*(threads.html_of("![" * 5_000) for _ in range(5)), return_exceptions=True)

    assert [isinstance(answer, Unavailable) for answer in answers] == [False, False, False, True, True]
    assert await threads.html_of("*a*") == "<p><em>a</em></p>\n"
