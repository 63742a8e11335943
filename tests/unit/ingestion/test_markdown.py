"""Articles' HTML: the supported Markdown, and nothing that runs or deceives."""

import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.articles.markdown import render, render_whole, sanitise, shows_nothing
from tests.support.examples import examples

ALLOWED = "p br hr h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li a img table thead tbody tr th td sup section dl dt dd"
PIECES = [
    *("word", " ", "\n", "\n\n", "\t", "  \n", ":", '"', "'", "\\", "&", "&lt;", "\u202e", "<", ">"),
    *("# ", "- ", "1. ", "> ", "*", "**", "~~", "`", "```", "|", "|-|", "[", "](", ")", "!["),
    *("[^a]", "[^a]: ", "[^b]", "[^b]: ", "- [ ] ", "- [x] ", "\n: ", "https://b.example/(x)", "www.c.example"),
    *("javascript:", "data:text/html,", "vbscript:", "&#106;avascript:", "//evil.example"),
    *("https://a.example/", "/media/a.jpg", "#top", "mailto:a@b.example"),
    *("<script>", "<img src=x onerror=alert(1)>", "<a href=javascript:alert(1)>"),
]


def test_supported_markdown_is_rendered() -> None:
    html = render(
        "# One\n\n## Two\n\nA *b* **c** ~~d~~ `e`\n\n> f\n\n3. g\n\n|h|i|\n|:-|-:|\n|j|k|\n\n"
        '[l](https://l.example/?a=1&b=2 "m") [n](/world/n) ![o](/media/o.jpg "p")'
    )

    assert "<h2>One</h2>" in html
    assert "<h2>Two</h2>" in html
    assert "<em>b</em> <strong>c</strong> <s>d</s> <code>e</code>" in html
    assert '<ol start="3">' in html
    assert '<th style="text-align:left">h</th>' in html
    assert 'rel="external noopener"' in html
    assert '<a href="/world/n">n</a>' in html
    assert '<img src="/media/o.jpg" alt="o" title="p" loading="lazy" decoding="async">' in html


def test_footnotes_are_at_the_end_with_links_in_both_directions() -> None:
    html = render("Rain[^r] and sun[^s], rain again[^r].\n\n[^r]: At the *gauge*.\n[^s]: By eye.\n[^t]: Of nothing.")

    assert '<sup><a href="#fn-1" id="fnref-1" role="doc-noteref">[1]</a></sup>' in html
    assert '<sup><a href="#fn-1" id="fnref-1-2" role="doc-noteref">[1]</a></sup>' in html
    assert '<section class="footnotes" role="doc-endnotes">\n<ol>\n<li id="fn-1">' in html
    assert 'At the <em>gauge</em>. <a href="#fnref-1" role="doc-backlink">↑</a> <a href="#fnref-1-2"' in html
    assert html.index("fn-1") < html.index("By eye.")
    assert "Of nothing" not in html


def test_task_list_has_boxes() -> None:
    html = render("- [ ] Pumps\n- [x] Pipes\n- Wells")

    assert '<li class="task-list-item">☐ Pumps</li>' in html
    assert '<li class="task-list-item">☑ Pipes</li>' in html
    assert "<li>Wells</li>" in html


def test_definition_list_is_rendered() -> None:
    assert render("Dhow\n: A boat\n: Its sail") == "<dl>\n<dt>Dhow</dt>\n<dd>A boat</dd>\n<dd>Its sail</dd>\n</dl>\n"


def test_whole_addresses_are_links_and_other_words_are_not() -> None:
    html = render("See (https://a.example/b_(c)?d=1&e), then http://f.example. `https://g.example`")
    plain = (
        "Ended.It was www.a.example or b.example, c@d.example, //e.example, ftp://f.example, javascript://g.example."
    )

    assert (
        '(<a href="https://a.example/b_(c)?d=1&amp;e" rel="external noopener">https://a.example/b_(c)?d=1&amp;e</a>)'
        in html
    )
    assert '<a href="http://f.example" rel="external noopener">http://f.example</a>.' in html
    assert "<code>https://g.example</code>" in html
    assert render(plain) == f"<p>{plain}</p>\n"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("https://example.com/foo。次", ">https://example.com/foo</a>。次"),
        ("https://b\u00fccher.example", ">https://b\u00fccher.example</a>"),
        ("https://xn--bcher-kva.example", ">https://b\u00fccher.example</a>"),
        ("http://ex\u0430mple.com", ">http://xn--exmple-4nf.com</a>"),  # Cyrillic а
        ("http://xn--exmple-4nf.com", ">http://xn--exmple-4nf.com</a>"),
        ("<http://xn--exmple-4nf.com>", ">http://xn--exmple-4nf.com</a>"),
    ],
)
def test_address_ends_and_is_shown_as_in_comments(markdown: str, shown: str) -> None:
    assert shown in render(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "[a](JAVASCRIPT&#58;alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](javascript:alert(1))",
        "![a](data:image/svg+xml,<svg onload=alert(1)>)",
        "![a](http://plain.example/a.jpg)",
        "[a](//evil.example)",
        "[a](/\\evil.example)",
        "![a](//evil.example/a.jpg)",
        "<a onclick=alert(1)>",
        "<https://a.example/onmouseover=alert(1)>",
        "<javascript:alert(1)>",
    ],
)
def test_no_script_and_no_deceptive_target_gets_through(markdown: str) -> None:
    _check(render(markdown))


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_no_text_makes_more_than_the_allowed_html(markdown: str) -> None:
    html = render(markdown)

    _check(html)
    assert sanitise(html) == html


@settings(max_examples=examples(200), deadline=None)
@given(st.text(max_size=200))
def test_sanitiser_is_idempotent(html: str) -> None:
    once = sanitise(html)

    assert sanitise(once) == once


@pytest.mark.parametrize("markdown", ["[a]: /b", "\u200b", "***", "&nbsp;", "&#x2800;", "\u3164", "**\uffa0**"])
def test_markdown_without_visible_content_shows_nothing(markdown: str) -> None:
    assert shows_nothing(render(markdown))


@pytest.mark.parametrize("markdown", ["a", "![](/media/a.jpg)", "`x`", "مرصد"])
def test_markdown_with_visible_content_shows_something(markdown: str) -> None:
    assert not shows_nothing(render(markdown))


def _check(html: str) -> None:
    elements = list(html5lib.parseFragment(html, namespaceHTMLElements=False).iter())
    ids = [element.attrib["id"] for element in elements if "id" in element.attrib]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"fn(ref)?-\d+(-\d+)?", found) for found in ids)
    for element in elements:
        if not isinstance(element.tag, str) or element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert element.tag in ALLOWED.split()
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name == "href":
                assert value.startswith(("https://", "http://", "mailto:", "#", "/"))
            if name == "src":
                assert value.startswith(("https://", "/"))
            if name in ("href", "src"):
                assert not value.startswith(("//", "/\\"))
            if name == "class":
                assert value in ("footnotes", "task-list-item")
            if name == "style":
                assert value in ("text-align:left", "text-align:center", "text-align:right")


PARAGRAPHS = [
    *(
        "Plain text.",
        "Two lines\nof text.",
        "A | b\n-|-\nc | d",
        "Title\n===",
        "- item",
        "- item\n\n  more",
        "1. item",
        "12 apples.",
    ),
    *(
        "> quoted",
        "    code",
        "   spaced",
        "# Head",
        "---",
        "[a]: https://a.example",
        "See [a].",
        "See[^n].",
        "[^n]: Note.",
    ),
    *(
        "```",
        "~~~",
        "Term\n: meaning",
        ": meaning",
        "    : deeper",
        "\n",
        " ",
        "*open",
        "close*",
        "`tick",
        "![a](/b.jpg)",
    ),
    *(
        "\ttab",
        "www.c.example",
        "نص عربي",
        "段落",
        "é",
        "_x_",
        "\\",
        "<p>",
        "&amp;",
        "Line  \nbreak",
        "text\r- item",
        "+ plus",
    ),
]


@settings(max_examples=examples(400))
@given(
    st.lists(st.sampled_from(PARAGRAPHS), max_size=9).map("\n\n".join)
    | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
)
def test_cached_paragraphs_make_the_same_html(markdown: str) -> None:
    assert render(markdown) == render(markdown) == render_whole(markdown)
