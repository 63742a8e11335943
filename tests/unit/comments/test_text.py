"""A reader's plain text as HTML: paragraphs, links, and no markup of its own."""

import html
import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.comments.model.text import to_html
from shared.text import READER_PROSE, TextRefused, tidy


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(markup: str) -> _Reader:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader


def _link(url: str) -> str:
    return f'<a href="{url}" rel="nofollow ugc noopener">{url}</a>'


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("One line.", "<p>One line.</p>"),
        ("One\ntwo", "<p>One<br>two</p>"),
        ("One\n \n\nTwo", "<p>One</p><p>Two</p>"),
        ('1 < 2 & "so" on', '<p>1 &lt; 2 &amp; "so" on</p>'),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        (
            "See https://example.org/a?b=1&c=2.",
            '<p>See <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener">'
            "https://example.org/a?b=1&amp;c=2</a>.</p>",
        ),
        ("javascript:alert(1) ftp://a.example mailto:a@b.example //c.example", None),
        ("example.org and a@example.org", None),
        ("http://\U000191d3 has no host", None),
        ("https://bank.example@evil.example", None),
        ("読む：https://example.org/foo。次の文", f"<p>読む：{_link('https://example.org/foo')}。次の文</p>"),
        ("See https://bücher.example/", f"<p>See {_link('https://bücher.example/')}</p>"),
        ("https://例え.jp、", f"<p>{_link('https://例え.jp')}、</p>"),
        ("http://ex\u0430mple.com/a?b", f"<p>{_link('http://xn--exmple-4nf.com/a?b')}</p>"),  # Cyrillic а
    ],
)
def test_text_becomes_paragraphs_breaks_and_links(text: str, markup: str | None) -> None:
    assert to_html(text) == (markup if markup is not None else f"<p>{text}</p>")


PIECES = st.sampled_from(
    [
        "<", ">", '"', "'", "&", "&lt;", "<a href=", "javascript:", "https://x.example/", "http://", "\n", "\n\n",
        "<!--", "]]>", "<svg/onload=", "`", " ", "é", "\u202e",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join))
@example('https://x.example/"onmouseover=alert(1) ')
@example("http://\U000191d3")
def test_no_text_becomes_markup_or_is_lost(text: str) -> None:
    try:
        tidied = tidy(text, READER_PROSE)
    except TextRefused:
        return

    read = _read(to_html(tidied))

    assert {tag for tag, _ in read.tags} <= {"p", "br", "a"}
    for tag, attributes in read.tags:
        if tag == "a":
            assert set(attributes) == {"href", "rel"}
            assert re.match(r"https?://", attributes["href"] or "")
            assert attributes["rel"] == "nofollow ugc noopener"
        else:
            assert not attributes
    assert "".join(read.text.split()) == "".join(html.unescape(html.escape(tidied)).split())


def test_longest_comment_of_links_and_brackets_is_fast() -> None:
    for text in ("http://" * 714, "a." * 2500, "(" * 5000, "https://a.b/" + "(" * 4900, "\n" * 2500 + "x" * 2500):
        # Processor time, since other processes use the machine too.
        started = process_time()
        to_html(text)
        assert process_time() - started < 1
