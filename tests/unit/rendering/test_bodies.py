"""Bodies as our pages show them."""

from services.rendering.pages.bodies import reachable
from services.rendering.pages.language import Languages

ENGLISH = Languages("en").of_site


def _region(name: str, inner: str) -> str:
    return f'<div class="scrolling" role="region" tabindex="0" aria-label="{name}">{inner}</div>'


def test_tables_and_code_stand_in_regions_that_are_numbered_by_kind() -> None:
    body = "<p>a</p><table><tr><td>1</td></tr></table><pre><code>x</code></pre><pre>y</pre>"

    assert reachable(body, ENGLISH) == (
        "<p>a</p>"
        + _region("Table 1", "<table><tr><td>1</td></tr></table>")
        + _region("Code 1", "<pre><code>x</code></pre>")
        + _region("Code 2", "<pre>y</pre>")
    )


def test_what_only_looks_like_a_table_is_left_as_it_is() -> None:
    body = '<p><a href="/a" title="<table> & <pre>">&lt;table&gt;</a> <em>pre</em></p>'

    assert reachable(body, ENGLISH) == body
