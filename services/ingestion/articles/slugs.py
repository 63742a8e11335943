"""Slugs: the readable last part of an article's path, from a headline in any script."""

import re
from collections.abc import Iterator, Sequence

from anyascii import anyascii
from slugify import slugify

LONGEST = 100
# Leaves room for a number at the end.
_LONGEST_MADE = 80
_FALLBACK = "article"
_FORM = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NUMBERS = re.compile(r"-[0-9]+")


def check_slug(text: str) -> str:
    """Check a slug that an editor chose. Raises ValueError."""
    if len(text) > LONGEST or _FORM.fullmatch(text) is None:
        raise ValueError(f"A slug is a-z and 0-9 in words joined by single hyphens, at most {LONGEST} characters.")
    return text


def make_slug(headline: str) -> str:
    """Make a slug from a headline: transliterated and cut after a word; `article` when no letter can be transliterated."""
    made = slugify(anyascii(headline), max_length=_LONGEST_MADE, word_boundary=True, save_order=True)
    return str(made)[:_LONGEST_MADE].strip("-") or _FALLBACK


def comes_from(slug: str, base: str) -> bool:
    """Whether `slug` is `base` or a numbered `base`."""
    return slug == base or (slug.startswith(base) and _NUMBERS.fullmatch(slug[len(base) :]) is not None)


def candidates(base: str) -> Iterator[Sequence[str]]:
    """Slugs to try for `base`, best first, in growing batches without end: `base`, `base-2`, `base-3` …"""
    first, size = 1, 4
    while True:
        yield [base if number == 1 else f"{base}-{number}" for number in range(first, first + size)]
        first, size = first + size, min(size * 2, 256)
