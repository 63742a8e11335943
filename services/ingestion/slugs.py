"""Slugs: the readable last part of an article's path, from a headline in any script."""

import re
from collections.abc import Iterator, Sequence

from anyascii import anyascii
from slugify import slugify

LONGEST = 100
# Room for a number behind it.
_LONGEST_MADE = 80
_NAMELESS = "article"
_FORM = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NUMBERS = re.compile(r"-[0-9]+")


def check_slug(text: str) -> str:
    """A slug that an editor chose. Raises ValueError when it has another form."""
    if len(text) > LONGEST or _FORM.fullmatch(text) is None:
        raise ValueError(f"A slug is a-z and 0-9 in words joined by single hyphens, at most {LONGEST} characters.")
    return text


def make_slug(headline: str) -> str:
    """A slug from a headline: transliterated, cut at a word's end; `article` where nothing can be transliterated."""
    made = slugify(anyascii(headline), max_length=_LONGEST_MADE, word_boundary=True, save_order=True)
    return str(made)[:_LONGEST_MADE].strip("-") or _NAMELESS


def comes_from(slug: str, base: str) -> bool:
    """Whether `slug` is `base`, or `base` with a number behind it."""
    return slug == base or (slug.startswith(base) and _NUMBERS.fullmatch(slug[len(base) :]) is not None)


def candidates(base: str) -> Iterator[Sequence[str]]:
    """The slugs to try for `base`, the best first, in growing handfuls: `base`, `base-2`, `base-3` and so on without end."""
    first, handful = 1, 4
    while True:
        yield [base if number == 1 else f"{base}-{number}" for number in range(first, first + handful)]
        first, handful = first + handful, min(handful * 2, 256)
