"""Plain text in, harmless HTML out."""

import html
import re
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.comments.text import NotPlainText, tidy_line, tidy_prose, to_html


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
def test_nothing_typed_becomes_markup_and_nothing_is_lost(text: str) -> None:
    try:
        tidy = tidy_prose(text)
    except NotPlainText:
        return

    read = _read(to_html(tidy))

    assert {tag for tag, _ in read.tags} <= {"p", "br", "a"}
    for tag, attributes in read.tags:
        if tag == "a":
            assert set(attributes) == {"href", "rel"}
            assert re.match(r"https?://", attributes["href"] or "")
            assert attributes["rel"] == "nofollow ugc noopener"
        else:
            assert not attributes
    assert "".join(read.text.split()) == "".join(html.unescape(html.escape(tidy)).split())


def test_the_longest_comment_of_links_and_brackets_takes_no_time() -> None:
    for text in ("http://" * 714, "a." * 2500, "(" * 5000, "https://a.b/" + "(" * 4900, "\n" * 2500 + "x" * 2500):
        # Processor time: on a busy machine a turn of others is no time of ours.
        started = process_time()
        to_html(text)
        assert process_time() - started < 1


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\x1bb", "a\x7fb", "a\u0085b", "one\ntwo", "forged\u202egnp", "\u2028x\u2029y"]
)
def test_a_line_takes_no_control_characters(text: str) -> None:
    with pytest.raises(NotPlainText):
        tidy_line(text)


@pytest.mark.parametrize("text", ["a\x00b", "a\x08b", "\x1b[31m"])
def test_prose_takes_none_but_line_ends_and_tabs(text: str) -> None:
    with pytest.raises(NotPlainText):
        tidy_prose(text)
    assert tidy_prose(" a\r\nb\rc\u2028d\te ") == "a\nb\nc\nd\te"


@pytest.mark.parametrize("text", ["\u200b", "\u200d\ufeff \u2060", "\u0301"])
def test_what_cannot_be_seen_is_nothing(text: str) -> None:
    with pytest.raises(NotPlainText):
        tidy_line(text)


def test_text_is_kept_in_composed_form() -> None:
    assert tidy_line("Zoe\u0308") == "Zo\u00eb"
    assert tidy_prose("مرحبا بالعالم 👩‍🚀") == "مرحبا بالعالم 👩‍🚀"
