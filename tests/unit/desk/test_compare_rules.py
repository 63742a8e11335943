"""Comparisons of two versions: what readers see, what was typed, and which fields changed."""

from services.desk.articles.compare_rules import Comparison, VersionText, compare, version_text
from services.desk.articles.html_blocks import blocks_of

HTML = """<h2>One</h2>
<p>Two <em>words</em><br>
here</p>
<blockquote>
<p>Said.</p>
</blockquote>
<ul>
<li>First</li>
<li><p>Second</p></li>
</ul>
<pre><code>a = 1

b = 2
</code></pre>
<p><img src="/x.jpg" alt="A lamp"></p>
"""


def a_version(html: str, markdown: str = "", **fields: object) -> VersionText:
    """A version with this body."""
    return version_text(1, {"headline": "Ferry", "body_markdown": markdown or html, **fields}, html)


def kinds(comparison: Comparison, field: str) -> list[str]:
    """The kinds of a field's paragraphs."""
    return [
        passage.difference.kind
        for change in comparison.changes
        if change.field == field
        for run in change.runs
        for passage in run.passages
    ]


def test_blocks_are_the_text_that_readers_see() -> None:
    found = [(block.kind, block.text) for block in blocks_of(HTML)]

    assert found == [
        ("heading", "One"),
        ("p", "Two words here"),
        ("quote", "Said."),
        ("item", "First"),
        ("item", "Second"),
        ("pre", "a = 1\nb = 2"),
        ("p", "[A lamp]"),
    ]


def test_changed_words_are_found_in_their_block() -> None:
    found = compare(
        a_version(HTML), a_version(HTML.replace("Said.", "Said twice.").replace("<li>First</li>\n", "")), "rendered"
    )

    passages = [passage for run in found.changes[0].runs for passage in run.passages]
    assert [(passage.block, passage.difference.kind) for passage in passages][2:4] == [
        ("quote", "changed"),
        ("item", "removed"),
    ]


def test_changed_target_of_a_link_is_told_in_the_rendered_view_and_shown_in_the_raw_one() -> None:
    old, new = (a_version("<p><a>here</a></p>", f"[here](https://{host}.example/)") for host in ("one", "two"))

    rendered, raw = compare(old, new, "rendered"), compare(old, new, "raw")

    assert (rendered.changes, rendered.only_markup) == ((), True)
    assert kinds(raw, "body_markdown") == ["changed"]


def test_only_changed_fields_are_shown_and_the_others_named() -> None:
    old = a_version("<p>A.</p>", tags=["Sea", "Fares"], section="world", lead_image={"url": "u", "alt": "x"})
    new = a_version("<p>A.</p>", tags=["Sea"], section="world", lead_image={"url": "u", "alt": "y"})

    found = compare(old, new, "rendered")

    assert [change.field for change in found.changes] == ["tags", "picture_alt"]
    assert found.unchanged == ("headline", "body_markdown", "section", "picture_url")


def test_long_unchanged_passages_are_folded() -> None:
    text = [f"<p>Paragraph {number}.</p>" for number in range(10)]

    found = compare(a_version("".join(text)), a_version("".join([*text[:8], "<p>New.</p>", *text[8:]])), "rendered")

    runs = found.changes[0].runs
    assert [(len(run.passages), run.is_folded) for run in runs] == [(7, True), (3, False), (1, False)]


def test_equal_versions_have_no_changes() -> None:
    found = compare(a_version(HTML), a_version(HTML), "rendered")

    assert (found.changes, found.only_markup) == ((), False)


def test_empty_text_can_be_compared() -> None:
    found = compare(a_version("", " "), a_version("<p>New.</p>"), "rendered")

    assert kinds(found, "body_markdown") == ["changed"]
