"""A published page as its preview shows it: the differences that services/rendering/pages/preview.py declares."""

import re

# What a published page has, and what the preview has instead.
DIFFERENCES = (
    (r' data-article="[^"]*"', ""),
    (r'<meta name="robots" content="max-image-preview:large">', '<meta name="robots" content="noindex">'),
    (r'<section class="comments".*?</form> </section>', ""),
    (r'<noscript><img src="/v1/views/pixel.gif[^>]*></noscript>', ""),
    (r'<div class="live".*?</div> ', ""),
    (r'(?=<div class="reading">)', '<p class="preview" role="note">Preview · not published</p> '),
)


def squeezed(html: str) -> str:
    """HTML with single spaces."""
    return re.sub(r"\s+", " ", html)


def as_preview(published: str) -> str:
    """The preview of a published page, in single spaces. Fails where the page lacks a part that differs."""
    page = squeezed(published)
    for pattern, replacement in DIFFERENCES:
        page, count = re.subn(pattern, replacement, page)
        assert count == 1, pattern
    return page
