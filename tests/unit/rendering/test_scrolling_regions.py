"""Wide parts of article bodies: a keyboard can reach and scroll them."""

from services.rendering.pages.language import Languages
from services.rendering.pages.templates import with_regions

ENGLISH = Languages("en").of_site


def _region(name: str, inner: str) -> str:
    return f'<div class="scrolling" role="region" tabindex="0" aria-label="{name}">{inner}</div>'


def test_tables_and_code_get_numbered_regions() -> None:
    body = "<p>a</p><table><tr><td>1</td></tr></table><pre><code>x</code></pre><pre>y</pre>"

    assert with_regions(body, ENGLISH) == (
        "<p>a</p>"
        + _region("Table 1", "<table><tr><td>1</td></tr></table>")
        + _region("Code 1", "<pre><code>x</code></pre>")
        + _region("Code 2", "<pre>y</pre>")
    )


def test_text_that_looks_like_a_table_is_left_alone() -> None:
    body = '<p><a href="/a" title="<table> & <pre>">&lt;table&gt;</a> <em>pre</em></p>'

    assert with_regions(body, ENGLISH) == body
