"""Work of every function over text that clients send: it grows in proportion to the text, or the text is refused first.

The processor time of a text is compared with that of one four times as long. The smaller of two runs counts, and the bar is far
above four, so that a busy machine changes nothing. A quadratic function gives 16 and more. So may a linear one that reads
memory in no order, once its data no longer fit the processor's cache, which the neighbours fill too: such a function is
measured up to what a client can send.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from multidict import MultiDict

from services.comments.model.records import ModerationRule
from services.comments.model.text import to_html
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts
from services.desk.articles.copy import parts_of, sent_of
from services.ingestion.articles.markdown import render, render_whole
from services.rendering.gateway.oembed import read_embed_query
from services.rendering.gateway.search_results import read_search
from services.rendering.pages.addresses import read_address
from services.rendering.pages.negotiation import choose_encoding, is_unmodified_since
from services.search.rules import parse
from shared.errors import Problem
from shared.http.requests import has_already, parse_form, refuse_twice
from shared.links import shown_address
from shared.text import EDITOR_PROSE, READER_PROSE, TextRefused, close_marks, tidy, unpaired_marks

MOST_GROWTH = 9.0
_LEAST_S = 0.002
_RUNS = 2
_MEASURES = 5


@dataclass(frozen=True)
class Growing:
    """A function, and a text of a size for it."""

    name: str
    run: Callable[[str], object]
    text: Callable[[int], str]
    largest: int = 128_000
    """The largest size that is measured."""


def refused(run: Callable[[str], object]) -> Callable[[str], object]:
    """The function, whose refusals are answers."""

    def answered(text: str) -> object:
        try:
            return run(text)
        except (TextRefused, Problem, ValueError) as error:
            return error

    return answered


# An address is at most 8,190 bytes long.
NAMES_IN_AN_ADDRESS = 2_000


def _names(size: int) -> str:
    return "&".join(f"a{number}" for number in range(size))


def _pairs(text: str) -> MultiDict[str]:
    return MultiDict([(name, "") for name in text.split("&")])


def _address(text: str) -> object:
    return read_address("/" + text)


def _moderated(text: str) -> object:
    return decide(Facts("Ada", None, text), MODERATION)


def _headers(text: str) -> object:
    return choose_encoding(text), is_unmodified_since(text, 1)


MARKDOWN = {
    name: lambda size, mark=mark: mark * (size // len(mark))
    for name, mark in {
        "pictures": "![", "brackets": "[", "closed pictures": "![[]](", "links": "[a](", "notes": "[^a", "emphasis": "*a_ ",
        "strong": "**a *", "struck out": "~~a ", "addresses": "http://a.b ", "schemes": "http://",
        "quotes": "> a\n",
        "rows": "|a|b|\n",
        "cells": "|a", "definitions": "a\n: b\n\n", "paragraphs": "- a\n\n", "lines": "[a\n", "entities": "&a", "tags": "<a ",
        "backslashes": "\\", "fences": "```\n", "titles": "a\n-\n",
    }.items()
}  # fmt: skip

REPEATED = {
    part: lambda size, part=part: part * size
    for part in ("a", "-", "a/", ".", "0:", "0.", "a ", ",", "9", "%41", "tag/", "?page=1&", "br;q=0.1,")
}  # fmt: skip

MODERATION = ModerationRule(
    "post", 1, banned_words=("casino", "make fast money", "赌场", "idio*"), suspect_words=("lottery", "spam.example")
)
MODERATED = {
    name: lambda size, piece=piece: piece * (size // len(piece))
    for name, piece in {
        "words": "the lake rose ", "letters": "a", "lone letters": "a b ", "parts": "a-", "hosts": "a.bc.", "links": "http://a.bc ",
        "masks": "a*", "users": "http://a@", "markup": "<a ", "invisible": "a\u200b", "turned": "\u202ea", "leet": "a1$",
        "marks": "e\u0336",
        "sentences": "\ufdfa", "without spaces": "赌", "phrases": "make fast ", "long labels": "a" * 60 + ".",
    }.items()
}  # fmt: skip

STACK = "a" + "\u0316" * 15 + "\u0301" * 15
# Tidying takes the direction mark out. Many, since the rest of the work is far more for few.
PARTED = STACK[1:] + "\u202a"
SPREAD = "\u0301" + "\u200d" * 99
FUNCTIONS = [
    *(Growing(f"Markdown, {name}", render_whole, text) for name, text in MARKDOWN.items()),
    Growing("Markdown, parts", render, lambda size: "- a\n\n" * (size // 5)),
    Growing("tidy, marks", refused(lambda text: tidy(text, READER_PROSE)), lambda size: "a" + "\u0301" * size + "\u0316" * size),
    Growing("tidy, allowed stacks", lambda text: tidy(text, EDITOR_PROSE), lambda size: STACK * (size // 31)),
    Growing("tidy, parted stacks", refused(lambda text: tidy(text, READER_PROSE)), lambda size: PARTED * (size // 4)),
    Growing("tidy, ignorable", refused(lambda text: tidy(text, EDITOR_PROSE)), lambda size: "\u0301" + "\u200d" * size),
    Growing("tidy, ignorable runs", refused(lambda text: tidy(text, EDITOR_PROSE)), lambda size: SPREAD * (size // 100) + "a"),
    Growing("tidy, directions", lambda text: tidy(text, READER_PROSE), lambda size: "\u2066\u202a" * size),
    Growing("tidy, line breaks", lambda text: tidy(text, EDITOR_PROSE), lambda size: " \n" * size + "a"),
    Growing("close_marks", close_marks, lambda size: "\u2066\u2069\u202a" * size),
    Growing("unpaired_marks", unpaired_marks, lambda size: "\u2066\u202a" * size),
    *(Growing(f"moderation, {name}", _moderated, text) for name, text in MODERATED.items()),
    Growing("comment, addresses", to_html, lambda size: "http://a.example/b " * (size // 19)),
    Growing("comment, brackets", to_html, lambda size: ("http://a.example/" + "(" * 40 + " ") * (size // 60)),
    Growing("comment, schemes", to_html, lambda size: "http://" * (size // 7)),
    Growing("comment, blank lines", to_html, lambda size: "a" + "\n \t" * size + "b"),
    Growing("shown_address", shown_address, lambda size: "http://" + "a." * size),
    Growing("form", refused(lambda text: parse_form(text.encode())), lambda size: "a=1&" * size),
    Growing("query", refused(lambda text: refuse_twice(_pairs(text))), _names, NAMES_IN_AN_ADDRESS),
    Growing("If-None-Match", lambda text: has_already(text, '"1"'), lambda size: '"2", ' * size),
    *(Growing(f"headers, {part}", _headers, text) for part, text in REPEATED.items()),
    *(Growing(f"address, {part}", refused(_address), text) for part, text in REPEATED.items()),
    Growing("address of a search", refused(lambda text: read_search("/search?" + text)), lambda size: "q=%D9&" * size),
    Growing("address of a card", refused(lambda text: read_embed_query(text, "http://a.b")), lambda size: "?url=" + "http:" * size),
    Growing("question", lambda text: parse(text), lambda size: 'a "' * size),
    Growing("desk, lists", parts_of, lambda size: '"a"   b ' * size),
    Growing("desk, lines", lambda text: sent_of({"headline": text}), lambda size: "a" + " " * size + "b"),
]  # fmt: skip


def seconds(function: Growing, size: int, times: int = 1) -> float:
    """The least processor time of several runs of so many calls each."""
    text = function.text(size)
    found = []
    with _without_collector():
        for _ in range(_RUNS):
            began = time.thread_time()
            for _ in range(times):
                function.run(text)
            found.append(time.thread_time() - began)
    return min(found)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from looking through everything that the test process holds."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_work_grows_no_faster_than_the_text(function: Growing) -> None:
    size = 500
    while (once := seconds(function, size)) < _LEAST_S and 8 * size <= function.largest:
        size *= 2
    times = max(1, round(_LEAST_S / once))

    # A neighbour on the same core slows both sizes, but not at every moment: so both are measured again.
    growths: list[float] = []
    while min(growths, default=MOST_GROWTH) >= MOST_GROWTH and len(growths) < _MEASURES:
        small = seconds(function, size, times)
        growths.append(seconds(function, 4 * size, times) / max(small, _LEAST_S / 2))
    assert min(growths) < MOST_GROWTH, growths
